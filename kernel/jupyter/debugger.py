"""KernelDebugger: a debugger of one client alone, over any way to the kernel."""

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Mapping
from typing import Any

from kernel.core.errors import UserError
from kernel.jupyter.client import KernelClient, RequestFailed
from kernel.jupyter.debuggers import LEASE, PRIVATE, PRIVATE_EVENT
from kernel.jupyter.messages import Channel, Message
from kernel.jupyter.router import METADATA

Body = Mapping[str, Any]

OWN: Mapping[str, Any] = {METADATA: {PRIVATE: True}}

BROKEN_OFF = "interrupted!"
"""Why a request failed that was taken back; a cell says the same."""


class KernelDebugger:
    """DAP requests whose breakpoints and events are nobody else's. Used on the loop's thread.

    Opened, it keeps the kernel from taking it for one that has been left (`debuggers.LEASE`).
    """

    def __init__(
        self, client: KernelClient, hear: Callable[[dict[str, Any]], None], lease: float = LEASE
    ) -> None:
        """``hear`` is told each DAP event, on the loop's thread."""
        self._client, self._hear, self._lease = client, hear, lease
        self.when_attached_again: Callable[[], None] = lambda: None
        """Called when the kernel had taken us for gone (a suspended process): nothing is set."""
        self._stop_listening: Callable[[], None] = lambda: None
        self._renewing: asyncio.Task[None] | None = None
        self._numbers = itertools.count(1)
        self._under_way: dict[int, bool] = {}
        """The numbers of requests without an answer, and whether each was taken back."""

    async def open(self) -> Body:
        """Attach; the capabilities. Raises `RequestFailed` where there is no debugger."""
        self._stop_listening()
        self._stop_listening = self._client.listen(self._take)
        said = await self._attach()
        if self._renewing is None:
            self._renewing = asyncio.get_running_loop().create_task(self._renew())
        return said

    async def _attach(self) -> Body:
        said = await self.ask("initialize", {"adapterID": "llmspell", "clientID": "llmspell"})
        await self.ask("attach", {})
        return said

    async def ask(self, command: str, arguments: Body | None = None) -> Body:
        """The body of the response to a DAP request; raises `RequestFailed`, `KernelLost`."""
        number = next(self._numbers)
        self._under_way[number] = command == "cancel"
        try:
            return await self._ask(number, command, arguments or {})
        except RequestFailed as error:
            raise (RequestFailed(BROKEN_OFF) if self._under_way[number] else error) from None
        finally:
            del self._under_way[number]

    async def _ask(self, number: int, command: str, arguments: Body) -> Body:
        content = {"type": "request", "seq": number, "command": command, "arguments": arguments}
        reply = await self._client.request(Channel.CONTROL, "debug_request", content, metadata=OWN)
        return body_of(reply)

    @property
    def is_asking(self) -> bool:
        """Whether a request has no answer yet."""
        return bool(self._under_way)

    @property
    def has_taken_back(self) -> bool:
        """Whether all that has no answer yet was taken back already."""
        return all(self._under_way.values())

    async def take_back(self) -> None:
        """Have what has no answer yet broken off, as far as it can be: evaluations above all."""
        for number in [number for number, is_over in self._under_way.items() if not is_over]:
            self._under_way[number] = True
            await self.ask("cancel", {"requestId": number})

    async def close(self) -> None:
        """Take the breakpoints away and leave; harmless when done twice, or the kernel is gone."""
        renewing, self._renewing = self._renewing, None
        if renewing is None:
            return
        renewing.cancel()
        with contextlib.suppress(UserError):
            await self.ask("disconnect", {"restart": False, "terminateDebuggee": False})
        self._stop_listening()

    def _take(self, message: Message) -> None:
        content = message.content
        if message.type == PRIVATE_EVENT and content.get("session") == self._client.session:
            self._hear(dict(content["event"]))

    async def _renew(self) -> None:
        with contextlib.suppress(UserError):
            while True:
                await asyncio.sleep(self._lease / 3)
                if not (await self.ask("debugInfo")).get("isStarted", True):
                    await self._attach()
                    self.when_attached_again()


def body_of(reply: Message) -> Body:
    """The body of a DAP response; raises `RequestFailed` with what a failure says."""
    said = reply.content
    if not said.get("success"):
        raise RequestFailed(_reason(said))
    body: Body = said.get("body") or {}
    return body


def _reason(said: Body) -> str:
    """The text for people; ``message`` may be a word of the protocol's (``notStopped``)."""
    shown = ((said.get("body") or {}).get("error") or {}).get("format")
    return str(shown or said.get("message") or said.get("evalue") or "refused")
