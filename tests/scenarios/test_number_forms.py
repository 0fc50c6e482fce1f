"""Numbers and strings at their extremes."""

import json

import pytest

from dap_server.protocol import generated as dap

DOUBLES = ("5.1", "5.2", "luajit2.0", "luajit2.1")
INTEGERS = ("5.3", "5.4", "5.5")

NUMBERS = """
    local one, float, zero = 1, 1.0, -0.0
    local large, wide, huge = 2^53, 1e15, 1e100
    local third, tiny = 1/3, 5e-324
    print("stop")  -- @here
"""


def numbers(d):
    d.break_at("here")
    d.run()
    return d.locals()


def test_infinity_and_what_is_no_number(debug):
    """Inf and nan are shown in words, in both signs, and the messages stay JSON."""
    with debug("""
        local inf, minus, nan, other = 1/0, -1/0, 0/0, -(0/0)
        print("stop")  -- @here
    """) as d:
        shown = numbers(d)
        assert ("inf", "-inf") == (shown["inf"], shown["minus"])
        assert {"nan"} == {shown[name].lstrip("-") for name in ("nan", "other")}
        assert "true" == d.evaluate("nan ~= nan")


@pytest.mark.lua(*DOUBLES)
def test_doubles(debug):
    """Where all numbers are floats, whole ones are written without a point, the others exactly."""
    with debug(NUMBERS) as d:
        shown = numbers(d)
        assert ("1", "1") == (shown["one"], shown["float"])
        assert shown["zero"] in ("0", "-0")
        assert 2.0**53 == float(shown["large"])
        assert (1e15, 1e100) == (float(shown["wide"]), float(shown["huge"]))
        assert (1 / 3, 5e-324) == (float(shown["third"]), float(shown["tiny"]))


@pytest.mark.lua(*INTEGERS)
def test_floats_beside_integers(debug):
    """A float always looks like one, however whole or large it is, and reads back as itself."""
    with debug(NUMBERS) as d:
        shown = numbers(d)
        assert ("1", "1.0", "-0.0") == (shown["one"], shown["float"], shown["zero"])
        for name in ("large", "wide", "huge", "third", "tiny"):
            assert "true" == d.evaluate(f"{shown[name]} == {name}")
            assert '"float"' == d.evaluate(f"math.type({shown[name]})")


@pytest.mark.lua(*INTEGERS)
def test_extreme_integers_in_hexadecimal(debug):
    """``format.hex`` shows the bits of negative integers, too; floats stay decimal."""
    with debug("""
        local most, least, minus, float = math.maxinteger, math.mininteger, -1, 255.0
        print("stop")  -- @here
    """) as d:
        d.break_at("here")
        d.run()
        reference = d.scopes()["Locals"].variables_reference
        listed = d.requests.variables(
            variables_reference=reference, format=dap.ValueFormat(hex=True)
        ).variables
        shown = {each.name: each.value for each in listed}
        assert ("0x7fffffffffffffff", "255.0") == (shown["most"], shown["float"])
        assert "0x8000000000000000" == shown["least"]
        assert "0xffffffffffffffff" == shown["minus"]
        for name in ("most", "least", "minus"):
            assert "true" == d.evaluate(f"{shown[name]} == {name}")


@pytest.mark.lua("luajit2.0", "luajit2.1")
def test_numbers_of_the_ffi(debug):
    """64-bit cdata are read as LuaJIT writes them, and structures show their fields' types."""
    with debug("""
        local ffi = require("ffi")
        ffi.cdef "typedef struct { int x; double y; } point_of_story;"
        local whole, unsigned = 1LL, 0xffffffffffffffffULL
        local point = ffi.new("point_of_story", 3, 0.5)
        local array = ffi.new("int[3]", 1, 2, 3)
        local pointer = ffi.cast("int *", array)
        local null = ffi.cast("void *", 0)
        print("stop")  -- @here
    """) as d:
        d.break_at("here")
        d.run()
        shown = d.locals()
        assert "1LL" == shown["whole"]
        assert "18446744073709551615ULL" == shown["unsigned"]
        assert "point_of_story" in shown["point"] or "struct" in shown["point"]
        assert "3" == d.evaluate("point.x")
        assert "0.5" == d.evaluate("point.y")
        assert "2" == d.evaluate("array[1]")
        assert all("cdata" in str(d.variable(name).type) for name in ("whole", "point", "null"))
        for name in ("point", "array", "pointer", "null"):
            variable = d.variable(name)
            if variable.variables_reference:
                assert d.children(variable.variables_reference) == d.children(
                    variable.variables_reference
                )
        assert 0 == d.run_to_end()


STRINGS = r"""
    local nul, bytes = "a\0b", "\255\254x"
    local surrogate, pair = "\237\160\128", "\237\160\189\237\184\128"
    local emoji, control = "😀", "\1\27\127\t\r\n"
    local quotes, overlong = "'\"\\", "\192\128"
    print("stop")  -- @here
"""


def test_strings_of_any_bytes(debug):
    """Bytes that are no UTF-8 are escaped, text is text, and each reads back as itself."""
    with debug(STRINGS) as d:
        d.break_at("here")
        d.run()
        shown = d.locals()
        assert r'"a\0b"' == shown["nul"]
        assert r'"\xFF\xFEx"' == shown["bytes"]
        assert r'"\xED\xA0\x80"' == shown["surrogate"]
        assert '"😀"' == shown["emoji"]
        assert "😀" not in shown["pair"]
        assert "\n" not in shown["control"]
        json.dumps(shown).encode("utf-8")
        for name in shown:
            whole = d.evaluate(f"{{ {name} }}", context="clipboard")
            assert "true" == d.evaluate(f"({whole})[1] == {name}"), name


def test_a_string_of_a_hundred_megabytes(debug):
    """It is cut where it is shown, read by bytes at its end, and the session stays quick."""
    with debug("""
        local s = ("0123456789"):rep(10000):rep(1000)
        print(#s)  -- @here
    """) as d:
        d.break_at("here")
        d.run()
        variable = d.variable("s")
        assert variable.value.endswith('…" (100000000 bytes)')
        assert len(variable.value) < 1100
        tail = d.requests.read_memory(
            memory_reference=variable.memory_reference, offset=99_999_990, count=20
        )
        assert 10 == tail.unreadable_bytes
        assert "100000000" == d.evaluate("#s")
        assert 0 == d.run_to_end()
