"""Cells that may run only so long."""

import asyncio

import pytest

from kernel.core.ids import ThreadId
from kernel.core.model import StopReason
from kernel.events.model import Resumed, Stopped
from kernel.execution.cells import CellRequest, CellResult, Execute, failed_cell
from kernel.execution.timed_cells import CellLimit, TimedCells

DEADLINE = 10.0
LIMIT = CellLimit(0.05, "it ran for 0.05 s, as long as it may (limit)")
MAIN = ThreadId(1)


class Slow:
    """A guard that takes its time before the cell: hooks do."""

    async def around(self, request: CellRequest, number: int, execute: Execute) -> CellResult:
        await asyncio.sleep(3 * LIMIT.seconds)
        return await execute(request)


class Program:
    """A cell that runs until it is interrupted, or has ended."""

    def __init__(self, message: str = "interrupted!") -> None:
        self.message = message
        self.was_interrupted = asyncio.Event()

    async def loop(self, _request: CellRequest) -> CellResult:
        await asyncio.wait_for(self.was_interrupted.wait(), DEADLINE)
        return failed_cell(1, "Interrupted", self.message)

    async def end(self, _request: CellRequest) -> CellResult:
        return CellResult(1)


@pytest.mark.parametrize(
    ("message", "more"), [("interrupted!", ""), ("The program was replaced.", 1)]
)
def test_a_cell_that_runs_too_long_is_ended_with_the_reason(message: str, more: object) -> None:
    """What became of the program besides is said as well."""

    async def story() -> None:
        program = Program(message)
        timed = TimedCells(Slow(), LIMIT, program.was_interrupted.set)
        result = await timed.around(CellRequest("x"), 1, program.loop)
        error = result.outcome.error
        assert error is not None
        said = f"The cell was ended: {LIMIT.reason}." + (f" {message}" if more else "")
        assert ("LimitReached", said) == (error.name, error.message)

    asyncio.run(story())


def test_what_is_around_a_cell_takes_none_of_its_time() -> None:
    """Hooks may be slow; the cell that is quick is not ended."""

    async def story() -> None:
        program = Program()
        timed = TimedCells(Slow(), LIMIT, program.was_interrupted.set)
        assert CellResult(1) == await timed.around(CellRequest("x"), 1, program.end)
        await asyncio.sleep(2 * LIMIT.seconds)
        assert not program.was_interrupted.is_set()

    asyncio.run(story())


def test_a_cell_that_stands_in_the_debugger_has_time() -> None:
    """Its time goes on when it does."""

    async def story() -> None:
        program = Program()
        timed = TimedCells(Slow(), LIMIT, program.was_interrupted.set, is_standing=lambda: True)
        cell = asyncio.ensure_future(timed.around(CellRequest("x"), 1, program.loop))
        await asyncio.sleep(6 * LIMIT.seconds)
        assert not program.was_interrupted.is_set()
        timed.hear_debugger(Stopped(MAIN, StopReason.PAUSE))
        timed.hear_debugger(Resumed(MAIN))
        result = await asyncio.wait_for(cell, DEADLINE)
        assert result.outcome.error is not None
        assert "LimitReached" == result.outcome.error.name

    asyncio.run(story())
