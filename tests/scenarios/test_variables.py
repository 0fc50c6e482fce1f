"""Variables: how values are shown, paged, named, hinted, and where they lead."""

import pytest

from dap_server.protocol import generated as dap

ZOO = """
    local integer, float, negative = 7, 1.5, -3
    local text, empty = "a\\0b\\255 \\"q\\"\\n", ""
    local yes, no, nothing = true, false, nil
    local list = { 10, 20, 30 }
    local record = { name = "x", ["two words"] = 2, [1.5] = "float", [true] = "yes", [-1] = "neg" }
    local nested = { inner = { deep = { deeper = "end" } }, list }
    local mixed = { 1, 2, key = "v", [10] = "ten" }
    local function named(a) return a, list, text end
    local class = { __index = { base = 5 }, __name = "Thing" }
    local object = setmetatable({ x = 1, _hidden = 2 }, class)
    local cycle = {}
    cycle.self = cycle
    cycle[cycle] = "me"
    local thread = coroutine.create(function() coroutine.yield() end)
    coroutine.resume(thread)
    local file = io.stdout
    global_table = { a = 1 }
    local function use() return integer, record, nested end
    use(named)
    print("stop")  -- @here
"""


def walk(d, reference, depth=4):
    """All variables below a container, to a depth, cycles left out."""
    for each in d.variables(reference):
        yield each
        is_lazy = each.presentation_hint and each.presentation_hint.lazy
        if each.variables_reference and depth > 1 and not is_lazy:
            yield from walk(d, each.variables_reference, depth - 1)


@pytest.mark.every_transport
def test_every_kind_of_value_is_shown(debug):
    """Values read as Lua writes them: bytes that are no text are escaped, tables are previewed."""
    with debug(ZOO) as d:
        d.break_at("here")
        d.run()
        shown = d.locals()
        assert {
            "integer": "7",
            "float": "1.5",
            "negative": "-3",
            "text": '"a\\0b\\xFF \\"q\\"\\n"',
            "empty": '""',
            "yes": "true",
            "no": "false",
            "nothing": "nil",
            "list": "{10, 20, 30}",
            "nested": "{{10, 20, 30}, inner = {deep = {…}}}",
            "mixed": '{1, 2, key = "v", [10] = "ten"}',
        } == {name: value for name, value in shown.items() if name in PLAIN}
        assert f"function: main.lua:{line_of(d, 'local function named')}" == shown["named"]
        assert shown["object"].startswith("Thing {")
        assert "thread: coroutine 2, suspended" == shown["thread"]
        assert shown["file"].startswith("userdata: file 0x")


PLAIN = [
    "integer",
    "float",
    "negative",
    "text",
    "empty",
    "yes",
    "no",
    "nothing",
    "list",
    "nested",
    "mixed",
]


def line_of(d, text):
    """The line of the program that holds a text."""
    lines = d.path.read_text().split("\n")
    return next(number for number, line in enumerate(lines, 1) if text in line)


def test_types_and_hints(debug):
    """Types are Lua's, or a type's own name; hints tell data, functions, and what is internal."""
    with debug(ZOO) as d:
        d.break_at("here")
        d.run()
        found = {each.name: each for each in d.variables(d.scopes()["Locals"].variables_reference)}
        types = {name: found[name].type for name in found}
        assert {"integer": "number", "text": "string", "yes": "boolean", "nothing": "nil"} == {
            name: types[name] for name in ("integer", "text", "yes", "nothing")
        }
        assert ("function", "Thing", "thread") == (
            types["named"],
            types["object"],
            types["thread"],
        )
        assert types["file"] in ("FILE*", "userdata")  # the name its library gave it, since 5.3
        assert "method" == found["named"].presentation_hint.kind
        assert "data" == found["integer"].presentation_hint.kind
        assert ["rawString"] == found["text"].presentation_hint.attributes
        fields = {each.name: each for each in d.variables(found["object"].variables_reference)}
        assert "private" == fields["_hidden"].presentation_hint.visibility
        assert "internal" == fields["[[metatable]]"].presentation_hint.visibility


def test_evaluate_names_give_the_value(debug):
    """The evaluateName of every child, however deep, evaluates to just that child."""
    with debug(ZOO) as d:
        d.break_at("here")
        d.run()
        scopes = d.scopes()
        checked = 0
        for name in ("Locals", "Upvalues"):
            for each in walk(d, scopes[name].variables_reference) if name in scopes else ():
                if each.evaluate_name is None:
                    continue
                answer = d.evaluate(each.evaluate_name)
                assert each.value == answer, each.evaluate_name
                checked += 1
        assert checked > 40
        by_name = {each.name for each in walk(d, scopes["Locals"].variables_reference)}
        assert {'["two words"]', "[1.5]", "[true]", "[-1]", "deeper", "base"} <= by_name


def test_globals_have_evaluate_names(debug):
    """Globals are written as one writes them, also when a local hides them."""
    with debug("""
        visible, hidden = 1, 2
        _G["odd name"] = 3
        local hidden = "local"
        print(hidden)  -- @here
    """) as d:
        d.break_at("here")
        d.run()
        found = {each.name: each for each in d.variables(d.scopes()["Globals"].variables_reference)}
        for name, value in (("visible", "1"), ("hidden", "2"), ('["odd name"]', "3")):
            assert value == found[name].value == d.evaluate(found[name].evaluate_name)


