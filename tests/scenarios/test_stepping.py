"""Stepping through functions, loops, errors and tail calls."""

import pytest

from dap_server.client import RequestFailed

PUC = ("5.1", "5.2", "5.3", "5.4", "5.5")


def is_jit(d):
    return d.lua.startswith("luajit")


FUNCTIONS = """
    local function add(a)
      local b = a + 1  -- @b
      return b         -- @ret
    end
    local x = 1        -- @start
    x = add(x)         -- @call
    x = x + 1          -- @after
    print(x)           -- @print
"""


@pytest.mark.every_transport
def test_over_stays_in_the_function(debug):
    """A step over goes to the next line and runs what it calls."""
    with debug(FUNCTIONS) as d:
        d.break_at("start")
        d.run()
        assert "call after print end" == d.walk("over over over over")
        assert "3\n" == d.output("stdout")


def test_in_goes_into_functions_and_not_into_c(debug):
    """A step in goes to the first line of a Lua function; a C function is stepped over."""
    with debug(FUNCTIONS) as d:
        d.break_at("start")
        d.run()
        assert "call b ret" == d.walk("in in in")
        assert ["add", "main chunk"] == d.names()[:2]
        assert "call after print end" == d.walk("in in in in")


@pytest.mark.parametrize("verb", ["over", "in"])
def test_a_step_at_the_end_lands_on_the_line_of_the_call(debug, verb):
    """Leaving a function by a step shows the caller right after the return, on the same line."""
    with debug(FUNCTIONS) as d:
        d.break_at("ret")
        d.run()
        assert "call" == d.walk(verb)
        assert {"x": "1"} == {name: value for name, value in d.locals().items() if name == "x"}
        assert "after" == d.walk(verb)


def test_a_function_without_return_ends_at_its_end(debug):
    """The line of ``end`` is the last one of a function that falls off its end."""
    with debug("""
        local function f()
          local a = 1  -- @a
        end            -- @end
        f()            -- @call
        print("x")     -- @print
    """) as d:
        d.break_at("a")
        d.run()
        assert "end call print" == d.walk("over over over")


def test_a_loop_is_stepped_turn_by_turn(debug):
    """A loop's body and its head are visited again at every turn."""
    with debug("""
        local s = 0
        for i = 1, 2 do  -- @for
          s = s + i      -- @body
        end
        while s < 5 do   -- @while
          s = s + 1      -- @more
        end
        repeat
          s = s - 1      -- @less
        until s < 4      -- @until
        print(s)         -- @print
    """) as d:
        d.break_at("for")
        d.run()
        assert "body for body for while more while more while" == d.walk("over " * 9)
        turns = "less until less until print"
        if is_jit(d):  # it has code on the line of `repeat`
            turns = "8 less until 8 less until print"
        assert turns == d.walk("over " * len(turns.split()))


def test_a_loop_on_one_line_is_stepped_turn_by_turn(debug):
    """Each turn of a loop that is one line is a step; the calls it makes are none."""
    with debug("""
        local s = 0
        local function add(i) s = s + i end
        local at = 0                       -- @start
        for i = 1, 3 do add(i) at = s end  -- @loop
        print(s)                           -- @print
    """) as d:
        d.break_at("start")
        d.run()
        assert "loop" == d.walk("over")
        seen = []
        while d.at(d.step_over()) == "loop":
            seen.append(d.evaluate("at"))
        assert ["1", "3"] == [each for each in seen if each in ("1", "3")]
        assert "end" == d.walk("over")


def test_a_step_over_recursion_on_one_line(debug):
    """A step over does not stop at the same line of a deeper activation."""
    with debug("""
        local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
        local x = fib(10)  -- @call
        print(x)           -- @print
    """) as d:
        d.break_at("call")
        d.run()
        assert "print" == d.walk("over")
        assert "55" == d.evaluate("x")


