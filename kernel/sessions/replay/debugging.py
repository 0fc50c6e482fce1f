"""The port between replays and a debugger, and how the kernel's coordinator serves it."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from kernel.core import model as m
from kernel.core.errors import UserError
from kernel.debug.coordinator import BreakpointRequest, DebugCoordinator
from kernel.sessions.cells import Cell, CellRunner

_LAST_LINE = 2**31 - 1


class StepDebugger(Protocol):
    """Stops a program that is replayed."""

    @property
    def address(self) -> str:
        """Where debuggers of the program come in, as ``HOST:PORT``; empty: nowhere."""

    async def stop_before(self, step: int, cell: Cell) -> None:
        """See to it that the program stops before anything of this cell is run.

        Raises `UserError` where there is no place to stop at.
        """

    async def clear(self) -> None:
        """Take that back."""


MakeDebugged = Callable[[str], tuple[CellRunner, StepDebugger]]
"""A fresh runner for a language, and the debugger of what it runs; raises `UserError`."""


class CoordinatedDebugger:
    """Implements `StepDebugger` for cells that are files the debuggee runs (`Cell.name`).

    The cell gets a breakpoint where its first statement is; others in the same file are replaced
    until `clear`.
    """

    address = ""

    def __init__(self, coordinator: DebugCoordinator) -> None:
        self._coordinator = coordinator
        self._source: m.Source | None = None

    async def stop_before(self, step: int, cell: Cell) -> None:
        """See `StepDebugger`."""
        source = m.Source(Path(cell.name).name, cell.name)
        whole = m.BreakpointLocation(1, end_line=_LAST_LINE)
        places = await self._coordinator.debuggee.breakpoint_locations(source, whole)
        if not places:
            raise UserError(f"Step {step} ({cell.name}) has no statement to stop before.")
        first = min(places, key=lambda each: (each.line, each.column or 0))
        request = BreakpointRequest(first.line, first.column)
        self._source = source
        await self._coordinator.set_breakpoints(source, [request])

    async def clear(self) -> None:
        """See `StepDebugger`."""
        if self._source is not None:
            source, self._source = self._source, None
            await self._coordinator.set_breakpoints(source, [])
