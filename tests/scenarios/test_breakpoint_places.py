"""Which lines and columns can hold a breakpoint, and how often it is hit there."""

import pytest

from dap_server.protocol import generated as dap
from tests.support.places import place, placed, rest, stops

# --- lines without code ---------------------------------------------------------------------------


def test_a_breakpoint_on_a_line_without_code_moves(debug):
    """Blank lines and comments hold no code; the next line that does takes the breakpoint."""
    with debug("""
        local a = 1

        -- a comment
        local b = 2
        print(a, b)
    """) as d:
        moved = "Line {} holds no code; moved to line 4."
        answers = place(d, 2, 3)
        assert [(True, 4, moved.format(2)), (True, 4, moved.format(3))] == placed(answers)
        assert [4] == stops(d)


def test_a_breakpoint_moves_within_its_function(debug):
    """It never moves into an inner function, nor out of its own."""
    with debug("""
        local function outer()
          local a = 1
          -- before the inner one
          local function inner()
            -- in the inner one
            return a
          end
          return inner()
        end

        outer()
    """) as d:
        answers = place(d, 3, 5)
        assert [8, 6] == [each.line for each in answers]
        assert [8, 6] == stops(d)


def test_a_breakpoint_behind_the_last_code(debug):
    """At the end of a function it stands on the ``end``; past the file, on its last line."""
    with debug("""
        local function f()
          local a = 1
          -- nothing more
        end
        f()
        print("done")
        -- the end
    """) as d:
        answers = place(d, 3, 7, 99)
        assert [4, 6, 6] == [each.line for each in answers]
        assert all(each.verified and each.message for each in answers)
        assert [4, 6] == stops(d)


def test_a_file_without_code(debug):
    """A file of comments does one thing, it returns; Lua says on which line."""
    with debug("""
        -- nothing
        -- at all
    """) as d:
        (answer,) = place(d, 2)
        assert answer.verified
        assert [answer.line] == stops(d)


# --- words of the syntax --------------------------------------------------------------------------


def test_the_end_of_a_function(debug):
    """On ``end`` the function returns: it is hit once, with all locals still there."""
    with debug("""
        local function f(x)
          local y = x + 1
        end
        f(1)
    """) as d:
        (answer,) = place(d, 3)
        assert (True, 3) == (answer.verified, answer.line)
        d.client.run()
        assert {"x": "1", "y": "2"} == d.locals()
        assert 0 == d.run_to_end()


def test_the_header_of_a_function(debug):
    """The header of a local function holds no code; the first line of the function is meant."""
    with debug("""
        local function f()
          return 1
        end
        f()
        f()
    """) as d:
        (answer,) = place(d, 1)
        assert (True, 2) == (answer.verified, answer.line)
        assert [2, 2] == stops(d)


def test_else_until_and_loop_ends(debug):
    """``until`` is hit at every turn, an ``else`` line moves into its branch."""
    with debug("""
        local n = 0
        repeat
          n = n + 1
        until n >= 3
        if n > 5 then
          n = 0
        else
          n = 1
        end
        print(n)
    """) as d:
        answers = place(d, 4, 7)
        assert [4, 8] == [each.line for each in answers]
        assert [4, 4, 4, 8] == stops(d)


def test_elseif_conditions(debug):
    """Each condition of an ``if`` is a place of its own, hit when it is asked."""
    with debug("""
        for i = 1, 3 do
          if i == 1 then
            print("one")
          elseif i == 2 then
            print("two")
          else
            print("more")
          end
        end
    """) as d:
        answers = place(d, 4)
        assert answers[0].verified
        assert [4, 4] == stops(d)


def test_loop_headers(debug):
    """A ``for`` is hit once, before the first turn; a ``while`` whenever its condition is asked."""
    with debug("""
        local n = 0
        for i = 1, 3 do
          n = n + i
        end
        while n > 4 do
          n = n - 1
        end
        for k in pairs({ 1, 2 }) do
          n = k
        end
    """) as d:
        answers = place(d, 2, 5, 8)
        assert [2, 5, 8] == [each.line for each in answers]
        assert [2, 5, 5, 5, 8] == stops(d)


def test_loop_headers_set_late(debug):
    """A ``for`` that gets its breakpoint while the program stands is hit once, too."""
    with debug("""
        local n = 0
        for i = 1, 3 do
          for j = 1, 2 do
            n = n + i
          end
        end
        while n > 10 do
          n = n - 1
        end
    """) as d:
        place(d, 1)
        d.client.run()
        d.client.set_breakpoints(d.path, *(dap.SourceBreakpoint(line=line) for line in (2, 3, 7)))
        assert [2, 3, 3, 3, 7, 7, 7] == rest(d)


def test_the_last_line_without_a_line_end(debug):
    """The file's last line counts even if nothing follows it."""
    with debug("local a = 1\nlocal b = 2") as d:
        answers = place(d, 2)
        assert answers[0].verified
        assert [2] == stops(d)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
def test_line_ends(debug, newline):
    """Lines end as the systems of this world end them."""
    with debug("") as d:
        d.path.write_text(f"local a = 1{newline}{newline}local b = a{newline}", newline="")
        answers = place(d, 3)
        assert [(True, 3, None)] == placed(answers)
        assert [3] == stops(d)


def test_a_shebang_line(debug):
    """A first line that begins with # is no code, and moves nothing."""
    with debug("") as d:
        d.path.write_text("#!/usr/bin/env lua\nlocal a = 1\nlocal b = 2\n")
        answers = place(d, 1, 3)
        assert [2, 3] == [each.line for each in answers]
        assert [2, 3] == stops(d)


@pytest.mark.lua("5.2", "5.3", "5.4", "5.5")
def test_a_byte_order_mark(debug):
    """Lua from 5.2 on skips a byte order mark, and so do breakpoints."""
    with debug("") as d:
        d.path.write_bytes(b"\xef\xbb\xbflocal a = 1\nlocal b = 2\n")
        answers = place(d, 1, 2)
        assert [True, True] == [each.verified for each in answers]
        assert [1, 2] == stops(d)


# --- statements over several lines ----------------------------------------------------------------


def test_each_line_of_a_statement(debug):
    """A call over several lines stops at each line that computes something."""
    with debug("""
        local function f(x) return x end
        local a = 1
        print(a,
          f(a),
          f(a) + 1)
        print("end")
    """) as d:
        answers = place(d, 3, 4, 5)
        assert [3, 4, 5] == [each.line for each in answers]
        assert [3, 4, 5] == stops(d)


def test_a_table_over_several_lines(debug):
    """Fields are places; the string that spans lines is one value."""
    with debug("""
        local function f(x) return x end
        local t = {
          one = f(1),
          two = [[
            text
          ]],
          three = f(3),
        }
        print(t.one)
    """) as d:
        answers = place(d, 3, 7)
        assert [3, 7] == [each.line for each in answers]
        assert [3, 7] == stops(d)


def test_a_chain_of_calls(debug):
    """Each method of a chain that stands on a line of its own can be stopped at."""
    with debug("""
        local o = {}
        function o:m() return self end
        o
          :m()
          :m()
        print("end")
    """) as d:
        place(d, 4, 5)
        assert [4, 5] == stops(d)
