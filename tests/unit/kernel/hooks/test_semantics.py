"""The rules for results, against a model of them, for any hooks in any order."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kernel.hooks.base import HookCancelled
from kernel.hooks.points import TOOL_EXECUTION
from kernel.hooks.results import (
    CONTINUE,
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
from tests.support.hooks import Bench, later, saying

DATA = st.integers(0, 9)
SIMPLE: st.SearchStrategy[HookResult] = st.one_of(
    st.just(CONTINUE),
    st.builds(Modified, DATA),
    st.builds(Cancel, st.sampled_from(["no", "never"])),
    st.builds(Redirect, st.sampled_from(["a", "b"])),
    st.builds(Replace, DATA),
    st.builds(Skip),
)
ANY: st.SearchStrategy[HookResult] = st.one_of(
    SIMPLE,
    st.builds(Retry, st.just(0.0), st.integers(0, 3)),
    st.builds(
        Fork, st.just((Operation("a", 1), Operation("b", target="b"))), st.sampled_from(Join)
    ),
)
OUTCOMES = st.lists(st.one_of(DATA, st.builds(ValueError, st.just("no"))), max_size=3)


def model(before: list[HookResult], after: list[HookResult]) -> Any:
    """What comes of an operation that gives its data and its component, told in a few lines."""
    data: Any = "in"
    name, result, is_done = "calculator", None, False
    for each in before:
        match each:
            case Modified(changed):
                data = changed
            case Redirect(target):
                name = target
            case Cancel(reason):
                return "cancelled", reason
            case Skip():
                return None
            case Replace(given):
                result, is_done = given, True
                break
    if not is_done:
        result = (name, data)
    for each in after:
        match each:
            case Modified(changed) | Replace(changed):
                result = changed
            case Cancel(reason):
                return "cancelled", reason
            case Skip():
                break
            case Redirect():
                raise AssertionError("left out: it begins again")
    return result


def run(
    way: str,
    before: list[HookResult],
    after: list[HookResult],
    *,
    errors: list[HookResult] = [],  # noqa: B006 # not changed
    outcomes: list[Any] | None = None,
    is_async: bool = False,
) -> tuple[Any, list[Any], list[str]]:
    """The same with hooks: the result, what was done, and what was told."""
    bench = Bench(way)
    points = TOOL_EXECUTION
    assert points.error is not None
    for point, results in ((points.before, before), (points.after, after), (points.error, errors)):
        for result in results:
            hook = saying(result)
            bench.registry.register(point, later(hook) if is_async else hook, name="hook")
    if outcomes is not None:
        bench.outcomes = [*outcomes]
    else:
        bench._perform = lambda told: (told.component.name, told.data)  # type: ignore[method-assign]
    try:
        result = bench.guard()
    except HookCancelled as refused:
        result = ("cancelled", refused.reason)
    except ValueError as error:
        result = ("failed", str(error))
    except Exception as error:
        result = ("failed", type(error).__name__)
    return result, sorted(bench.done, key=str), [type(each).__name__ for each in bench.told]


AFTER = SIMPLE.filter(lambda each: not isinstance(each, Redirect))


@given(
    st.lists(SIMPLE, max_size=4), st.lists(AFTER, max_size=4), st.sampled_from(["loop", "thread"])
)
def test_the_model_holds(before: list[HookResult], after: list[HookResult], way: str) -> None:
    """Whatever hooks say before and after an operation, the result is that of the model."""
    assert model(before, after) == run(way, before, after)[0]


@given(
    st.lists(ANY, max_size=3),
    st.lists(ANY, max_size=3),
    st.lists(ANY, max_size=3),
    OUTCOMES,
)
def test_all_ways_are_the_same(
    before: list[HookResult],
    after: list[HookResult],
    errors: list[HookResult],
    outcomes: list[Any],
) -> None:
    """A loop and a thread do the same with the same hooks, asynchronous or not, and end."""
    if any(isinstance(each, Fork) for each in (*before, *errors)):
        outcomes = []  # which of several operations gets which outcome is up to chance
    ways = [
        run(way, before, after, errors=errors, outcomes=outcomes, is_async=is_async)
        for way in ("loop", "thread")
        for is_async in (False, True)
    ]
    results = [(result, told) for result, _, told in ways]
    assert [results[0]] * 4 == results
