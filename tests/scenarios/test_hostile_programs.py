"""Programs that make looking at them hard: metamethods that fail or never return, hooks, finalizers."""

import subprocess
import sys

import pytest

from dap_server.client import RequestFailed
from tests.support.plain import plain_output

FATES = {"errors": 'error("hostile")', "never returns": "while true do end"}


@pytest.mark.parametrize("fate", FATES)
@pytest.mark.parametrize("name", ["__tostring", "__index", "__pairs", "__len", "__eq", "__name"])
def test_metamethods(debug, name, fate):
    """A value is looked at without them, and what asks them on purpose can be cancelled."""
    with debug(f"""
        if jit then jit.off() end -- what is compiled may not be cancelled
        local meta = {{}}
        meta.{name} = function() {FATES[fate]} end
        local t = setmetatable({{ 1, 2, name = "bad" }}, meta)
        local n = 1
        print(n)  -- @here
    """) as d:
        d.break_at("here", condition="t and true")
        d.run()
        assert '{1, 2, name = "bad"}' in d.locals()["t"]
        t = d.variable("t")
        assert {"[1]": "1", "[2]": "2", "name": '"bad"'}.items() <= d.children(
            t.variables_reference
        ).items()
        for context in ("watch", "hover", "repl", "variables"):
            assert "bad" in d.evaluate("t", context=context)
        number = d.send(
            "evaluate",
            {
                "expression": "{ tostring(t), #t, t.nothing, t == setmetatable({}, meta) }",
                "frameId": d.stop.frame.id,
            },
        )
        d.requests.cancel(request_id=number)
        try:
            d.result("evaluate", number)
        except RequestFailed as failed:
            assert failed.message  # noqa: PT017
        assert "2" == d.set_variable("n", "2")
        assert 0 == d.run_to_end()
        assert "2\n" == d.output("stdout")


@pytest.mark.parametrize("level", ["error('in __gc')", "error({})", "local x = nil + 1"])
def test_finalizers_that_fail(debug, level):
    """An error in ``__gc`` does to the program what it does without a debugger: to most, nothing."""
    with debug(f"""
        local function make(gc)
          if not newproxy then return setmetatable({{}}, {{ __gc = gc }}) end
          local proxy = newproxy(true)
          getmetatable(proxy).__gc = gc
          return proxy
        end
        local before = 1  -- @before
        make(function() {level} end)
        print((pcall(collectgarbage)))
        print("after")  -- @after
    """) as d:
        expected = plain_output(d)
        d.break_at("before")
        d.break_at("after")
        d.start()
        d.requests.set_exception_breakpoints(filters=[])
        d.client.run()
        assert "after" == d.at(d.continue_())
        assert d.locals()
        assert 0 == d.run_to_end()
        assert expected == d.output("stdout")


def test_a_finalizer_that_never_returns(debug, transport):
    """Lua calls no hooks in ``__gc``: little can stop there, but leaving ends the process."""
    if transport == "memory":
        pytest.skip("in memory the process is that of the tests")
    with debug("""
        local function make(gc)
          if not newproxy then return setmetatable({}, { __gc = gc }) end
          local proxy = newproxy(true)
          getmetatable(proxy).__gc = gc
          return proxy
        end
        if jit then jit.off() end
        make(function() print("go") while true do end end)
        collectgarbage()
        collectgarbage()
    """) as d:
        d.start()
        d.result("configurationDone", d.send("configurationDone"))
        d.wait_for("output", lambda body: body["output"].startswith("go"))
        d.requests.pause(thread_id=1)
        assert d.requests.threads().threads
        d.disconnect()
        d.frames.wait_until_over(30)


def test_evaluations_that_reach_out(debug):
    """Hooks, errors through C and closed streams of an evaluation leave the session as it was."""
    with debug("""
        local a = 1  -- @one
        local b = 2  -- @two
        local c = 3  -- @three
        print(a + b + c)
    """) as d:
        d.break_at("one")
        d.run()
        d.evaluate("debug.sethook(function() error('from a hook') end, 'l')", context="repl")
        d.evaluate("debug.sethook()", context="repl")
        for expression in (
            "('x'):gsub('.', function() error('through C') end)",
            "table.sort({ 3, 2, 1 }, function() error('through C') end)",
            "pcall(nil) or error('through C')",
            "select(2, pcall(string.gsub, 'x', '.', error)) and error('through C')",
        ):
            with pytest.raises(RequestFailed, match="through C"):
                d.evaluate(expression)
        closed = "(function() local f = io.open(arg[0]) f:close() return tostring(f) end)()"
        assert '"file (closed)"' == d.evaluate(closed)
        assert ["two", "three"] == d.lines("step_over", 2)
        assert 0 == d.run_to_end()
        assert "6\n" == d.output("stdout")


