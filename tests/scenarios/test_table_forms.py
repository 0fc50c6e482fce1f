"""Tables of every form: sparse, mixed, weak, cyclic, keyed by objects, and the same when asked again."""

import pytest

from dap_server.client import RequestFailed


def shown(d, name):
    """All children of a table by name, asked for twice."""
    reference = d.variable(name).variables_reference
    once, twice = (
        [(each.name, each.value, each.type) for each in d.variables(reference)] for _ in range(2)
    )
    assert once == twice
    return {key: value for key, value, _ in once if key != "[[metatable]]"}


def test_tables_as_keys(debug):
    """Objects as keys are told apart, opened by their own nodes, and the table as its own key, too."""
    with debug("""
        local function f() end
        local a, b, co = { 1 }, { 1 }, coroutine.create(f)
        local t = { [a] = "a", [b] = "b", [f] = "f", [print] = "print", [co] = "co" }
        t[t] = "self"
        t[io.stdout] = t
        print("stop")  -- @here
    """) as d:
        d.break_at("here")
        d.run()
        children = shown(d, "t")
        assert 7 == len(children)
        assert {'"a"', '"b"', '"f"', '"print"', '"co"', '"self"'} < set(children.values())
        variables = d.variables(d.variable("t").variables_reference)
        for each in variables:
            if each.evaluate_name:
                assert each.value == d.evaluate(each.evaluate_name), each.name


def test_keys_that_look_like_others(debug):
    """``"1"`` and 1, ``"true"`` and true, ``"nan"``, ``"[1]"`` and empty names are all there."""
    with debug("""
        local t = {
          "one", ["1"] = "text", ["true"] = "word", [true] = "yes", nan = "nan", ["[1]"] = "square",
          [""] = "empty", ["nil"] = "nil", ["a.b"] = "dotted", ["-1"] = "minus", [-1] = "less",
        }
        print("stop")  -- @here
    """) as d:
        d.break_at("here")
        d.run()
        assert 11 == len(shown(d, "t"))
        for each in d.variables(d.variable("t").variables_reference):
            if each.evaluate_name:
                assert each.value == d.evaluate(each.evaluate_name), each.name


def test_sparse_tables_are_not_long(debug):
    """Far and negative indices are keys like others; no page of a billion nils is promised."""
    with debug("""
        local far = { [1] = "a", [1000000000] = "b" }
        local negative = { [-1] = "m", [0] = "z", "one" }
        local holes = { 1, nil, 3, nil, nil, 6 }
        local shrunk = {}
        for i = 1, 100 do shrunk[i] = i end
        for i = 1, 99 do shrunk[i] = nil end
        print("stop")  -- @here
    """) as d:
        d.break_at("here")
        d.run()
        far = d.variable("far")
        assert (far.indexed_variables or 0) <= 1
        assert {"[1]": '"a"', "[1000000000]": '"b"'} == shown(d, "far")
        assert {"[1]": '"one"', "[0]": '"z"', "[-1]": '"m"'} == shown(d, "negative")
        assert {"1", "3", "6"} == set(shown(d, "holes").values()) - {"nil"}
        assert {"100"} == set(shown(d, "shrunk").values()) - {"nil"}
        assert (d.variable("shrunk").indexed_variables or 0) <= 100


@pytest.mark.parametrize("mode", ["k", "v", "kv"])
def test_weak_tables(debug, mode):
    """Looking at a weak table keeps nothing in it; what is collected is gone at the next look."""
    with debug(
        f"""
        local weak, kept = setmetatable({{}}, {{ __mode = "{mode}" }}), {{ "kept" }}
        weak[kept] = kept
        do
          local lost = {{ "lost" }}
          weak[lost] = lost
        end
        print("stop")  -- @here
        collectgarbage() collectgarbage()
        print("then")  -- @then
        local count = 0
        for _ in pairs(weak) do count = count + 1 end
        print(count)
    """.replace("weak[lost] = lost", "weak[lost] = 1" if mode == "k" else "weak[1] = lost")
    ) as d:
        d.break_at("here")
        d.break_at("then")
        d.run()
        assert '{"kept"}' in shown(d, "weak").values()
        shown(d, "weak")
        d.continue_()
        assert ['{"kept"}'] == list(shown(d, "weak").values())
        assert 0 == d.run_to_end()
        assert "1\n" == d.output("stdout").splitlines(keepends=True)[-1]


