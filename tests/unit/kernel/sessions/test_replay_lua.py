"""Sessions of real Lua are recorded, replayed, and stopped in before a chosen step."""

import asyncio
from pathlib import Path

import pytest

from kernel.core import model as m
from kernel.core.errors import UserError
from kernel.core.ids import ThreadId
from kernel.events import model as e
from kernel.sessions.cells import Cell, CellRunner
from kernel.sessions.replay.debugging import CoordinatedDebugger, StepDebugger
from kernel.sessions.replay.model import Mode, ReplaySettings
from kernel.sessions.replay.modifications import Modification
from tests.support.lua_cells import LuaCells
from tests.support.sessions import OWNER, SessionKit, make_kit

pytestmark = pytest.mark.anyio

CODE = (
    "total = 0\nfunction add(n)\n  total = total + n\n  return total\nend",
    "print(add(2))\nprint(math.random(1000))\nreturn total",
    "-- what was typed\nname = io.read()\nprint('hello ' .. name, os.time())",
    "local last = add(5)\nreturn last * 1.5",
    "error('no more', 0)",
)
MAIN = ThreadId(1)


@pytest.fixture
def anyio_backend() -> str:
    """The loop is asyncio's."""
    return "asyncio"


class LuaSession:
    """A session in which the cells of `CODE` were run by Lua."""

    def __init__(self, folder: Path, lua: str) -> None:
        self.folder = folder
        self.lua = lua
        self.debugged: list[LuaCells] = []
        self.kit: SessionKit = make_kit(make_runner=self.make, make_debugged=self.make_debugged)
        self.session = self.kit.session()

    def make(self, language: str) -> CellRunner:
        """A runner without a debugger."""
        assert language == "lua"
        return LuaCells(self.folder, self.lua)

    def make_debugged(self, language: str) -> tuple[CellRunner, StepDebugger]:
        """A runner with the debugger of what it runs."""
        assert language == "lua"
        self.debugged.append(LuaCells(self.folder, self.lua))
        return self.debugged[-1], CoordinatedDebugger(self.debugged[-1].coordinator)

    def cell(self, number: int) -> Cell:
        """One of the cells, as a file."""
        inputs = ("Lua",) if number == 3 else ()
        path = self.folder / f"cell{number}.lua"
        return Cell(CODE[number - 1], name=str(path), inputs=inputs, clock=1e9, seed=42)

    async def record(self) -> None:
        """Run all of them."""
        runner = LuaCells(self.folder, self.lua)
        for number in range(1, len(CODE) + 1):
            await self.kit.services.runs.run(OWNER, self.session.id, self.cell(number), runner)
        await runner.close()

    async def replay(self, **settings):
        """Replay it, before a deadline."""
        async with asyncio.timeout(60):
            return await self.kit.services.replays.replay(
                OWNER, self.session.id, ReplaySettings(**settings)
            )


@pytest.fixture
async def it(tmp_path, lua, anyio_backend) -> LuaSession:
    """A recorded session, in every version of Lua."""
    made = LuaSession(tmp_path, lua)
    await made.record()
    return made


async def test_lua_gives_the_same_again(it) -> None:
    """Globals, inputs, the clock, random numbers, values and errors: all are as recorded."""
    result = await it.replay()
    assert (True, 5, "") == (result.is_identical, result.successful, result.error)
    outcomes = [each.outcome for each in result.steps]
    assert [None, 2, None, 10.5, None] == [each.value for each in outcomes]
    assert "hello Lua\t1000000000\n" == outcomes[2].output
    assert ("error", "no more") == (outcomes[4].status, outcomes[4].error)


async def test_lua_with_other_input_says_something_else(it) -> None:
    """What a modification changes is seen where it matters, and nowhere else."""
    change = (Modification("3.inputs.0", "you"), Modification("4.code", "return add(1)"))
    result = await it.replay(mode=Mode.MODIFIED, modifications=change)
    alike = [each.comparison.is_identical for each in result.steps]
    assert [True, True, False, False, True] == alike
    assert [("value", "10.5 became 3")] == [
        (each.path, each.description) for each in result.steps[3].comparison.differences
    ]


async def test_the_debugger_stops_before_the_chosen_step(it) -> None:
    """The program stands at the first statement of the cell, with what came before in place."""
    replay = asyncio.ensure_future(it.replay(mode=Mode.DEBUG, stop_before=4))
    coordinator = await debugged(it)
    async with asyncio.timeout(60):
        while not coordinator.is_stopped:
            await asyncio.sleep(0.01)
    frame = (await coordinator.debuggee.stack(MAIN)).frames[0]
    assert (str(it.folder / "cell4.lua"), 1) == (frame.source.path, frame.line)
    assert "2" == (await coordinator.debuggee.evaluate("total", frame.id)).value
    await coordinator.resume(m.Resume(m.StepKind.OVER, MAIN))
    async with asyncio.timeout(60):
        while not coordinator.is_stopped:
            await asyncio.sleep(0.01)
    frame = (await coordinator.debuggee.stack(MAIN)).frames[0]
    assert 2 == frame.line
    assert "7" == (await coordinator.debuggee.evaluate("last", frame.id)).value
    await coordinator.debuggee.evaluate("last = 100", frame.id, "repl")
    await coordinator.resume(m.Resume(m.StepKind.CONTINUE, MAIN))
    result = await replay
    assert (4, "") == (result.stopped_before, result.error)
    assert [None, 2, None, 150, None] == [each.outcome.value for each in result.steps]
    assert [4] == [each.step for each in result.steps if not each.comparison.is_identical]


async def debugged(it: LuaSession):
    """The coordinator of the program under debug, as soon as it is there."""
    async with asyncio.timeout(60):
        while not it.debugged:
            await asyncio.sleep(0.01)
    return it.debugged[0].coordinator


async def test_it_stops_only_there(it) -> None:
    """Neither the steps before nor those behind stop."""
    stops: list[e.Stopped] = []
    replay = asyncio.ensure_future(it.replay(mode=Mode.DEBUG, stop_before=2))
    coordinator = await debugged(it)

    def go_on(event: e.KernelEvent) -> None:
        if isinstance(event, e.Stopped):
            stops.append(event)
            going.append(
                asyncio.ensure_future(coordinator.resume(m.Resume(m.StepKind.CONTINUE, MAIN)))
            )

    going: list[asyncio.Future[None]] = []
    coordinator.bus.subscribe(go_on)
    result = await replay
    await asyncio.gather(*going)
    assert [m.StopReason.BREAKPOINT] == [each.reason for each in stops]
    assert result.is_identical


async def test_what_cannot_be_stopped_in_is_told(it) -> None:
    """A cell without a statement, a step there is not, and a kernel without a debugger."""
    empty = Cell("-- nothing", name=str(it.folder / "empty.lua"))
    runner = LuaCells(it.folder, it.lua)
    await it.kit.services.runs.run(OWNER, it.session.id, empty, runner)
    await runner.close()
    with pytest.raises(UserError, match="There is no step 7 to stop before"):
        await it.replay(mode=Mode.DEBUG, stop_before=7)
    without = make_kit(store=it.kit.store, clock=it.kit.clock, make_runner=it.make)
    with pytest.raises(UserError, match="Nothing debugs here"):
        await without.services.replays.replay(OWNER, it.session.id, ReplaySettings(mode=Mode.DEBUG))
