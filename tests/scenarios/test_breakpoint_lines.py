"""Statements that take many lines: which of them can be stopped at, and how often."""

import pytest

from tests.support.places import place, placed, stops

PUC = ("5.1", "5.2", "5.3", "5.4", "5.5")
JIT = ("luajit2.0", "luajit2.1")

LONG = """
    local s = [[
      one
      two
    ]]
    -- [[ a comment
    --[==[ and a long one
      three
    ]==]
    print(#s)
"""


def test_inside_of_long_strings_and_comments(debug):
    """A line of text is no code: the end of the string is meant, or what follows the comment."""
    with debug(LONG) as d:
        moved = "Line {} holds no code; moved to line {}."
        assert [
            (True, 4, moved.format(2, 4)),
            (True, 4, moved.format(3, 4)),
            (True, 9, moved.format(7, 9)),
        ] == placed(place(d, 2, 3, 7))
        assert [4, 9] == stops(d)


def test_a_call_with_a_line_for_each_argument(debug):
    """Lines that read a variable or call stop, once each and in order; constants have no code."""
    with debug("""
        local a, b = 1, 2
        local function f(x) return x end
        print(
          a,
          b,
          f(a),
          "x"
        )
        print("end")
    """) as d:
        answers = place(d, 3, 4, 5, 6, 7)
        assert [3, 4, 5, 6, 8] == [each.line for each in answers]
        assert [3, 4, 5, 6, 8] == stops(d)


TABLE = """
    local t = {
      1,
      x = 2,
      f = function()
        return 3
      end,
      {
        4,
      },
    }
    print(t.f())
"""


@pytest.mark.lua(*PUC)
def test_a_table_line_by_line(debug):
    """Items, fields and functions of a table constructor are places of their own."""
    with debug(TABLE) as d:
        answers = place(d, 1, 2, 3, 5, 6, 11)
        assert [1, 2, 3, 5, 6, 11] == [each.line for each in answers]
        assert [1, 2, 3, 6, 11, 5] == stops(d)


@pytest.mark.lua(*JIT)
def test_a_table_that_is_a_constant(debug):
    """LuaJIT makes what is constant of a table at once: its lines move to the next with code."""
    with debug(TABLE) as d:
        answers = place(d, 1, 2, 5, 6)
        assert [1, 5, 6] == [each.line for each in answers if each.message is None]
        assert answers[1].message.startswith("Line 2 holds no code; moved to line")
        assert [1, 6, 9, 5] == stops(d)


RETURNING = """
    local function f(...) return ... end
    local sum = 0
    for i = 1, 3 do
      sum = sum + f(i,  -- @sum
        f(1),
        2) + f(
        4)
    end
    print(sum)          -- @print
"""


def test_a_line_that_control_returns_to_counts_once(debug):
    """The call is made on a line that was visited before its arguments: that is no second hit."""
    with debug(RETURNING) as d:
        d.start()
        d.break_at("sum", hit_condition="3")
        d.client.run()
        assert {"i": "3", "sum": "11"} == {name: d.locals()[name] for name in ("i", "sum")}
        assert 0 == d.run_to_end()


def test_hits_of_recursion_on_one_line(debug):
    """A call within the line is a visit of its own, coming back from it is none."""
    with debug("""
        local function fact(n) return n <= 1 and 1 or n * fact(n - 1) end  -- @fact
        local x = fact(5)
        print(x)
    """) as d:
        d.start()
        d.break_at("fact", hit_condition="4")
        d.client.run()
        assert {"n": "3"} == d.locals()  # the line itself, fact(5), fact(4), fact(3)
        assert 0 == d.run_to_end()


CHAIN = """
    local o = { n = 0 }
    function o:add(x)
      self.n = self.n + x
      return self
    end
    o:add(1)
      :add(2)
      :add(
        3)
    print(o.n)
"""


@pytest.mark.parametrize("line", [6, 7, 8])
def test_each_method_of_a_chain(debug, line):
    """A stop at a link of the chain comes before its call, after those of the links before."""
    with debug(CHAIN) as d:
        (answer,) = place(d, line)
        assert (True, line) == (answer.verified, answer.line)
        d.client.run()
        assert {6: "0", 7: "1", 8: "3"}[line] == d.evaluate("o.n")
        assert 0 == d.run_to_end()
        assert "6\n" == d.output("stdout")
