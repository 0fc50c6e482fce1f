"""SessionCells: the cells of a kernel belong to its current session, while it has one.

Without a session nothing is loaded, and nothing is asked but whether there is one.
"""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol

from kernel.events.model import KernelEvent
from kernel.execution.cells import CellRequest, CellResult, Execute, Guard
from kernel.execution.engine import ScriptDoor
from kernel.sessions.current import CurrentSession

if TYPE_CHECKING:
    from kernel.sessions.model import SessionId


class Recorder(Protocol):
    """Runs a cell in a session."""

    async def run(
        self, session: "SessionId", request: CellRequest, number: int, execute: Execute
    ) -> CellResult:
        """Have it admitted, held to its limits, and recorded; a refusal is the cell's error."""

    def hear(self, event: KernelEvent) -> None:
        """Something has happened in the program."""

    def hear_debugger(self, event: KernelEvent) -> None:
        """The program has stopped or goes on, as clients are told."""

    def note_input(self, line: str) -> None:
        """The program was given a line of input."""

    async def end(self) -> None:
        """The kernel ends: what is under way and does not come back is recorded as it is."""


class SessionCells:
    """Implements `Guard` around another one. Used on the loop's thread.

    Cells that are not counted (silent ones, those without history) belong to no session.
    """

    def __init__(
        self,
        inner: Guard,
        current: CurrentSession,
        open_recorder: Callable[[], Awaitable[Recorder]],
        begin: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """``open_recorder``: called for the first cell in a session.

        ``begin``: called before a cell while there is no session; it may enter one.
        """
        self._inner, self._current = inner, current
        self._open, self._begin = open_recorder, begin
        self._recorder: Recorder | None = None

    async def around(self, request: CellRequest, number: int, execute: Execute) -> CellResult:
        """Hooks are asked first: what they make of the cell is what is run in the session."""
        if request.is_silent or not request.stores_history:
            return await self._inner.around(request, number, execute)
        if self._current.id is None and self._begin is not None:
            await self._begin()
        session = self._current.id
        if session is None:
            return await self._inner.around(request, number, execute)
        recorder = self._recorder
        if recorder is None:
            self._recorder = recorder = await self._open()
        return await self._inner.around(
            request, number, lambda it: recorder.run(session, it, number, execute)
        )

    def hear(self, event: KernelEvent) -> None:
        """Something has happened in the program."""
        if self._recorder is not None:
            self._recorder.hear(event)

    def hear_debugger(self, event: KernelEvent) -> None:
        """The program has stopped or goes on, as clients are told."""
        if self._recorder is not None:
            self._recorder.hear_debugger(event)

    async def end(self) -> None:
        """The kernel ends, whatever runs."""
        if self._recorder is not None:
            await self._recorder.end()

    def watched(self, door: ScriptDoor) -> ScriptDoor:
        """The same door; what comes in by it is recorded."""
        return _WatchedDoor(door, self)

    def note_input(self, line: str) -> None:
        """The program was given a line of input."""
        if self._recorder is not None:
            self._recorder.note_input(line)


class _WatchedDoor:
    """Implements `ScriptDoor`."""

    def __init__(self, door: ScriptDoor, cells: SessionCells) -> None:
        self._door, self._cells = door, cells

    async def read_line(self, prompt: str, *, is_secret: bool) -> str | None:
        """A line; see `ScriptDoor`. A secret one is recorded as if it were empty."""
        line = await self._door.read_line(prompt, is_secret=is_secret)
        if line is not None:
            self._cells.note_input("" if is_secret else line)
        return line