def test_a_weak_table_while_it_is_looked_at(debug):
    """A page asked for after a collection has what is left, and no request fails."""
    with debug("""
        local weak = setmetatable({}, { __mode = "v" })
        for i = 1, 3000 do weak["k" .. i] = { i } end
        print("stop")  -- @here
    """) as d:
        d.break_at("here")
        d.run()
        reference = d.variable("weak").variables_reference

        def page(start):
            asked = d.requests.variables(
                variables_reference=reference, filter="named", start=start, count=100
            )
            return [each.name for each in asked.variables]

        page(0)
        d.evaluate("collectgarbage()", context="repl")
        d.evaluate("collectgarbage()", context="repl")
        names = page(0) + page(100) + page(2900)
        assert len(names) == len(set(names))
        assert 0 == d.run_to_end()


def test_ten_thousand_levels(debug):
    """One level at a time from the top, and by one expression from the bottom."""
    with debug("""
        local deep = {}
        local at = deep
        for i = 1, 10000 do
          at.t = { n = i }
          at = at.t
        end
        bottom = at
        deep.up = deep
        at.top = deep
        print("stop")  -- @here
    """) as d:
        d.break_at("here")
        d.run()
        assert "10000" == shown_field(d, "bottom", "n")
        variable = d.variable("deep")
        for level in range(1, 201):
            children = {each.name: each for each in d.variables(variable.variables_reference)}
            variable = children["t"]
            assert variable.value.startswith(f"{{n = {level}, ")
        assert len(d.evaluate("deep", context="clipboard")) > 10
        assert 0 == d.run_to_end()


def shown_field(d, expression, name):
    """A field of the table that an expression gives."""
    answer = d.requests.evaluate(expression=expression, frame_id=d.stop.frame.id)
    return d.children(answer.variables_reference)[name]


def test_other_kinds_of_values(debug):
    """Functions of Lua and of C, coroutines of every state, files and light userdata."""
    with debug("""
        local up = 1
        local function lua(a) return up, a end
        local dead = coroutine.create(function() end)
        coroutine.resume(dead)
        local fresh = coroutine.create(lua)
        local failed = coroutine.create(function() local mark = 7 error("x") end)
        coroutine.resume(failed)
        local file, closed = io.stdout, io.tmpfile()
        closed:close()
        local light = debug.upvalueid and debug.upvalueid(lua, 1)
        print("stop")  -- @here
    """) as d:
        d.break_at("here")
        d.run()
        values = d.locals()
        assert "function: main.lua:2" == values["lua"]
        assert "print" in d.evaluate("print")
        assert values["dead"].endswith("dead")
        assert values["fresh"].endswith("suspended")
        assert values["file"].startswith("userdata: file")
        assert "closed" in values["closed"]
        if values["light"] != "nil":
            assert "userdata" in values["light"]
        for name in ("lua", "dead", "fresh", "failed", "file", "closed", "light"):
            if d.variable(name).variables_reference:
                shown(d, name)
        assert "1" == d.children(d.variable("lua").variables_reference)["up"]
        assert 0 == d.run_to_end()


def test_a_strict_globals_table_of_ten_thousand(debug):
    """Undeclared reads fail in the program only: evaluating says so, looking and writing work."""
    with debug("""
        for i = 1, 10000 do _G["name" .. i] = i end
        setmetatable(_G, {
          __index = function(_, name) error("undeclared " .. tostring(name), 2) end,
          __newindex = function(_, name) error("assignment to undeclared " .. tostring(name), 2) end,
        })
        local here = 1  -- @here
        print(name1)
    """) as d:
        d.break_at("here")
        d.run()
        scope = d.scopes()["Globals"]
        first = d.requests.variables(
            variables_reference=scope.variables_reference, start=0, count=100
        ).variables
        again = d.requests.variables(
            variables_reference=scope.variables_reference, start=0, count=100
        ).variables
        assert [each.name for each in first] == [each.name for each in again]
        with pytest.raises(RequestFailed, match="undeclared nothing"):
            d.evaluate("nothing")
        with pytest.raises(RequestFailed, match="undeclared fresh"):
            d.evaluate("fresh = 1", context="repl")
        assert "20000" == d.evaluate("name10000 * 2")
        d.set_variable("name1", "'set'", "Globals")
        assert 0 == d.run_to_end()
        assert "set\n" == d.output("stdout")
