"""Conditions and hit counts."""

import pytest

from dap_server.protocol import generated as dap


def stops_with(d, name, **conditions):
    """The values of a local at every stop at the mark ``x``."""
    d.break_at("x", **conditions)
    d.start()
    found = []
    stop = d.client.run()
    while stop is not None:
        found.append(d.locals()[name])
        d.requests.continue_(thread_id=stop.thread)
        stop = d.wait_for_stop()
    return found


LOOP = """
    local limit = 3
    for i = 1, 6 do
      local x = i  -- @x
    end
"""


def test_what_is_true(debug):
    """As in Lua, only nil and false are false."""
    with debug("""
        for i, value in ipairs({ 0, "", false, 1 }) do
          local x = i  -- @x
        end
    """) as d:
        assert ["1", "2", "4"] == stops_with(d, "i", condition="value")


def test_conditions_see_everything(debug):
    """Locals, upvalues, globals, fields and calls all work in a condition."""
    with debug("""
        wanted = { value = 4 }
        local offset = 1
        local function visit(i)
          local y = i + offset
          return y  -- @x
        end
        for i = 1, 6 do visit(i) end
    """) as d:
        condition = "math.max(i, 0) + offset == wanted.value and y == 4"
        assert ["3"] == stops_with(d, "i", condition=condition)


@pytest.mark.lua("5.2", "5.3", "5.4", "5.5", "luajit2.0", "luajit2.1")
def test_conditions_see_varargs(debug):
    """``...`` is that of the function."""
    with debug("""
        local function visit(i, ...)
          return i  -- @x
        end
        visit(1, "a")
        visit(2, "a", nil, "b")
    """) as d:
        assert ["2"] == stops_with(d, "i", condition="select('#', ...) == 3")


@pytest.mark.lua("5.1")
def test_varargs_cannot_be_seen_in_lua_51(debug):
    """Lua 5.1 tells nobody what ``...`` holds, and so says the answer."""
    with debug(LOOP) as d:
        d.start()
        (answer,) = d.break_at("x", condition="select('#', ...) == 3")
        assert (False, True) == (answer.verified, "Lua 5.1" in answer.message)
        assert 0 == d.run_to_end()


def test_a_condition_with_side_effects(debug):
    """Conditions are code: what they change is changed."""
    with debug("""
        count = 0
        for i = 1, 3 do
          local x = i  -- @x
        end
        print(count)
    """) as d:
        effect = "(function() count = count + 1 end)()"
        d.break_at("x", condition=effect)
        assert 0 == d.run_to_end()
        assert "3\n" == d.output("stdout")


def test_a_condition_that_does_not_compile_is_refused(debug):
    """The answer holds Lua's message; the program runs on without it."""
    with debug(LOOP) as d:
        d.start()
        (answer,) = d.break_at("x", condition="i ==")
        assert not answer.verified
        assert answer.message.startswith("Condition 'i ==' does not compile: ")
        assert "near" in answer.message
        assert "failed" == answer.reason
        assert 0 == d.run_to_end()


@pytest.mark.parametrize("condition", ["i == 1, i == 3", "-- i == 3"])
def test_a_condition_is_one_expression(debug, condition):
    """Several would all but one be left out in silence, and a comment is none."""
    with debug(LOOP) as d:
        d.start()
        (answer,) = d.break_at("x", condition=condition)
        assert not answer.verified
        assert answer.message.endswith("a single expression is expected")
        assert 0 == d.run_to_end()


def test_a_statement_is_no_condition(debug):
    """An assignment taken for a comparison is told at once."""
    with debug(LOOP) as d:
        d.start()
        (answer,) = d.break_at("x", condition="i = 3")
        assert (False, True) == (answer.verified, "does not compile" in answer.message)
        assert 0 == d.run_to_end()


def test_a_condition_that_fails_stops_and_says_why(debug):
    """Nothing is worse than a breakpoint that is silently dead."""
    with debug(LOOP) as d:
        d.break_at("x", condition="nobody.home == i")
        stop = d.run()
        assert "breakpoint" == stop.reason
        assert stop.description.startswith("Condition failed: ")
        assert "nobody" in stop.text
        assert "1" == d.locals()["i"]
        d.client.set_breakpoints(d.path)
        assert 0 == d.run_to_end()


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("3", [3]),
        ("= 3", [3]),
        ("==3", [3]),
        ("> 4", [5, 6]),
        (">= 5", [5, 6]),
        ("< 3", [1, 2]),
        ("<=2", [1, 2]),
        ("% 2", [2, 4, 6]),
        ("*3", [3, 6]),
        (" 6 ", [6]),
        ("> 2, % 2", [4, 6]),
        ("% 2, *3", [6]),
        (">= 2, < 4, >1", [2, 3]),
    ],
)
def test_hit_conditions(debug, condition, expected):
    """All common spellings of a hit condition."""
    with debug(LOOP) as d:
        assert [str(each) for each in expected] == stops_with(d, "i", hit_condition=condition)


NEVER = ["1, 2", "> 5, < 3", "> 3, < 5, % 3", "3, % 2", "% 7, < 7"]


