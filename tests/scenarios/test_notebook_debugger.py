"""The debugger of a notebook, in the order that JupyterLab sends its requests."""

import asyncio

import pytest

from kernel.core.model import ExceptionBreakpointSpec
from kernel.debug.coordinator import BreakpointRequest
from kernel.debug.remembering import SourceStops, WantedStops
from kernel.execution.cell_files import murmur2
from lua_debug.hook_choice import SWITCH
from tests.support.notebook_debugger import DEADLINE, Notebook, teller


@pytest.fixture
def tell(lua, hooks, tmp_path, monkeypatch):
    """Run a story with a kernel that notebooks debug."""
    monkeypatch.setenv(SWITCH, hooks)
    return teller(lua, tmp_path)


CELL = "local a = 1\nlocal b = a + 1\nshared = {a, b}\nreturn b"


def test_a_breakpoint_in_a_cell(tell):
    """A click beside a line stops the cell there, under the file that the notebook knows."""

    async def story(n: Notebook) -> None:
        d = n.debugger()
        await d.start()
        assert [True] == [each["verified"] for each in await d.break_at(CELL, 3)]
        cell = n.run(CELL)
        stopped = await d.event("stopped")
        assert ("breakpoint", True) == (stopped["reason"], stopped["allThreadsStopped"])
        top = await d.top(stopped["threadId"])
        info = await d.ask("debugInfo")
        path = f"{info['tmpFilePrefix']}{murmur2(CELL.encode(), info['hashSeed'])}.lua"
        assert (path, 3) == (top["source"]["path"], top["line"])
        assert [stopped["threadId"]] == info["stoppedThreads"]
        assert [{"source": path, "breakpoints": [{"line": 3}]}] == info["breakpoints"]
        assert {"a": "1", "b": "2"} == await d.locals()
        assert CELL == (await d.ask("source", source={"path": path}))["content"]
        await d.ask("next", threadId=stopped["threadId"])
        assert 4 == (await d.top((await d.event("stopped"))["threadId"]))["line"]
        await d.ask("continue", threadId=1)
        await d.event("continued")
        outcome = await asyncio.wait_for(cell, DEADLINE)
        assert {"text/plain": "2"} == outcome.result.data
        assert [] == (await d.ask("debugInfo"))["stoppedThreads"]

    tell(story)


def test_breakpoints_of_an_earlier_run(tell):
    """They stop the program, so the notebook is shown them, until it sets its own in their cell.

    Nothing is told of cells that have not been there since, where it could not show any.
    """

    async def story(n: Notebook) -> None:
        here, gone = n.files.write(CELL), f"{n.files.prefix}1.lua"
        n.program.remember(
            WantedStops(
                (
                    SourceStops(here, (BreakpointRequest(2, condition="a == 1"),)),
                    SourceStops(gone, (BreakpointRequest(1),)),
                )
            )
        )
        d = n.debugger()
        mine = {"source": here, "breakpoints": [{"line": 2, "condition": "a == 1"}]}
        others = {"source": gone, "breakpoints": [{"line": 1}]}
        assert [mine, others] == (await d.ask("debugInfo"))["breakpoints"]
        await d.start()
        told = await d.event("breakpoint")
        assert ("new", here) == (told["reason"], told["breakpoint"]["source"]["path"])
        cell = n.run(CELL)
        assert "breakpoint" == (await d.event("stopped"))["reason"]
        assert [mine, others] == (await d.ask("debugInfo"))["breakpoints"]
        assert d.has_heard_nothing
        await d.break_at(CELL)
        assert [others] == (await d.ask("debugInfo"))["breakpoints"]
        await d.ask("continue", threadId=1)
        await asyncio.wait_for(cell, DEADLINE)

    tell(story)


def test_errors_of_an_earlier_run(tell):
    """Filters that were chosen then hold, for whoever says nothing, until a notebook chooses."""

    async def story(n: Notebook) -> None:
        n.program.remember(WantedStops(errors=(ExceptionBreakpointSpec("caught"),)))
        d = n.debugger()
        assert ["caught"] == (await d.ask("debugInfo"))["exceptionPaths"]
        await d.ask("initialize", adapterID="x")
        await d.ask("attach")
        assert ["caught"] == (await d.ask("debugInfo"))["exceptionPaths"]
        cell = n.run("pcall(function() error('expected') end)")
        assert "exception" == (await d.event("stopped"))["reason"]
        await d.ask("continue", threadId=1)
        await asyncio.wait_for(cell, DEADLINE)
        await d.ask("setExceptionBreakpoints", filters=["uncaught"])
        assert ["uncaught"] == (await d.ask("debugInfo"))["exceptionPaths"]
        assert () == n.program.remembered_errors()

    tell(story)


