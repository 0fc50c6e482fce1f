"""The coordinator: identities, refusals, and the order in which things are told."""

import pytest

from kernel.core import model as m
from kernel.core.errors import NotStopped, UserError
from kernel.core.ids import ThreadId
from kernel.debug.coordinator import BreakpointRequest, DebugCoordinator
from kernel.debug.decisions import AddedStop, StopDecision
from kernel.debug.sharing import SharedProgram
from kernel.events import model as e
from kernel.events.bus import EventBus
from tests.support.fakes import FakeDebuggee, stopped

pytestmark = pytest.mark.anyio
SOURCE = m.Source("a.lua", "/p/a.lua")
CONTINUE = m.Resume(m.StepKind.CONTINUE, ThreadId(1))


@pytest.fixture
def anyio_backend() -> str:
    """Fakes are told on asyncio."""
    return "asyncio"


def coordinate(program: FakeDebuggee) -> tuple[DebugCoordinator, list[e.KernelEvent]]:
    """A coordinator over a fake, and all it tells."""
    coordinator = DebugCoordinator(program, EventBus())
    program.use(coordinator.listen)
    told: list[e.KernelEvent] = []
    coordinator.bus.subscribe(told.append)
    return coordinator, told


async def test_resumed_comes_before_the_next_stop() -> None:
    """A stop that the debuggee tells before its answer is told after `Resumed`."""
    coordinator, told = coordinate(FakeDebuggee([stopped()], [stopped(m.StopReason.STEP)]))
    await coordinator.debuggee.launch(m.Program("a.lua"))
    told.clear()
    await coordinator.resume(CONTINUE)
    assert [e.Resumed(ThreadId(1)), stopped(m.StopReason.STEP)] == told
    assert stopped(m.StopReason.STEP) == coordinator.stop


async def test_a_refused_resume_changes_nothing() -> None:
    """The program still stands where it stood."""
    program = FakeDebuggee([stopped()])
    coordinator, told = coordinate(program)
    await program.launch(m.Program("a.lua"))
    program.answers["resume"] = UserError("no such target")
    told.clear()
    with pytest.raises(UserError):
        await coordinator.resume(CONTINUE)
    assert ([], stopped()) == (told, coordinator.stop)


async def test_resuming_needs_a_stop() -> None:
    """A running program cannot be resumed, and one that ended neither."""
    program = FakeDebuggee([])
    coordinator, _ = coordinate(program)
    await program.launch(m.Program("a.lua"))
    with pytest.raises(NotStopped, match="Continuing needs a stopped program"):
        await coordinator.resume(CONTINUE)


async def test_what_is_remembered() -> None:
    """How it began and how it ended, for whoever comes later."""
    program = FakeDebuggee([stopped()], [e.Exited(3)])
    coordinator, _ = coordinate(program)
    await program.launch(m.Program("a.lua"))
    assert e.Started("a.lua", 42) == coordinator.started
    await coordinator.resume(CONTINUE)
    assert (3, None) == (coordinator.exit_code, coordinator.stop)


async def test_breakpoints_keep_their_numbers() -> None:
    """What stays keeps its number, also two on one line; what makes no sense is refused alone."""
    coordinator, _ = coordinate(FakeDebuggee())
    two = [BreakpointRequest(3), BreakpointRequest(3, condition="x")]
    first = await coordinator.set_breakpoints(SOURCE, two)
    bad = BreakpointRequest(9, hit_condition="often")
    second = await coordinator.set_breakpoints(SOURCE, [bad, *two])
    assert [each.id for each in first] == [each.id for each in second[1:]]
    assert [False, True, True] == [each.verified for each in second]
    assert "'often'" in (second[0].message or "")


async def test_what_somebody_decides_about_stops() -> None:
    """A stop that is passed over is not told, and what came meanwhile is told behind it."""
    told_meanwhile = e.OutputWritten("on the way")
    program = FakeDebuggee([stopped(), told_meanwhile], [stopped(m.StopReason.STEP)])
    coordinator, told = coordinate(program)

    async def go_on(_: e.Stopped) -> StopDecision:
        return StopDecision(goes_on=True)

    coordinator.decide = lambda stop: None if stop.reason is m.StopReason.STEP else go_on(stop)
    await coordinator.launch(m.Program("a.lua"))
    assert not coordinator.is_stopped
    assert coordinator._deliberation is not None
    await coordinator._deliberation
    assert [told_meanwhile, stopped(m.StopReason.STEP)] == told[2:]


async def test_clients_of_one_program_share_what_is_decided() -> None:
    """A client of a shared program pauses, launches and adds stops through what all share."""
    program = FakeDebuggee([])
    shared = SharedProgram(program)
    program.use(shared.core.listen)
    client = shared.client()
    await client.launch(m.Program("a.lua"))
    await client.add_stop(AddedStop("/p/a.lua", 3))
    await client.pause()
    ((source, specs),) = program.asked("set_breakpoints")
    assert ("/p/a.lua", [3]) == (source.path, [each.line for each in specs])
    assert 1 == len(program.asked("pause"))
