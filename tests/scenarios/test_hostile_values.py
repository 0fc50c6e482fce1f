"""Values whose metatables fail, never return, yield or lie: looking at them runs nothing."""

import pytest

from dap_server.client import RequestFailed

BODIES = {
    "fails": "error('hostile ' .. tostring(calls))",
    "fails with nil": "error(nil)",
    "endless": "while true do end",
    "endless call": "local function f() return f() end return f()",
    "yields": "return coroutine.yield(1)",
    "deep": "local function f() return 1 + f() end return f()",
}
METHODS = "__index __newindex __tostring __pairs __ipairs __len __eq __lt __le __call __concat __add __unm"

HOSTILE = """
    calls = 0
    local function hostile() calls = calls + 1 BODY end
    local meta = { __name = 5, __metatable = "locked" }
    for name in ("NAMES"):gmatch("%S+") do meta[name] = hostile end
    local t = setmetatable({ 1, 2, x = 3 }, meta)
    local twin = setmetatable({}, meta)
    local holder = { t, twin, [t] = "key", inner = { t } }
    local function use() return t, holder end
    calls = 0
    print("stop")  -- @here
    print(calls)
"""


def hostile(body):
    return HOSTILE.replace("BODY", BODIES[body]).replace("NAMES", METHODS)


@pytest.mark.parametrize("body", BODIES)
def test_looking_runs_nothing(debug, body):
    """Scopes, children, pages, hovers, completions and the clipboard call no metamethod."""
    with debug(hostile(body)) as d:
        d.break_at("here")
        d.run()
        assert "{1, 2, x = 3}" == d.locals()["t"]
        t = d.variable("t").variables_reference
        children = {each.name: each for each in d.variables(t)}
        assert ["1", "2", "3"] == [children[name].value for name in ("[1]", "[2]", "x")]
        assert "[[metatable]]" in children
        assert d.variables(children["[[metatable]]"].variables_reference)
        holder = d.variable("holder").variables_reference
        assert d.children(holder) == d.children(holder)
        assert "3" == d.evaluate("t.x", context="hover")
        assert "2" == d.evaluate("#t", context="hover")
        with pytest.raises(RequestFailed):
            d.evaluate("t.missing", context="hover")
        assert "x = 3" in d.evaluate("t", context="clipboard")
        found = d.requests.completions(text="t.", column=3, frame_id=d.stop.frame.id).targets
        assert ["x"] == [each.label for each in found]
        assert "0" == d.evaluate("calls")
        assert "4" == d.set_variable("calls", "4", "Globals")
        assert 0 == d.run_to_end()


@pytest.mark.parametrize("body", BODIES)
def test_what_was_asked_for_has_a_limit(debug, body):
    """The lazy ``[[tostring]]`` runs the metamethod, and shows what came of it in its place."""
    with debug(hostile(body)) as d:
        d.break_at("here")
        d.run()
        children = {each.name: each for each in d.variables(d.variable("t").variables_reference)}
        lazy = children["[[tostring]]"]
        assert lazy.presentation_hint.lazy
        (shown,) = d.variables(lazy.variables_reference)
        assert shown.value
        if body.startswith("endless"):
            assert "too long" in shown.value
        if body == "fails":
            assert "hostile" in shown.value
        assert "3" == d.evaluate("rawget(t, 'x')")
        assert 0 == d.run_to_end(), d.output()


@pytest.mark.parametrize("body", ["fails", "fails with nil", "yields", "deep"])
def test_evaluating_what_fails(debug, body):
    """A watch that runs into the metamethod gets its error, and the program goes on unharmed."""
    with debug(hostile(body)) as d:
        d.break_at("here")
        d.run()
        for expression in ("t.missing", "t .. t", "t()", "tostring(t)"):
            with pytest.raises(RequestFailed):
                d.evaluate(expression)
        assert "2" == d.evaluate("1 + 1")
        assert 0 == d.run_to_end()


