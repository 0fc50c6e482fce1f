"""How values are shown."""

import pytest

from lua_debug.versions import VERSIONS
from tests.support.lua_bench import LuaBench, every_version

HAS_INTEGERS = ("5.3", "5.4", "5.5")


@every_version
def test_numbers_as_the_version_writes_them(version: str) -> None:
    """Integers and floats differ from 5.3 on; every number reads back as itself."""
    program = """
    local one, half, minus, big, tenth = 1, 0.5, -0.0, 2^53, 0.1 + 0.2
    local inf, none, large, tiny = math.huge, math.huge - math.huge, 1e100, 5e-324
    stop()
    """
    whole = ".0" if version in HAS_INTEGERS else ""
    with LuaBench(version).stopped(program) as bench:
        assert {
            "one": "1",
            "half": "0.5",
            "minus": "-0" + whole,
            "big": "9007199254740992" + whole,
            "tenth": "0.30000000000000004",
            "inf": "inf",
            "none": "nan",
            "large": "1e+100",
            "tiny": "4.9406564584125e-324",
        } == bench.values()


@pytest.mark.parametrize("version", HAS_INTEGERS)
def test_extreme_integers(version: str) -> None:
    """The largest and the smallest integer are whole."""
    program = "local a, b, c = math.maxinteger, math.mininteger, 1e15 stop()"
    with LuaBench(version).stopped(program) as bench:
        assert {
            "a": "9223372036854775807",
            "b": "-9223372036854775808",
            "c": "1e+15",
        } == bench.values()


@every_version
def test_hexadecimal_integers(version: str) -> None:
    """DAP's format.hex concerns integers only."""
    with LuaBench(version).stopped("local a, b, c = 255, 0.5, 'x' stop()") as bench:
        assert {"a": "0xff", "b": "0.5", "c": '"x"'} == bench.values(hex=True)


@every_version
def test_strings_are_quoted_and_valid(version: str) -> None:
    """Control characters are escaped, what is no UTF-8 is written as hex, characters stay."""
    program = r"""
    local zero, bad, surrogate, overlong = "a\0b", "\255é\128", "\237\160\128", "\192\128"
    local quotes, lines, emoji, control = '"\\', "a\n\t", "😀", "\1\127"
    stop()
    """
    with LuaBench(version).stopped(program) as bench:
        assert {
            "zero": r'"a\0b"',
            "bad": r'"\xFFé\x80"',
            "surrogate": r'"\xED\xA0\x80"',
            "overlong": r'"\xC0\x80"',
            "quotes": r'"\"\\"',
            "lines": r'"a\n\t"',
            "emoji": '"😀"',
            "control": r'"\x01\x7F"',
        } == bench.values()


@every_version
def test_long_strings_are_cut(version: str) -> None:
    """A cut string tells its length and ends with a whole character."""
    program = "local long = ('é'):rep(1000000) stop()"
    with LuaBench(version, {"max_string": 9}).stopped(program) as bench:
        assert {"long": '"éééé…" (2000000 bytes)'} == bench.values()


@every_version
def test_tables_are_previewed(version: str) -> None:
    """Items first, names in order, a bound on items and depth, cycles harmless."""
    program = """
    local list, map, empty = {1, "a", nil, true}, {b = 1, a = {x = {y = {}}}, ["a b"] = 2}, {}
    local long = {} for i = 1, 100 do long[i] = i end
    local loop = {} loop.loop = loop
    stop()
    """
    with LuaBench(version).stopped(program) as bench:
        values = bench.values()
        assert '{a = {x = {…}}, ["a b"] = 2, b = 1}' == values["map"]
        assert "{}" == values["empty"]
        assert "{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, …}" == values["long"]
        assert "{loop = {loop = {…}}}" == values["loop"]
        assert values["list"].startswith('{1, "a"')


@every_version
def test_functions_and_threads(version: str) -> None:
    """Functions say where they are, or which library they are of; threads what they do."""
    program = """local f, c = function() end, string.rep
    local co = coroutine.create(function() end)
    stop()
    """
    with LuaBench(version).stopped(program) as bench:
        assert {
            "f": "function: main.lua:1",
            "c": "function: string.rep",
            "co": "thread: coroutine 2, suspended",
        } == bench.values()


@every_version
def test_files_are_userdata(version: str) -> None:
    """A file says that it is one; its metatable is a child."""
    with LuaBench(version).stopped("local f = io.stdout stop()") as bench:
        found = bench.locals()["f"]
        assert found["value"].startswith("userdata: file 0x")
        assert "[[metatable]]" in [each["name"] for each in bench.variables(found["ref"])]


@pytest.mark.parametrize("version", [name for name in VERSIONS if "jit" in name])
def test_ffi_data(version: str) -> None:
    """Numbers of 64 bits are read, structures tell their type, arrays have elements."""
    program = """
    local ffi = require("ffi")
    ffi.cdef("struct point { int x, y; };")
    local number, array, point = 42LL, ffi.new("int[3]", {7, 8, 9}), ffi.new("struct point")
    stop()
    """
    with LuaBench(version).stopped(program) as bench:
        found = bench.locals()
        assert "42LL" == found["number"]["value"]
        assert found["point"]["value"].startswith("ctype<struct point>: 0x")
        elements = bench.variables(found["array"]["ref"])
        assert ["7", "8", "9"] == [each["value"] for each in elements]


HOSTILE = """
local calls = 0
local function hostile() calls = calls + 1 while true do end end
local names = {"__index", "__newindex", "__tostring", "__len", "__pairs", "__eq", "__lt", "__call"}
local mt = {__metatable = "locked", __name = 5}
for _, name in ipairs(names) do mt[name] = hostile end
local t = setmetatable({1, 2, x = 3}, mt)
stop()
assert(calls == 0)
"""


@every_version
def test_hostile_metatables_are_never_asked(version: str) -> None:
    """No metamethod runs while a value is shown, expanded, hovered or completed."""
    with LuaBench(version).stopped(HOSTILE) as bench:
        found = bench.locals()["t"]
        assert "{1, 2, x = 3}" == found["value"]
        children = {each["name"]: each for each in bench.variables(found["ref"])}
        assert ["1", "2", "3"] == [children[name]["value"] for name in ("[1]", "[2]", "x")]
        assert children["[[tostring]]"]["hint"]["lazy"]
        assert "table" == children["[[metatable]]"]["type"]
        assert "3" == bench.value("t.x", context="hover")
        assert "2" == bench.value("#t", context="hover")
        items = bench.ask("complete", text="t.", column=2, frame=bench.frame())["items"]
        assert ["x"] == [each["label"] for each in items]


@every_version
def test_names_of_types(version: str) -> None:
    """A metatable's __name is the type, whether its objects are tables or not."""
    program = "local p = setmetatable({x = 1}, {__name = 'Point'}) stop()"
    with LuaBench(version).stopped(program) as bench:
        assert ("Point {x = 1}", "Point") == (
            bench.locals()["p"]["value"],
            bench.locals()["p"]["type"],
        )
