"""Functions of the host in a session: cells wait for them, and can be stopped meanwhile."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from kernel.core import model as m
from kernel.core.functions import HostTable, host_function
from kernel.core.ids import BreakpointId, ThreadId
from kernel.core.script_values import Callback
from kernel.core.settings import DebugSettings
from kernel.events import model as e
from kernel.execution.engine import Cell, Outcome
from lua_debug.hook_choice import SWITCH
from lua_debug.session import LuaSession

DEADLINE = 10.0


class Door:
    """Implements `ScriptDoor`: nobody is there."""

    async def read_line(self, prompt: str, *, is_secret: bool) -> str | None:
        return None


class Waits(HostTable):
    """What takes its time."""

    name = "Waits"

    def __init__(self) -> None:
        self.began = asyncio.Event()
        self.may_end = asyncio.Event()
        self.was_cancelled = asyncio.Event()
        self.kept: Callback | None = None
        self.told: asyncio.Queue[Any] = asyncio.Queue()

    @host_function("Waits.wait")
    async def wait(self) -> str:
        """Until the test lets it end."""
        self.began.set()
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.was_cancelled.set()
            raise
        return "over"

    @host_function("Waits.keep")
    def keep(self, function: Callback) -> None:
        """Keeps a function."""
        self.kept = function


@pytest.fixture
def tell(lua, hooks, tmp_path, monkeypatch):
    """Run a story with a session: its events, its table, and what runs a cell."""
    monkeypatch.setenv(SWITCH, hooks)

    def run(story: Callable[..., Awaitable[None]]) -> None:
        async def whole() -> None:
            table, events = Waits(), asyncio.Queue[e.KernelEvent]()
            settings = DebugSettings(lua=lua)
            session = LuaSession(settings, events.put_nowait, Door(), make_tables=lambda _: [table])
            await session.start()

            def begin(code: str) -> "asyncio.Task[Outcome]":
                path = tmp_path / "cell.lua"
                path.write_text(code)
                return asyncio.ensure_future(session.execute(Cell(code, str(path), 1)))

            try:
                async with asyncio.timeout(DEADLINE):
                    await story(session, table, events, begin)
            finally:
                await session.close()

        asyncio.run(whole())

    return run


async def stop_of(events: "asyncio.Queue[e.KernelEvent]") -> e.Stopped:
    """The next stop."""
    while not isinstance(event := await events.get(), e.Stopped):
        pass
    return event


def test_a_cell_waits_for_the_loop(tell):
    """The loop goes on beside a cell that waits, and the cell gets its result."""

    async def story(session, table, events, begin):
        cell = begin("return Waits.wait()")
        await table.began.wait()
        table.may_end.set()
        outcome = await cell
        assert '"over"' == outcome.result.data["text/plain"]

    tell(story)


def test_an_interrupt_ends_the_wait(tell):
    """What a cell waits for is cancelled with the cell, and the next cell runs."""

    async def story(session, table, events, begin):
        cell = begin("pcall(Waits.wait) return 1")
        await table.began.wait()
        session.interrupt()
        assert "Interrupted" == (await cell).error.name
        await table.was_cancelled.wait()
        assert "2" == (await begin("return 2")).result.data["text/plain"]

    tell(story)


def test_a_pause_reaches_a_cell_that_waits(tell):
    """The program stops on the line that waits, can be looked at, and goes on waiting."""

    async def story(session, table, events, begin):
        cell = begin("local before = 7\nlocal got = Waits.wait()\nreturn got .. before")
        await table.began.wait()
        await session.debuggee.pause(None)
        stopped = await stop_of(events)
        assert m.StopReason.PAUSE == stopped.reason
        page = await session.debuggee.stack(ThreadId(1))
        frames = [(frame.line, frame.name) for frame in page.frames]
        assert 2 in [line for line, _ in frames], frames
        await session.debuggee.resume(m.Resume(m.StepKind.CONTINUE, stopped.thread))
        table.may_end.set()
        assert '"over7"' == (await cell).result.data["text/plain"]

    tell(story)


def test_callbacks_of_an_idle_session(tell):
    """What another thread asks for runs at once while no cell runs."""

    async def story(session, table, events, begin):
        await begin("Waits.keep(function(n) return n + 1 end)")
        thread = threading.Thread(
            target=lambda: loop.call_soon_threadsafe(table.told.put_nowait, table.kept.call(41))
        )
        loop = asyncio.get_running_loop()
        thread.start()
        assert 42 == await table.told.get()
        thread.join(DEADLINE)

    tell(story)


def test_breakpoints_in_callbacks(tell, tmp_path):
    """A breakpoint in a function that the host calls is hit, and its values can be seen."""

    async def story(session, table, events, begin):
        path = str(tmp_path / "cell.lua")
        await session.debuggee.set_breakpoints(
            m.Source("cell.lua", path), [m.BreakpointSpec(BreakpointId(1), line=2)]
        )
        await begin("Waits.keep(function(n)\n  local m = n * 2\n  return m\nend)")
        future = asyncio.get_running_loop().run_in_executor(None, table.kept.call, 21)
        stopped = await stop_of(events)
        page = await session.debuggee.stack(stopped.thread)
        assert 2 == page.frames[0].line
        await session.debuggee.resume(m.Resume(m.StepKind.CONTINUE, stopped.thread))
        assert 42 == await future

    tell(story)
