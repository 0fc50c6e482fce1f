"""What each result of a hook means, on a loop and in a script's thread alike."""

import asyncio
import threading
from typing import Any

import pytest

from kernel.events.hooks import HookIntervened
from kernel.hooks.base import HookCancelled, HookDetails
from kernel.hooks.outcome import ForkFailed
from kernel.hooks.points import POINTS, TOOL_EXECUTION, Guarded
from kernel.hooks.results import (
    CONTINUE,
    Cache,
    Cancel,
    Continue,
    Fork,
    Join,
    Modified,
    Operation,
    Redirect,
    Replace,
    Retry,
    Skip,
)
from tests.support.hooks import Bench, details, saying, words


@pytest.fixture(params=["loop", "thread"])
def bench(request: pytest.FixtureRequest) -> Bench:
    """A runner, driven both ways."""
    return Bench(request.param)


def test_without_hooks_the_operation_is_done(bench: Bench) -> None:
    """Nobody is asked, and nothing is different."""
    assert "out" == bench.guard()
    assert ([("calculator", "in")], []) == (bench.done, bench.told)


@pytest.mark.parametrize("result", [CONTINUE, Continue(), None])
def test_continue(bench: Bench, result: Any) -> None:
    """Hooks that want nothing change nothing, however they say so."""
    for register in (bench.before, bench.after):
        register(result)
    assert ("out", []) == (bench.guard(), bench.told)


# --- before the operation ----------------------------------------------------------------------


def test_modified_before(bench: Bench) -> None:
    """Later hooks and the operation get the new data."""
    heard: list[HookDetails] = []
    bench.before(Modified("new"))
    bench.registry.register(TOOL_EXECUTION.before, saying(CONTINUE, heard=heard))
    bench.guard()
    assert (["new"], [("calculator", "new")]) == ([each.data for each in heard], bench.done)


def test_cancel_before(bench: Bench) -> None:
    """The operation is not begun, later hooks are not asked, and the caller learns who and why."""
    bench.before(Cancel("too dear"), name="cost")
    bench.before(AssertionError("asked"))
    with pytest.raises(HookCancelled, match=r"too dear \(said by the hook cost at BeforeTool"):
        bench.guard()
    assert ([], ["cancel"]) == (bench.done, words(bench.told))


def test_skip_before(bench: Bench) -> None:
    """The operation is not begun, its result is nothing, and hooks after it are not asked."""
    bench.before(Skip("not today"))
    bench.after(Modified("after"))
    assert (None, []) == (bench.guard(), bench.done)
    assert [HookIntervened("hook", "BeforeToolExecution", "skip", "not today")] == bench.told


def test_replace_before(bench: Bench) -> None:
    """The operation is not begun; hooks after it hear of the result that stands in for its own."""
    heard: list[HookDetails] = []
    bench.before(Replace("instead"))
    bench.registry.register(TOOL_EXECUTION.after, saying(CONTINUE, heard=heard))
    assert ("instead", []) == (bench.guard(), bench.done)
    assert [("instead", "in")] == [(each.data, each.input) for each in heard]


def test_redirect_before(bench: Bench) -> None:
    """Later hooks and the operation get another component of the same type."""
    heard: list[HookDetails] = []
    bench.before(Redirect("abacus"))
    bench.registry.register(TOOL_EXECUTION.before, saying(CONTINUE, heard=heard))
    bench.guard()
    assert [("abacus", "in")] == bench.done
    assert [("tool", "abacus")] == [(each.component.type, each.component.name) for each in heard]


def test_retry_before_until_ready(bench: Bench) -> None:
    """A hook that is not ready is asked again after its delay, and then things go on."""
    bench.before(Retry(2.0, 3), Retry(4.0, 3), Modified("ready"))
    bench.guard()
    assert ([2.0, 4.0], [("calculator", "ready")]) == (bench.slept, bench.done)


def test_retry_before_in_vain(bench: Bench) -> None:
    """A hook that is never ready cancels the operation in the end."""
    bench.before(Retry(1.0, 3), name="slots")
    with pytest.raises(HookCancelled, match="slots was not ready after 3 attempts"):
        bench.guard()
    assert ([1.0, 1.0], []) == (bench.slept, bench.done)


def test_fork_before(bench: Bench) -> None:
    """Several operations are done in place of the one, and the result has theirs by name."""
    operations = (
        Operation("a", 1),
        Operation("b", 2, "abacus"),
        Operation("c", changes_data=False),
    )
    bench.before(Fork(operations))
    bench.outcomes = ["x", "x", "x"]
    assert {"a": "x", "b": "x", "c": "x"} == bench.guard()
    wanted = [("abacus", 2), ("calculator", "in"), ("calculator", 1)]
    assert wanted == sorted(bench.done, key=str)


