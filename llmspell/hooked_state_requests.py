"""HookedStateRequests: hooks are asked around what clients want of state (``state_request``).

They are asked once for a request, whatever number of entries it is about. ``data`` before are its
arguments and its action as ``operation``; after it they are the answer.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from kernel.core.errors import UserError
from kernel.core.plain import PlainData
from kernel.events.correlation import current
from kernel.hooks.base import Component, HookCancelled, HookDetails
from kernel.hooks.points import POINTS, STATE_READ, STATE_WRITE, Guarded
from kernel.hooks.results import Cancel, Skip
from kernel.hooks.runner import HookRunner
from kernel.state.requests import StateRequests

MIGRATION = POINTS["StateMigration"]

ASKED: Mapping[str, Guarded] = {
    "show": STATE_READ,
    "export": STATE_READ,
    "clear": STATE_WRITE,
    "import": replace(STATE_WRITE, targets=None),
}
"""What is a reading and what a writing; nobody is asked about other actions.

What is imported names its scopes itself.
"""


class HookedStateRequests:
    """Implements `kernel.jupyter.calls.Endpoint` by `serve`; used on a loop's thread."""

    def __init__(self, requests: StateRequests, runner: HookRunner) -> None:
        self._requests, self._runner = requests, runner

    async def serve(self, content: Mapping[str, Any]) -> Mapping[str, Any]:
        """As `StateRequests.serve`; also raises `HookCancelled`."""
        action = content.get("action")
        if action == "migrate":
            content = await self._asked(content)
        guarded = ASKED.get(str(action))
        if guarded is None or not self._runner.registry.is_listening(guarded):
            return await self._requests.serve(content)

        async def serve(details: HookDetails) -> PlainData:
            data = details.data if isinstance(details.data, dict) else {}
            told = {name: value for name, value in data.items() if name != "operation"}
            if details.component != component:  # a redirect, whatever later hooks made of the data
                told.setdefault("scope", details.component.name)
            return dict(await self._requests.serve({**told, "action": action}))

        component = Component("state", str(content.get("scope") or ""))
        arguments = {name: value for name, value in content.items() if name != "action"}
        here = current()
        asked = HookDetails(
            guarded.before,
            component,
            {**arguments, "operation": action},
            correlation_id=here.correlation_id if here else "",
        )
        answer = await self._runner.guard(guarded, asked, serve)
        if not isinstance(answer, Mapping):
            raise UserError(f"A hook has let {answer!r} stand in for the answer to {action!r}.")
        return answer

    async def _asked(self, content: Mapping[str, Any]) -> Mapping[str, Any]:
        """A migration as hooks have it; raises `HookCancelled`."""
        if not self._runner.listens(MIGRATION):
            return content
        schema, here = str(content.get("name") or ""), current()
        data = {"schema": schema, "version": content.get("version")}
        component = Component("state", schema)
        correlation = here.correlation_id if here else ""
        outcome = await self._runner.ask(
            HookDetails(MIGRATION, component, data, correlation_id=correlation)
        )
        match outcome.result:
            case Cancel(reason) | Skip(reason):
                raise HookCancelled(reason or "A hook skipped it.", outcome.hook, MIGRATION.name)
        told = outcome.details.data
        wanted = told.get("version") if isinstance(told, dict) else None
        return {**content, "version": wanted}
