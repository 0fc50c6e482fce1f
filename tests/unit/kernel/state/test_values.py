"""What values of state can be."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.state.values import DEEPEST, NotStorable, decode, encode, is_same

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
def test_values_come_back(value: object) -> None:
    """What was kept is what is read, of the same types."""
    assert repr(value) == repr(decode(encode(value)))


def nested(depth: int) -> list[object]:
    value: list[object] = []
    for _ in range(depth):
        value = [value]
    return value


def test_the_deepest_value_is_kept() -> None:
    """There is a limit, and what keeps it is kept."""
    assert nested(DEEPEST) == decode(encode(nested(DEEPEST)))


CYCLE: list[object] = []
CYCLE.append(CYCLE)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"a": [1, {"b": math.inf}]}, r"the value\.a\[1\]\.b is inf"),
        ([math.nan], r"the value\[0\] is nan"),
        ({1: 2}, "the key 1; keys must be strings"),
        ({"a": {None: 2}}, r"the value\.a has the key None"),
        (b"bytes", "is of type bytes"),
        ({"a": object()}, r"the value\.a is of type object"),
        ("\ud800", "half a character"),
        ({"\udfff": 1}, "half a character"),
        (nested(DEEPEST + 1), "nested deeper"),
        (CYCLE, "contains itself"),
    ],
)
def test_what_would_be_lost_is_refused(value: object, said: str) -> None:
    """The error names the place in the value."""
    with pytest.raises(NotStorable, match=said):
        encode(value)


def test_bytes_of_others_are_no_values() -> None:
    """What is no JSON is an error, not a guess."""
    with pytest.raises(NotStorable):
        decode(b"\xff\x00")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (1, 1.0, True),
        (1, True, False),
        (0, False, False),
        (None, False, False),
        (None, None, True),
        ([1, (2,)], (1.0, [2]), True),
        ([1], [1, 2], False),
        ({"a": [True]}, {"a": [1]}, False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ({}, [], False),
        ("1", 1, False),
    ],
)
def test_values_are_compared_as_json(one: object, other: object, same: bool) -> None:
    """Numbers by what they are, objects without order, and truth is no number."""
    assert same is is_same(one, other)
