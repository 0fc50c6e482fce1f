"""What a frame sees: locals, varargs, upvalues, globals, returned values."""

import pytest

from lua_debug.versions import VERSIONS
from tests.support.lua_bench import LuaBench, every_version

HAS_VARARGS = [name for name in VERSIONS if name != "5.1"]


@every_version
def test_shadowed_locals_are_all_listed(version: str) -> None:
    """The innermost of a name comes first and is what expressions mean."""
    program = """local a = 1
    local a = 2
    do local a = 3 stop() end
    """
    with LuaBench(version).stopped(program) as bench:
        found = bench.variables(bench.scope("Locals")["ref"])
        assert [("a", "3", "a"), ("a (shadowed)", "2", None), ("a (shadowed 2)", "1", None)] == [
            (each["name"], each["value"], each.get("evaluate")) for each in found
        ]
        assert "3" == bench.value("a")


@every_version
def test_parameters_first_and_nil_locals(version: str) -> None:
    """Locals come as they are declared, nil ones too, temporaries never."""
    program = """
    local function f(p, q)
      local z, y = nil, 1
      for i = 1, 1 do for k, v in pairs({9}) do stop() end end
    end
    f(1)
    """
    with LuaBench(version).stopped(program) as bench:
        expected = {"p": "1", "q": "nil", "z": "nil", "y": "1", "i": "1", "k": "1", "v": "9"}
        assert expected == bench.values()
        assert list(expected) == list(bench.values())


@every_version
def test_locals_not_yet_in_scope_are_not_shown(version: str) -> None:
    """What is declared later is not there."""
    with LuaBench(version).stopped("local a = 1 stop() local b = 2") as bench:
        assert {"a": "1"} == bench.values()


@every_version
def test_two_hundred_locals(version: str) -> None:
    """The largest number of locals there can be."""
    names = [f"v{number}" for number in range(199)]
    program = f"local {', '.join(names)} = 1, 2 stop()"
    with LuaBench(version).stopped(program) as bench:
        assert names == list(bench.locals())


@pytest.mark.parametrize("version", HAS_VARARGS)
def test_varargs_keep_their_holes(version: str) -> None:
    """A nil among the additional arguments is a value like others."""
    program = "local function f(a, ...) stop() end f(1, 7, nil, 9)"
    with LuaBench(version).stopped(program) as bench:
        scope = bench.scope("Varargs")
        assert 3 == scope["indexed"]
        found = bench.variables(scope["ref"])
        assert [("[1]", "7"), ("[2]", "nil"), ("[3]", "9")] == [
            (each["name"], each["value"]) for each in found
        ]
        assert "3" == bench.value("select('#', ...)")
        assert "9" == bench.value(found[2]["evaluate"])


def test_varargs_of_lua_5_1_are_honestly_absent() -> None:
    """Lua 5.1 has no way to tell them."""
    program = "local function f(...) stop() end f(1)"
    with LuaBench("5.1").stopped(program) as bench:
        names = [each["name"] for each in bench.ask("scopes", frame=bench.frame())["scopes"]]
        assert "Varargs" not in names


@every_version
def test_upvalues_and_the_place_of_the_function(version: str) -> None:
    """Upvalues have a scope of their own; Locals says which lines they are of."""
    program = """local up = 5
    local function f()
      up = up + 0
      stop()
    end
    f()
    """
    with LuaBench(version).stopped(program) as bench:
        found = bench.variables(bench.scope("Upvalues")["ref"])
        assert [("up", "5", "up")] == [
            (each["name"], each["value"], each["evaluate"]) for each in found
        ]
        scope = bench.scope("Locals")
        assert ("locals", 2, 5, "main.lua") == (
            scope["hint"],
            scope["line"],
            scope["end_line"],
            scope["source"]["path"],
        )


@every_version
def test_own_globals_apart_from_the_library(version: str) -> None:
    """The script's globals come first, the standard library is a node of its own."""
    program = "mine, print = 1, function() end stop()"
    with LuaBench(version).stopped(program) as bench:
        scope = bench.scope("Globals")
        assert scope["expensive"]
        found = {each["name"]: each for each in bench.variables(scope["ref"])}
        assert "mine" == found["mine"]["evaluate"]
        assert "print" in found, "what the script replaced is the script's"
        assert "string" not in found
        library = {each["name"] for each in bench.variables(found["standard library"]["ref"])}
        assert {"string", "pairs"} <= library
        assert "print" not in library


@every_version
def test_hidden_globals_evaluate_through_the_table_of_globals(version: str) -> None:
    """A global that a local hides is still reachable by its expression."""
    with LuaBench(version).stopped("x = 1 local x = 2 stop()") as bench:
        found = {each["name"]: each for each in bench.variables(bench.scope("Globals")["ref"])}
        assert "1" == bench.value(found["x"]["evaluate"])


@every_version
def test_globals_of_a_strict_program(version: str) -> None:
    """A metatable that refuses undeclared names is not asked by what we show."""
    program = """
    setmetatable(_G, {__index = function(_, name) error("undeclared " .. name) end})
    rawset(_G, "known", 1)
    stop()
    """
    with LuaBench(version).stopped(program) as bench:
        names = [each["name"] for each in bench.variables(bench.scope("Globals")["ref"])]
        assert "known" in names
        assert "[[metatable]]" in names


@pytest.mark.parametrize("version", ["5.2", "5.3", "5.4", "5.5"])
def test_own_environment(version: str) -> None:
    """A function with an _ENV of its own shows that one's names."""
    program = "local stop = stop local _ENV = {inside = 1} inside = 2 stop()"
    with LuaBench(version).stopped(program) as bench:
        names = [each["name"] for each in bench.variables(bench.scope("Globals")["ref"])]
        assert ["inside"] == names
        assert "2" == bench.value("inside")
        assert "2" == bench.value("_ENV.inside")
        bench.evaluate("fresh = 3")
        assert "3" == bench.value("_ENV.fresh")


@pytest.mark.parametrize("version", ["5.1", "luajit2.0", "luajit2.1"])
def test_own_function_environment(version: str) -> None:
    """A function whose environment was set shows that one's names."""
    program = "local f = setfenv(function() inside = 2 stop() end, {stop = stop}) f()"
    with LuaBench(version).stopped(program) as bench:
        names = [each["name"] for each in bench.variables(bench.scope("Globals")["ref"])]
        assert ["inside", "stop"] == names
        assert "2" == bench.value("inside")


@every_version
def test_returned_values(version: str) -> None:
    """After a step out the values that were returned are a scope of the top frame."""
    with LuaBench(version).stopped("stop_returned(1, nil, 'x')") as bench:
        scope = bench.scope("Return values")
        assert "returnValue" == scope["hint"]
        found = [each["value"] for each in bench.variables(scope["ref"])]
        assert ["1", "nil", '"x"'] == found


@every_version
def test_many_globals(version: str) -> None:
    """Ten thousand globals: a page of them, and the rest behind one more."""
    program = "for i = 1, 10000 do _G['g' .. i] = i end stop()"
    with LuaBench(version).stopped(program) as bench:
        ref = bench.scope("Globals")["ref"]
        page = bench.variables(ref, start=0, count=100)
        assert 100 == len(page)
        everything = bench.variables(ref)
        assert 1001 == len(everything)
        assert "…" == everything[-1]["name"]