def test_pages_of_indexed_and_named_children(debug):
    """``filter``, ``start`` and ``count`` choose: any page, in any order, gives the same answer."""
    with debug("""
        local t = {}
        for i = 1, 250 do t[i] = i * 10 end
        for i = 1, 40 do t["k" .. i] = i end
        print(t)  -- @here
    """) as d:
        d.break_at("here")
        d.run()
        t = d.variable("t")
        assert (250, 40) == (t.indexed_variables, t.named_variables)
        ref = t.variables_reference

        def names(**page):
            asked = d.requests.variables(variables_reference=ref, **page).variables
            return [each.name for each in asked]

        assert [f"[{i}]" for i in range(1, 251)] == names(filter="indexed")
        assert ["[101]", "[102]", "[103]"] == names(filter="indexed", start=100, count=3)
        assert [f"k{i}" for i in range(1, 41)] == names(filter="named")
        assert ["k39", "k40"] == names(filter="named", start=38, count=10)
        assert ["k1", "k2"] == names(filter="named", start=0, count=2)
        assert [] == names(filter="indexed", start=250, count=10)
        assert ["[249]", "[250]", "k1", "k2"] == names(start=248, count=4)
        assert 290 == len(names())
        assert names() == names()


def test_named_children_are_sorted_as_people_read(debug):
    """Names by the alphabet with numbers by size, then numbers, then the rest."""
    with debug("""
        local t = { item10 = 1, item2 = 2, Beta = 3, alpha = 4, [20] = 5, [-1] = 6, [true] = 7 }
        print(t)  -- @here
    """) as d:
        d.break_at("here")
        d.run()
        children = d.children(d.variable("t").variables_reference)
        assert ["alpha", "Beta", "item2", "item10", "[-1]", "[20]", "[true]"] == list(children)


def test_keys_that_look_alike_have_names_of_their_own(debug):
    """The keys ``1``, ``"1"`` and ``"[1]"`` are three children; tables as keys, too."""
    with debug("""
        local a, b = { 5 }, { 5 }
        local t = { [1] = "n", ["1"] = "s", ["[1]"] = "b", [a] = "first", [b] = "second" }
        print(t)  -- @here
    """) as d:
        d.break_at("here")
        d.run()
        variables = d.variables(d.variable("t").variables_reference)
        assert 5 == len(variables) == len({each.name for each in variables})
        assert {'"n"', '"s"', '"b"', '"first"', '"second"'} == {each.value for each in variables}
        for each in variables:
            if each.evaluate_name:
                assert each.value == d.evaluate(each.evaluate_name)


def test_locals_of_a_coroutine_that_is_looked_into(debug):
    """Their evaluate names mean them, not what the selected frame calls so."""
    with debug("""
        local q = "mine"
        local co = coroutine.create(function(q)
          local w = q * 2
          coroutine.yield(w)
        end)
        coroutine.resume(co, 4)
        print(q)  -- @here
    """) as d:
        d.break_at("here")
        d.run()
        opened = d.client.variables(d.variable("co").variables_reference)
        frame = next(each for each in opened if "anonymous" in each.name)
        inner = {each.name: each for each in d.client.variables(frame.variables_reference)}
        assert ("4", "8") == (inner["q"].value, inner["w"].value)
        assert ("4", "8") == tuple(d.evaluate(inner[name].evaluate_name) for name in ("q", "w"))


def test_numbers_in_hexadecimal(debug):
    """``format.hex`` shows integers in hexadecimal, in variables, results and assignments."""
    with debug("""
        local n, big, t = 255, 4096, { 16 }
        local half = 0.5
        print(n, big, t, half)  -- @here
    """) as d:
        d.break_at("here")
        d.run()
        form = dap.ValueFormat(hex=True)
        ref = d.scopes()["Locals"].variables_reference
        shown = {
            each.name: each.value
            for each in d.requests.variables(variables_reference=ref, format=form).variables
        }
        assert ("0xff", "0x1000", "0.5") == (shown["n"], shown["big"], shown["half"])
        assert "{0x10}" == shown["t"]
        table = d.variable("t").variables_reference
        (item,) = d.requests.variables(variables_reference=table, format=form).variables
        assert "0x10" == item.value
        here = d.stop.frame.id
        answer = d.requests.evaluate(expression="n + 1", frame_id=here, format=form)
        assert "0x100" == answer.result
        answer = d.requests.set_variable(
            variables_reference=ref, name="n", value="n * 2", format=form
        )
        assert "0x1fe" == answer.value
        answer = d.requests.set_expression(expression="n", value="17", frame_id=here, format=form)
        assert "0x11" == answer.value
        assert "17" == d.evaluate("n")