def test_a_step_over_a_tail_call_stops_in_the_caller(debug):
    """``return f(x)`` puts f in the frame's place: stepping over it ends where that was called."""
    with debug("""
        local function g(x)
          local y = x + 1  -- @g
          return y
        end
        local function f(x)
          return g(x)      -- @tail
        end
        local a = f(1)     -- @call
        print(a)           -- @print
    """) as d:
        d.break_at("tail")
        d.run()
        assert "call print" == d.walk("over over")
        assert "2" == d.evaluate("a")


def test_a_step_into_a_tail_call(debug):
    """A step in goes into the function that is tail called, and out of it to the first caller."""
    with debug("""
        local function g(x)
          local y = x + 1  -- @g
          return y         -- @y
        end
        local function f(x)
          return g(x)      -- @tail
        end
        local a = f(1)     -- @call
        print(a)           -- @print
    """) as d:
        d.break_at("tail")
        d.run()
        assert "g y call print" == d.walk("in over over over")


def test_a_step_over_a_tail_call_of_a_c_function(debug):
    """A C function that is tail called is left to where its caller was called."""
    with debug("""
        local function f(x)
          return tostring(x)  -- @tail
        end
        local a = f(1)        -- @call
        print(a)              -- @print
    """) as d:
        d.break_at("tail")
        d.run()
        landed = d.walk("over")
        assert landed in (("call", "print") if is_jit(d) else ("call",))


def test_endless_tail_recursion_needs_no_stack(debug):
    """Tail calls stay what they are while they are stepped over."""
    with debug("""
        local function loop(n)
          if n == 0 then return "done" end
          return loop(n - 1)
        end
        local r = loop(300000)  -- @call
        print(r)                -- @print
    """) as d:
        d.break_at("call")
        d.run()
        assert "print" == d.walk("over")
        assert '"done"' == d.evaluate("r")


def test_a_breakpoint_inside_of_what_is_stepped_over_stops(debug):
    """A step over does not pass breakpoints; the step is over then."""
    with debug("""
        local function f()
          local a = 1  -- @inner
          return a
        end
        local x = 1    -- @start
        x = f()        -- @call
        print(x)       -- @print
    """) as d:
        d.break_at("start")
        d.break_at("inner")
        d.run()
        assert "call" == d.walk("over")
        stop = d.step_over()
        assert ("breakpoint", "inner") == (stop.reason, d.at(stop))
        assert 0 == d.run_to_end()


# --- calls that nobody wrote ----------------------------------------------------------------------


def test_in_goes_into_metamethods(debug):
    """Operators and indexing that call Lua functions are entered by a step in."""
    with debug("""
        local meta = {}
        meta.__index = function(_, key)
          return key    -- @index
        end
        meta.__add = function(a, b)
          return 5      -- @add
        end
        meta.__call = function(_, x)
          return x      -- @called
        end
        local t = setmetatable({}, meta)
        local a = t.x   -- @get
        a = t + 1       -- @sum
        a = t(2)        -- @call
        print(a)        -- @print
    """) as d:
        d.break_at("get")
        d.run()
        assert "index get sum add sum call called call print" == d.walk(
            "in over in in over in in over in"
        )


def test_in_goes_into_callbacks_of_c_functions(debug):
    """A step in enters what a C function calls, and out of it goes to the C function's caller."""
    with debug("""
        local t = {3, 1, 2}
        table.sort(t, function(a, b)      -- @sort
          return a < b                    -- @less
        end)
        local s = ("abc"):gsub("b", function(c)
          return c:upper()                -- @upper
        end)
        print(s, t[1])                    -- @print
    """) as d:
        d.break_at("sort")
        d.run()
        while (seen := d.walk("in")) in ("sort", "4"):  # where the arguments begin and end
            pass
        assert "less" == seen
        left = d.walk("out")
        assert left in ("sort", "4", "5")
        d.break_at("upper")
        assert "upper" == d.walk("go")
        assert "aBc" in d.walk("over") + "aBc"
        d.run_to_end()
        assert "aBc\t1\n" == d.output("stdout")


