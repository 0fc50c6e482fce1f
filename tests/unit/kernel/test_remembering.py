"""Breakpoints of an earlier run: they count until whoever debugs now sets its own."""

import pytest

from kernel.core import model as m
from kernel.debug.coordinator import BreakpointRequest
from kernel.debug.remembering import SourceStops, WantedStops
from kernel.debug.sharing import SharedProgram
from kernel.events import model as e
from tests.support.fakes import FakeDebuggee

pytestmark = pytest.mark.anyio
SOURCE, OTHER = m.Source("a.lua", "/p/a.lua"), m.Source("b.lua", "/p/b.lua")
WANTED = WantedStops(
    lines=(
        SourceStops("/p/a.lua", (BreakpointRequest(3, condition="x"),)),
        SourceStops("/p/b.lua", (BreakpointRequest(7),)),
    ),
    functions=(BreakpointRequest(name="f"),),
    errors=(m.ExceptionBreakpointSpec("uncaught"),),
)


@pytest.fixture
def anyio_backend() -> str:
    """Fakes are told on asyncio."""
    return "asyncio"


class Shared:
    """A program that several clients share, and what it was asked."""

    def __init__(self) -> None:
        self.debuggee = FakeDebuggee([])
        self.program = SharedProgram(self.debuggee)
        self.debuggee.use(self.program.core.listen)
        self.told: list[e.KernelEvent] = []
        self.program.core.bus.subscribe(self.told.append)

    def lines(self) -> dict[str, list[int]]:
        """The lines of each file, as they were set last."""
        asked = self.debuggee.asked("set_breakpoints")
        return {source.path: [each.line for each in specs] for source, specs in asked}


@pytest.fixture
async def shared(anyio_backend: str) -> Shared:
    return Shared()


async def test_nobody_is_stopped_for_nobody(shared: Shared) -> None:
    """Before the first client attaches nothing is set, and nothing is lost."""
    shared.program.remember(WANTED)
    assert ({}, WANTED) == (shared.lines(), shared.program.wanted())
    assert WANTED.errors == shared.program.remembered_errors()


async def test_the_first_client_finds_them(shared: Shared) -> None:
    """They are set when it attaches, and it is told of each as of a new one; the second is not."""
    shared.program.remember(WANTED)
    await shared.program.client().attached()
    assert {"/p/a.lua": [3], "/p/b.lua": [7]} == shared.lines()
    assert [("uncaught",)] == [
        tuple(each.filter for each in specs)
        for (specs,) in shared.debuggee.asked("set_exception_breakpoints")
    ]
    news = [each for each in shared.told if isinstance(each, e.BreakpointChanged)]
    assert ["new"] * 3 == [each.reason for each in news]
    assert [SOURCE, OTHER, None] == [each.breakpoint.source for each in news]
    await shared.program.client().attached()
    assert 3 == sum(isinstance(each, e.BreakpointChanged) for each in shared.told)
    assert WANTED == shared.program.wanted()


async def test_own_ones_take_their_place(shared: Shared) -> None:
    """Those of a file go when a client sets its own there, also none; the others stay."""
    shared.program.remember(WANTED)
    client = shared.program.client()
    await client.attached()
    await client.set_breakpoints(SOURCE, [BreakpointRequest(9)])
    await client.set_function_breakpoints([])
    assert WANTED.errors == client.remembered_errors
    await client.set_exception_breakpoints([])
    assert () == client.remembered_errors
    assert {"/p/a.lua": [9], "/p/b.lua": [7]} == shared.lines()
    expected = WantedStops(
        (
            SourceStops("/p/a.lua", (BreakpointRequest(9),)),
            SourceStops("/p/b.lua", (BreakpointRequest(7),)),
        )
    )
    assert expected == shared.program.wanted()


async def test_what_is_wanted(shared: Shared) -> None:
    """Of all clients together, each once; changes are told, and the last one takes all with it."""
    changes: list[WantedStops] = []
    shared.program.when_changed = lambda: changes.append(shared.program.wanted())
    one, other = shared.program.client(), shared.program.client()
    for client in (one, other):
        await client.attached()
        await client.set_breakpoints(SOURCE, [BreakpointRequest(3)])
    expected = WantedStops((SourceStops("/p/a.lua", (BreakpointRequest(3),)),))
    assert [expected, expected] == changes
    await one.detached()
    assert expected == shared.program.wanted()
    await other.detached()
    assert shared.program.wanted().is_empty
