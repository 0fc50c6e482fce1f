"""Errors nobody catches: where the program stops, what is told, and how it ends."""

import pytest

from tests.support.errors import assert_ends_as_lua, info, short


@pytest.mark.every_transport
def test_an_error_stops_where_it_is_raised(debug):
    """The line that raises is shown with its locals alive; afterwards the program ends as in lua."""
    with debug("""
        local function half(n)
          local rest = n % 2
          if rest ~= 0 then
            local message = "odd: " .. n
            error(message)  -- @raise
          end
          return n / 2
        end
        local function all(list)
          for i = 1, #list do
            list[i] = half(list[i])
          end
        end
        print("begin")
        all({ 4, 5 })
    """) as d:
        stop = d.run()
        assert ("exception", "raise") == (stop.reason, d.at(stop))
        assert f"{short(d)}:5: odd: 5" == stop.text
        assert {"n": "5", "rest": "1", "message": '"odd: 5"'} == d.locals()
        assert "10" == d.evaluate("n * 2")
        assert ["half", "all", "main chunk"] == d.names()
        assert_ends_as_lua(d)
        assert "begin\n" == d.output("stdout")


RAISES = {
    "error": ('error("bad")', "error", "main.lua:1: bad"),
    "level 0": ('error("bad", 0)', "error", "bad"),
    "level 2": ('error("bad", 2)', "error", "bad"),
    "table": ("error({ code = 7 })", "error", "{code = 7}"),
    "nil": ("error(nil)", "error", "nil"),
    "number": ("error(42, 0)", "error", "42"),
    "boolean": ("error(false)", "error", "false"),
    "userdata": ("error(io.stdout)", "error", "file"),
    "function": ("error(print)", "error", "print"),
    "assert": ("assert(false)", "assert", "assertion failed!"),
    "assert nil": ("assert(nil, nil)", "assert", ""),
    "assert with a message": ('assert(nil, "no")', "assert", "no"),
    "assert with a table": ("assert(false, { code = 8 })", "assert", "{code = 8}"),
    "assert with nothing": ("assert()", "assert", "assert"),
    "arithmetic": ("local x = nil + 1", "runtime error", "arithmetic"),
    "index": ("local t; t.x = 1", "runtime error", "index"),
    "call": ("local f; f()", "runtime error", "call"),
    "compare": ("local x = {} < 1", "runtime error", "compare"),
    "concatenate": ('local x = "a" .. {}', "runtime error", "concatenate"),
    "length": ("local x = #5", "runtime error", "length"),
    "library": ("string.rep()", "runtime error", "bad argument #1 to 'rep'"),
    "syntax": ('assert((loadstring or load)("x = = 1"))', "syntax error", "near '='"),
    "text": (
        "local o = setmetatable({}, { __tostring = function() return 'shown' end }) error(o)",
        "error",
        "shown",
    ),
}


@pytest.mark.parametrize("how", RAISES)
def test_every_way_to_raise(debug, lua, how):
    """Each stops on the line that raises, with a kind, a text, and the interpreter's last words."""
    code, kind, text = RAISES[how]
    if how == "assert with a table" and lua in ("5.1", "5.2", "luajit2.0"):
        text = "bad argument #2 to 'assert' (string expected, got table)"
    with debug(f"{code}  -- @raise\n") as d:
        stop = d.run()
        assert ("exception", "raise") == (stop.reason, d.at(stop))
        told = info(d)
        assert (kind, "unhandled") == (told.exception_id, told.break_mode)
        assert stop.text == told.description
        assert text in told.description
        assert_ends_as_lua(d)


HOSTILE = {
    "raises": "function() error('no text', 0) end",
    "raises itself": "function(e) error(e) end",
    "is never done": "function() while true do end end",
    "answers no text": "function() return {} end",
    "answers itself": "function(e) return e end",
    "is no function": "5",
    "overflows": "function(e) return tostring(e) .. '' end",
}


@pytest.mark.parametrize("how", HOSTILE)
def test_an_error_object_with_a_hostile_tostring(debug, how):
    """It is described all the same, and reaches pcall as it is."""
    with debug(f"""
        local object = setmetatable({{ code = 7 }}, {{ __tostring = {HOSTILE[how]} }})
        local function fail() error(object) end  -- @raise
        local _, caught = pcall(fail)
        print(rawequal(caught, object))
    """) as d:
        d.stop_on("caught")
        assert "raise" == d.at(d.run())
        told = info(d)
        assert ("error", "table") == (told.exception_id, told.details.type_name)
        assert told.description
        assert "7" == d.evaluate("err.code")
        assert 0 == d.run_to_end()
        assert "true\n" == d.output("stdout")


