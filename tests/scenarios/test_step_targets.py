"""Choosing the call that a step in enters."""

import pytest

from dap_server.client import RequestFailed

CALLS = """
    local function g(x)
      return x + 1            -- @g
    end
    local function h(x)
      return x + 2            -- @h
    end
    local function f(a, b)
      return a + b            -- @f
    end
    local t = {}
    function t.field(x)
      return x                -- @field
    end
    function t:method(x)
      return x                -- @method
    end
    local x = f(g(1), h(2))   -- @nested
    x = math.max(g(1), g(2))  -- @twice
    x = t.field(1) + t:method(2)         -- @fields
    x = x > 100 and g(1) or h(2)         -- @short
    x = #tostring(x) + select(1, g(3))   -- @c
    print(x)                  -- @print
"""


def targets(d):
    found = d.requests.step_in_targets(frame_id=d.stop.frame.id).targets
    return {each.label: each.id for each in found}


def test_targets_are_the_calls_of_the_line(debug):
    """They are listed in the order in which they are made, with their places."""
    with debug(CALLS) as d:
        d.break_at("nested")
        d.run()
        found = d.requests.step_in_targets(frame_id=d.stop.frame.id).targets
        assert ["g(1)", "h(2)", "f(g(1), h(2))"] == [each.label for each in found]
        assert [(13, 17), (19, 23), (11, 24)] == [(each.column, each.end_column) for each in found]


@pytest.mark.parametrize(
    ("line", "label", "mark"),
    [
        ("nested", "g(1)", "g"),
        ("nested", "h(2)", "h"),
        ("nested", "f(g(1), h(2))", "f"),
        ("twice", "g(2)", "g"),
        ("fields", "t.field(1)", "field"),
        ("fields", "t:method(2)", "method"),
        ("short", "h(2)", "h"),
        ("c", "g(3)", "g"),
    ],
)
def test_the_chosen_call_is_entered(debug, line, label, mark):
    """A step in with a target runs the calls before it and stops in it."""
    with debug(CALLS) as d:
        d.break_at(line)
        d.run()
        stop = d.step_in(targets(d)[label])
        assert ("step", mark) == (stop.reason, d.at(stop))
        if label == "g(2)":
            assert "2" == d.evaluate("x")


@pytest.mark.parametrize(
    ("line", "label", "after"),
    [
        ("twice", "math.max(g(1), g(2))", "fields"),  # a C function
        ("short", "g(1)", "c"),  # not made this time
        ("c", "tostring(x)", "print"),
    ],
)
def test_a_call_that_cannot_be_entered_is_stepped_over(debug, line, label, after):
    """C functions have no lines, and a call that is not made has nothing to enter."""
    with debug(CALLS) as d:
        d.break_at(line)
        d.run()
        assert after == d.at(d.step_in(targets(d)[label]))


def test_breakpoints_in_other_calls_stop(debug):
    """The calls before the chosen one may hold breakpoints."""
    with debug(CALLS) as d:
        d.break_at("nested")
        d.break_at("g")
        d.run()
        stop = d.step_in(targets(d)["h(2)"])
        assert ("breakpoint", "g") == (stop.reason, d.at(stop))


def test_an_unknown_target_is_refused(debug):
    """The program stays where it is."""
    with debug(CALLS) as d:
        d.break_at("nested")
        d.run()
        with pytest.raises(RequestFailed, match="no step-in target 99"):
            d.requests.step_in(thread_id=1, target_id=99)
        assert "1" == d.evaluate("1")
