"""LuaSession: cells of every Lua, under both kinds of hooks."""

import asyncio
import os

import pytest

from kernel.core import model as m
from kernel.core.errors import DebuggeeGone
from kernel.core.settings import DebugSettings
from kernel.events import model as e
from kernel.execution.engine import Completeness, CompletenessStatus
from lua_debug import unasked
from lua_debug.hook_choice import SWITCH
from lua_debug.session import LuaSession
from tests.support.notebook import DEADLINE, Answers, Notebook, teller


@pytest.fixture
def tell(lua, hooks, tmp_path, monkeypatch):
    """Run a story with a notebook."""
    monkeypatch.setenv(SWITCH, hooks)
    return teller(lua, tmp_path)


def test_the_last_expression_is_the_result(tell):
    """A cell gives what its last expression gives, alone or behind statements."""

    async def story(n: Notebook) -> None:
        assert "2" == await n.shown("1 + 1")
        assert "5" == await n.shown("x = 5\nx")
        assert '5, nil, "a"' == await n.shown("return x, nil, 'a'")
        assert "5" == await n.shown("= x")
        assert "1, 2" == await n.shown("function both() return 1, 2 end\nboth()")
        assert "{1, 2}" == await n.shown("t = {\n  1,\n  2,\n}\n\nt -- the list")
        assert None is await n.shown("x = 6")
        assert None is await n.shown("")
        assert None is await n.shown("-- nothing")
        assert None is await n.shown("nil")
        assert None is await n.shown("return")

    tell(story)


def test_a_cell_finds_the_arguments_it_was_given(tell):
    """As a script does, in `...`; also where its last expression asks for them."""

    async def story(n: Notebook) -> None:
        assert '"a", "", "b c"' == await n.shown("...", "a", "", "b c")
        assert '2, "ü"' == await n.shown("local n = select('#', ...)\nreturn n, (...)", "ü", "x")
        assert "0" == await n.shown("select('#', ...)")

    tell(story)


def test_what_a_cell_leaves_the_next_one_finds(tell):
    """Globals and modules stay, locals end with their cell, and results have names."""

    async def story(n: Notebook) -> None:
        await n.run("local mine = 1; ours = 2")
        assert "nil, 2" == await n.shown("mine, ours")
        assert "7" == await n.shown("3 + 4")
        assert "7, 7" == await n.shown(f"_, _{n.count}")
        await n.run("for name in pairs(_G) do if name:find('pass') then found = name end end")
        assert "nil" == (await n.shown("found, 1"))[:3]

    tell(story)


def test_output_comes_before_the_end(tell):
    """All that a cell prints is told when its outcome is there."""

    async def story(n: Notebook) -> None:
        for _ in range(20):
            n.events.clear()
            await n.run("for i = 1, 50 do print(i) end io.write('end')")
            assert "\n".join(map(str, range(1, 51))) + "\nend" == n.output

    tell(story)


def test_an_error_has_a_message_and_a_traceback(tell):
    """Errors name the cell by its number, with the lines that led there."""

    async def story(n: Notebook) -> None:
        error = (await n.run("local function f()\n  error('boom')\nend\nf()\nlocal x = 1")).error
        assert ("Error", "In[1]:2: boom") == (error.name, error.message)
        assert "In[1]:2: boom" == error.traceback[0]
        assert any("In[1]:4:" in line for line in error.traceback)
        error = (await n.run("x x")).error
        assert "SyntaxError" == error.name
        assert error.message.startswith("In[2]:1: ")
        assert (await n.run("error()")).error is not None
        assert (await n.run("error({})")).error is not None
        assert "1" == await n.shown("1")

    tell(story)


