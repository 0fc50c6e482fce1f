"""Results as scripts write them."""

import re
from typing import Any

import pytest

from kernel.core.errors import UserError
from kernel.hooks.results import (
    CONTINUE,
    RESULTS,
    Cache,
    Cancel,
    Fork,
    HookResult,
    Join,
    Modified,
    Operation,
    Redirect,
    Replace,
    Retry,
    Skip,
)
from kernel.hooks.script_results import result_of

WRITTEN: list[tuple[Any, HookResult]] = [
    (None, CONTINUE),
    ("continue", CONTINUE),
    ("skip", Skip()),
    ("skipped", Skip()),
    ("Cancel", Cancel()),
    ({"type": "modified", "data": {"a": 1}}, Modified({"a": 1})),
    ({"type": "cancel", "reason": "no"}, Cancel("no")),
    ({"type": "redirect", "target": "abacus"}, Redirect("abacus")),
    ({"type": "replace", "data": 7}, Replace(7)),
    ({"type": "retry", "delay_ms": 1500, "max_attempts": 5}, Retry(1.5, 5)),
    ({"type": "cache", "key": "k", "ttl_seconds": 9}, Cache("k", 9.0)),
    ({"type": "skip", "reason": "done"}, Skip("done")),
    (
        {"type": "fork", "join": "first", "operations": [{"name": "a", "data": 1}, {"name": "b"}]},
        Fork((Operation("a", 1), Operation("b", changes_data=False)), Join.FIRST),
    ),
    (
        {"type": "fork", "operations": [{"name": "a", "target": "abacus"}]},
        Fork((Operation("a", None, "abacus", changes_data=False),)),
    ),
    ({"type": "fork", "operations": {}}, Fork()),
]


@pytest.mark.parametrize(("said", "wanted"), WRITTEN)
def test_results_of_scripts(said: Any, wanted: HookResult) -> None:
    """Each word and each table is its result."""
    assert wanted == result_of(said)


def test_scripts_can_say_everything() -> None:
    """There is no result that a script cannot return."""
    assert set(RESULTS) == {type(wanted) for _, wanted in WRITTEN}


@pytest.mark.parametrize(
    "said",
    [
        42,
        "maybe",
        {},
        {"type": "redirect"},
        {"type": "retry", "delay_ms": "soon"},
        {"type": "retry", "max_attempts": -1},
        {"type": "cache"},
        {"type": "fork"},
        {"type": "fork", "operations": {"a": 1}},
        {"type": "fork", "operations": [{"data": 1}]},
        {"type": "fork", "operations": [{"name": "a"}, {"name": "a"}]},
        {"type": "fork", "operations": [{"name": "a", "target": 1}]},
        {"type": "fork", "operations": [{"name": "a"}], "join": "some"},
    ],
)
def test_what_is_no_result(said: Any) -> None:
    """Anything else is refused, and the message shows what was returned."""
    with pytest.raises(UserError, match="hook"):
        result_of(said)


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"type": "redirect"}, 'target = nothing with "redirect"; say a text'),
        ({"type": "redirect", "target": ""}, 'target = "" with "redirect"; say a text'),
        ({"type": "retry", "delay_ms": True}, "delay_ms = true; it must be a number"),
        ({"type": "fork", "operations": [{"a": 1}, 2]}, 'operations = [{"a": 1}, 2] with fork'),
        ({}, "said nothing; it may say continue"),
    ],
)
def test_mistakes_are_shown_in_no_language(said: Any, problem: str) -> None:
    """What a script has said stands there as JSON, as any script could have written it."""
    with pytest.raises(UserError, match=re.escape(problem)):
        result_of(said)
