"""Filters of errors: which errors stop, on what condition, and that the error stays what it is."""

import pytest

from dap_server.protocol import generated as dap
from tests.support.errors import info

THREE = """
    local function caught() pcall(error, "one") end
    caught()  -- @one
    local co = coroutine.create(function()
      error({ code = 2 })  -- @two
    end)
    coroutine.resume(co)
    xpcall(function()
      local x = nil + 1  -- @three
    end, function() end)
    error("four", 0)  -- @four
"""


def texts(d):
    """The texts of all stops, up to the end of the program."""
    found = []
    stop = d.client.run()
    while stop is not None:
        found.append(stop.text.rpartition(": ")[2])
        d.requests.continue_(thread_id=stop.thread)
        stop = d.wait_for_stop()
    return found


ARITHMETIC = "attempt to perform arithmetic on a nil value"


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (["all"], ["one", "{code = 2}", ARITHMETIC, "four"]),
        (["caught"], ["one", "{code = 2}", ARITHMETIC]),
        (["uncaught"], ["four"]),
        (["caught", "uncaught"], ["one", "{code = 2}", ARITHMETIC, "four"]),
        ([], []),
    ],
    ids=" ".join,
)
def test_each_filter_stops_on_its_errors(debug, filters, expected):
    """Caught ones, uncaught ones, both or none."""
    with debug(THREE) as d:
        d.stop_on(*filters)
        assert expected == texts(d)
        assert 1 == d.exit_code


def test_conditions_of_filters(debug):
    """A filter with a condition stops where that holds of ``err``; each filter has its own."""
    with debug(THREE) as d:
        d.stop_on(caught="type(err) == 'table' and err.code == 2", uncaught="err ~= 'four'")
        assert ["{code = 2}"] == texts(d)


RAISED_IN_LOOP = """
    local fails = 0
    local function work(n, ...)
      local doubled = n * 2
      if n == 4 then fails = fails + 1 end
      error("job " .. n)
    end
    for job = 1, 5 do
      pcall(work, job, "more")
    end
    local function below(count) error({ count = count }) end
    for job = 1, 5 do
      coroutine.resume(coroutine.create(function(kept) below(kept + job) end), 10)
    end
    for job = 1, 3 do
      pcall(coroutine.wrap(function() local inner = job; error("wrapped") end))
    end
"""


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("doubled == 4", ["job 2"]),
        ("n == 4 and fails == 1", ["job 4"]),
        ("count == 13", ["{count = 13}"]),
        ("inner == 2", ["wrapped"]),
        ("type(err) == 'table' and err.count == count and count > 14", ["{count = 15}"]),
    ],
)
def test_conditions_see_the_frame_that_raised_the_error(debug, condition, expected):
    """Its locals, its upvalues and the error, as in a watch at the stop."""
    with debug(RAISED_IN_LOOP) as d:
        d.stop_on(caught=condition)
        assert expected == texts(d)


@pytest.mark.lua("5.2", "5.3", "5.4", "5.5", "luajit20", "luajit21")
def test_conditions_see_the_varargs_of_the_frame(debug):
    """Where Lua tells them."""
    with debug(RAISED_IN_LOOP) as d:
        d.stop_on(caught="select('#', ...) == 1 and n == 3")
        assert ["job 3"] == texts(d)


def test_an_uncaught_error_is_judged_in_its_frame(debug):
    """Also where a local has the name ``err``: in a condition that is the error."""
    with debug("""
        local function check(value)
          local err = "mine"
          error("too big", 0)
        end
        check(7)
    """) as d:
        d.stop_on(uncaught="value == 7 and err == 'too big'")
        assert ["too big"] == texts(d)


def test_a_condition_disturbs_no_step(debug):
    """It runs code of the program, in which nothing stops."""
    with debug("""
        local asked = 0
        function ask()
          asked = asked + 1  -- @within
          return false
        end
        pcall(error, "one")  -- @here
        print(asked)  -- @after
    """) as d:
        d.stop_on(caught="ask()")
        d.break_at("here")
        d.run()
        d.break_at("within")
        assert "after" == d.walk("in")
        assert 0 == d.run_to_end()
        assert "1\n" == d.output("stdout")


def test_a_filter_chosen_twice(debug):
    """Without a condition and with one: either lets it stop, once."""
    with debug(THREE) as d:
        d.stop_on("uncaught", uncaught="false")
        assert ["four"] == texts(d)


def test_a_condition_that_fails_stops_and_says_so(debug):
    """As with breakpoints: the stop tells why."""
    with debug('error("bad", 0)') as d:
        d.stop_on(uncaught="err.code.x == 1")
        stop = d.client.run()
        assert ("exception", "bad") == (stop.reason, stop.text)
        assert "its condition failed: " in stop.description
        assert "index" in stop.description


