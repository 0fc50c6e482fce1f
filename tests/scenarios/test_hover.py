"""Hover: looking at what the mouse is over has no effect on the program."""

import pytest

from dap_server.client import RequestFailed

PROGRAM = """
    local log = {}
    local t = { field = { deep = 5 }, list = { 10, 20 }, ["two words"] = 3 }
    local proxy = setmetatable({ own = 1 }, {
      __index = function(_, name) log[#log + 1] = name; return "computed" end,
      __add = function() log[#log + 1] = "add"; return 1 end,
      __tostring = function() log[#log + 1] = "tostring"; return "proxy" end,
    })
    local class = { inherited = "yes" }
    local object = setmetatable({}, { __index = class })
    local function change() log[#log + 1] = "called"; return 1 end
    local n, s = 5, "text"
    print(#log)  -- @here
"""


def hover(d, expression):
    """What a hover shows."""
    return d.evaluate(expression, context="hover")


def test_names_fields_and_items(debug):
    """What a mouse can be over is shown: names, fields along a chain, items, literals."""
    with debug(PROGRAM) as d:
        d.break_at("here")
        d.run()
        assert "5" == hover(d, "n")
        assert "5" == hover(d, "t.field.deep")
        assert "20" == hover(d, "t.list[2]")
        assert "3" == hover(d, 't["two words"]')
        assert "20" == hover(d, "t.list[n - 3]")
        assert '"yes"' == hover(d, "object.inherited")
        assert "8" == hover(d, "n + 3")
        assert "2" == hover(d, "#t.list")
        assert "true" == hover(d, "n == 5 and not (s == 'x')")
        assert hover(d, "change").startswith("function: ")
        with pytest.raises(RequestFailed, match="no variable nosuch"):
            hover(d, "nosuch")  # a word of a comment, say: an editor shows nothing


def test_nothing_that_could_have_an_effect_is_run(debug):
    """Calls, assignments and metamethods are refused, and nothing of the program has run."""
    with debug(PROGRAM) as d:
        d.break_at("here")
        d.run()
        for expression in ("change()", "t.x.y()", "proxy.missing", "proxy + 1", "s:upper()"):
            with pytest.raises(RequestFailed):
                hover(d, expression)
        for statement in ("n = 6", "local z = 1", "t.new = 1", "function f() end"):
            with pytest.raises(RequestFailed):
                hover(d, statement)
        assert "1" == hover(d, "proxy.own")
        hover(d, "proxy")
        assert ("{}", "5") == (d.evaluate("log"), d.evaluate("n"))
        assert "nil" == d.evaluate("rawget(t, 'new')")


def test_a_refused_hover_says_why(debug):
    """The reason is one line a person can read."""
    with debug(PROGRAM) as d:
        d.break_at("here")
        d.run()
        with pytest.raises(RequestFailed) as refused:
            hover(d, "change()")
        assert "call" in refused.value.text


def test_a_hover_in_another_frame(debug):
    """A hover over code further up the stack shows the values of that frame."""
    with debug("""
        local function inner(a)
          return a  -- @inner
        end
        local function outer(a)
          local r = inner(a + 1)
          return r
        end
        print(outer(1))
    """) as d:
        d.break_at("inner")
        d.run()
        inner, outer = d.stack()[:2]
        assert ["2", "1"] == [d.evaluate("a", each.id, context="hover") for each in (inner, outer)]