@pytest.mark.lua("5.3", "5.4", "5.5")
def test_integers_and_floats_differ(debug):
    """Where Lua has both, 1 and 1.0 look different, and extreme values are exact."""
    with debug("""
        local one, float, zero = 1, 1.0, -0.0
        local most, least = math.maxinteger, math.mininteger
        local large, inf, nan = 2^53, 1/0, 0/0
        print(one, float, zero, most, least, large, inf, nan)  -- @here
    """) as d:
        d.break_at("here")
        d.run()
        assert {
            "one": "1",
            "float": "1.0",
            "zero": "-0.0",
            "most": "9223372036854775807",
            "least": "-9223372036854775808",
            "large": "9007199254740992.0",
            "inf": "inf",
        } == {name: value for name, value in d.locals().items() if name != "nan"}
        assert "nan" in d.locals()["nan"]


def test_metatables_are_reachable(debug):
    """Whatever a metatable hides, looking goes around it: no metamethod is run for a look."""
    with debug("""
        local log = {}
        local shy = setmetatable({ inside = 1 }, {
          __index = function(_, k) log[#log + 1] = k; error("do not read " .. tostring(k)) end,
          __pairs = function() log[#log + 1] = "pairs"; while true do end end,
          __len = function() log[#log + 1] = "len"; return -5 end,
          __tostring = function() log[#log + 1] = "tostring"; error("no") end,
          __metatable = "locked",
        })
        local named = setmetatable({}, { __name = "Account" })
        print(#log)  -- @here
    """) as d:
        d.break_at("here")
        d.run()
        children = {each.name: each for each in d.variables(d.variable("shy").variables_reference)}
        assert "1" == children["inside"].value
        metatable = d.children(children["[[metatable]]"].variables_reference)
        assert {"__index", "__pairs", "__len", "__tostring", "__metatable"} == set(metatable)
        assert "{}" == d.evaluate("log")
        assert "Account" == d.variable("named").type


def test_what_runs_code_is_lazy(debug):
    """``__tostring`` and ``__pairs`` are only run when asked for; their errors are values."""
    with debug("""
        local point = setmetatable({ x = 1 }, { __tostring = function(p) return "P" .. p.x end })
        local bad = setmetatable({}, { __tostring = function() error("oops") end })
        local endless = setmetatable({}, { __tostring = function() while true do end end })
        print(point)  -- @here
    """) as d:
        d.break_at("here")
        d.run()

        def tostring_of(name):
            children = d.variables(d.variable(name).variables_reference)
            lazy = next(each for each in children if each.name == "[[tostring]]")
            assert lazy.presentation_hint.lazy
            (value,) = d.variables(lazy.variables_reference)
            return value.value

        assert '"P1"' == tostring_of("point")
        assert "oops" in tostring_of("bad")
        assert "too long" in tostring_of("endless")
        assert "1" == d.evaluate("point.x")


def test_functions_threads_and_userdata_open(debug):
    """A function shows its upvalues and where it was defined, a coroutine its stack."""
    with debug(ZOO) as d:
        d.break_at("here")
        d.run()
        named = d.children(d.variable("named").variables_reference)
        assert {"list", "text", "[[definition]]"} == set(named)
        thread = d.children(d.variable("thread").variables_reference)
        assert "suspended" == thread["[[status]]"]
        assert any(name.startswith("#1 ") for name in thread)
        assert "[[metatable]]" in d.children(d.variable("file").variables_reference)


def test_cycles_can_be_followed(debug):
    """A table that holds itself can be opened again and again; each answer is the same."""
    with debug(ZOO) as d:
        d.break_at("here")
        d.run()
        variable = d.variable("cycle")
        for _ in range(10):
            children = {each.name: each for each in d.variables(variable.variables_reference)}
            variable = children["self"]
        assert "cycle.self.self" + ".self" * 8 == variable.evaluate_name


def test_long_strings_are_cut_and_whole_on_demand(debug):
    """A string of a megabyte is cut where it is shown and whole through the clipboard."""
    with debug("""
        local s = string.rep("x", 1000000)
        print(#s)  -- @here
    """) as d:
        d.break_at("here")
        d.run()
        shown = d.locals()["s"]
        assert len(shown) < 1100
        assert shown.endswith('…" (1000000 bytes)')
        assert 1000000 <= len(d.evaluate("s", context="clipboard"))


def test_display_limits_are_the_launch_s(debug):
    """``display`` in the launch configuration sets how much of a value is shown."""
    with debug("""
        local s, t = string.rep("x", 100), { 1, 2, 3, 4, 5, 6, 7, 8 }
        print(s, t)  -- @here
    """) as d:
        d.break_at("here")
        d.run(display={"maxString": 10, "maxPreview": 3, "maxChildren": 4})
        shown = d.locals()
        assert '"xxxxxxxxxx…" (100 bytes)' == shown["s"]
        assert "{1, 2, 3, …}" == shown["t"]


def test_references_are_the_same_while_the_program_stands(debug):
    """Asking twice gives the same children; references of one stop live until it ends."""
    with debug(ZOO) as d:
        d.break_at("here")
        d.run()
        first = d.variable("nested")
        ref = first.variables_reference
        once, twice = d.children(ref), d.children(ref)
        assert once == twice
        d.stack()
        d.evaluate("1 + 1")
        assert once == d.children(ref)