def test_a_fork_fails_with_one_of_its_operations(bench: Bench) -> None:
    """Where all are needed, one that fails is an error that names it and goes to error hooks."""
    bench.before(Fork((Operation("a"), Operation("b"))))
    bench.outcomes = ["x", ValueError("no")]
    with pytest.raises(ForkFailed, match=r"these failed: [ab]: no"):
        bench.guard()
    bench.outcomes = ["x", ValueError("no")]
    bench.on_error(Replace("saved"))
    assert "saved" == bench.guard()


def test_the_first_of_a_fork(bench: Bench) -> None:
    """Where one is enough, those that fail do not matter, unless all do."""
    bench.before(Fork((Operation("a"), Operation("b")), Join.FIRST))
    bench.outcomes = [ValueError("no"), "x"]
    assert "x" == bench.guard()
    bench.outcomes = [ValueError("no"), ValueError("no")]
    with pytest.raises(ForkFailed, match="a: no; b: no"):
        bench.guard()


def test_a_fork_of_nothing_is_none(bench: Bench) -> None:
    """A fork without operations leaves the one that was asked for."""
    bench.before(Fork())
    assert "out" == bench.guard()


def test_operations_of_a_fork_run_at_the_same_time() -> None:
    """Each operation begins before any has ended: on a loop as tasks, elsewhere as threads."""
    fork = Fork((Operation("a"), Operation("b"), Operation("c")))
    loop, thread = Bench(), Bench("thread")
    for each in (loop, thread):
        each.before(fork)
    meeting = threading.Barrier(3)

    async def main() -> Any:
        arrived = asyncio.Semaphore(0)
        waiting = 0

        async def meet(_: HookDetails) -> bool:
            nonlocal waiting
            waiting += 1
            if waiting == 3:
                arrived.release()
            async with asyncio.timeout(20):
                await arrived.acquire()
            arrived.release()
            return True

        return await loop.runner.guard(TOOL_EXECUTION, details(), meet)

    def meet_in_thread(_: HookDetails) -> bool:
        meeting.wait(20)
        return True

    wanted = {"a": True, "b": True, "c": True}
    assert wanted == asyncio.run(main())
    assert wanted == thread.runner.guard_in_thread(TOOL_EXECUTION, details(), meet_in_thread)


def test_tasks_that_are_not_needed_are_cancelled() -> None:
    """Once the first of a fork has a result, the others end."""
    bench = Bench()
    bench.before(Fork((Operation("quick"), Operation("never")), Join.FIRST))
    ended: list[str] = []

    async def perform(told: HookDetails) -> str:
        if told.data is None and not ended:
            ended.append("first")
            return "done"
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise
        return "never"

    assert "done" == asyncio.run(bench.runner.guard(TOOL_EXECUTION, details(), perform))
    assert ended in (["first"], ["first", "cancelled"])


def test_cache_before(bench: Bench) -> None:
    """The first result is kept and given to later calls, until it expires."""
    bench.before(Cache("key", 60.0))
    bench.outcomes = ["first", "second"]
    assert ["first", "first"] == [bench.guard(), bench.guard()]
    bench.clock.advance(61)
    assert ("second", 2) == (bench.guard(), len(bench.done))


def test_what_is_cached_is_what_the_caller_got(bench: Bench) -> None:
    """Hooks after the operation change what is kept, and see what is taken from there."""
    bench.before(Cache("key", 60.0))
    bench.after(Modified("changed"), CONTINUE)
    assert ["changed", "changed"] == [bench.guard(), bench.guard()]


# --- after the operation -----------------------------------------------------------------------


@pytest.mark.parametrize("result", [Modified("new"), Replace("new")])
def test_changes_after(bench: Bench, result: Any) -> None:
    """Later hooks and the caller get the new result; what it was done with is told, too."""
    heard: list[HookDetails] = []
    bench.after(result)
    bench.registry.register(TOOL_EXECUTION.after, saying(CONTINUE, heard=heard))
    assert "new" == bench.guard()
    assert [("new", "in")] == [(each.data, each.input) for each in heard]


def test_cancel_after(bench: Bench) -> None:
    """The result is withheld."""
    bench.after(Cancel("secret"))
    with pytest.raises(HookCancelled, match="secret"):
        bench.guard()
    assert 1 == len(bench.done)


def test_retry_after(bench: Bench) -> None:
    """The operation is begun again from its first hook; then the result stands."""
    heard: list[HookDetails] = []
    bench.registry.register(TOOL_EXECUTION.before, saying(CONTINUE, heard=heard))
    bench.after(Retry(0.5, 3))
    bench.outcomes = ["bad", "worse", "best"]
    assert "best" == bench.guard()
    assert ([1, 2, 3], [0.5, 0.5]) == ([each.attempt for each in heard], bench.slept)


