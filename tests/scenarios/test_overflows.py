"""Stacks that are full: of Lua calls, and of C functions that call each other."""

import pytest

from tests.support.errors import assert_ends_as_lua, info


def interpreted(d_lua: str, text: str) -> str:
    """The program, not compiled: LuaJIT's machine code raises this error without a handler."""
    return f"jit.off()\n{text}" if d_lua.startswith("luajit") else text


ENDLESS = """
local function endless(n)
  return 1 + endless(n + 1)  -- @raise
end
"""


def test_a_stack_overflow(debug, lua):
    """The stop comes at once and shows a page of the very deep stack."""
    with debug(interpreted(lua, ENDLESS + "endless(1)\n")) as d:
        stop = d.run()
        assert "exception" == stop.reason
        assert "endless" == stop.frame.name
        assert "stack overflow" in stop.text
        assert ("stack overflow", "unhandled") == (info(d).exception_id, info(d).break_mode)
        page = d.requests.stack_trace(thread_id=1, start_frame=1, levels=20)
        assert [("endless", d.line("raise"))] * 20 == [
            (frame.name, frame.line) for frame in page.stack_frames
        ]
        assert page.total_frames > 5000
        outer = page.stack_frames[-1].id
        assert int(d.locals(outer)["n"]) > 5000
        if lua.startswith("luajit"):  # it may overflow in a probe, which is a row more
            assert 1 == d.run_to_end()
            assert "stack overflow" in d.output("stderr").split("\n")[0]
        else:
            assert_ends_as_lua(d)


@pytest.mark.lua("luajit2.0", "luajit2.1")
def test_a_stack_overflow_in_compiled_code(debug):
    """LuaJIT may raise it past every handler: then the program ends, and says of what."""
    with debug(ENDLESS + "endless(1)\n") as d:
        d.start()
        d.client.run()
        assert 1 == d.client.run_to_end()
        assert "stack overflow" in d.output("stderr")


def test_a_caught_stack_overflow_goes_on(debug):
    """Nobody is told, and the program can do what it could."""
    with debug("""
        local function endless() return 1 + endless() end
        for i = 1, 3 do print((pcall(endless))) end
        print((select(2, pcall(endless)):match("stack overflow")))
        print((coroutine.resume(coroutine.create(endless))))
        print((pcall(coroutine.wrap(endless))))
    """) as d:
        assert 0 == d.run_to_end()
        assert "false\nfalse\nfalse\nstack overflow\nfalse\nfalse\n" == d.output("stdout")


def test_a_caught_stack_overflow_can_be_seen(debug, lua):
    """Who asks for caught errors sees it as caught, and the program goes on."""
    text = ENDLESS + 'print((pcall(endless, 1)))\nprint("alive")\n'
    with debug(interpreted(lua, text)) as d:
        d.stop_on("caught")
        assert "endless" == d.run().frame.name
        assert ("stack overflow", "always") == (info(d).exception_id, info(d).break_mode)
        assert 0 == d.run_to_end()
        assert "false\nalive\n" == d.output("stdout")


def test_a_stack_overflow_in_a_coroutine(debug, lua):
    """A coroutine has a stack of its own to fill; the one that resumed it is below."""
    if lua.startswith("luajit"):
        pytest.skip("LuaJIT has no room left for the handler of coroutine.wrap")
    with debug(ENDLESS + "coroutine.wrap(endless)(1)  -- @resume\n") as d:
        assert "raise" == d.at(d.run())
        assert "stack overflow" == info(d).exception_id
        whole = d.requests.stack_trace(thread_id=d.stop.thread, start_frame=0, levels=2)
        last = d.requests.stack_trace(
            thread_id=d.stop.thread, start_frame=whole.total_frames - 1, levels=1
        )
        assert d.line("resume") == last.stack_frames[0].line
        assert 1 == d.run_to_end()


NESTED = {
    "gsub": 'local function deep(s) return (string.gsub(s, ".", deep)) end deep("a")',
    "sort": "local function deep() table.sort({ 2, 1 }, deep) end deep()",
    "coroutines": "local function deep() coroutine.wrap(deep)() end deep()",
    "metamethods": "local t = setmetatable({}, {})"
    " getmetatable(t).__index = function(s, k) return s[k .. 'x'] end"
    " local x = t.a",
    "tostring": "local t = setmetatable({}, {})"
    " getmetatable(t).__tostring = function(s) return tostring(s) .. '' end"
    " local x = tostring(t)",
}


@pytest.mark.parametrize("how", NESTED)
def test_an_overflow_of_the_c_stack_is_caught(debug, lua, how):
    """C functions that call each other without end: the program goes on as it would."""
    if lua.startswith("luajit") and how == "coroutines":
        pytest.skip("LuaJIT bounds coroutines in coroutines by nothing, and crashes")
    with debug(f"print((pcall(function() {NESTED[how]} end)))\nprint('alive')\n") as d:
        assert 0 == d.run_to_end()
        assert "false\nalive\n" == d.output("stdout")


@pytest.mark.parametrize("how", ["gsub", "sort", "tostring"])
def test_an_overflow_of_the_c_stack_stops(debug, lua, how):
    """Uncaught, it stops with its stack and its locals, and everything can be asked there."""
    with debug(interpreted(lua, f"{NESTED[how]}\n")) as d:
        stop = d.run()
        assert "exception" == stop.reason
        assert "stack overflow" in stop.text
        assert "stack overflow" == info(d).exception_id
        page = d.requests.stack_trace(thread_id=1, start_frame=0, levels=20)
        assert page.total_frames > 150
        assert "3" == d.evaluate("1 + 2")
        assert "true" == d.evaluate("type(string.rep('x', 3)) == 'string'", context="repl")
        assert 1 == d.run_to_end()
        assert "stack overflow" in d.output("stderr")


def test_an_overflow_of_the_c_stack_under_pcall_can_be_seen(debug, lua):
    """Who asks for caught errors sees it, and can end the program there."""
    text = f"print((pcall(function() {NESTED['gsub']} end)))\nprint('alive')\n"
    with debug(interpreted(lua, text)) as d:
        d.stop_on("caught")
        d.run()
        assert ("stack overflow", "always") == (info(d).exception_id, info(d).break_mode)
        assert 0 == d.run_to_end()
        assert "false\nalive\n" == d.output("stdout")
    with debug(interpreted(lua, text)) as d:
        d.stop_on("caught")
        d.run()
        d.requests.terminate()
        d.wait_for("terminated")
        assert "" == d.output("stdout")


def test_pcalls_without_end(debug):
    """A pcall in a pcall in a pcall ends as it would."""
    with debug("""
        local function nest() return pcall(nest) end
        print((nest()))
        print("alive")
    """) as d:
        assert 0 == d.run_to_end()
        assert "true\nalive\n" == d.output("stdout")
