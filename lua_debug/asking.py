"""What a cell asks whoever runs it: behind what it has written, so that both come in order."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from kernel.core.octets import octets
from kernel.events.model import KernelEvent
from kernel.execution.engine import InputDenied, ScriptDoor
from lua_debug.debuggee import LuaDebuggee


@dataclass(frozen=True, slots=True)
class Deed(KernelEvent):
    """Something to be done on the loop's thread, behind all that the program has written."""

    do: Callable[[], object]


class DoorBehindOutput:
    """Implements `ScriptDoor`: asks when the listener has been told what was written before."""

    def __init__(
        self, door: ScriptDoor, behind_output: Callable[[Callable[[], object]], object]
    ) -> None:
        """``behind_output``: has something done on the loop's thread, when that is told."""
        self._door, self._behind_output = door, behind_output

    async def read_line(self, prompt: str, *, is_secret: bool) -> str | None:
        """A line; see `ScriptDoor`."""
        is_told = asyncio.Event()
        self._behind_output(is_told.set)
        await is_told.wait()
        return await self._door.read_line(prompt, is_secret=is_secret)


def read_line(debuggee: LuaDebuggee, door: ScriptDoor, prompt: str, is_secret: bool) -> str:
    """For the probe, on the Lua thread.

    A line behind ``=``, or ``$`` at the end, ``^`` if interrupted, ``!`` and why not.
    """
    debuggee.host.drain()
    try:
        line = debuggee.thread.wait_for(lambda: door.read_line(prompt, is_secret=is_secret))
    except InterruptedError:
        return "^"
    except InputDenied as denied:
        return "!" + _as_bytes(str(denied))
    return "$" if line is None else "=" + _as_bytes(line)


def _as_bytes(text: str) -> str:
    return octets(text).decode("latin-1")
