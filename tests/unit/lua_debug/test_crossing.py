"""Values cross between Lua and Python as they are, in every version, or are refused by name."""

import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernel.core.functions import HostTable, host_function
from kernel.core.script_values import NULL
from lua_debug.versions import VERSIONS
from tests.support.host_scripts import HostScript

TEXTS = st.one_of(st.text(st.characters(codec="utf-8")), st.binary(max_size=20))


def keys() -> Any:
    """Texts that are no other's bytes, and integers; Lua keeps no key twice."""
    return st.one_of(st.text(max_size=8), st.integers(-(2**50), 2**50))


def values(*, has_integers: bool) -> Any:
    """Plain data that a version of Lua can hold."""
    whole = st.integers(-(2**63), 2**63 - 1) if has_integers else st.integers(-(2**52), 2**52)
    floats = st.floats(allow_nan=False)
    leaves = st.one_of(st.booleans(), whole, floats, TEXTS)
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, max_size=5),
            st.dictionaries(st.text(max_size=8), inner, max_size=5),
            st.dictionaries(keys(), inner, max_size=5),
        ),
        max_leaves=30,
    )


def normal(value: Any, *, has_integers: bool) -> Any:
    """What comes back: Lua has one kind of texts, and older ones have one kind of numbers."""
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return value
    if isinstance(value, float) and not has_integers:
        is_minus_zero = value == 0 and math.copysign(1, value) < 0
        is_whole = value.is_integer() and abs(value) < 2**53 and not is_minus_zero
        return int(value) if is_whole else value
    if isinstance(value, list):
        return [normal(each, has_integers=has_integers) for each in value]
    if isinstance(value, dict):
        told = {key: normal(each, has_integers=has_integers) for key, each in value.items()}
        if told and set(told) == set(range(1, len(told) + 1)):
            return [told[index] for index in range(1, len(told) + 1)]
        return told
    return value


def same(one: Any, other: Any) -> bool:
    """Equal, and of the same types all the way down."""
    if type(one) is not type(other):
        return False
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, float):
        return one == other and math.copysign(1, one) == math.copysign(1, other)
    return bool(one == other)


class Mirror(HostTable):
    """Hands values to a script and takes them back."""

    name = "Mirror"

    def __init__(self) -> None:
        self.value: Any = None
        self.back: Any = None

    @host_function("Mirror.get")
    def get(self) -> Any:
        """The value."""
        return self.value

    @host_function("Mirror.put")
    def put(self, value: Any) -> Any:
        """Takes a value and gives it back."""
        self.back = value
        return value


@pytest.fixture(scope="module", params=[*VERSIONS])
def mirror(request):
    """A script in each version, with a mirror."""
    table = Mirror()
    with HostScript(request.param, lambda _: [table]) as script:
        yield table, script, request.param


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_values_come_back_as_they_went(mirror, data):
    """What Python gives Lua and Lua gives back is the same, with the same types."""
    table, script, lua = mirror
    has_integers = lua in ("5.3", "5.4", "5.5")
    table.value = data.draw(values(has_integers=has_integers))
    script.run("Mirror.put(Mirror.get())")
    expected = normal(table.value, has_integers=has_integers)
    assert same(expected, table.back), (expected, table.back)


def test_numbers_that_are_none(mirror):
    """NaN, the infinities, and what is out of range cross as floats."""
    table, script, _ = mirror
    script.run("Mirror.put({0/0, 1/0, -1/0, 2^63, -0.0})")
    nan, *others = table.back
    assert math.isnan(nan)
    assert [math.inf, -math.inf, 2.0**63, 0] == others
    table.value = 2**70
    assert [2.0**70] == script.run("note(Mirror.get())")


def test_shapes_of_tables(mirror):
    """Keys 1 to n make a list; holes, mixed keys and other integers make a mapping; {} is one."""
    table, script, _ = mirror
    for text, expected in (
        ("{}", {}),
        ("{1, 2, 3}", [1, 2, 3]),
        ("{1, nil, 3}", {1: 1, 3: 3}),
        ("{1, 2, x = 3}", {1: 1, 2: 2, "x": 3}),
        ("{[0] = 1}", {0: 1}),
        ("{[10] = {[-5] = true}}", {10: {-5: True}}),
        ('{["\\0m"] = 1}', {"\0m": 1}),
        ("setmetatable({1}, {__index = {2, 3}, __len = function() return 9 end})", [1]),
    ):
        script.run(f"Mirror.put({text})")
        assert expected == table.back, text


def test_an_empty_list_stays_one(mirror):
    """A list without items is told from a mapping without entries when it comes back."""
    table, script, _ = mirror
    table.value = [[], {}]
    assert [[[], {}]] == script.run(
        "local v = Mirror.get() note(v) assert(#v[1] == 0 and next(v[1]) == nil)"
    )


def test_null_is_kept_apart(mirror):
    """None in a mapping is absent, in a list a hole; NULL is a value that tells itself."""
    table, script, _ = mirror
    table.value = {"a": None, "b": [1, None, 3], "c": NULL}
    told = script.run(
        "local v = Mirror.get() note(v.a == nil, v.b[2] == nil, v.b[3], tostring(v.c), type(v.c))"
    )
    assert [True, True, 3, "null", "table"] == told
    script.run("Mirror.put({Mirror.get().c})")
    assert [None] == table.back


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("print", "(a function cannot be passed)"),
        ("coroutine.create(function() end)", "(a thread cannot be passed)"),
        ("io.stdout", "(a userdata cannot be passed)"),
        ("{items = {1, 2, {fn = print}}}", "(value.items[3].fn is a function)"),
        ('{["a b"] = {[true] = 1}}', '(value["a b"] has a key that is a boolean)'),
        ("{[1.5] = 1}", "(value has a key that is a float)"),
        ("{[print] = 1}", "(value has a key that is a function)"),
        ("(function() local t = {} t.x = {t} return t end)()", "(value.x[1] holds itself)"),
    ],
)
def test_what_cannot_cross_is_refused_with_its_path(mirror, value, words):
    """The error has the position of the call, the function's name, and the path in the argument."""
    _, script, _ = mirror
    assert f"s.lua:2: bad argument #1 to 'Mirror.put' {words}" == script.error(
        f"Mirror.put({value})"
    )


def test_depth_has_a_limit(mirror):
    """200 levels cross both ways; one more is refused, and nothing is left broken by that."""
    table, script, _ = mirror
    nest = "local t = 1 for _ = 1, %d do t = {t} end Mirror.put(t) note(true)"
    assert [True] == script.run(nest % 200)
    assert "nested too deep" in script.error(nest % 202)
    table.value = table.back
    assert [1] == script.run(
        "local t = Mirror.get() while type(t) == 'table' do t = t[1] end note(t)"
    )


def test_what_python_cannot_give_is_a_bug_that_is_told(mirror, caplog):
    """A result that is no data ends the call with an error, is logged, and the next call works."""
    table, script, _ = mirror
    table.value = object()
    message = script.error("Mirror.get()")
    assert (
        "s.lua:2: internal error in Mirror.get: its result: object is no value of a script"
        == message
    )
    assert "Mirror.get failed" in caplog.text
    table.value = 5
    assert [5] == script.run("note(Mirror.get())")


def test_large_documents(mirror):
    """More than LuaJIT's compiler takes constants cross, and come back the same."""
    table, script, _ = mirror
    table.value = [{"id": index, "name": f"n{index}"} for index in range(70_000)]
    script.run("Mirror.put(Mirror.get())")
    assert table.value == table.back
