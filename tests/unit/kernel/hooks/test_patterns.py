"""Hooks made of hooks."""

import asyncio
import inspect
from typing import Any

import pytest

from kernel.core.errors import UserError
from kernel.hooks.backoff import Fixed, RetryPolicy
from kernel.hooks.base import HookDetails
from kernel.hooks.conditions import Always, HasError, Never
from kernel.hooks.patterns import (
    STRENGTH,
    CompositeHook,
    ConditionalHook,
    ForkHook,
    Mode,
    RetriedHook,
    RetryHook,
)
from kernel.hooks.results import (
    CONTINUE,
    RESULTS,
    Cancel,
    Fork,
    HookResult,
    Join,
    Modified,
    Operation,
    Replace,
    Retry,
    Skip,
)
from tests.support.hooks import Bench, details, later, saying


def answer(hook: Any, told: HookDetails | None = None) -> HookResult:
    """What a hook says, waited for where that is needed."""
    said = hook(told or details())

    async def wait() -> HookResult:
        result: HookResult = await said
        return result

    return asyncio.run(wait()) if inspect.isawaitable(said) else said


@pytest.fixture(params=[lambda hook: hook, later], ids=["at once", "later"])
def made(request: pytest.FixtureRequest) -> Any:
    """Makes hooks answer at once or asynchronously: composites give the same answers."""
    return request.param


def test_composites_of_quick_hooks_answer_at_once() -> None:
    """Where no hook has to be awaited, neither has the composite."""
    for mode in Mode:
        assert CONTINUE is CompositeHook([saying(CONTINUE)], mode)(details())


# --- sequential --------------------------------------------------------------------------------


def test_in_order_changes_are_passed_on(made: Any) -> None:
    """Each hook gets what the one before it changed, and the composite says what came of it all."""
    heard: list[HookDetails] = []
    second = saying(CONTINUE, heard=heard)
    hooks = [made(saying(Modified("new"))), made(second), made(saying(CONTINUE))]
    assert Modified("new") == answer(CompositeHook(hooks))
    assert ["new"] == [each.data for each in heard]


def test_in_order_the_first_that_wants_more_decides(made: Any) -> None:
    """Those behind it are not asked."""
    hooks = [saying(Modified(1)), made(saying(Skip("s"))), made(saying(AssertionError()))]
    assert Skip("s") == answer(CompositeHook(hooks))


def test_in_order_nothing_wanted(made: Any) -> None:
    """Where nobody wants anything, neither does the composite."""
    assert CONTINUE == answer(CompositeHook([made(saying(CONTINUE)), made(saying(None))]))


# --- parallel ----------------------------------------------------------------------------------


def test_together_the_strongest_decides(made: Any) -> None:
    """A no is stronger than any other answer, whoever is asked first."""
    hooks = [made(saying(Replace(1))), made(saying(Cancel("no"))), made(saying(Modified(2)))]
    assert Cancel("no") == answer(CompositeHook(hooks, Mode.PARALLEL))


def test_together_changes_are_merged(made: Any) -> None:
    """Nobody sees the others' changes; the tables are put together, later hooks win."""
    heard: list[HookDetails] = []
    hooks = [
        made(saying(Modified({"a": 1, "b": 1}))),
        made(saying(CONTINUE, heard=heard)),
        made(saying(Modified({"b": 2}))),
    ]
    assert Modified({"a": 1, "b": 2}) == answer(CompositeHook(hooks, Mode.PARALLEL))
    assert ["in"] == [each.data for each in heard]


def test_together_what_cannot_be_merged_is_the_last() -> None:
    """Of changes to something else than tables the last one counts."""
    hooks = [saying(Modified(1)), saying(Modified(2))]
    assert Modified(2) == answer(CompositeHook(hooks, Mode.PARALLEL))


def test_together_means_at_the_same_time() -> None:
    """Hooks that wait for each other all get on."""

    async def main() -> HookResult:
        arrived = asyncio.Barrier(3)

        async def meet(_: HookDetails) -> HookResult:
            async with asyncio.timeout(20):
                await arrived.wait()
            return CONTINUE

        said = CompositeHook([meet, meet, meet], Mode.PARALLEL)(details())
        assert inspect.isawaitable(said)
        result: HookResult = await said
        return result

    assert CONTINUE == asyncio.run(main())


def test_every_result_has_a_strength() -> None:
    """A new kind of result cannot be forgotten."""
    assert set(RESULTS) == set(STRENGTH)


# --- first match -------------------------------------------------------------------------------


def test_the_first_match_decides(made: Any) -> None:
    """The first that wants anything, be it a change; those behind it are not asked."""
    hooks = [made(saying(CONTINUE)), made(saying(Modified(1))), made(saying(AssertionError()))]
    assert Modified(1) == answer(CompositeHook(hooks, Mode.FIRST_MATCH))
    assert CONTINUE == answer(CompositeHook([made(saying(CONTINUE))], Mode.FIRST_MATCH))


