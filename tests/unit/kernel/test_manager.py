"""ExecutionManager: cells in their turns, and whoever looks at them before they run."""

import asyncio
from dataclasses import replace

import pytest

from kernel.core.errors import UserError
from kernel.events.model import KernelEvent, OutputWritten
from kernel.execution.cells import CellRequest, CellResult, Execute, Question
from kernel.execution.history import SqliteHistory
from kernel.execution.manager import ExecutionManager
from tests.support.toy_engine import ToyEngine

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """The loop is asyncio's."""
    return "asyncio"


class Heard:
    """Implements `CellObserver`: keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[KernelEvent] = []
        self.number = 0

    def began(self, number: int) -> None:
        """The cell begins."""
        self.number = number

    def told(self, event: KernelEvent) -> None:
        """Something happens."""
        self.events.append(event)

    def asked(self, question: Question) -> None:
        """Answer with the prompt."""
        question.answer(question.prompt)


class Careful:
    """Implements `Guard`: refuses one word, changes another."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    async def around(self, request: CellRequest, number: int, execute: Execute) -> CellResult:
        """Look at the code, and note the result."""
        if "forbidden" in request.code:
            raise UserError("This is forbidden here.")
        result = await execute(replace(request, code=request.code.replace("old", "new")))
        self.seen.append(result.number)
        return result


async def manager(**more: object) -> ExecutionManager:
    """One over a toy that has started."""
    made = ExecutionManager(ToyEngine, SqliteHistory(":memory:"), **more)  # type: ignore[arg-type]
    await made.start()
    return made


async def test_a_guard_refuses_and_changes() -> None:
    """What it refuses is not run and is an error with its words; what it changes is run changed."""
    guard = Careful()
    made = await manager(guard=guard)
    heard = Heard()
    refused = await made.run(CellRequest("print forbidden"), heard)
    assert refused.outcome.error is not None
    assert ("Refused", "This is forbidden here.") == (
        refused.outcome.error.name,
        refused.outcome.error.message,
    )
    await made.run(CellRequest("print old"), heard)
    assert [OutputWritten("new\n")] == heard.events
    assert [2] == guard.seen
    await made.close()


async def test_cells_wait_for_each_other() -> None:
    """The second begins when the first has ended."""
    made = await manager()
    first, second = Heard(), Heard()
    running = asyncio.create_task(made.run(CellRequest("wait gate\nprint a"), first))
    waiting = asyncio.create_task(made.run(CellRequest("print b"), second))
    engine = made.engine
    assert isinstance(engine, ToyEngine)
    await asyncio.wait_for(engine.reached.setdefault("gate", asyncio.Event()).wait(), 10)
    assert (True, 0) == (made.is_busy, second.number)
    engine.gates["gate"].set()
    assert [1, 2] == [(await running).number, (await waiting).number]
    assert [OutputWritten("b\n")] == second.events
    await made.close()


async def test_a_turn_that_is_given_up_holds_nobody_up() -> None:
    """Who leaves the queue makes room for those behind."""
    made = await manager()
    running = asyncio.create_task(made.run(CellRequest("wait gate"), Heard()))
    leaving = asyncio.create_task(made.run(CellRequest("print never"), Heard()))
    waiting = asyncio.create_task(made.run(CellRequest("print b"), Heard()))
    engine = made.engine
    assert isinstance(engine, ToyEngine)
    await asyncio.wait_for(engine.reached.setdefault("gate", asyncio.Event()).wait(), 10)
    leaving.cancel()
    engine.gates["gate"].set()
    await running
    assert 2 == (await waiting).number
    await made.close()


async def test_closing_ends_what_runs_and_what_waits() -> None:
    """A cell that hears nothing does not keep the kernel from ending, and hears that it ends."""
    made = await manager(grace=0.1)
    stuck = asyncio.create_task(made.run(CellRequest("stuck"), Heard()))
    waiting = asyncio.create_task(made.run(CellRequest("print never"), Heard()))
    engine = made.engine
    assert isinstance(engine, ToyEngine)
    await asyncio.wait_for(engine.reached.setdefault("stuck", asyncio.Event()).wait(), 10)
    await asyncio.wait_for(made.close(), 10)
    result = await stuck
    assert result.outcome.error is not None
    assert "Interrupted" == result.outcome.error.name
    assert result.outcome.error.message.endswith("The kernel ends, and leaves it there.")
    assert (await waiting).is_aborted
    assert engine.has_closed
