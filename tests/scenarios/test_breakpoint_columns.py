"""Several things on one line."""

from dap_server.protocol import generated as dap
from tests.support.places import place, rest, stops


def test_two_functions_on_a_line(debug):
    """A breakpoint on their line is hit where the line runs, and in each of them."""
    with debug("""
        local f, g = function(x) return x + 1 end, function(x) return x * 2 end
        f(1)
        g(2)
    """) as d:
        place(d, 1)
        assert [1, 1, 1] == stops(d)


def test_a_loop_on_one_line_is_hit_at_every_turn(debug):
    """Three turns are three visits."""
    with debug("""
        local s = 0
        for i = 1, 3 do s = s + i end
        while s > 4 do s = s - 1 end
        repeat s = s - 1 until s < 3
    """) as d:
        place(d, 2, 3, 4)
        found = stops(d)
        assert 3 == found.count(2)
        assert found.count(3) in (2, 3)
        assert 2 == found.count(4)


def test_a_loop_on_one_line_set_late(debug):
    """Turns are counted for breakpoints that come later as for those known before."""
    with debug("""
        local s = 0
        for i = 1, 3 do s = s + i end
        print(s)
    """) as d:
        place(d, 1)
        d.client.run()
        d.client.set_breakpoints(d.path, dap.SourceBreakpoint(line=2))
        assert [2, 2, 2] == rest(d)


def test_columns_choose_a_statement(debug):
    """With a column, the breakpoint is on the statement that begins there, and says where."""
    with debug("""
        local a = 1; local b = 2; local c = 3
        print(a, b, c)
    """) as d:
        d.start()
        (answer,) = d.client.set_breakpoints(d.path, dap.SourceBreakpoint(line=1, column=14))
        assert (True, 1, 14) == (answer.verified, answer.line, answer.column)
        d.client.run()
        assert {"a": "1"} == d.locals()
        assert 0 == d.run_to_end()


def test_a_column_in_the_middle_of_a_statement(debug):
    """It goes to where that statement begins, counted in the client's UTF-16 units."""
    with debug("""
        local a = "€😀"; local b = 2; local c = 3
        print(a, b, c)
    """) as d:
        d.start()
        (answer,) = d.client.set_breakpoints(d.path, dap.SourceBreakpoint(line=1, column=25))
        assert (True, 18) == (answer.verified, answer.column)
        d.client.run()
        assert ["a"] == list(d.locals())
        assert 0 == d.run_to_end()


def test_a_column_of_one_of_two_functions(debug):
    """Of two functions on a line, the column says which."""
    with debug("""
        local f, g = function(x) return x + 1 end, function(x) return x * 2 end
        f(1)
        g(2)
    """) as d:
        d.start()
        (answer,) = d.client.set_breakpoints(d.path, dap.SourceBreakpoint(line=1, column=56))
        assert answer.verified
        d.client.run()
        assert {"x": "2"} == d.locals()
        assert 0 == d.run_to_end()


def test_a_column_set_late(debug):
    """A column counts for code that runs already, as far as a line can: it stops on its line."""
    with debug("""
        local x = 0
        x = 1; x = 2; x = 3
        print(x)
    """) as d:
        place(d, 1)
        d.client.run()
        (answer,) = d.client.set_breakpoints(d.path, dap.SourceBreakpoint(line=2, column=8))
        assert (True, 2) == (answer.verified, answer.line)
        assert 2 == d.client.continue_().line
        assert 0 == d.run_to_end()


def test_places_are_offered(debug):
    """``breakpointLocations`` names the statements of lines that hold code."""
    with debug("""
        local a = 1; local b = 2

        print(a, b)
    """) as d:
        d.start()
        source = dap.Source(path=str(d.path))
        found = d.requests.breakpoint_locations(source=source, line=1, end_line=3).breakpoints
        assert [(1, 1), (1, 14), (3, 1)] == [(each.line, each.column) for each in found]
