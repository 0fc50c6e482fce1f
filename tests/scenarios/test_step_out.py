"""Stepping out, and what is shown of what was returned."""

import pytest


def is_jit(d):
    return d.lua.startswith("luajit")


def returned(d):
    """The values in the scope of what was returned."""
    return list(d.scope("Return values").values())


@pytest.mark.every_transport
def test_out_lands_on_the_line_of_the_call(debug):
    """A step out shows the caller right after the return, before the rest of the line."""
    with debug("""
        local function f()
          local a = 1    -- @a
          return a, "b"
        end
        local x = 0
        x = x + f()      -- @call
        print(x)         -- @print
    """) as d:
        d.break_at("a")
        d.run()
        assert "call" == d.walk("out")
        assert "0" == d.evaluate("x")
        assert "print" == d.walk("over")
        assert "1" == d.evaluate("x")


def test_out_of_recursion_on_one_line(debug):
    """Each step out of a recursion that returns on the line it calls on leaves one activation."""
    with debug("""
        local function r(n)
          if n == 0 then
            return 0         -- @bottom
          end
          return 1 + r(n - 1)  -- @call
        end
        local x = r(3)       -- @first
        print(x)             -- @print
    """) as d:
        d.break_at("bottom")
        d.run()
        seen = []
        for _ in range(3):
            assert "call" == d.walk("out")
            seen.append(d.evaluate("n"))
        assert ["1", "2", "3"] == seen
        assert "first print" == d.walk("out over")
        assert "3" == d.evaluate("x")


RETURNS = """
    local function none()
      local a = 1           -- @none
    end
    local function one(a)
      return a              -- @one
    end
    local function three()
      local a, b = 1, nil
      return "x", b, {a}    -- @three
    end
    local function open(...)
      return 0, ...         -- @open
    end
    local function sum(a)
      return a + 1          -- @sum
    end
    none()
    one("v")
    three()
    open(7, nil, 9)
    sum(1)
    print("end")
"""


@pytest.mark.parametrize(
    ("mark", "values"),
    [
        ("none", []),
        ("one", ['"v"']),
        ("open", ["0", "7", "nil", "9"]),
        ("sum", ["2"]),
    ],
)
def test_what_was_returned_is_a_scope(debug, mark, values):
    """After a step out, the top frame has a scope with the values that were returned."""
    with debug(RETURNS) as d:
        d.break_at(mark)
        d.run()
        d.step_out()
        assert values == returned(d)
        frame = d.stack()[1].id if len(d.stack()) > 1 else None
        names = [each.name for each in d.requests.scopes(frame_id=frame).scopes] if frame else []
        assert "Return values" not in names
        d.step_over()
        assert "Return values" not in [
            each.name for each in d.requests.scopes(frame_id=d.stop.frame.id).scopes
        ]


def test_returned_tables_can_be_opened(debug):
    """Returned values are values like others: nil holes are kept, tables have children."""
    with debug(RETURNS) as d:
        d.break_at("three")
        d.run()
        d.step_out()
        values = returned(d)
        assert ['"x"', "nil"] == values[:2]
        scopes = d.requests.scopes(frame_id=d.stop.frame.id).scopes
        scope = next(each for each in scopes if each.name == "Return values")
        table = d.variables(scope.variables_reference)[2]
        assert {"[1]": "1"} == d.children(table.variables_reference)


def test_out_through_c_functions(debug):
    """A step out of a function that pcall or sort called ends in the Lua function below."""
    with debug("""
        local function f()
          local a = 1          -- @f
          return a
        end
        local ok, v = pcall(f) -- @pcall
        print(v)               -- @after
        local first = true
        local function less(a, b)
          if first then
            first = false      -- @less
          end
          return a < b
        end
        local t = {3, 2, 1, 5, 4}
        table.sort(t, less)    -- @sort
        print(t[1])            -- @last
    """) as d:
        d.break_at("f")
        d.break_at("less")
        d.run()
        landed = d.walk("out")
        assert landed in (("pcall", "after") if is_jit(d) else ("pcall",))
        assert "less" == d.walk("go")
        landed = d.walk("out")
        assert landed in (("sort", "last") if is_jit(d) else ("sort",))
        assert "1" == d.evaluate("t[1]")


def test_out_of_the_main_chunk_runs_to_the_end(debug):
    """There is nothing to step out to: the program ends."""
    with debug("""
        local x = 1  -- @start
        print(x)
    """) as d:
        d.break_at("start")
        d.run()
        assert "end" == d.walk("out")
        assert "1\n" == d.output("stdout")


def test_out_stops_at_breakpoints_on_the_way(debug):
    """A breakpoint between here and the caller stops first."""
    with debug("""
        local function f()
          local a = 1   -- @a
          local b = 2
          local c = 3   -- @c
          return a
        end
        f()             -- @call
        print("end")
    """) as d:
        d.break_at("a")
        d.break_at("c")
        d.run()
        assert "c call" == d.walk("out out")


def test_out_when_an_inner_call_fails(debug):
    """An error that the function catches itself does not end the step out of it."""
    with debug("""
        local function f()
          local a = 1          -- @a
          pcall(error, "x")
          pcall(function() error("y") end)
          return a
        end
        f()                    -- @call
        print("end")           -- @print
    """) as d:
        d.break_at("a")
        d.run()
        assert "call print" == d.walk("out over")


def test_deep_stacks(debug):
    """At 100,000 frames the first page, a step over and a step out work as at ten."""
    with debug("""
        local function down(n)
          if n == 0 then
            local a = 1          -- @bottom
            return a             -- @ret
          end
          return 1 + down(n - 1) -- @call
        end
        local ok, x = pcall(down, 15000)
        print(ok, x)
    """) as d:
        d.break_at("bottom")
        d.run()
        page = d.requests.stack_trace(thread_id=1, start_frame=0, levels=20)
        assert 20 == len(page.stack_frames)
        assert 15001 < page.total_frames < 15010
        assert "ret call call" == d.walk("over out out")
        assert 0 == d.run_to_end()
        assert "true\t15001\n" == d.output("stdout")