def test_redirect_after(bench: Bench) -> None:
    """The operation is done again with another component, once."""
    bench.after(Redirect("abacus"))
    bench.outcomes = ["bad", "good"]
    assert "good" == bench.guard()
    assert ["calculator", "abacus"] == [name for name, _ in bench.done]


def test_skip_after(bench: Bench) -> None:
    """No other hook is asked."""
    bench.after(Skip())
    bench.after(Modified("never"))
    assert "out" == bench.guard()


def test_fork_after_is_nothing(bench: Bench) -> None:
    """What is done is done."""
    bench.after(Fork((Operation("a"),)))
    assert ("out", 1) == (bench.guard(), len(bench.done))


def test_cache_after(bench: Bench) -> None:
    """The result is kept under the key for whoever asks for it."""
    bench.after(Cache("key", 60.0))
    bench.guard()
    assert ("out",) == bench.cache.get("key")


# --- when the operation fails ------------------------------------------------------------------


def test_an_error_nobody_minds_is_raised(bench: Bench) -> None:
    """Error hooks hear of it, and of what the operation was done with; the caller gets it."""
    heard: list[HookDetails] = []
    error = ValueError("no")
    bench.outcomes = [error]
    bench.registry.register(POINTS["ToolError"], saying(CONTINUE, heard=heard))
    with pytest.raises(ValueError, match="no"):
        bench.guard()
    assert [(error, "in", "in")] == [(each.error, each.data, each.input) for each in heard]


def test_retry_on_error(bench: Bench) -> None:
    """The operation is begun again until it succeeds or was begun often enough."""
    bench.on_error(Retry(0.1, 3))
    bench.outcomes = [ValueError("1"), ValueError("2"), "well"]
    assert ("well", [0.1, 0.1]) == (bench.guard(), bench.slept)
    bench.outcomes = [ValueError("1"), ValueError("2"), ValueError("3")]
    with pytest.raises(ValueError, match="3"):
        bench.guard()


def test_modified_before_a_new_attempt(bench: Bench) -> None:
    """A hook may change what the operation is tried with next."""
    bench.on_error(Modified("smaller"))
    bench.on_error(Retry(0.0, 2))
    bench.outcomes = [ValueError("too big"), "well"]
    assert "well" == bench.guard()
    assert ["in", "smaller"] == [data for _, data in bench.done]


def test_replace_on_error(bench: Bench) -> None:
    """A hook's data are the result, and hooks after the operation hear of them."""
    bench.on_error(Replace("default"))
    bench.after(Modified("default, seen"))
    bench.outcomes = [ValueError("no")]
    assert "default, seen" == bench.guard()


def test_redirect_on_error(bench: Bench) -> None:
    """Another component has one chance."""
    bench.on_error(Redirect("abacus"))
    bench.outcomes = [ValueError("1"), "well"]
    assert "well" == bench.guard()
    bench.outcomes = [ValueError("1"), ValueError("2")]
    with pytest.raises(ValueError, match="2"):
        bench.guard()


def test_cancel_on_error(bench: Bench) -> None:
    """The caller gets the hook's reason, and the error as its cause."""
    bench.on_error(Cancel("give up"))
    error = ValueError("no")
    bench.outcomes = [error]
    with pytest.raises(HookCancelled, match="give up") as caught:
        bench.guard()
    assert error is caught.value.__cause__


def test_fork_on_error(bench: Bench) -> None:
    """Several others are tried in place of the one that failed."""
    bench.on_error(Fork((Operation("a", target="a"), Operation("b", target="b")), Join.FIRST))
    bench.outcomes = [ValueError("no"), "x", "x"]
    assert "x" == bench.guard()


def test_cache_on_error(bench: Bench) -> None:
    """An older result stands in for a new one, where there is one."""
    bench.on_error(Cache("key"))
    bench.outcomes = [ValueError("no"), ValueError("no")]
    with pytest.raises(ValueError, match="no"):
        bench.guard()
    bench.cache.put("key", "older", 60.0)
    assert "older" == bench.guard()


def test_skip_on_error(bench: Bench) -> None:
    """No other hook is asked, and the error stands."""
    bench.on_error(Skip())
    bench.on_error(Replace("never"))
    bench.outcomes = [ValueError("no")]
    with pytest.raises(ValueError, match="no"):
        bench.guard()


def test_without_a_point_for_errors_they_are_raised(bench: Bench) -> None:
    """An operation whose errors no hook may hear of fails as without hooks."""
    bench.before(CONTINUE)
    bench.outcomes = [ValueError("no")]
    with pytest.raises(ValueError, match="no"):
        bench.guard(guarded=Guarded(TOOL_EXECUTION.before, TOOL_EXECUTION.after))
