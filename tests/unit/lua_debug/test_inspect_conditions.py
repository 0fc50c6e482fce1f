"""Conditions and log messages, evaluated on the running thread."""

import pytest

from lua_debug.versions import VERSIONS
from tests.support.lua_bench import LuaBench, every_version


@every_version
def test_conditions_see_what_the_program_sees(version: str) -> None:
    """Locals, the innermost of a name, upvalues, globals, calls; any truth value."""
    LuaBench(version).run("""
    local up, shadow = 3, 1
    glob = 4
    local function double(n) return n * 2 end
    local function f(a)
      local shadow = 2
      local cases = {
        ["a == 1"] = true, ["up == 3 and glob == 4"] = true, ["shadow"] = 2, ["missing"] = "nil",
        ["double(a) == 2"] = true, ["a > 5"] = false, ["0"] = 0, ["''"] = "", ["#{a, a}"] = 2,
        ["(function(x) return x + a end)(1)"] = 2, ["a --comment"] = 1, ["_G.glob"] = 4,
      }
      for text, expected in pairs(cases) do
        local ok, value = test_condition(text)
        if value == nil then value = "nil" end
        assert(ok and value == expected, text)
      end
      return double
    end
    f(1)
    """)


@every_version
def test_conditions_follow_the_closures(version: str) -> None:
    """One condition serves several functions and several closures of one function."""
    LuaBench(version).run("""
    local results = {}
    bench_condition("x == 2")
    local function make(x) return function() return (true)(1) or x == 0 end end
    for i = 1, 3 do results[i] = make(i)() end
    assert(not results[1] and results[2] and not results[3])
    local function other(a, b, x) return (true)(2) end
    assert(other(1, 1, 2) and not other(2, 2, 1))
    do local y, x = 1, 2 assert((true)(2)) end
    do local x, y = 2, 1 assert((true)(2)) end
    """)


@every_version
def test_conditions_with_effects(version: str) -> None:
    """What a condition does it does; assigning to a local of it changes nothing outside."""
    LuaBench(version).run("""
    count = 0
    local function bump() count = count + 1 return count end
    local function f(a) test_condition("bump() > 1", 3) return bump end
    f(1)
    assert(count == 3)
    """)


@every_version
def test_failing_conditions_tell_why(version: str) -> None:
    """An error in a condition does not reach the program; wrong syntax is refused at once."""
    LuaBench(version).run("""
    local t = {}
    local ok, message = test_condition("t.x.y")
    assert(ok == false and message:find("attempt to index"), message)
    ok, message = test_condition("error({code = 1})")
    assert(ok == false and message == "{code = 1}", message)
    ok, message = test_condition("t = 5")
    assert(ok == nil and message:find("near '='"), message)
    ok, message = test_condition("1 +")
    assert(ok == nil and not message:find("condition:"), message)
    """)


@pytest.mark.parametrize("version", [name for name in VERSIONS if name != "5.1"])
def test_conditions_read_varargs(version: str) -> None:
    """`...` is that of the function."""
    LuaBench(version).run("""
    local function f(...) return test_condition("select('#', ...) == 3 and select(3, ...) == 9") end
    local ok, value = f(7, nil, 9)
    assert(ok and value, value)
    """)


def test_varargs_are_refused_in_lua_5_1() -> None:
    """Lua 5.1 cannot tell them, and the refusal says so."""
    LuaBench("5.1").run("""
    local ok, message = test_condition("... == 1")
    assert(ok == nil and message:find("Lua 5.1"))
    """)


@pytest.mark.parametrize("version", ["5.2", "5.3", "5.4", "5.5"])
def test_conditions_in_an_own_environment(version: str) -> None:
    """Globals are those of the function's _ENV."""
    LuaBench(version).run("""
    local test_condition, assert = test_condition, assert
    local function f(_ENV) local x = y return test_condition("y == 5") end
    local ok, value = f({y = 5})
    assert(ok and value)
    """)


@every_version
def test_log_messages(version: str) -> None:
    """Texts stay, values are as print shows them, what fails shows its error in place."""
    LuaBench(version).run(r"""
    local text, number, list = "plain", 1, {1, 2}
    local named = setmetatable({}, {__tostring = function() return "I am named" end})
    local bad = setmetatable({}, {__tostring = function() error("no") end})
    local function check(expected, ...)
      local a, b, c, d, e = text, number, list, named, bad
      local found = log_message(...)
      assert(found == expected, found)
    end
    check("just text", "just text")
    check("a is plain, b is 2", "a is ", "a", ", b is ", "b + 1")
    check("{1, 2} I am named nil", "", "c", " ", "d", " ", "nothing")
    check("1 {b.x.y: attempt", ("1 {b.x.y: attempt"))
    local function partly()
      local a, b = text, number
      return (log_message("", "a", " ", "b.x.y", " ", "b"))
    end
    local found = partly()
    assert(found:find("^plain {b.x.y: attempt to index") and found:find("} 1$"), found)
    found = log_message("", "bad")
    assert(found:find("<__tostring: "), found)
    found = log_message("", "1 +")
    assert(found:find("^{1 %+: "), found)
    """)
