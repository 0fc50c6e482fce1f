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


SAME = """
    local function g(x)
      return x                             -- @g
    end
    local function all(...)
      return ...                           -- @all
    end
    local off, object = false, setmetatable({}, {__add = function(_, x)
      return g(x)                          -- @add
    end})
    local x = off and g(1) or g(2)         -- @either
    if g(off) then g(3) elseif g(off or 4) then g(5) end      -- @if
    while g(off) or x < 2 do x = g(6) end g(7)                -- @while
    x = all(g(8), all(g(9)), g(10))        -- @nested
    x = object + g(11) + g(12)             -- @add_twice
    x = g(13) x = g(14)                    -- @two
    x = select(2, pcall(g, 15), g(16))     -- @caught
    for i = 17, 18 do x = g(i) g(i + 2) end                   -- @loop
    x = all(                               -- @spread
      g(21),                               -- @first_line
      off and
        g(22) or
        g(23)
    ) + g(24)
    local function tail()
      return off and g(25) or g(26)        -- @tail
    end
    tail()
    print(x)                               -- @print
"""


@pytest.mark.parametrize(
    ("line", "label", "value"),
    [
        ("either", "g(2)", "2"),
        ("if", "g(off or 4)", "4"),
        ("if", "g(5)", "5"),
        ("while", "g(7)", "7"),
        ("nested", "g(9)", "9"),
        ("nested", "g(10)", "10"),
        ("add_twice", "g(12)", "12"),
        ("two", "g(14)", "14"),
        ("caught", "pcall(g, 15)", "15"),
        ("caught", "g(16)", "16"),
        ("loop", "g(i + 2)", "19"),
        ("spread", "g(21)", "21"),
        ("spread", "g(23)", "23"),
        ("tail", "g(26)", "26"),
    ],
)
def test_calls_of_one_function_are_told_apart(debug, line, label, value):
    """What is entered is the call that was chosen, whichever others are made or left out."""
    with debug(SAME) as d:
        d.break_at(line)
        d.run()
        assert "g" == d.at(d.step_in(targets(d)[label]))
        assert value == d.evaluate("x")


@pytest.mark.parametrize(
    ("line", "label", "after"),
    [("either", "g(1)", "if"), ("if", "g(3)", "while"), ("spread", "g(22)", "print")],
)
def test_a_call_in_a_branch_that_is_not_taken_enters_no_other(debug, line, label, after):
    """The line is stepped over."""
    with debug(SAME) as d:
        d.break_at(line)
        d.run()
        stop = d.step_in(targets(d)[label])
        if after == "print":
            assert "main chunk" == stop.function
        else:
            assert after == d.at(stop)


def test_calls_that_are_over_are_no_targets(debug):
    """In the middle of a line there are those that are left, and each of them is entered."""
    labels = ["all(g(9))", "g(10)", "all(g(8), all(g(9)), g(10))"]
    for label, mark in zip(["g(9)", *labels], ["g", "all", "g", "all"], strict=True):
        with debug(SAME) as d:
            d.break_at("nested")
            d.run()
            d.step_in()
            d.step_out()
            found = targets(d)
            assert ["g(9)", *labels] == list(found)
            assert mark == d.at(d.step_in(found[label]))


def test_further_lines_of_a_statement_have_its_targets(debug):
    """Those that are left of a statement which began above."""
    with debug(SAME) as d:
        d.break_at("first_line")
        d.run()
        found = targets(d)
        assert ["g(21)", "g(22)", "g(23)"] == list(found)[:3]
        assert "g(24)" == list(found)[-1]
        assert "g" == d.at(d.step_in(found["g(23)"]))
        assert "23" == d.evaluate("x")


def test_only_the_innermost_frame_has_targets(debug):
    """A step begins nowhere else."""
    with debug(SAME) as d:
        d.break_at("nested")
        d.run()
        d.step_in()
        outer = d.stack()[1]
        assert "main chunk" == outer.name
        assert [] == d.requests.step_in_targets(frame_id=outer.id).targets


def test_without_instructions_names_tell_calls_apart(debug, monkeypatch, transport):
    """Where memory cannot be read, there are those whose names no other call of the line has."""
    if transport != "memory":
        pytest.skip("only in memory can the reading be taken away")
    monkeypatch.setattr("lua_debug.hook_choice.install_instructions", lambda *_: None)
    with debug(CALLS) as d:
        d.break_at("nested")
        d.break_at("twice")
        d.run()
        found = targets(d)
        assert ["g(1)", "h(2)", "f(g(1), h(2))"] == list(found)
        assert "h" == d.at(d.step_in(found["h(2)"]))
        d.step_out()
        assert {} == targets(d)
        d.continue_()
        assert ["math.max(g(1), g(2))"] == list(targets(d))
