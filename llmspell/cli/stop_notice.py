"""Says that a program stands in a debugger, to whoever waits for it and sees no debugger."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Mapping
from typing import Any

from kernel.core.errors import UserError
from kernel.jupyter.debuggers import PRIVATE_EVENT
from kernel.jupyter.handle import KernelHandle
from kernel.jupyter.messages import Channel, Message
from kernel.service.health import REQUEST, STOPPED

PATIENCE = 1.0
"""Seconds without its beginning after which it is asked what a cell waits for."""

STANDS = (
    "llmspell: the program stands in a debugger{why} and goes on when whoever debugs it says so; "
    "Ctrl-C ends the cell that stands there\n"
)


@contextlib.asynccontextmanager
async def telling_stops(kernel: KernelHandle) -> AsyncIterator[None]:
    """Tell on stderr, until the block ends, each stop of the kernel's program."""
    notice = _Notice(kernel)
    stop_listening = kernel.client.listen(notice.hear)
    looking = asyncio.ensure_future(notice.look())
    try:
        yield
    finally:
        looking.cancel()
        stop_listening()


class _Notice:
    def __init__(self, kernel: KernelHandle) -> None:
        self._kernel = kernel
        self._has_begun = self._is_told = False

    def hear(self, message: Message) -> None:
        """A message has come, for whomever."""
        if message.type == "execute_input":
            is_ours = message.parent_header.get("session") == self._kernel.client.session
            self._has_begun = self._has_begun or is_ours
        event = _event(message)
        if event.get("event") == "stopped":
            self._tell(str((event.get("body") or {}).get("reason", "")))
        elif event.get("event") == "continued":
            self._is_told = False

    async def look(self) -> None:
        """Before our cell may be another's that stands since before we came."""
        await asyncio.sleep(PATIENCE)
        if self._has_begun or self._is_told:
            return
        with contextlib.suppress(UserError):
            said = await self._kernel.client.request(Channel.CONTROL, REQUEST, {})
            if said.content.get("state") == STOPPED:
                self._tell("")

    def _tell(self, reason: str) -> None:
        if not self._is_told:  # each debugger is told of a stop
            self._is_told = True
            sys.stderr.write(STANDS.format(why=f" ({reason})" if reason else ""))
            sys.stderr.flush()


def _event(message: Message) -> Mapping[str, Any]:
    """What a debugger of any client is told, or nothing."""
    if message.type == PRIVATE_EVENT:
        event: Mapping[str, Any] = message.content.get("event") or {}
        return event
    return message.content if message.type == "debug_event" else {}
