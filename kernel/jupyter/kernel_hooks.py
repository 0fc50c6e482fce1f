"""KernelHooks: hooks around a kernel's start, its end, and each message of its clients.

========================================  ==================================================
points                                    ``data``
========================================  ==================================================
``PreKernelStartup``                      ``implementation``, ``version``; cancelled, it does
                                          not start
``PostKernelStartup``, ``SystemStartup``  the same, when requests can be taken
``PreMessageHandle``                      ``type`` and ``content``; cancelled, it is answered
                                          with an error that names the hook
``PostMessageHandle``                     the content of the answer; None where there is none
``SystemShutdown``, ``PreKernelShutdown`` ``exit_code``; the script is still there, and whatever
                                          hooks say, the kernel ends
``PostKernelShutdown``                    the same, when no cell can run any more
``SystemError``                           the kernel could not start, or a message not be served
========================================  ==================================================

Clients are told of nothing that hooks could hold up: see `UNASKED`.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from kernel.core.errors import UserError
from kernel.core.plain import PlainData
from kernel.events.correlation import current
from kernel.hooks.base import SYSTEM, Component, HookDetails
from kernel.hooks.points import KERNEL_STARTUP, MESSAGE, POINTS
from kernel.hooks.runner import HookRunner
from kernel.jupyter.messages import Content, Message
from kernel.jupyter.router import session_type

_log = logging.getLogger(__name__)

PATIENCE = 2.0
"""Seconds that hooks have at each point of a kernel's end."""

UNASKED = frozenset(
    {"debug_request", "interrupt_request", "kernel_info_request", "shutdown_request"}
)
"""Messages about which nobody is asked: they are the way out where a script, and with it its hooks,
stands or hangs."""


class KernelHooks:
    """Used on the loop's thread."""

    def __init__(self, runner: HookRunner, patience: float = PATIENCE) -> None:
        self._runner, self._patience = runner, patience
        self._has_ended = False

    # --- its start and end ----------------------------------------------------------------------

    async def around_start(
        self, about: Mapping[str, str], start: Callable[[], Awaitable[None]]
    ) -> None:
        """Start; raises `HookCancelled`, what ``start`` does, and `UserError` if it was replaced.

        ``start`` may be called several times, where it fails and a hook wants that.
        """
        started = False

        async def operation(_details: HookDetails) -> PlainData:
            nonlocal started
            await start()
            started = True
            return dict(about)

        details = HookDetails(KERNEL_STARTUP.before, data=dict(about))
        await self._runner.guard(KERNEL_STARTUP, details, operation)
        if not started:
            raise UserError("A hook did not let the kernel start (at PreKernelStartup).")
        await self._notice("SystemStartup", about)

    async def before_end(self, exit_code: int) -> None:
        """Tell that the kernel ends; the script is still there. Once, however often it is called.

        Whoever needs longer than the patience, as a script that stands does, is not waited for.
        """
        if not self._has_ended:
            for name in ("SystemShutdown", "PreKernelShutdown"):
                await self._notice(name, {"exit_code": exit_code})

    async def after_end(self, exit_code: int) -> None:
        """Tell that it has ended; once."""
        if not self._has_ended:
            self._has_ended = True
            await self._notice("PostKernelShutdown", {"exit_code": exit_code})

    async def _notice(self, name: str, data: Mapping[str, PlainData]) -> None:
        point = POINTS[name]
        if not self._runner.listens(point):
            return
        try:
            async with asyncio.timeout(self._patience):
                await self._runner.ask(HookDetails(point, SYSTEM, dict(data)))
        except TimeoutError:
            _log.warning("Hooks at %s took longer than %g s", name, self._patience)

    # --- messages -------------------------------------------------------------------------------

    async def around_message(
        self, message: Message, serve: Callable[[Content], Awaitable[Content | None]]
    ) -> Content | None:
        """Serve a message with the content that hooks leave; the content of its answer.

        Raises `HookCancelled`, what ``serve`` does, and `UserError` for what is no content.
        """
        if message.type in UNASKED or not self._runner.registry.is_listening(MESSAGE):
            return await serve(message.content)

        async def operation(details: HookDetails) -> PlainData:
            data = details.data if isinstance(details.data, dict) else {}
            content = data.get("content", message.content)
            return await serve(content if isinstance(content, Mapping) else {})

        here = current()
        details = HookDetails(
            MESSAGE.before,
            Component("message", message.type),
            {"type": message.type, "content": dict(message.content)},
            metadata={
                "client": message.session,
                "channel": str(message.channel),
                "session_type": session_type(message).value,
            },
            correlation_id=here.correlation_id if here else "",
        )
        answer: Any = await self._runner.guard(MESSAGE, details, operation)
        if answer is None and message.type.endswith("_request"):
            raise UserError(f"A hook has skipped the {message.type} (at PreMessageHandle).")
        if answer is not None and not isinstance(answer, Mapping):
            raise UserError(f"A hook has let {answer!r} stand in for the answer.")
        content: Content | None = answer
        return content
