"""Hooks that fail, are slow or asynchronous; their order; and asking them without an operation."""

import asyncio
from typing import Any

import pytest

from kernel.core.errors import UserError
from kernel.events.hooks import HookFailed, HookSuspended
from kernel.hooks.base import HIGH, LOW, HookCancelled, HookDetails
from kernel.hooks.points import POINTS, TOOL_EXECUTION
from kernel.hooks.results import (
    CONTINUE,
    Cancel,
    HookResult,
    Modified,
    Replace,
    Retry,
    Skip,
)
from tests.support.hooks import Bench, details, later, saying, words


@pytest.fixture(params=["loop", "thread"])
def bench(request: pytest.FixtureRequest) -> Bench:
    """A runner, driven both ways."""
    return Bench(request.param)


# --- hooks that fail ---------------------------------------------------------------------------


def test_a_hook_that_fails_is_passed_over(bench: Bench) -> None:
    """Its error is told and the others are asked."""
    bench.before(ValueError("bug"), name="broken")
    bench.before(Modified("new"))
    bench.guard()
    assert [("calculator", "new")] == bench.done
    assert HookFailed("broken", "BeforeToolExecution", "ValueError: bug") == bench.told[0]


@pytest.mark.parametrize(
    ("error", "is_traced"), [(ValueError("bug"), True), (UserError("x"), False)]
)
def test_the_log_says_which_hook_failed_where(
    bench: Bench, caplog: pytest.LogCaptureFixture, error: Exception, is_traced: bool
) -> None:
    """With the way it came about where it is a bug; a mistake of a script has its own words."""
    bench.before(error, name="broken")
    bench.guard()
    [record] = caplog.records
    assert "hook broken at BeforeToolExecution failed: " in record.getMessage()
    assert str(error) in record.getMessage()
    assert is_traced == bool(record.exc_info)


def test_a_hook_that_must_be_asked_cancels_when_it_fails(bench: Bench) -> None:
    """What guards something does not open it by failing, and not while it rests either."""
    bench.before(ValueError("bug"), name="guard", is_required=True)
    for _ in range(3):
        with pytest.raises(HookCancelled, match="guard must be asked, and it failed: bug"):
            bench.guard()
    with pytest.raises(HookCancelled, match="guard must be asked, but it failed too often"):
        bench.guard()
    assert [] == bench.done


@pytest.mark.parametrize("point", ["PreBreakpoint", "PostStepExecution"])
@pytest.mark.parametrize("said", [Retry(0.1, 2), ValueError("bug")])
def test_a_hook_without_an_answer_loses_no_stop(
    bench: Bench, point: str, said: HookResult | Exception
) -> None:
    """To cancel a stop lets the program go on; one that is never ready or fails says no such thing.

    Not while it rests, either.
    """
    bench.registry.register(POINTS[point], saying(said), is_required=True)
    for _ in range(4):
        assert bench.ask(HookDetails(POINTS[point])).goes_on
    assert HookFailed in map(type, bench.told)


def test_what_is_no_result_is_a_failure(bench: Bench) -> None:
    """A hook that answers something else is told of as a mistake of its author."""
    bench.before("continue", name="wordy")  # type: ignore[arg-type] # the mistake
    assert "out" == bench.guard()
    assert "TypeError: A hook said 'continue'" in bench.told[0].error


def test_a_hook_that_fails_often_rests(bench: Bench) -> None:
    """After three failures it is not asked for fifteen seconds, then once, and then as before."""
    calls: list[HookDetails] = []
    failure = ValueError("bug")
    hook = saying(failure, failure, failure, CONTINUE, heard=calls)
    bench.registry.register(TOOL_EXECUTION.before, hook, name="weak")
    counts = []
    for _ in range(5):
        bench.guard()
        counts.append(len(calls))
    bench.clock.advance(15)
    for _ in range(2):
        bench.guard()
        counts.append(len(calls))
    assert [1, 2, 3, 3, 3, 4, 5] == counts
    assert [HookSuspended("weak", 15.0)] == [
        each for each in bench.told if isinstance(each, HookSuspended)
    ]