def test_a_condition_that_does_not_compile_is_refused(debug):
    """At once, with Lua's message; the other filters count."""
    with debug(THREE) as d:
        d.start()
        options = [
            dap.ExceptionFilterOptions(filter_id="caught", condition="err =="),
            dap.ExceptionFilterOptions(filter_id="uncaught"),
        ]
        answer = d.requests.set_exception_breakpoints(filters=[], filter_options=options)
        refused, kept = answer.breakpoints
        assert (False, True) == (refused.verified, kept.verified)
        assert "unexpected symbol near" in refused.message
        assert ["four"] == texts(d)


def test_an_unknown_filter_is_refused(debug):
    """Its name is in the message."""
    with debug(THREE) as d:
        d.start()
        (answer,) = d.requests.set_exception_breakpoints(filters=["everything"]).breakpoints
        assert not answer.verified
        assert "everything" in answer.message


def test_a_program_that_replaces_the_functions_that_catch(debug):
    """Errors under a ``pcall`` of the script's own making, or one kept in a local, are caught."""
    with debug("""
        local kept, original = pcall, xpcall
        pcall = function(...) return original(..., function(e) return e end) end
        print((pcall(function() error("a") end)))
        print((kept(error, "b")))
        pcall, xpcall, error = nil, nil, nil
        print((kept(function() local x = nil + 1 end)))
    """) as d:
        assert 0 == d.run_to_end()
        assert "false\nfalse\nfalse\n" == d.output("stdout")


def test_filters_change_while_the_program_stands(debug):
    """What is chosen at a stop counts from there on."""
    with debug(THREE) as d:
        d.stop_on("all")
        assert "one" == d.client.run().text
        d.stop_on("uncaught")
        d.requests.set_exception_breakpoints(filters=["uncaught"])
        assert "four" == d.continue_().text


def test_a_stop_names_its_filters(debug):
    """``hitBreakpointIds`` are those of the answer to the request."""
    with debug(THREE) as d:
        d.start()
        answer = d.requests.set_exception_breakpoints(filters=["all", "uncaught"])
        ids = [each.id for each in answer.breakpoints]
        d.break_at("four")
        d.client.run()
        while d.stop.reason != "breakpoint":
            assert (ids[0],) == d.stop.breakpoints
            d.continue_()
        assert tuple(ids) == d.continue_().breakpoints


VALUES = """
    local co = coroutine.create(function() end)
    local values = {
      {}, setmetatable({}, { __tostring = function() return "shown" end }), print, 42, "text",
      true, false, io.stdout, co,
    }
    for i = 1, #values + 1 do
      local value = values[i]
      local _, one = pcall(error, value, 0)
      local _, two = pcall(function() error(value, 0) end)
      local _, three = xpcall(function() error(value, 0) end, function(e) return e end)
      local _, four = coroutine.resume(coroutine.create(function() error(value, 0) end))
      local _, five = pcall(coroutine.wrap(function() error(value, 0) end))
      for _, found in ipairs({ one, two, three, four }) do assert(rawequal(found, value)) end
      local text = (type(value) == "string" or type(value) == "number") and tostring(value)
      assert(rawequal(five, value) or text and five:sub(-#text) == text) -- wrap adds a position
    end
    print("the same")
"""


@pytest.mark.parametrize("filters", [["all"], ["uncaught"], []], ids=" ".join)
def test_the_value_reaches_who_catches_it(debug, lua, filters):
    """The same table, nil or text, whether the program stopped on it or not, 5.5 has no nil."""
    text = VALUES.replace("#values + 1", "#values") if lua == "5.5" else VALUES
    with debug(text) as d:
        d.stop_on(*filters)
        texts(d)
        assert 0 == d.exit_code
        assert "the same\n" == d.output("stdout")


@pytest.mark.parametrize(
    "convert", ["error('no')", "return 5", "while true do end", "return ('x'):rep(1e6)"]
)
def test_an_error_that_describes_itself_badly(debug, convert):
    """A ``__tostring`` that fails, never returns or has no end does no harm at the stop."""
    with debug(f"""
        local bad = setmetatable({{ code = 7 }}, {{ __tostring = function() {convert} end }})
        pcall(error, bad)
        print("alive")
    """) as d:
        d.stop_on("caught")
        stop = d.run()
        assert "exception" == stop.reason
        assert len(stop.text) < 5000
        assert "7" == d.evaluate("err.code")
        assert len(info(d).description) < 5000
        assert 0 == d.run_to_end()
        assert "alive\n" == d.output("stdout")


@pytest.mark.lua("5.4", "5.5")
def test_an_error_while_a_coroutine_is_closed(debug):
    """``coroutine.close`` answers an error of what it closes; no handler is called, so none is told."""
    with debug("""
        local co = coroutine.create(function()
          local x <close> = setmetatable({}, { __close = function()
            error("closing", 0)  -- @raise
          end })
          coroutine.yield()
        end)
        coroutine.resume(co)
        print(coroutine.close(co))
    """) as d:
        d.stop_on("all")
        assert d.client.run() is None
        assert 0 == d.exit_code
        assert "false\tclosing\n" == d.output("stdout")
