"""Conditions on what a hook is told."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.core.errors import UserError
from kernel.core.plain import PlainData
from kernel.hooks.conditions import (
    Always,
    ComponentMatches,
    ComponentTypeIs,
    Condition,
    DebugMode,
    ExecutionStateIs,
    HasError,
    HasMetadata,
    JsonPath,
    MetadataEquals,
    Never,
    PointMatches,
)
from tests.support.hooks import details

TOLD = details(
    {"arguments": {"path": "/etc/passwd", "lines": [1, 2, 3]}, "name": None},
    metadata={"user": "ada", "debug": True, "execution_state": "running"},
    error=ValueError("timeout of 3 s"),
)


@pytest.mark.parametrize(
    "condition",
    [
        Always(),
        HasMetadata("user"),
        MetadataEquals("user", "ada"),
        PointMatches("Before*"),
        ComponentTypeIs("tool"),
        ComponentMatches("calc*"),
        HasError(),
        HasError("timeout"),
        DebugMode(),
        ExecutionStateIs("running"),
        JsonPath("$.data.arguments.path"),
        JsonPath("$.data.arguments.path", "/etc/passwd"),
        JsonPath("$..lines[*]", 3),
        JsonPath("$.data.name", None),
        JsonPath("$.data.arguments.lines[?@ > 2]"),
        JsonPath("$.component_id.name", "calculator"),
    ],
    ids=repr,
)
def test_conditions_that_hold(condition: Condition) -> None:
    """Each holds for what it means, and its opposite does not."""
    assert (True, False) == (condition(TOLD), (~condition)(TOLD))


@pytest.mark.parametrize(
    "condition",
    [
        Never(),
        HasMetadata("session"),
        MetadataEquals("user", "bob"),
        MetadataEquals("session", None),
        PointMatches("*Error"),
        ComponentTypeIs("agent"),
        ComponentMatches("web_*"),
        HasError("disk"),
        ExecutionStateIs("stopped"),
        JsonPath("$.data.nothing"),
        JsonPath("$.data.arguments.path", "/etc"),
    ],
    ids=repr,
)
def test_conditions_that_do_not_hold(condition: Condition) -> None:
    """Each does not hold for anything else."""
    assert not condition(TOLD)


@given(st.booleans(), st.booleans())
def test_conditions_are_put_together(one: bool, other: bool) -> None:
    """And, or and not mean what they mean."""
    values = {True: Always(), False: Never()}
    first, second = values[one], values[other]
    assert (one and other) == (first & second)(TOLD)
    assert (one or other) == (first | second)(TOLD)
    assert (one != other) == ((first & ~second) | (~first & second))(TOLD)


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("$.[", "'[' is not understood there."),
        ("data.a", "it begins with $, as $.data does."),
        ("", "it begins with $, as $.data does."),
        ("$.data[", "something is missing at its end."),
        ("$.data b", "'b' is not understood there."),
    ],
)
def test_a_wrong_path_is_refused(path: str, problem: str) -> None:
    """When the condition is made, in words of ours that show it."""
    with pytest.raises(UserError, match=re.escape(f"{path!r} is no JSON path: {problem}")):
        JsonPath(path)


@pytest.mark.parametrize(
    ("one", "other"), [(True, 1), (0, False), ({"a": [1]}, {"a": [True]}), ([1, 2], [1]), (None, 0)]
)
def test_values_are_those_of_json(one: PlainData, other: PlainData) -> None:
    """What Python takes for the same is not always."""
    told = details({"there": one}, metadata={"there": one})
    assert not JsonPath("$.data.there", other)(told)
    assert not MetadataEquals("there", other)(told)
    assert JsonPath("$.data.there", one)(told)
    assert MetadataEquals("there", one)(told)


def test_conditions_are_neither_true_nor_false() -> None:
    """Words of Python that would ask are an error; they would put nothing together."""
    with pytest.raises(TypeError, match="with &, \\| and ~"):
        assert not Always()
    with pytest.raises(TypeError):
        bool(Always() or Never())