@pytest.mark.parametrize(
    "code",
    [
        "while true do end",
        "while true do pcall(function() while true do end end) end",
        "pcall(function() while true do end end) while true do pcall(error) end",
        "local c = coroutine.wrap(function() while true do coroutine.yield() end end)\n"
        "while true do c() end",
        "while true do coroutine.wrap(function() end)() end",
        "coroutine.wrap(function() while true do end end)()",
        "local t = setmetatable({}, {__index = function() while true do end end})\nprint(t.x)",
        "while true do string.rep('x', 10) end",
        "repeat local ok = xpcall(function() repeat until false end, debug.traceback) until false",
        "xpcall(error, function() while true do end end)",
        "local function loop() while true do end end\nxpcall(loop, loop)",
        "while true do xpcall(error, function() repeat until false end) end",
        "local function loop() while true do end end\n"
        "xpcall(function() xpcall(error, loop) end, loop)",
        "coroutine.wrap(function() xpcall(error, function() while true do end end) end)()",
        "local function deep(n) if n == 0 then error() end local x = deep(n - 1) return x end\n"
        "xpcall(function() deep(3000) end, function() while true do end end)",
    ],
)
def test_an_interrupt_ends_the_cell_and_nothing_else(tell, code):
    """An interrupted cell says so, and the next ones run as if nothing had been."""

    async def story(n: Notebook) -> None:
        await n.run("kept = 1")
        for _ in range(3):
            task = await n.begun(code)
            n.session.interrupt()
            outcome = await asyncio.wait_for(task, DEADLINE)
            assert "Interrupted" == outcome.error.name
            assert "1" == await n.shown("kept")
            loop = "local s = 0 for i = 1, 1e6 do s = s + i % 3 end return s"
            assert "999999" in await n.shown(loop) or "1000000" in await n.shown(loop)

    tell(story)


def test_a_message_handler_that_loops_is_ended_also_where_errors_are_looked_for(tell):
    """A debugger that stops on caught errors stands in the way of the handler, not of the end."""

    async def story(n: Notebook) -> None:
        spec = m.ExceptionBreakpointSpec("caught", condition="false")
        await n.session.debuggee.set_exception_breakpoints([spec])
        for code in (
            "xpcall(error, function() while true do end end)",
            "local function loop() while true do end end\nxpcall(loop, loop)",
        ):
            task = await n.begun(code)
            n.session.interrupt()
            assert "Interrupted" == (await asyncio.wait_for(task, DEADLINE)).error.name
        assert "2" == await n.shown("1 + 1")

    tell(story)


def test_an_interrupt_while_nothing_runs_is_for_nobody(tell):
    """It ends no cell that comes later."""

    async def story(n: Notebook) -> None:
        n.session.interrupt()
        assert "1" == await n.shown("1")
        task = n.begin("'short'")
        n.session.interrupt()
        await asyncio.wait_for(task, DEADLINE)
        n.session.interrupt()
        assert "2" == await n.shown("2")

    tell(story)


def test_input_is_asked_for(tell):
    """io.read in all its forms reads the lines that were answered."""

    async def story(n: Notebook) -> None:
        n.door.lines = ["first", "12 rest", "abc", "x", "y"]
        assert '"first"' == await n.shown("io.read()")
        assert '12, " rest"' == await n.shown("io.read('*n', '*l')")
        assert '"ab", "c"' == await n.shown("io.read(2, '*l')")
        assert '"x\\ny\\n"' == await n.shown("io.stdin:read('*a')")
        assert "nil, 1" == await n.shown("io.read(), 1")
        n.door.lines = ["a", "b"]
        assert '"ab"' == await n.shown(
            "local s = ''\nfor l in io.lines() do s = s .. l end\nreturn s"
        )

    tell(story)


def test_what_a_cell_leaves_of_its_input_is_forgotten(tell):
    """The next cell, whoever runs it, is asked for a line of its own, or refused one."""

    async def story(n: Notebook) -> None:
        n.door.lines = ["mine and secret", "7", "yours"]
        assert '"mine"' == await n.shown("io.read(4)")
        assert "7" == await n.shown("io.read('*n')")
        assert '"yours"' == await n.shown("io.read()")
        n.door.lines = ["mine and secret"]
        assert '"mine"' == await n.shown("io.read(4)")
        n.door.denied = "nobody is there"
        assert "In[5]:1: nobody is there" == (await n.run("local x = io.read()")).error.message

    tell(story)