def test_a_slow_hook_rests(bench: Bench) -> None:
    """Runs above 50 ms count as failures, though their answers hold."""
    calls = []

    def slow(_: HookDetails) -> Modified:
        bench.clock.advance(0.06)
        calls.append(1)
        return Modified("slowly")

    bench.registry.register(TOOL_EXECUTION.before, slow)
    for _ in range(5):
        bench.guard()
    assert (3, ["slowly", "slowly", "slowly", "in", "in"]) == (
        len(calls),
        [data for _, data in bench.done],
    )


def test_others_are_not_taken_for_slow(bench: Bench) -> None:
    """The time of a slow hook is its own; who may take longer can."""

    def slow(_: HookDetails) -> Modified:
        bench.clock.advance(1.0)
        return Modified("slowly")

    patient = bench.registry.register(TOOL_EXECUTION.before, slow, slow=2.0)
    quick = bench.before(CONTINUE)
    for _ in range(4):
        bench.guard()
    assert [True, True] == [patient.breaker.is_closed, quick.breaker.is_closed]


# --- order, kinds of hooks, asking alone -------------------------------------------------------


def test_the_lowest_priority_is_asked_first(bench: Bench) -> None:
    """Hooks are asked in the order of their priorities, equal ones as they were registered."""
    order: list[str] = []

    def noting(name: str) -> Any:
        return lambda _: order.append(name)

    for name, priority in (("low", LOW), ("a", 0), ("b", 0), ("high", HIGH), ("between", -5)):
        bench.registry.register(TOOL_EXECUTION.before, noting(name), priority=priority)
    bench.guard()
    assert ["high", "between", "a", "b", "low"] == order


@pytest.mark.parametrize("result", [CONTINUE, Modified("new"), Replace("new")])
def test_async_hooks_say_the_same(bench: Bench, result: Any) -> None:
    """It makes no difference whether a hook is asynchronous, on a loop or in a thread."""
    plain = Bench(bench.way)
    plain.before(result)
    bench.registry.register(TOOL_EXECUTION.before, later(saying(result)))
    assert (plain.guard(), plain.done) == (bench.guard(), bench.done)


def test_an_async_hook_that_fails(bench: Bench) -> None:
    """An error behind an await is a failure like any other."""
    bench.registry.register(TOOL_EXECUTION.before, later(saying(ValueError("bug"))))
    assert "out" == bench.guard()
    assert ["HookFailed"] == words(bench.told)


def test_asking_carries_out_nothing(bench: Bench) -> None:
    """Whoever only asks gets what the hooks said, and who decided."""
    bench.before(Modified("new"))
    bench.before(Skip("enough"), name="decider")
    outcome = bench.ask()
    assert ("new", Skip("enough"), "decider", False) == (
        outcome.details.data,
        outcome.result,
        outcome.hook,
        outcome.goes_on,
    )


def test_notices_cannot_be_stopped(bench: Bench) -> None:
    """Where nothing depends on hooks, all are asked whatever they say."""
    point = POINTS["SystemStartup"]
    heard: list[HookDetails] = []
    bench.registry.register(point, saying(Cancel("no")))
    bench.registry.register(point, saying(CONTINUE, heard=heard))
    assert (True, 1) == (bench.ask(HookDetails(point)).goes_on, len(heard))


def test_hooks_may_unregister_themselves(bench: Bench) -> None:
    """A hook that is asked once takes itself away while it is asked."""
    handles: list[Any] = []
    calls: list[int] = []

    def once(_: HookDetails) -> None:
        calls.append(1)
        assert handles[0].unregister()

    handles.append(bench.registry.register(TOOL_EXECUTION.before, once))
    bench.guard()
    bench.guard()
    assert ([1], False) == (calls, handles[0].unregister())


def test_cancelling_a_task_ends_the_operation() -> None:
    """An operation that waits is cancelled with the task that guards it; no hook hears an error."""
    bench = Bench()
    bench.on_error(Replace("never"))

    async def main() -> None:
        async def forever(_: HookDetails) -> None:
            await asyncio.Event().wait()

        task = asyncio.create_task(bench.runner.guard(TOOL_EXECUTION, details(), forever))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert [] == bench.told


def test_a_refusal_is_shown_to_users() -> None:
    """What a hook forbids is an error of the user's, not a bug."""
    assert issubclass(HookCancelled, UserError)
