"""A session is replayed from its log: exactly, modified, simulated; and the results compared."""

import pytest

from kernel.core.errors import UserError
from kernel.events.broker import Broker
from kernel.events.correlation import serving
from kernel.events.sessions import CellReplayed, OutputReplayed
from kernel.sessions.cells import Cell, Outcome, Output
from kernel.sessions.model import Status
from kernel.sessions.policies.quota import Quota
from kernel.sessions.replay import replays as replays_module
from kernel.sessions.replay.model import Mode, ReplaySettings
from kernel.sessions.replay.modifications import Modification
from kernel.sessions.replay.replays import Replays
from kernel.sessions.services import open_sessions
from tests.support.sessions import (
    NO_POLICY,
    OWNER,
    READER,
    FakeCellRunner,
    make_kit,
    sums_only,
)

pytestmark = pytest.mark.anyio

CELLS = (
    Cell("a = 1 + 2", "sums"),
    Cell("read b\nprint b", "sums", inputs=("hello",)),
    Cell("clock c\nrandom d\nprint c\nprint d", "sums", clock=5.0, seed=7),
    Cell("e = a + 4\nprint e", "sums"),
)


@pytest.fixture
def anyio_backend() -> str:
    """The loop is asyncio's."""
    return "asyncio"


class Recorded:
    """A session in which cells were run, and all that its replays make and tell."""

    def __init__(self, **options) -> None:
        self.runners: list[FakeCellRunner] = []
        self.kit = make_kit(make_runner=sums_only(self.runners), **options)
        self.session = self.kit.session()
        self.slept: list[float] = []

    async def run(self, *cells: Cell) -> list[Outcome]:
        """Run cells in the session, which records them."""
        runner = FakeCellRunner()
        services = self.kit.services
        made = [await services.runs.run(OWNER, self.session.id, cell, runner) for cell in cells]
        self.kit.events.clear()
        return made

    async def replay(self, **settings):
        """Replay it."""
        return await self.kit.services.replays.replay(
            READER, self.session.id, ReplaySettings(**settings)
        )

    async def simulate(self, **settings):
        """Replay it without running anything; time is only counted."""

        async def sleep(seconds: float) -> None:
            self.slept.append(seconds)

        gate, admission = self.kit.services.replays._gate, self.kit.services.replays._admission
        replays = Replays(gate, admission, sums_only(self.runners), sleep=sleep)
        wanted = ReplaySettings(mode=Mode.SIMULATE, **settings)
        return await replays.replay(OWNER, self.session.id, wanted)


@pytest.fixture
def recorded() -> Recorded:
    """A session of the language of sums."""
    return Recorded()


# --- exact --------------------------------------------------------------------------------------


async def test_the_same_cells_give_the_same(recorded) -> None:
    """Run again with inputs, clock and seed, everything is identical, and the result says so."""
    outcomes = await recorded.run(*CELLS)
    assert ["3", "hello\n", "5.0\n7\n", "7\n"] == [
        str(outcomes[0].value),
        *(each.output for each in outcomes[1:]),
    ]
    result = await recorded.replay()
    assert (True, 1.0, 4, "") == (
        result.is_identical,
        result.similarity,
        result.successful,
        result.error,
    )
    assert outcomes == [each.outcome for each in result.steps]
    plain = result.as_plain()
    assert (recorded.session.id, 4, 4, 0) == (
        plain["session_id"],
        plain["hooks_replayed"],
        plain["successful_replays"],
        plain["failed_replays"],
    )
    assert {"correlation_id", "total_duration"} <= plain.keys()
    assert [
        CellReplayed(recorded.session.id, result.correlation, step, "ok") for step in (1, 2, 3, 4)
    ] == [each for each in recorded.kit.events if isinstance(each, CellReplayed)]
    assert [True] == [each.is_closed for each in recorded.runners]


async def test_a_recorded_error_is_expected_again(recorded) -> None:
    """A cell that failed and fails in the same way has been replayed well."""
    await recorded.run(Cell("fail broken", "sums"), Cell("a = 1", "sums"))
    result = await recorded.replay()
    assert (2, True) == (result.successful, result.is_identical)
    plainly = await recorded.replay(compare_results=False, stop_on_error=True)
    assert [(1, False)] == [(each.step, each.is_success) for each in plainly.steps]
    assert plainly.similarity is None


async def test_a_replay_changes_nothing_of_its_session(recorded) -> None:
    """Log of cells and usage stay; the result is kept beside them, with what was given."""
    await recorded.run(*CELLS)
    usage = recorded.kit.services.sessions.usage(OWNER, recorded.session.id)
    result = await recorded.replay(metadata={"why": "test"})
    assert usage == recorded.kit.services.sessions.usage(OWNER, recorded.session.id)
    kept = recorded.kit.services.replays.replay_results(OWNER, recorded.session.id)
    assert [result] == kept
    assert {"why": "test"} == kept[0].metadata