def test_a_breakpoint_of_long_ago(tell, monkeypatch):
    """Of many cells only some are kept, among them those with breakpoints."""
    monkeypatch.setattr("lua_debug.chunks._KEPT_PASSING", 5)

    async def story(n: Notebook) -> None:
        d, twice = n.debugger(), "function twice(x)\n  return x * 2\nend"
        await d.start()
        await d.break_at(twice, 2)
        for number in range(20):
            await n.run(f"x = {number}" if number else twice)
        n.run("return twice(2)")
        assert "breakpoint" == (await d.event("stopped"))["reason"]

    tell(story)


def test_a_cell_that_ends_in_an_expression(tell):
    """It has places for breakpoints before it has run, also on that expression."""

    async def story(n: Notebook) -> None:
        d = n.debugger()
        await d.start()
        code = "total = 0\nfor i = 1, 3 do\n  total = total + i\nend\ntotal * 2"
        answers = await d.break_at(code, 5)
        assert [(True, 5)] == [(each["verified"], each["line"]) for each in answers]
        assert code == (await d.ask("source", source=answers[0]["source"]))["content"]
        cell = n.run(code)
        await d.event("stopped")
        assert 5 == (await d.top())["line"]
        names = {each["name"] for each in (await d.ask("inspectVariables"))["variables"]}
        assert {"total"} == names
        await d.ask("continue", threadId=1)
        outcome = await asyncio.wait_for(cell, DEADLINE)
        assert {"text/plain": "12"} == outcome.result.data

    tell(story)


def test_globals_while_a_cell_runs(tell):
    """Variables of the kernel are told at rest, amid a loop, and at a stop, without the library."""

    async def story(n: Notebook) -> None:
        d = n.debugger()
        await d.start()
        await asyncio.wait_for(n.run("mine = {x = 1}"), DEADLINE)

        async def names() -> dict[str, str]:
            found = (await d.ask("inspectVariables"))["variables"]
            inner = [each for each in found if each["name"] == "mine"]
            await d.ask("variables", variablesReference=inner[0]["variablesReference"])
            assert not [each for each in found if "type" in each]  # JupyterLab would show only that
            return {each["name"]: each["value"] for each in found}

        assert {"mine": "{x = 1}"} == await names()
        n.printed = ""
        cell = n.run("print('runs') while true do count = (count or 0) + 1 end")
        async with asyncio.timeout(DEADLINE):
            while not n.printed:
                await asyncio.sleep(0.005)
        assert {"mine", "count"} == set(await names())
        n.session.interrupt()
        await asyncio.wait_for(cell, DEADLINE)
        assert {"mine", "count"} == set(await names())

    tell(story)


@pytest.mark.parametrize(
    "code",
    [
        "local function f(n)\n  local m = n\n  return m\nend\nreturn f(1)",
        "pcall(function()\n  local m = 1\n  return m\nend)",
        "local f = coroutine.wrap(function()\n  local m = 1\n  return m\nend)\nf()",
    ],
    ids=["tail call", "C function", "coroutine"],
)
def test_every_frame_has_a_source(tell, code):
    """JupyterLab shows no stack at all where one has none: a C function, a tail call, a label."""

    async def story(n: Notebook) -> None:
        d = n.debugger()
        await d.start()
        path = (await d.break_at(code, 2))[0]["source"]["path"]
        cell = n.run(code)
        thread = (await d.event("stopped"))["threadId"]
        frames = (await d.ask("stackTrace", threadId=thread))["stackFrames"]
        assert path == frames[0]["source"]["path"]
        others = {each["source"]["path"] for each in frames} - {path}
        assert others <= {"", "[C]"}
        await d.ask("continue", threadId=thread)
        await asyncio.wait_for(cell, DEADLINE)

    tell(story)


def test_evaluating_copying_and_rich_values_while_paused(tell):
    """The panel's evaluate, copy to globals and rich view work on the frame that is shown."""

    async def story(n: Notebook) -> None:
        d = n.debugger()
        await d.start()
        code = "local function f(records)\n  return #records\nend\nreturn f({{a = 1}, {a = 2}})"
        await d.break_at(code, 2)
        cell = n.run(code)
        await d.event("stopped")
        frame = (await d.top())["id"]
        value = await d.ask("evaluate", expression="#records + 1", context="repl", frameId=frame)
        assert "3" == value["result"]
        rich = await d.ask("richInspectVariables", variableName="records", frameId=frame)
        assert "<td>2</td>" in rich["data"]["text/html"]
        names = {"srcVariableName": "records", "dstVariableName": "kept", "srcFrameId": frame}
        await d.ask("copyToGlobals", **names)
        assert not (await d.send("copyToGlobals", **{**names, "dstVariableName": "a b"}))["success"]
        await d.ask("continue", threadId=1)
        await asyncio.wait_for(cell, DEADLINE)
        outcome = await asyncio.wait_for(n.run("#kept"), DEADLINE)
        assert "2" == outcome.result.data["text/plain"]
        await d.ask("richInspectVariables", variableName="kept")

    tell(story)