@pytest.mark.parametrize("expression", ["t.missing", "t .. t", "-t", "t < twin", "t.x1 or 1"])
def test_evaluating_what_never_returns(debug, expression):
    """A watch of an endless metamethod is broken off when the client takes it back."""
    with debug(hostile("endless")) as d:
        d.break_at("here")
        d.run()
        arguments = {"expression": expression, "frameId": d.stop.frame.id, "context": "watch"}
        number = d.send("evaluate", arguments)
        d.requests.cancel(request_id=number)
        with pytest.raises(RequestFailed, match="cancel"):
            d.result("evaluate", number)
        assert "3" == d.evaluate("rawget(t, 'x')")
        assert 0 == d.run_to_end()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("__name", "{}"),
        ("__name", "5"),
        ("__name", "''"),
        ("__name", "('n'):rep(100000)"),
        ("__name", '"\\255\\0"'),
        ("__metatable", "false"),
        ("__metatable", "'locked'"),
        ("__metatable", "{}"),
        ("__tostring", "'text'"),
        ("__tostring", "function() return 5 end"),
        ("__tostring", "function() return ('x'):rep(1e6) end"),
        ("__pairs", "function() return function() return 1, 1 end end"),
        ("__len", "function() return -1 end"),
        ("__len", "function() return 'x' end"),
        ("__index", "5"),
        ("__mode", "5"),
    ],
)
def test_fields_that_make_no_sense(debug, field, value):
    """Metatables may hold anything: the value is shown all the same, all its children are."""
    with debug(f"""
        local t = setmetatable({{ 1, x = 2 }}, {{ {field} = {value} }})
        print("stop")  -- @here
    """) as d:
        d.break_at("here")
        d.run()
        variable = d.variable("t")
        assert "{1, x = 2}" in variable.value
        assert len(variable.value) < 2000
        assert len(variable.type) < 200
        children = d.variables(variable.variables_reference)
        assert {"[1]", "x", "[[metatable]]"} <= {each.name for each in children}
        for each in children:
            if each.presentation_hint and each.presentation_hint.lazy:
                for shown in d.variables(each.variables_reference):
                    assert len(shown.value) < 3000
        assert 0 == d.run_to_end()


def test_a_view_that_is_neither_text_nor_function(debug):
    """A ``__debugline`` of the wrong kind is told in place of the value."""
    with debug("""
        local t = setmetatable({ 1 }, { __debugline = 5 })
        print("stop")  -- @here
    """) as d:
        d.break_at("here")
        d.run()
        wrong = "<__debugline: it has to be a text or a function, not a number>"
        assert wrong == d.locals()["t"]


@pytest.mark.lua("5.2", "5.3", "5.4", "5.5")
@pytest.mark.parametrize("body", BODIES)
def test_hostile_finalizers(debug, transport, body):
    """Objects whose ``__gc`` fails or never returns: looked at, left, and the program ended."""
    if transport == "memory" and "endless" in body:
        pytest.skip("in memory its thread would run on to the end of the tests")
    with debug(
        """
        local calls = 0
        local t = setmetatable({ x = 1 }, { __gc = function() calls = calls + 1 BODY end })
        print("stop")  -- @here
        print("end")   -- @end
    """.replace("BODY", BODIES[body])
    ) as d:
        d.break_at("here")
        d.break_at("end")
        d.run()
        assert "{x = 1}" == d.locals()["t"]
        assert {"x": "1"} == {
            name: value
            for name, value in d.children(d.variable("t").variables_reference).items()
            if name == "x"
        }
        assert "end" == d.walk("go")
        d.requests.terminate()
        d.wait_for("terminated")


def test_a_metatable_that_is_its_own(debug):
    """A table that is its own metatable and index has no end, and is looked at step by step."""
    with debug("""
        local t = { x = 1 }
        t.__index = t
        setmetatable(t, t)
        local a, b = setmetatable({}, {}), setmetatable({}, {})
        getmetatable(a).__index, getmetatable(b).__index = b, a
        print("stop")  -- @here
    """) as d:
        d.break_at("here")
        d.run()
        variable = d.variable("t")
        for _ in range(5):
            children = {each.name: each for each in d.variables(variable.variables_reference)}
            variable = children["[[metatable]]"]
            assert "1" == children["x"].value
        for text in ("a.nothing", "t.nothing"):
            with pytest.raises(RequestFailed):
                d.evaluate(text, context="hover")
        assert 0 == d.run_to_end()