COROUTINES = """
    local function show(...)
      local parts = {}
      for i = 1, select("#", ...) do parts[i] = tostring((select(i, ...))) end
      print((table.concat(parts, " | "):gsub("0x%x+", "0x")))
    end
    show(type(coroutine.running()), select("#", coroutine.running()))
    show(coroutine.isyieldable and coroutine.isyieldable())
    local co
    co = coroutine.create(function(...)
      show(type(coroutine.running()), coroutine.status(co), ...)
      show(pcall(coroutine.yield, 1))
      show(coroutine.isyieldable and coroutine.isyieldable())
      local inner = coroutine.create(function() show(coroutine.status(co)) end)
      coroutine.resume(inner)
      error({ 1 })
    end)
    show(coroutine.resume(co, "a", nil))
    show(coroutine.resume(co, "b"))
    show(coroutine.status(co), coroutine.resume(co))
    show(pcall(coroutine.wrap(function() error("w", 0) end)))
    show((pcall(coroutine.resume, 1)))
    show((pcall(coroutine.create, 1)))
    show(coroutine.close and coroutine.close(coroutine.create(print)))
    local f = setfenv and setfenv(function() return x end, { x = 5 })
    show(f and f(), debug.getlocal(1, -1))
"""


@pytest.mark.parametrize("debugged", [False, True], ids=["plain", "breakpoints"])
def test_coroutines_are_those_of_the_version(debug, debugged):
    """What differs between Lua 5.1, LuaJIT and later ones is what it is without a debugger."""
    with debug(COROUTINES) as d:
        expected = plain_output(d)
        d.start()
        d.requests.set_exception_breakpoints(filters=[])
        if debugged:
            d.client.break_at(d.path, *range(1, 40), condition="false")
        assert 0 == d.run_to_end()
        assert expected == d.output("stdout")


def test_a_thousand_stops_leave_nothing(debug):
    """What the debugger needs for a stop it gives back: the program's memory does not grow."""
    with debug("""
        local function used() collectgarbage() collectgarbage() return collectgarbage("count") end
        local first
        for i = 1, 300 do
          local t = { i, { i } }
          if i == 100 then first = used() end
          local x = t[1]  -- @x
        end
        grown = used() - first
        local y = 1  -- @y
    """) as d:
        d.break_at("x")
        d.break_at("y")
        d.run()
        for _ in range(300):
            d.variables(d.variable("t").variables_reference)
            d.evaluate("t[2][1] + 1")
            d.continue_()
        assert "y" == d.at(d.stop)
        assert float(d.evaluate("grown")) < 50


def test_wrong_arguments_are_refused_in_the_words_of_lua(debug):
    """What stands in for a function of the library names the place and the function as Lua does."""
    program = """
        for _, wrong in ipairs({
          function() coroutine.create(5) end,
          function() coroutine.create() end,
          function() coroutine.wrap({}) end,
          function() coroutine.resume(5) end,
        }) do print(pcall(wrong)) end
    """
    with debug(program) as d:
        assert 0 == d.run_to_end(exceptionDefaults=[])
        plain = subprocess.run(
            [sys.executable, "-m", "llmspell", "run", "--lua", d.lua, str(d.path)],
            capture_output=True,
            text=True,
            check=True,
        )
        assert plain.stdout == d.output("stdout")


def test_a_return_hook_and_tail_calls(debug):
    """Lua 5.1 tells the return of each function that another one called last; others tell calls."""
    with debug("""
        local told = {}
        local function last(x) return x end
        local function first(x) return last(x) end
        debug.sethook(function(event) told[event] = (told[event] or 0) + 1 end, "cr")
        local one, two, three = first(1), first(2), first(3)
        debug.sethook()
        print(told["return"] > 3, told["tail return"], told["tail call"])
        print("here")  -- @here
    """) as d:
        d.break_at("here")
        d.run()
        tails = ["3", "nil"] if d.lua == "5.1" else ["nil", "nil" if "jit" in d.lua else "3"]
        assert ["true", *tails] == d.output("stdout").split()
        assert 0 == d.run_to_end()