def test_exception_info(debug):
    """Kind, text, type, the traceback in Lua's words but with whole names, and an expression for the value."""
    with debug("""
        local function check(value)
          error({ code = value })  -- @raise
        end
        local ok = check(5)
    """) as d:
        d.run()
        told = info(d)
        assert ("error", "unhandled") == (told.exception_id, told.break_mode)
        details = told.details
        assert ("{code = 5}", "{code = 5}") == (told.description, details.message)
        assert ("table", "err") == (details.type_name, details.evaluate_name)
        assert [
            "stack traceback:",
            f"[C]: in {'global' if d.lua == '5.5' else 'function'} 'error'",
            f"{d.path}:2: in {'local' if d.lua in ('5.3', '5.4', '5.5') else 'function'} 'check'",
            f"{d.path}:4: in main chunk",
            "[C]: ?" if d.lua == "5.1" else "[C]: in ?",
        ] == details.stack_trace.split("\n\t")


def test_the_error_value_can_be_looked_into(debug):
    """The name ``err`` means the error value, in watches, hovers and the console."""
    with debug("""
        error({ code = 5, inner = { "a" } })
    """) as d:
        d.run()
        assert ["5"] * 3 == [
            d.evaluate("err.code", context=where) for where in ("watch", "hover", "repl")
        ]
        value = d.requests.evaluate(expression="err", frame_id=d.stop.frame.id)
        shown = d.children(value.variables_reference)
        assert {"code": "5", "inner": '{"a"}'} == {key: shown[key] for key in ("code", "inner")}


def test_a_variable_called_err_hides_the_error_value(debug):
    """The program's own names come first."""
    with debug("""
        local err = "mine"
        error("other")
    """) as d:
        d.run()
        assert '"mine"' == d.evaluate("err")


def test_what_is_changed_at_the_stop_is_changed(debug):
    """At an error, too, variables can be set; the error goes on as it was."""
    with debug("""
        local problem = { code = 1 }
        local ok, caught = pcall(function()
          local other = 1
          error(problem)  -- @raise
        end)
        print(caught == problem, caught.code)
    """) as d:
        d.stop_on("caught")
        d.run()
        assert "2" == d.set_variable("other", "2")
        d.evaluate("err.code = 5", context="repl")
        assert 0 == d.run_to_end()
        assert "true\t5\n" == d.output("stdout")


def test_an_error_below_a_thousand_calls(debug):
    """Depth makes no difference."""
    with debug("""
        local function down(n)
          if n == 0 then
            error("bottom")  -- @raise
          end
          down(n - 1)
          return n
        end
        down(1000)
    """) as d:
        assert "raise" == d.at(d.run())
        assert 1002 == len(d.stack())
        assert_ends_as_lua(d)


CALLBACKS = {
    "sort": "table.sort({ 3, 2, 1 }, raise)",
    "gsub": 'string.gsub("abc", "b", raise)',
    "index": "local x = setmetatable({}, { __index = raise }).x",
    "newindex": "setmetatable({}, { __newindex = raise }).x = 1",
    "add": "local x = setmetatable({}, { __add = raise }) + 1",
    "concat": "local x = setmetatable({}, { __concat = raise }) .. 1",
    "call": "setmetatable({}, { __call = raise })()",
    "iterator": "for _ in raise do end",
    "tostring": "tostring(setmetatable({}, { __tostring = raise }))",
}


@pytest.mark.parametrize("where", CALLBACKS)
def test_errors_in_callbacks(debug, where):
    """Called from C, from metamethods and from iterators: the frame that raises is shown."""
    with debug(f"""
        local function raise()
          local here = true
          error("in a callback")  -- @raise
        end
        {CALLBACKS[where]}
    """) as d:
        assert "raise" == d.at(d.run())
        assert {"here": "true"} == d.locals()
        assert "main chunk" == d.names()[-1]
        assert_ends_as_lua(d)


def test_an_error_raised_again(debug):
    """What is caught and raised again stops where it is raised the second time."""
    with debug("""
        local function risky()
          error("first")  -- @first
        end
        local ok, problem = pcall(risky)
        print(ok)
        error(problem, 0)  -- @again
    """) as d:
        stop = d.run()
        assert ("again", f"{short(d)}:2: first") == (d.at(stop), stop.text)
        assert_ends_as_lua(d)
        assert "false\n" == d.output("stdout")