@pytest.mark.parametrize(
    "condition",
    ["often", "% 0", "3 times", "-1", "0", "= 0", "==0", "< 1", "<= 0", "9" * 5000, *NEVER],
)
def test_a_hit_condition_that_makes_no_sense(debug, condition):
    """It is refused with a message that shows what is understood."""
    with debug(LOOP) as d:
        d.start()
        (answer,) = d.break_at("x", hit_condition=condition)
        assert (False, d.line("x")) == (answer.verified, answer.line)
        assert condition in answer.message
        assert 0 == d.run_to_end()


def test_hits_are_counted_where_the_condition_holds(debug):
    """Condition and hit count together: the second time that it holds."""
    with debug(LOOP) as d:
        assert ["4"] == stops_with(d, "i", condition="i % 2 == 0", hit_condition="2")


@pytest.mark.every_transport
def test_condition_hits_and_log_together(debug):
    """The message is written when the condition holds and the count is right."""
    with debug(LOOP) as d:
        d.break_at("x", condition="i > limit", hit_condition=">= 2", log_message="i is {i}")
        assert 0 == d.run_to_end()
        assert "i is 5\ni is 6\n" == d.output("console")


def test_counts_stay_when_others_change(debug):
    """Setting another breakpoint of the file does not start the count anew."""
    with debug("""
        for i = 1, 6 do
          local x = i  -- @x
          local y = i  -- @y
        end
    """) as d:
        d.break_at("x", hit_condition="4")
        d.break_at("y", condition="i == 2")
        d.run()
        x, y = d.line("x"), d.line("y")
        d.client.set_breakpoints(
            d.path,
            dap.SourceBreakpoint(line=y, condition="i == 3"),
            dap.SourceBreakpoint(line=x, hit_condition="4"),
        )
        assert "y" == d.at(d.continue_())
        assert ("x", "4") == (d.at(d.continue_()), d.locals()["i"])
        assert 0 == d.run_to_end()


def test_counts_start_anew_when_the_breakpoint_changes(debug):
    """A breakpoint with another condition is another breakpoint."""
    with debug(LOOP) as d:
        d.break_at("x", hit_condition="2")
        d.run()
        d.client.set_breakpoints(
            d.path, dap.SourceBreakpoint(line=d.line("x"), hit_condition="== 3")
        )
        d.continue_()
        assert "5" == d.locals()["i"]
        assert 0 == d.run_to_end()


def test_conditions_of_breakpoints_set_late(debug):
    """Where a hook has to watch the line, conditions mean the same."""
    with debug("""
        local before = 0  -- @before
        for i = 1, 6 do
          local x = i  -- @x
          before = x
        end
    """) as d:
        d.break_at("before")
        d.run()
        d.break_at("x", condition="i > 2 and before == i - 1", hit_condition="2")
        d.continue_()
        assert {"before": "3", "i": "4"} == d.locals()
        assert 0 == d.run_to_end()


def test_an_error_in_a_condition_stays_there(debug):
    """A failing condition raises nothing in the program, not even under pcall."""
    with debug("""
        print(pcall(function()
          local x = 1  -- @x
          return "fine"
        end))
    """) as d:
        d.break_at("x", condition="error({})")
        d.run()
        assert 0 == d.run_to_end()
        assert "true\tfine\n" == d.output("stdout")


def test_a_condition_that_hits_a_breakpoint(debug):
    """Code that a condition runs does not stop."""
    with debug("""
        function check(i)
          return i == 2  -- @check
        end
        for i = 1, 3 do
          local x = i  -- @x
        end
    """) as d:
        d.break_at("check")
        d.break_at("x", condition="check(i)")
        stop = d.run()
        assert ("x", "2") == (d.at(stop), d.locals()["i"])
        assert 0 == d.run_to_end()


@pytest.mark.parametrize("verb", ["pause", "terminate", "remove"])
def test_a_condition_that_never_returns(debug, verb):
    """Somebody who waits breaks it off; it counts as one that failed."""
    with debug("""
        if jit then jit.off() end -- what is compiled hears nobody
        function forever()
          local n = 0
          print("asked")
          while true do n = n + 1 end
        end
        local x = 1  -- @x
        print("done")
    """) as d:
        d.break_at("x", condition="forever()")
        d.start()
        d.result("configurationDone", d.client.send("configurationDone"))
        d.wait_for("output", lambda body: "asked" in body["output"])
        if verb == "terminate":
            d.requests.terminate()
            d.wait_for("terminated")
            return
        if verb == "pause":
            d.requests.pause(thread_id=1)
        else:
            d.client.set_breakpoints(d.path)
        stop = d.wait_for_stop()
        assert "Condition failed: it took too long and was broken off" == stop.description
        d.client.set_breakpoints(d.path)
        assert 0 == d.run_to_end()


def test_many_false_conditions_are_fast(debug):
    """A condition that is false a hundred thousand times is no burden."""
    with debug("""
        local n = 0
        for i = 1, 100000 do
          n = n + i  -- @x
        end
    """) as d:
        d.break_at("x", condition="i == 100000", hit_condition="1")
        d.run()
        assert "100000" == d.locals()["i"]
        assert 0 == d.run_to_end()


def test_a_hit_count_of_a_hundred_thousand(debug):
    """Hits are counted, not sampled."""
    with debug("""
        local n = 0
        for i = 1, 150000 do
          n = n + 1  -- @x
        end
    """) as d:
        d.break_at("x", hit_condition="100000")
        d.run()
        assert "100000" == d.locals()["i"]
        assert 0 == d.run_to_end()
