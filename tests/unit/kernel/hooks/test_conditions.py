"""Conditions on what a hook is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.core.errors import UserError
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


def test_a_wrong_path_is_refused() -> None:
    """What is no JSON path is a user's error that shows it."""
    with pytest.raises(UserError, match=r"'\$\.\[' is no JSON path"):
        JsonPath("$.[")(TOLD)