async def test_the_last_results_are_kept(recorded, monkeypatch) -> None:
    """A schedule that runs for years fills no disk."""
    monkeypatch.setattr(replays_module, "KEPT_RESULTS", 3)
    await recorded.run(*CELLS)
    results = [await recorded.replay() for _ in range(5)]
    kept = recorded.kit.services.replays.replay_results(OWNER, recorded.session.id)
    assert results[2:] == kept


async def test_what_came_before_is_run_for_what_it_leaves(recorded) -> None:
    """A part can be replayed: the cells before it are run and not counted."""
    await recorded.run(*CELLS)
    result = await recorded.replay(from_step=4)
    assert [(4, True)] == [(each.step, each.is_success) for each in result.steps]
    assert result.is_identical
    some = await recorded.replay(from_step=2, to_step=3)
    assert [2, 3] == [each.step for each in some.steps]


@pytest.mark.parametrize("status", [Status.SUSPENDED, Status.COMPLETED, Status.FAILED])
async def test_what_rests_or_has_ended_can_be_replayed(recorded, status) -> None:
    """A session need not be active to be looked at again."""
    await recorded.run(*CELLS)
    sessions = recorded.kit.services.sessions
    if status is Status.FAILED:
        sessions.fail(OWNER, recorded.session.id, "broken")
    else:
        verb = "suspend" if status is Status.SUSPENDED else "complete"
        getattr(sessions, verb)(OWNER, recorded.session.id)
    assert (await recorded.replay()).is_identical


async def test_cells_of_a_replay_are_held_as_others() -> None:
    """The limits of a new session hold for each replay."""
    recorded = Recorded(policy=Quota(memory_mb=5, instructions=1000))
    await recorded.run(*CELLS)
    await recorded.replay()
    assert {(5, 1000)} == {
        (each.memory_mb, each.instructions) for each in recorded.runners[0].limits
    }


async def test_a_replay_that_takes_too_long_is_ended(recorded) -> None:
    """What was replayed until then is told, and that it ended."""
    await recorded.run(Cell("a = 1", "sums"))
    recorded.kit.record(recorded.session.id, (Cell("wait", "sums"), Outcome()))
    result = await recorded.replay(timeout_seconds=0.05)
    assert [1] == [each.step for each in result.steps]
    assert "The replay took longer than 0.05 s." == result.error
    assert recorded.runners[0].is_closed


async def test_what_nothing_runs_is_told(recorded) -> None:
    """A language without a runner ends the replay where it comes up."""
    await recorded.run(Cell("a = 1", "sums"))
    recorded.kit.record(recorded.session.id, (Cell("x", "fortran"), Outcome()))
    result = await recorded.replay()
    assert (1, "Nothing runs fortran here.") == (len(result.steps), result.error)


async def test_the_events_of_a_replay_belong_together(recorded) -> None:
    """Who listens to the kernel hears what belongs to a replay by one id, or to a message."""
    await recorded.run(*CELLS)
    broker, kit = Broker(), recorded.kit
    make = sums_only(recorded.runners)
    services = open_sessions(
        kit.store, kit.blocks, kit.clock, broker.publish, policy=NO_POLICY, make_runner=make
    )
    heard = broker.subscribe("session.cell_replayed", "session.output_replayed")
    result = await services.replays.replay(OWNER, recorded.session.id)
    with serving("message-1"):
        simulated = await services.replays.replay(
            OWNER, recorded.session.id, ReplaySettings(mode=Mode.SIMULATE, speed=10)
        )
    heard.close()
    told = [each async for each in heard]
    assert {(result.correlation, result.correlation), ("message-1", simulated.correlation)} == {
        (each.correlation_id, each.causation_id) for each in told
    }
    assert 4 == sum(each.correlation_id == result.correlation for each in told)


# --- modified -----------------------------------------------------------------------------------


async def test_a_modified_replay_says_what_it_changed(recorded) -> None:
    """Code, inputs and clocks can be others, and the comparison names the places."""
    await recorded.run(*CELLS)
    result = await recorded.replay(
        mode=Mode.MODIFIED,
        modifications=(
            Modification("1.code", "a = 10"),
            Modification("2.inputs.0", "hallo"),
            Modification("*.clock", 6.0),
            Modification("3.seed", 8, is_enabled=False),
        ),
    )
    values = [each.outcome.value for each in result.steps]
    assert (10, "hallo", 14) == (values[0], values[1], values[3])
    places = [
        [(each.path, each.description) for each in step.comparison.differences]
        for step in result.steps
    ]
    assert [("value", "3 became 10")] == places[0]
    assert ("output.stdout", '"hello\\n" became "hallo\\n"') == places[1][1]
    assert [("output.stdout", '"5.0\\n7\\n" became "6.0\\n7\\n"')] == places[2]
    assert 0 < result.similarity < 1
    assert not result.is_identical


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("9.code", "", "'9' is no step; there are 1 to 4"),
        ("x.code", "", "'x' is no step"),
        ("1.colour", "", "a cell has no 'colour'; it has code"),
        ("1", "", "a cell has no ''"),
        ("2.inputs.1", "", "there is no inputs.1"),
        ("1.code.0", "", r"there is no code\.0"),
        ("1.clock", "noon", "Input should be a valid number"),
        ("1.code", 5, "Input should be a valid string"),
    ],
)
async def test_a_modification_that_leads_nowhere_is_refused(recorded, path, value, message) -> None:
    """A wrong path is told before anything is run."""
    await recorded.run(*CELLS)
    with pytest.raises(UserError, match=message):
        await recorded.replay(mode=Mode.MODIFIED, modifications=(Modification(path, value),))
    assert [] == recorded.runners