@pytest.mark.every_transport
def test_in_goes_into_a_module_that_is_required(debug):
    """The main chunk of a module is entered by a step in, and left to the line of ``require``."""
    with debug(
        """
        local m = require("mod")  -- @require
        print(m.x)                -- @print
    """,
        {
            "mod.lua": """
            local M = {}  -- @mod
            M.x = 1       -- @x
            return M      -- @ret
        """
        },
    ) as d:
        d.break_at("require")
        d.run(luaPath=[str(d.folder / "?.lua")])
        assert "mod" == d.walk("in")
        assert "mod.lua" == d.stop.frame.source.name
        d.walk("over over")
        landed = d.walk("over")
        assert landed in (("require", "print") if is_jit(d) else ("require",))
        assert "main.lua" == d.stop.frame.source.name


# --- probes and lines -----------------------------------------------------------------------------

MANY = """
    local function f(x)
      if x > 1 then    -- @if
        return x       -- @big
      elseif x == 1 then
        x = 5          -- @one
      end
      local t = {
        a = x,
        b = x + 1,
      }
      return t.a + t.b   -- @sum
    end
    local s = 0          -- @start
    for i = 0, 2 do      -- @for
      s = s + f(i)       -- @add
    end
    for _, v in ipairs({1, 2}) do s = s + v end   -- @line
    while s > 20 do      -- @while
      s = s - 7          -- @minus
    end
    repeat s = s + 1 until s > 15                 -- @repeat
    local g = f(
      s
    )
    do local a = 1; local b = 2; s = a + b end    -- @block
    print(s)             -- @print
"""


def steps_of(debug, verb, breakpoints):
    with debug(MANY) as d:
        d.break_at("start")
        for line in breakpoints(d):
            d._marks[f"at{line}"] = (d.path, line)
            d.break_at(f"at{line}", condition="false")
        d.run()
        lines = []
        for _ in range(200):
            try:
                lines.append(getattr(d, verb)().line)
            except Exception:
                return lines
    raise AssertionError("it never ended")


@pytest.mark.parametrize("verb", ["step_over", "step_in"])
def test_breakpoints_change_no_step(debug, verb):
    """With breakpoints on every line, none of which holds, steps end where they do without any."""
    plain = steps_of(debug, verb, lambda d: [])
    probed = steps_of(debug, verb, lambda d: [n for n in range(1, 29) if n != d.line("start")])
    assert plain == probed


def test_a_step_onto_a_breakpoint_stops_once(debug):
    """A step that ends on a line with a breakpoint is one stop, for the breakpoint."""
    with debug("""
        local x = 1  -- @start
        x = x + 1    -- @bp
        print(x)     -- @print
    """) as d:
        d.break_at("start")
        d.break_at("bp")
        d.run()
        stop = d.step_over()
        assert ("breakpoint", "bp") == (stop.reason, d.at(stop))
        assert "print" == d.walk("over")


# --- what the state forbids -----------------------------------------------------------------------


def test_steps_need_a_stop(debug):
    """A step of a program that runs is refused, and the program runs on."""
    with debug("""
        while not done do end
    """) as d:
        d.start()
        d.client.send("configurationDone")
        d.wait_for("process")
        for verb in (d.requests.next, d.requests.step_in, d.requests.step_out):
            with pytest.raises(RequestFailed, match="stopped program"):
                verb(thread_id=1)
        d.pause()
        d.evaluate("(function() done = true end)()")
        assert 0 == d.run_to_end()


def test_references_end_with_the_stop(debug):
    """Frames and variables of a stop that has ended are refused, and the session lives."""
    with debug(FUNCTIONS) as d:
        d.break_at("start")
        d.run()
        frame = d.stop.frame.id
        scope = d.requests.scopes(frame_id=frame).scopes[0].variables_reference
        d.step_over()
        with pytest.raises(RequestFailed, match="not of this stop"):
            d.requests.scopes(frame_id=frame)
        with pytest.raises(RequestFailed, match="not of this stop"):
            d.variables(scope)
        assert "1" == d.locals()["x"]