# --- voting ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("threshold", "votes", "wanted"),
    [
        (0.5, [Cancel("a"), Cancel("b"), CONTINUE], Cancel("a")),
        (0.7, [Cancel("a"), Cancel("b"), CONTINUE], CONTINUE),
        (1.0, [Skip("a"), Skip("b")], Skip("a")),
        (0.5, [Modified({"x": 1}), Modified({"x": 1}), Modified({"x": 2})], Modified({"x": 1})),
        (0.5, [Replace(1), Cancel("no")], Cancel("no")),
        (0.3, [CONTINUE, CONTINUE, Cancel("no")], CONTINUE),
        (0.5, [], CONTINUE),
    ],
)
def test_voting(made: Any, threshold: float, votes: list[HookResult], wanted: HookResult) -> None:
    """The answer that enough hooks give decides, the commonest first, then the strongest."""
    hooks = [made(saying(each)) for each in votes]
    assert wanted == answer(CompositeHook(hooks, Mode.VOTING, threshold))


@pytest.mark.parametrize("threshold", [0.0, -1.0, 1.1])
def test_a_vote_must_be_winnable(threshold: float) -> None:
    """A share that cannot be reached, or is reached by nobody, is a mistake."""
    with pytest.raises(ValueError, match="above 0, at most 1"):
        CompositeHook([], Mode.VOTING, threshold)


# --- conditional, retry, fork ------------------------------------------------------------------


def test_conditional(made: Any) -> None:
    """One hook where the condition holds, another one or none where not."""
    one, other = made(saying(Modified(1))), made(saying(Modified(2)))
    assert Modified(1) == answer(ConditionalHook(Always(), one, other))
    assert Modified(2) == answer(ConditionalHook(Never(), one, other))
    assert CONTINUE == answer(ConditionalHook(Never(), one))


def test_retry_until_attempts_are_used_up() -> None:
    """An operation that fails is begun again as often as the policy says, with its waits."""
    bench = Bench()
    hook = RetryHook(RetryPolicy(4, Fixed(0.5)))
    bench.registry.register(details().point, saying(CONTINUE))
    bench.on_error(CONTINUE)
    error_point = bench.on_error(CONTINUE).point
    bench.registry.register(error_point, hook)
    bench.outcomes = [ValueError("1"), ValueError("2"), ValueError("3"), ValueError("4"), "never"]
    with pytest.raises(ValueError, match="4"):
        bench.guard()
    assert [0.5, 0.5, 0.5] == bench.slept


def test_retry_only_some_errors() -> None:
    """Errors that the condition does not mean are left alone."""
    hook = RetryHook(when=HasError("timeout"))
    assert Retry(0.1, 3) == hook(details(error=ValueError("timeout of 3 s")))
    assert CONTINUE == hook(details(error=ValueError("no such file")))


def test_a_hook_that_fails_is_asked_again(made: Any) -> None:
    """A hook that raises is asked until it answers; the last error is its own."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    def retried(*results: Any) -> RetriedHook:
        policy = RetryPolicy(3, Fixed(0.25))
        hook = made(saying(*results))
        return RetriedHook(hook, policy, sleep=sleep, sleep_in_thread=slept.append)

    failure = ValueError("not yet")
    assert Modified(1) == answer(retried(failure, failure, Modified(1)))
    assert [0.25, 0.25] == slept
    with pytest.raises(ValueError, match="not yet"):
        answer(retried(failure, failure, failure, Modified(1)))


def test_forking() -> None:
    """Operations are fixed or made of the details; without any there is no fork."""
    fixed = (Operation("a"), Operation("b"))
    assert Fork(fixed, Join.FIRST) == answer(ForkHook(fixed, Join.FIRST))
    made_of = ForkHook(lambda told: [Operation("c", told.data)])
    assert Fork((Operation("c", "in"),)) == answer(made_of)
    assert CONTINUE == answer(ForkHook(lambda _: []))
    assert CONTINUE == answer(ForkHook(fixed, when=Never()))


def test_patterns_in_patterns(made: Any) -> None:
    """Composites may be made of composites, conditionals and retried hooks."""
    inner = CompositeHook([made(saying(CONTINUE)), made(saying(Modified(1)))])
    outer = CompositeHook([ConditionalHook(Always(), RetriedHook(inner))], Mode.FIRST_MATCH)
    bench = Bench("thread")
    bench.registry.register(details().point, outer)
    bench.guard()
    assert [("calculator", 1)] == bench.done


def test_what_is_no_result_is_told() -> None:
    """A hook inside a composite that answers something else is a mistake that names the answer."""
    with pytest.raises(TypeError, match="said 42"):
        answer(CompositeHook([lambda _: 42]))  # type: ignore[arg-type,list-item,return-value] # so


def test_errors_of_users_are_errors() -> None:
    """A composite does not hide what its hooks raise."""
    with pytest.raises(UserError, match="wrong"):
        answer(CompositeHook([saying(UserError("wrong"))], Mode.VOTING))
