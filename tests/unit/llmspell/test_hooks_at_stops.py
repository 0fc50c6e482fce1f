"""Hooks that a script of a kernel registers, asked where a debugger has stopped it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from kernel.api import KernelHandle, start_embedded_kernel
from llmspell.kernels import lua_kernel

DEADLINE = 20.0

CELL = """local x = 1
local y = x + 1 -- line 2
local z = y * 2
return x, y, z"""


@pytest.fixture
def anyio_backend() -> str:
    """The loop is asyncio's."""
    return "asyncio"


class Debugged:
    """A kernel and a debugger of its cells, for one story."""

    def __init__(self, kernel: KernelHandle) -> None:
        self.kernel = kernel
        self.events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.debugger = kernel.debugger(self.events.put_nowait)

    async def run(self, code: str) -> Any:
        """The outcome of a cell that is not debugged."""
        async with asyncio.timeout(DEADLINE):
            return await self.kernel.execute(code)

    async def begin(self, *lines: int) -> "asyncio.Task[Any]":
        """Run `CELL` with breakpoints; the cell under way."""
        await self.debugger.open()
        path = (await self.debugger.ask("dumpCell", {"code": CELL}))["sourcePath"]
        asked = [{"line": line} for line in lines]
        await self.debugger.ask("setBreakpoints", {"source": {"path": path}, "breakpoints": asked})
        return asyncio.create_task(self.run(CELL))

    async def until(self, name: str) -> dict[str, Any]:
        """The next event of a name."""
        async with asyncio.timeout(DEADLINE):
            while True:
                event = await self.events.get()
                if event["event"] == name:
                    return dict(event.get("body") or {})

    async def line(self) -> int:
        """Where the cell stands."""
        said = await self.debugger.ask("stackTrace", {"threadId": 1})
        return int(said["stackFrames"][0]["line"])

    async def go(self, command: str) -> None:
        """Let it go on."""
        await self.debugger.ask(command, {"threadId": 1})


@pytest.fixture
async def debugged(lua: str) -> AsyncIterator[Debugged]:
    """A kernel of each Lua."""
    async with await start_embedded_kernel(lua_kernel(lua)) as kernel:
        yield Debugged(kernel)


@pytest.mark.anyio
async def test_a_function_of_a_cell_skips_a_stop(debugged: Debugged) -> None:
    """It is asked where the later cell stands, and that goes on: nobody is told of a stop."""
    await debugged.run("""
        seen = {}
        Hook.register("PreBreakpoint", function(it)
            seen[#seen + 1] = it.data.line .. it.data.locals.x
            return it.data.line == 2 and "skip" or "continue"
        end)
    """)
    cell = await debugged.begin(2, 4)
    await debugged.until("stopped")
    assert 4 == await debugged.line()
    await debugged.go("continue")
    await cell
    assert "21,41\n" == (await debugged.run("print(table.concat(seen, ','))")).stdout


@pytest.mark.anyio
async def test_a_function_of_a_cell_changes_a_value_and_adds_a_stop(debugged: Debugged) -> None:
    """What it answers is done in the frame that the cell stands in."""
    await debugged.run("""
        Hook.register("PreBreakpoint", function(it)
            if it.data.line ~= 2 then return "continue" end
            it.data.set = {x = "20"}
            it.data.stops = {{path = it.data.path, line = 3}}
            it.data.stop = false
            return {type = "modified", data = it.data}
        end)
    """)
    cell = await debugged.begin(2)
    await debugged.until("stopped")
    assert 3 == await debugged.line()
    await debugged.go("continue")
    assert {"text/plain": "20, 21, 42"} == (await cell).result.data


@pytest.mark.anyio
async def test_steps_are_asked_about(debugged: Debugged) -> None:
    """Before and behind a step, while the cell stands."""
    await debugged.run("""
        steps = {}
        Hook.register("PreStepExecution", function(it) steps[#steps + 1] = it.data.step end)
        Hook.register("PostStepExecution", function(it) steps[#steps + 1] = it.data.line end)
    """)
    cell = await debugged.begin(2)
    await debugged.until("stopped")
    await debugged.go("next")
    await debugged.until("stopped")
    assert 3 == await debugged.line()
    await debugged.go("continue")
    await cell
    assert "over 3\n" == (await debugged.run("print(steps[1], steps[2])")).stdout.replace("\t", " ")


@pytest.mark.anyio
async def test_a_function_that_fails_lets_it_stop(debugged: Debugged) -> None:
    """An error is no answer, and neither is nonsense."""
    await debugged.run("""
        Hook.register("PreBreakpoint", function() error("no") end)
        Hook.register("PreBreakpoint", function() return {type = "fly"} end)
        Hook.register("PreBreakpoint", function() return print end)
    """)
    cell = await debugged.begin(2)
    await debugged.until("stopped")
    assert 2 == await debugged.line()
    await debugged.go("continue")
    assert (await cell).error is None


@pytest.mark.anyio
async def test_a_function_that_never_returns_is_broken_off(
    debugged: Debugged, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cell stops, which says why, and goes on as ever."""
    monkeypatch.setattr("kernel.debug.stop_hooks.PATIENCE", 0.3)
    await debugged.run("""
        Hook.register('PreBreakpoint', function()
            while true do pcall(function() while true do end end) end
        end)
    """)
    cell = await debugged.begin(2)
    await debugged.until("stopped")
    assert 2 == await debugged.line()
    await debugged.go("continue")
    done = await cell
    assert "the hooks took more than 0.3 s" in done.stdout + done.stderr
    assert {"text/plain": "1, 2, 4"} == done.result.data