def test_input_may_be_denied(tell):
    """The program gets an error that a pcall can catch."""

    async def story(n: Notebook) -> None:
        n.door.denied = "nobody is there"
        error = (await n.run("local x = io.read()")).error
        assert "In[1]:1: nobody is there" == error.message
        assert "false" in await n.shown("pcall(io.read)")

    tell(story)


def test_an_interrupt_reaches_a_cell_that_waits_for_input(tell):
    """It need not wait for the line; what looks at the program is answered meanwhile."""

    async def story(n: Notebook) -> None:
        n.door.is_silent = True
        task = n.begin("seen = 1\nlocal x = io.read()")
        await asyncio.wait_for(n.door.asked.wait(), DEADLINE)
        display = await asyncio.wait_for(n.session.evaluate("seen + 1"), DEADLINE)
        assert {"text/plain": "2"} == display.data
        n.session.interrupt()
        assert "Interrupted" == (await asyncio.wait_for(task, DEADLINE)).error.name
        assert "1" == await n.shown("seen")

    tell(story)


def test_a_running_cell_can_be_looked_at(tell):
    """Completion, inspection and evaluation are answered at the next safe point."""

    async def story(n: Notebook) -> None:
        task = await n.begun("counter = 0 while true do counter = counter + 1 end")
        async with asyncio.timeout(DEADLINE):
            names = [each.text for each in await n.session.complete("count", 5)]
            found = await n.session.inspect("counter", 3, 0)
            value = await n.session.evaluate("counter > 0")
        assert ["counter"] == names
        assert "Type: number" in found.data["text/plain"]
        assert {"text/plain": "true"} == value.data
        n.session.interrupt()
        await asyncio.wait_for(task, DEADLINE)

    tell(story)


def test_exit_ends_the_cell_with_a_status(tell):
    """os.exit is told; whether the kernel ends is its own business."""

    async def story(n: Notebook) -> None:
        assert 3 == (await n.run("os.exit(3)")).exit_code
        assert "1" == await n.shown("1")

    tell(story)


def test_tables_are_shown_whole_and_as_html(tell):
    """Text has sorted keys, cycles and limits; a list of records is a table."""

    async def story(n: Notebook) -> None:
        assert '{1, {}, a = "x", b = {c = true}}' == await n.shown(
            "{1, {}, b = {c = true}, a = 'x'}"
        )
        assert "itself" in await n.shown("t = {} t.t = t\nt")
        assert "-- 100 more" in await n.shown("t = {} for i = 1, 200 do t[i] = i end\nt")
        data = (await n.run("{{a = 1, b = '<'}, {a = 2}}")).result.data
        assert "<td>1</td><td>&lt;</td>" in data["text/html"]
        shown = "setmetatable({}, {__display = function() return {['text/markdown'] = '*x*'} end})"
        assert "*x*" == (await n.run(shown)).result.data["text/markdown"]
        assert "me" == await n.shown("setmetatable({}, {__tostring = function() return 'me' end})")

    tell(story)


def test_inspection_tells_signature_and_source(tell):
    """A function of the program is known by its comment, its parameters and its text."""

    async def story(n: Notebook) -> None:
        await n.run("-- Adds.\nfunction add(a, b)\n  return a + b\nend\nx = 1")
        text = (await n.session.inspect("add(1, ", 7, 1)).data["text/plain"]
        assert "Signature: function add(a, b)" in text
        assert "Documentation: Adds." in text
        assert "File: In[1]:2" in text
        assert "return a + b" in text
        text = (await n.session.inspect("string.rep", 9, 0)).data["text/plain"]
        assert "string.rep(s: string, n: integer" in text
        assert await n.session.inspect("nothing", 3, 0) is None

    tell(story)