@pytest.mark.parametrize(
    "settings",
    [
        {"speed": 0.09},
        {"speed": 11},
        {"from_step": 0},
        {"from_step": 3, "to_step": 2},
        {"timeout_seconds": 0},
        {"stop_before": 1},
        {"modifications": (Modification("1.code", ""),)},
    ],
)
def test_settings_that_make_no_sense_are_refused(settings) -> None:
    """Whoever asks for what cannot be learns it at once."""
    with pytest.raises(UserError):
        ReplaySettings(**settings)


async def test_without_cells_there_is_nothing_to_replay(recorded) -> None:
    """Only a session in which something was recorded can be replayed."""
    replays = recorded.kit.services.replays
    assert not replays.can_replay(OWNER, recorded.session.id)
    assert [] == replays.list_replayable(OWNER)
    with pytest.raises(UserError, match="0 recorded steps"):
        await recorded.replay()
    await recorded.run(*CELLS)
    assert replays.can_replay(OWNER, recorded.session.id)
    assert [recorded.session.id] == replays.list_replayable(OWNER)
    about = replays.replay_metadata(OWNER, recorded.session.id)
    assert (4, ("sums",), 4.0, 1, 0, False) == (
        about.steps,
        about.languages,
        about.seconds,
        about.inputs,
        about.failed,
        about.is_reproducible,
    )
    with pytest.raises(UserError, match="from step 5 on"):
        await recorded.replay(from_step=5)


# --- simulate -----------------------------------------------------------------------------------

SPOKEN = Outcome("ok", 1, (Output("a", at=1.0), Output("b", "stderr", at=3.0)), seconds=4.0)


@pytest.mark.parametrize("speed", [0.1, 1.0, 2.0, 10.0])
async def test_a_simulation_runs_nothing_and_keeps_time(recorded, speed) -> None:
    """Outputs and ends are told in their order at their times, scaled; no runner is made."""
    kit, number = recorded.kit, recorded.session.id
    kit.record(number, (Cell("fail x", "sums"), SPOKEN))
    kit.clock.advance(10)
    kit.record(number, (Cell("y", "no language"), Outcome("error", error="bad", seconds=2.0)))
    kit.events.clear()
    result = await recorded.simulate(speed=speed)
    assert [1 / speed, 2 / speed, 1 / speed, 2 / speed] == recorded.slept
    replay = result.correlation
    assert [
        OutputReplayed(number, replay, 1, "stdout", "a"),
        OutputReplayed(number, replay, 1, "stderr", "b"),
        CellReplayed(number, replay, 1, "ok"),
        CellReplayed(number, replay, 2, "error"),
    ] == kit.events[:4]
    assert [] == recorded.runners
    assert [True, False] == [each.is_success for each in result.steps]
    recorded.slept.clear()
    await recorded.simulate(speed=speed, with_pauses=True)
    assert [1, 2, 1, 8, 2] == pytest.approx([each * speed for each in recorded.slept])


# --- debug --------------------------------------------------------------------------------------


class FakeDebugger:
    """Implements `StepDebugger`: it remembers what it was asked, or says that it cannot."""

    address = ""

    def __init__(self, problem: str = "") -> None:
        self.problem = problem
        self.asked: list[object] = []

    async def stop_before(self, step: int, cell: Cell) -> None:
        """See `StepDebugger`."""
        self.asked.append((step, cell.code))
        if self.problem:
            raise UserError(self.problem)

    async def clear(self) -> None:
        """See `StepDebugger`."""
        self.asked.append("clear")


@pytest.mark.parametrize("code", ["a = 1", "fail broken", "wait"])
async def test_the_debugger_is_asked_for_one_step_and_released(code) -> None:
    """However the step ends, the debugger is told that it is over."""
    debugger = FakeDebugger()
    recorded = Recorded(make_debugged=lambda _language: (FakeCellRunner(), debugger))
    await recorded.run(Cell("a = 0", "sums"))
    recorded.kit.record(recorded.session.id, (Cell(code, "sums"), Outcome()))
    result = await recorded.replay(mode=Mode.DEBUG, stop_before=2, timeout_seconds=0.2)
    assert [(2, code), "clear"] == debugger.asked
    assert 2 == result.stopped_before
    assert [] == recorded.runners


async def test_a_step_that_cannot_be_stopped_before_ends_the_replay() -> None:
    """What the debugger says is the result's error; the step is not run."""
    debugger = FakeDebugger("No statement.")
    recorded = Recorded(make_debugged=lambda _language: (FakeCellRunner(), debugger))
    await recorded.run(*CELLS)
    result = await recorded.replay(mode=Mode.DEBUG)
    assert ("No statement.", None, 0) == (
        result.error,
        result.stopped_before,
        len(result.steps),
    )