def test_errors_stop_where_the_notebook_wants_it(tell):
    """The exception filters of the menu are those of an editor."""

    async def story(n: Notebook) -> None:
        d = n.debugger()
        await d.start("uncaught")
        assert ["uncaught"] == (await d.ask("debugInfo"))["exceptionPaths"]
        cell = n.run("local x = 5\nerror('boom ' .. x)")
        stopped = await d.event("stopped")
        assert "exception" == stopped["reason"]
        assert {"x": "5"} == await d.locals()
        await d.ask("continue", threadId=1)
        assert "boom 5" in (await asyncio.wait_for(cell, DEADLINE)).error.message

    tell(story)


def test_one_continue_too_many_is_harmless(tell):
    """A second click while the cell runs is answered, and nothing hangs."""

    async def story(n: Notebook) -> None:
        d = n.debugger()
        await d.start()
        await d.break_at(CELL, 2)
        cell = n.run(CELL)
        await d.event("stopped")
        await d.ask("continue", threadId=1)
        await d.ask("continue", threadId=1)
        await asyncio.wait_for(cell, DEADLINE)
        await d.ask("continue", threadId=1)
        assert "2" == (await asyncio.wait_for(n.run("1 + 1"), DEADLINE)).result.data["text/plain"]

    tell(story)


def test_two_debuggers_at_once(tell):
    """Each has breakpoints of its own; what one takes away leaves the other's."""

    async def story(n: Notebook) -> None:
        one, other = n.debugger(), n.debugger()
        await one.start()
        await other.start()
        await one.break_at(CELL, 2)
        await other.break_at(CELL, 2, 4)
        cell = n.run(CELL)
        for line in (2, 4):
            await one.event("stopped")
            await other.event("stopped")
            assert line == (await other.top())["line"] == (await one.top())["line"]
            await one.ask("continue", threadId=1)
        await asyncio.wait_for(cell, DEADLINE)
        await other.ask("disconnect", restart=False, terminateDebuggee=False)
        assert not (await other.ask("debugInfo"))["isStarted"]
        cell = n.run(CELL)
        await one.event("stopped")
        assert 2 == (await one.top())["line"]
        await one.ask("continue", threadId=1)
        await asyncio.wait_for(cell, DEADLINE)
        await one.end.close()
        assert (await asyncio.wait_for(n.run(CELL), DEADLINE)).error is None

    tell(story)


def test_a_client_that_asks_for_little_is_told_of_stops(tell):
    """Neither configurationDone nor a look at the variables has to come first."""

    async def story(n: Notebook) -> None:
        d = n.debugger()
        await d.ask("initialize", adapterID="lua", pathFormat="path")
        assert d.has_heard_nothing
        await d.ask("attach")
        await d.event("initialized")
        await d.break_at(CELL, 2)
        cell = n.run(CELL)
        await d.event("stopped")
        await d.ask("configurationDone")
        await d.ask("continue", threadId=1)
        await asyncio.wait_for(cell, DEADLINE)

    tell(story)


def test_without_a_debugger_only_the_questions_that_need_none(tell):
    """debugInfo, dumpCell, modules and the globals are answered before it is switched on."""

    async def story(n: Notebook) -> None:
        d = n.debugger()
        assert not (await d.ask("debugInfo"))["isStarted"]
        assert {"modules": [], "totalModules": 0} == await d.ask("modules")
        assert {"variables": []} == await d.ask("inspectVariables")
        assert (await d.ask("dumpCell", code="x = 1"))["sourcePath"].endswith(".lua")
        assert not (await d.send("next", threadId=1))["success"]
        assert not (await d.send("stackTrace", threadId=1))["success"]

    tell(story)


def test_a_variable_that_a_cell_of_one_line_sets(tell):
    """Each of them stops in the cell that did it, and no later one for it."""

    async def story(n: Notebook) -> None:
        d = n.debugger()
        await d.start()
        await asyncio.wait_for(n.run("zz = 0"), DEADLINE)
        watched = {"dataId": (await d.ask("dataBreakpointInfo", name="zz"))["dataId"]}
        await d.ask("setDataBreakpoints", breakpoints=[watched])
        for value in (1, 2):
            cell = n.run(f"zz = {value}")
            stopped = await d.event("stopped")
            assert f"zz changed from {value - 1} to {value}" == stopped["description"]
            assert 1 == (await d.top())["line"]
            await d.ask("continue", threadId=1)
            await asyncio.wait_for(cell, DEADLINE)
        outcome = await asyncio.wait_for(n.run("return zz"), DEADLINE)
        assert {"text/plain": "2"} == outcome.result.data

    tell(story)
