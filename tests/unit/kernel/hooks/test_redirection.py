"""Where nothing else can do an operation, a redirect is refused and says so."""

import logging

import pytest

from kernel.events.hooks import HookFailed
from kernel.hooks.base import HookCancelled, HookDetails
from kernel.hooks.points import CODE_EXECUTION, POINTS, HookPoint, Kind, custom_point
from kernel.hooks.results import Cancel, Fork, HookResult, Operation, Redirect
from tests.support.hooks import Bench, saying


@pytest.fixture(params=["loop", "thread"])
def bench(request: pytest.FixtureRequest) -> Bench:
    """A runner, driven both ways."""
    return Bench(request.param)


CELL = HookDetails(CODE_EXECUTION.before, data={"code": "return 1"})
FORK = Fork((Operation("a"), Operation("b", target="python")))


@pytest.mark.parametrize("result", [Redirect("python"), FORK], ids=["redirect", "fork"])
def test_a_cell_is_not_run_elsewhere_nor_here(bench: Bench, result: HookResult) -> None:
    """The error names the target, what a hook may say, the hook, and its point."""
    bench.registry.register(CODE_EXECUTION.before, saying(result), name="mine")
    said = r"'python': nothing else .* modified, .* skip here.*by the hook mine at PreCodeExecution"
    with pytest.raises(HookCancelled, match=said):
        bench.guard(CELL, CODE_EXECUTION)
    assert [] == bench.done


@pytest.mark.parametrize("point", ["PostCodeExecution", "ExecutionError"])
def test_what_is_done_is_not_done_again_elsewhere(bench: Bench, point: str) -> None:
    """Whoever wanted it is told the same behind it."""
    bench.registry.register(POINTS[point], saying(Redirect("python")), name="mine")
    bench.outcomes = [ValueError("no")] if point == "ExecutionError" else ["out"]
    with pytest.raises(HookCancelled, match=f"'python': nothing else .*mine at {point}"):
        bench.guard(CELL, CODE_EXECUTION)
    assert 1 == len(bench.done)


def asked(bench: Bench, point: HookPoint) -> object:
    """What comes of asking a hook that wants a redirect, at a point that guards nothing."""
    bench.registry.register(point, saying(Redirect("x")), name="mine")
    return bench.ask(HookDetails(point)).result


def test_what_is_asked_about_is_refused(bench: Bench) -> None:
    """A session, say, cannot begin as something else."""
    result = asked(bench, POINTS["SessionStart"])
    assert isinstance(result, Cancel)
    assert result.reason.startswith("It cannot be redirected to 'x'")


@pytest.mark.parametrize(
    "name", ["SystemStartup", "SessionEnd", "PreBreakpoint", "PreKernelShutdown"]
)
def test_where_nothing_is_refused_the_hook_has_failed(
    bench: Bench, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It is passed over; the log names it, its point and the reason."""
    with caplog.at_level(logging.WARNING):
        assert not isinstance(asked(bench, POINTS[name]), Cancel | Redirect)
    assert [HookFailed] == [type(each) for each in bench.told]
    assert f"The hook mine at {name} failed: It cannot be redirected to 'x'" in caplog.text


def test_points_of_ones_own_may_be_redirected(bench: Bench) -> None:
    """Whoever asks there knows what else could do it."""
    point = custom_point("MyPoint", Kind.AFTER)
    assert Redirect("x") == asked(bench, point)
