"""Steps that an error cuts short."""

import pytest


def is_jit(d):
    return d.lua.startswith("luajit")


CAUGHT = """
    local function f()
      local t = {}
      error(t)            -- @raise
    end
    local ok = pcall(f)   -- @call
    print(ok)             -- @after
    print("end")          -- @last
"""


def test_an_error_inside_of_what_is_stepped_over(debug):
    """A step over a call that catches an error ends on the next line."""
    with debug(CAUGHT) as d:
        d.break_at("call")
        d.run()
        assert "after last end" == d.walk("over over over")


@pytest.mark.parametrize("verb", ["over", "in", "out"])
def test_an_error_ends_a_step_in_the_frame_that_caught_it(debug, verb):
    """Where an error takes away the frame that is stepped, the step ends where it is caught."""
    with debug(CAUGHT) as d:
        d.break_at("raise")
        d.run()
        landed = d.walk(verb)
        assert landed in (("call", "after") if is_jit(d) else ("call",))
        assert "last end" == d.walk("over over" if landed == "after" else "over over over")[-8:]


def test_an_error_that_a_handler_sees(debug):
    """A step over a call of xpcall runs its handler, and a step in goes into it."""
    with debug("""
        local function f()
          local t = nil
          return t.x              -- @raise
        end
        local function handler(e)
          return "seen"           -- @handler
        end
        local ok, e = xpcall(f, handler)  -- @call
        print(e)                  -- @after
        ok, e = xpcall(f, handler)        -- @again
        print(e)
    """) as d:
        d.break_at("call")
        d.run()
        assert "after again" == d.walk("over over")
        assert '"seen"' == d.evaluate("e")
        d.break_at("raise")
        assert "raise handler" == d.walk("go in")


def test_an_error_in_a_handler(debug):
    """An error in the handler of xpcall ends a step behind the call, too."""
    with debug("""
        local function f() error("a") end
        local function handler() error("b") end
        local ok, e = xpcall(f, handler)  -- @call
        print(ok)                         -- @after
    """) as d:
        d.break_at("call")
        d.run()
        assert "after" == d.walk("over")


def test_errors_of_any_kind_are_stepped_over(debug):
    """error(nil), errors with a level, through several pcalls: steps end on the next line."""
    with debug("""
        local function deep() error(nil) end
        pcall(deep)                               -- @nil
        pcall(error, "x", 0)                      -- @zero
        pcall(error, "x", 2)                      -- @two
        pcall(pcall, error)                       -- @twice
        pcall(function() pcall(deep) deep() end)  -- @nested
        pcall(string.rep)                         -- @c
        print("end")                              -- @last
    """) as d:
        d.break_at("nil")
        d.run()
        assert "zero two twice nested c last end" == d.walk("over " * 7)


def test_an_uncaught_error_ends_the_program(debug):
    """A step over a line whose error nobody catches ends with the program."""
    with debug("""
        local x = 1  -- @start
        error("oh")
    """) as d:
        d.break_at("start")
        d.stop_on()
        d.run()
        assert "2 end" == d.walk("over over")
        assert 1 == d.exit_code
        assert "main.lua:2: oh" in d.output("stderr")