def test_a_closed_session_runs_nothing(lua, tmp_path):
    """Closing ends a cell that runs; what comes later is refused."""

    async def story() -> None:
        notebook = Notebook(lua, tmp_path)
        await notebook.session.start()
        task = await notebook.begun("while true do end")
        await notebook.session.close()
        assert "Interrupted" == (await asyncio.wait_for(task, DEADLINE)).error.name
        assert [0] == [each.code for each in notebook.events if isinstance(each, e.Exited)]
        with pytest.raises(DebuggeeGone):
            await notebook.run("1")

    asyncio.run(story())


def test_a_session_that_hangs_in_c_can_be_given_up(tmp_path):
    """Who waits for it gets an error."""

    async def story() -> None:
        notebook = Notebook("5.4", tmp_path)
        await notebook.session.start()
        task = await notebook.begun("io.popen('sleep 3'):read('a')")
        notebook.session.interrupt()
        await notebook.session.abandon()
        with pytest.raises(DebuggeeGone):
            await asyncio.wait_for(task, DEADLINE)

    asyncio.run(story())


def test_looks_while_a_cell_is_inside_a_c_function(tell, tmp_path, monkeypatch):
    """Are answered of what is known without the program: keywords, the library, names of locals."""
    monkeypatch.setattr(unasked, "PATIENCE", 0.05)
    gate = tmp_path / "gate"
    os.mkfifo(gate)

    async def story(n: Notebook) -> None:
        await n.run("mine = 1")
        cell = await n.begun(f"io.open('{gate}'):close()")

        async def names(code: str) -> list[str]:
            found = await asyncio.wait_for(n.session.complete(code, len(code)), DEADLINE)
            assert all(len(code) == each.end for each in found)
            return [code[: each.start] + each.text for each in found]

        assert ["local print_all; print_all", "local print_all; print"] == await names(
            "local print_all; pri"
        )
        assert ["x = string.rep", "x = string.reverse"] == await names("x = string.re")
        assert ["repeat x until"] == await names("repeat x unt")
        assert [] == await names("mine.")
        looks = [n.session.inspect(code, 4, 0) for code in ("string.rep", "mine")]
        known, unknown = await asyncio.wait_for(asyncio.gather(*looks), DEADLINE)
        assert unknown is None
        assert "string" in known.data["text/plain"]
        gate.write_text("")
        assert None is (await asyncio.wait_for(cell, DEADLINE)).error
        assert ["mine"] == await names("min")

    tell(story)


def test_looks_at_a_session_that_is_given_up(tmp_path):
    """Are answered in the same way."""

    async def story() -> None:
        notebook = Notebook("5.4", tmp_path)
        await notebook.session.start()
        task = await notebook.begun("io.popen('sleep 3'):read('a')")
        looking = asyncio.ensure_future(notebook.session.complete("pri", 3))
        await asyncio.sleep(0)
        await notebook.session.abandon()
        assert ["print"] == [each.text for each in await asyncio.wait_for(looking, DEADLINE)]
        with pytest.raises(DebuggeeGone):
            await asyncio.wait_for(task, DEADLINE)

    asyncio.run(story())


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("x = 1", Completeness(CompletenessStatus.COMPLETE)),
        ("1 +", Completeness(CompletenessStatus.INCOMPLETE)),
        ("for i = 1, 2 do", Completeness(CompletenessStatus.INCOMPLETE, "  ")),
        ("if a then\n  b()", Completeness(CompletenessStatus.INCOMPLETE, "  ")),
        ("f(", Completeness(CompletenessStatus.INCOMPLETE, "  ")),
        ("x = 'abc", Completeness(CompletenessStatus.INVALID)),
        ("x = 'abc\\", Completeness(CompletenessStatus.INCOMPLETE)),
        ("x x", Completeness(CompletenessStatus.INVALID)),
        ("= 1", Completeness(CompletenessStatus.COMPLETE)),
        ("x = [[a", Completeness(CompletenessStatus.INCOMPLETE)),
    ],
)
def test_the_compiler_knows_whether_a_text_is_whole(lua, code, expected):
    """Every version's compiler gives the same answer."""

    async def story() -> None:
        session = LuaSession(DebugSettings(lua=lua), lambda _: None, Answers())
        assert expected == session.check_completeness(code)

    asyncio.run(story())
