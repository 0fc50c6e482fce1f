"""Cells are admitted, held to their limits, and recorded however they end."""

import asyncio

import pytest

from kernel.core.errors import UserError
from kernel.sessions import runs
from kernel.sessions.cells import Cell, Outcome, cell_from_json, outcome_from_json
from kernel.sessions.gate import PolicyRefused
from kernel.sessions.lifecycle import IllegalMove
from kernel.sessions.policies.base import Limits
from kernel.sessions.policies.composition import Sequential
from kernel.sessions.policies.quota import Quota
from kernel.sessions.policies.timeout import Timeout
from tests.support.sessions import OWNER, FakeCellRunner, make_kit

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """The loop is asyncio's."""
    return "asyncio"


class Broken:
    """Implements `CellRunner`: it raises, or never comes back, whatever the limits say."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.begun = asyncio.Event()

    async def run(self, cell: Cell, limits: Limits) -> Outcome:
        """See `CellRunner`."""
        self.begun.set()
        if self.error:
            raise self.error
        await asyncio.Event().wait()
        raise AssertionError("nobody waits so long")

    async def close(self) -> None:
        """See `CellRunner`."""


def recorded(kit, session) -> list[Outcome]:
    """The outcomes in the log."""
    history = kit.services.sessions.history(OWNER, session.id)
    return [outcome_from_json(each.data["outcome"]) for each in history if each.kind == "cell"]


async def test_a_cell_is_held_to_its_limits_and_recorded() -> None:
    """The runner is told the limits, the log has the cell as it was, and usage counts it."""
    kit = make_kit(
        policy=Sequential((Timeout(cell_seconds=7), Quota(memory_mb=5, instructions=99)))
    )
    session = kit.session()
    runner, cell = FakeCellRunner(), Cell("read a\nprint a", "sums", "c", ("x",), 5.0, 6)
    outcome = await kit.services.runs.run(OWNER, session.id, cell, runner, "message-1")
    assert [Limits(7, 99, 5)] == runner.limits
    assert "x\n" == outcome.output
    entry = kit.services.sessions.history(OWNER, session.id)[-1]
    assert ("cell", "message-1") == (entry.kind, entry.correlation)
    assert (cell, outcome) == (
        cell_from_json(entry.data["cell"]),
        outcome_from_json(entry.data["outcome"]),
    )
    usage = kit.services.sessions.usage(OWNER, session.id)
    assert (1, 0, 1.0, len(cell.code), 0.0) == (
        usage.cells,
        usage.failed_cells,
        usage.run_seconds,
        usage.instructions,
        usage.busy_until,
    )
    left = kit.services.runs.limits(OWNER, session.id).instructions
    assert 99 - len(cell.code) == left


async def test_what_is_not_admitted_is_not_run() -> None:
    """Neither a policy's refusal nor a session at rest lets anything run."""
    kit = make_kit(policy=Quota(operations=1))
    session, runner = kit.session(), FakeCellRunner()
    cell = Cell("a = 1", "sums")
    await kit.services.runs.run(OWNER, session.id, cell, runner)
    with pytest.raises(PolicyRefused):
        await kit.services.runs.run(OWNER, session.id, cell, runner)
    kit.services.sessions.suspend(OWNER, session.id)
    with pytest.raises(IllegalMove):
        await kit.services.runs.run(OWNER, session.id, cell, runner)
    assert 1 == len(runner.limits) == len(recorded(kit, session))


async def test_a_runner_that_keeps_no_time_is_ended(monkeypatch) -> None:
    """Some seconds after its time a cell is over, whatever the runner thinks."""
    monkeypatch.setattr(runs, "PATIENCE", 0.05)
    kit = make_kit(policy=Timeout(cell_seconds=0.05))
    session = kit.session()
    outcome = await kit.services.runs.run(OWNER, session.id, Cell("x"), Broken())
    assert ("interrupted", "It ran for more than 0.05 s.") == (outcome.status, outcome.error)
    assert [outcome] == recorded(kit, session)


async def test_a_cell_that_is_debugged_may_stand() -> None:
    """Nobody ends a cell while somebody looks at it; all other limits hold."""
    kit = make_kit(policy=Sequential((Timeout(cell_seconds=7), Quota(memory_mb=5))))
    session, runner = kit.session(), FakeCellRunner()
    cell = Cell("a = 1", "sums")
    await kit.services.runs.run(OWNER, session.id, cell, runner, is_debugged=True)
    assert [Limits(None, None, 5)] == runner.limits


@pytest.mark.parametrize("error", [UserError("no such language"), TimeoutError("no answer")])
async def test_a_runner_that_fails_is_recorded(error) -> None:
    """That a cell could not be run is in the log, too, and the error goes on."""
    kit = make_kit(policy=Timeout())
    session = kit.session()
    with pytest.raises(type(error), match=str(error)):
        await kit.services.runs.run(OWNER, session.id, Cell("x"), Broken(error))
    assert [f"It could not be run: {error}"] == [each.error for each in recorded(kit, session)]
    assert 0.0 == kit.services.sessions.usage(OWNER, session.id).busy_until


async def test_a_cell_that_is_cancelled_is_recorded() -> None:
    """What was broken off from outside has been run as far as it came."""
    kit = make_kit()
    session, runner = kit.session(), Broken()
    running = asyncio.ensure_future(kit.services.runs.run(OWNER, session.id, Cell("x"), runner))
    await runner.begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert ["interrupted"] == [each.status for each in recorded(kit, session)]


async def test_what_was_begun_is_recorded_in_a_session_that_rests_meanwhile() -> None:
    """A cell that outlives its session's activity is not lost; in the archive nothing is added."""
    kit = make_kit()
    session = kit.session()
    kit.services.runs.admit(OWNER, session.id)
    kit.services.sessions.complete(OWNER, session.id)
    kit.record(session.id, (Cell("x"), Outcome()))
    kit.services.sessions.archive(OWNER, session.id)
    with pytest.raises(IllegalMove):
        kit.record(session.id, (Cell("x"), Outcome()))
    assert 1 == len(recorded(kit, session))
