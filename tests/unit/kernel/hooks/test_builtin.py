"""Hooks that come with the kernel: logging, metrics, rate limits, cost and caching."""

import logging
import time
from typing import Any

import pytest

from kernel.core.errors import UserError
from kernel.events.lifecycle import BudgetReached
from kernel.hooks.base import Component, HookCancelled, HookDetails
from kernel.hooks.builtin.caching import CachingHook, MemoryResults
from kernel.hooks.builtin.cost import PRICES, CostHook, Price
from kernel.hooks.builtin.logging import LOGGER, LoggingHook
from kernel.hooks.builtin.metrics import BOUNDS, MetricsHook
from kernel.hooks.builtin.rate_limit import RateLimitHook
from kernel.hooks.conditions import ComponentMatches
from kernel.hooks.points import AGENT_EXECUTION, POINTS, TOOL_EXECUTION
from kernel.hooks.results import CONTINUE, Cancel, Retry
from tests.support.clocks import ManualClock
from tests.support.hooks import Bench, details

AGENT = Component("agent", "writer")

# --- logging -----------------------------------------------------------------------------------


def test_logging_writes_a_line(caplog: pytest.LogCaptureFixture) -> None:
    """A line says point, component and message; it can be found by its fields, too."""
    with caplog.at_level(logging.INFO, LOGGER):
        assert CONTINUE is LoggingHook()(details(correlation_id="M"))
    (record,) = caplog.records
    assert "BeforeToolExecution tool calculator [M]" == record.getMessage()
    assert ("BeforeToolExecution", "M") == (record.hook_point, record.correlation_id)  # type: ignore[attr-defined] # extra


def test_logging_shows_data_without_secrets(caplog: pytest.LogCaptureFixture) -> None:
    """Data are shown where that is wanted, cut off, and never with what is secret in them."""
    hook = LoggingHook(shows_data=True, longest=60)
    with caplog.at_level(logging.INFO, LOGGER):
        hook(details({"api_key": "sk-verysecret", "text": "x" * 100}))
        hook(details({1, 2}))
    first, second = (record.getMessage() for record in caplog.records)
    assert "verysecret" not in first
    assert first.endswith("x…")
    assert "{1, 2}" in second


def test_logging_errors(caplog: pytest.LogCaptureFixture) -> None:
    """An error is a warning with its text, without secrets."""
    error = ValueError("cannot log in with password=hunter2")
    with caplog.at_level(logging.WARNING, LOGGER):
        LoggingHook()(details())
        LoggingHook()(details()._replace(point=POINTS["ToolError"], error=error))
    (record,) = caplog.records
    assert "password=[redacted]" in record.getMessage()


# --- metrics -----------------------------------------------------------------------------------


def test_metrics_count_and_measure() -> None:
    """Points are counted, and operations measured from before them to after them or their error."""
    clock = ManualClock()
    metrics = MetricsHook(clock.monotonic)
    bench = Bench()
    for point in (TOOL_EXECUTION.before, TOOL_EXECUTION.after, POINTS["ToolError"]):
        bench.registry.register(point, metrics)
    bench.registry.register(TOOL_EXECUTION.before, lambda _: clock.advance(0.02), slow=60)  # type: ignore[arg-type,func-returns-value,return-value] # None is Continue
    bench.guard()
    bench.outcomes = [ValueError("no")]
    with pytest.raises(ValueError, match="no"):
        bench.guard()
    counts = {point: count for (point, _, _), count in metrics.counts().items()}
    assert {"BeforeToolExecution": 2, "AfterToolExecution": 1, "ToolError": 1} == counts
    histogram = metrics.durations()["tool", "calculator"]
    assert (2, 0.04, 0.025) == (histogram.count, round(histogram.total, 6), histogram.quantile(0.5))
    assert {} == metrics._begun


def test_metrics_for_prometheus() -> None:
    """Counters and histograms are in Prometheus' text format, with labels that cannot break it."""
    metrics = MetricsHook()
    odd = details()._replace(component=Component("tool", 'a"b\nc'))
    metrics(odd)
    metrics(odd._replace(point=TOOL_EXECUTION.after))
    text = metrics.as_prometheus()
    labels = r'type="tool",name="a\"b\nc"'
    assert f'llmspell_hook_points_total{{point="BeforeToolExecution",{labels}}} 1\n' in text
    assert f'llmspell_operation_seconds_bucket{{{labels},le="+Inf"}} 1\n' in text
    assert len(BOUNDS) + 1 == text.count("_bucket")


def test_metrics_of_what_never_ends_are_bounded() -> None:
    """Operations that begin and never end do not fill the memory."""
    metrics = MetricsHook()
    for number in range(10_050):
        metrics(details(correlation_id=str(number)))
    assert len(metrics._begun) == 10_000


def test_metrics_of_many_names_are_bounded() -> None:
    """Above ten thousand new ones are counted as one; who wants types alone gets them."""
    metrics, by_type = MetricsHook(), MetricsHook(by_name=False)
    for number in range(10_050):
        told = details()._replace(component=Component("cell", str(number)))
        metrics(told)
        by_type(told)
    assert 50 == metrics.counts()["BeforeToolExecution", "cell", "other"]
    assert 10_001 == len(metrics.counts())
    assert {("BeforeToolExecution", "cell", ""): 10_050} == by_type.counts()


# --- rate limit --------------------------------------------------------------------------------


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    """The process's clock, moved by the test: the library of limits reads that."""
    clock = ManualClock(1_700_000_000.0)
    monkeypatch.setattr(time, "time", clock.now)
    return clock


def test_rate_limit(clock: ManualClock) -> None:
    """What is above the limit is refused with the time until there is room; then there is."""
    hook = RateLimitHook({"tool": "2/minute"}, now=clock.now)
    assert [CONTINUE, CONTINUE] == [hook(details()), hook(details())]
    refused = hook(details())
    assert isinstance(refused, Cancel)
    assert "More than 2 per 1 minute for tool; there is room again in 60 s." == refused.reason
    assert CONTINUE is hook(HookDetails(AGENT_EXECUTION.before, AGENT))
    clock.advance(61)
    assert CONTINUE is hook(details())


def test_rate_limits_are_counted_apart(clock: ManualClock) -> None:
    """By component and by what the metadata say, each on its own."""
    hook = RateLimitHook({"tool:calculator": "1/minute"}, by=["session"], now=clock.now)
    first, second = details(metadata={"session": "a"}), details(metadata={"session": "b"})
    other = first._replace(component=Component("tool", "other"))
    assert [CONTINUE, CONTINUE, CONTINUE] == [hook(first), hook(second), hook(other)]
    assert isinstance(hook(first), Cancel)


def test_what_one_limit_refuses_counts_for_none(clock: ManualClock) -> None:
    """A refused operation takes no room from other limits."""
    hook = RateLimitHook({"*": "3/minute", "tool": "1/minute"}, now=clock.now)
    for _ in range(5):
        hook(details())
    agent = HookDetails(AGENT_EXECUTION.before, AGENT)
    assert [CONTINUE, CONTINUE] == [hook(agent), hook(agent)]
    assert isinstance(hook(agent), Cancel)


def test_rate_limits_that_wait(clock: ManualClock) -> None:
    """An operation waits for its turn where that is wanted."""
    hook = RateLimitHook({"tool": "1 per 10 seconds"}, waits=True, now=clock.now)
    hook(details())
    assert Retry(10.0, 3) == hook(details())


def test_a_limit_must_be_understood() -> None:
    """Words that are no limit are refused, with words that are one."""
    with pytest.raises(UserError, match="'many' for tool cannot be understood; write 60/minute"):
        RateLimitHook({"tool": "many"})


# --- cost --------------------------------------------------------------------------------------


def spend(bench: Bench, cost: CostHook, **metadata: Any) -> None:
    """An agent that takes a million tokens in, at two dollars."""
    agent = HookDetails(
        AGENT_EXECUTION.before,
        AGENT,
        metadata={"provider": "p", "model": "m-1", **metadata},
    )
    bench.outcomes = [{"text": "hi", "usage": {"input_tokens": 1_000_000, "output_tokens": 0}}]
    bench.guard(agent, AGENT_EXECUTION)


def costed(
    budgets: dict[str, float], **options: Any
) -> tuple[Bench, CostHook, list[BudgetReached]]:
    """A bench with a cost hook, and what it tells."""
    told: list[BudgetReached] = []
    cost = CostHook(budgets, prices={("p", "m"): Price(2.0, 8.0)}, tell=told.append, **options)
    bench = Bench()
    for point in (AGENT_EXECUTION.before, AGENT_EXECUTION.after):
        bench.registry.register(point, cost)
    return bench, cost, told


def test_a_budget_warns_and_then_refuses() -> None:
    """At 50, 75, 90 and 100 percent it is told, once each; beyond nothing is begun."""
    bench, cost, told = costed({"*": 8.0})
    shares = []
    for _ in range(4):
        spend(bench, cost)
        shares.append([each.share for each in told])
        told.clear()
    assert [[], [0.5], [0.75], [0.9, 1.0]] == shares
    with pytest.raises(HookCancelled, match=r"The budget is spent: \$8\.00 of \$8\.00"):
        spend(bench, cost)
    assert (8.0, 4) == (cost.spent(), len(bench.done))
    cost.reset()
    spend(bench, cost)


def test_budgets_by_metadata() -> None:
    """A budget of sessions holds for each of them on its own."""
    bench, cost, told = costed({"session": 2.0})
    spend(bench, cost, session="a")
    spend(bench, cost, session="b")
    with pytest.raises(HookCancelled, match=r"The budget of session a is spent"):
        spend(bench, cost, session="a")
    assert (2.0, 2.0, 4.0) == (cost.spent("session", "a"), cost.spent("session", "b"), cost.spent())
    assert {"a", "b"} == {each.value for each in told}


def test_a_budget_that_only_warns() -> None:
    """Where a budget does not block, it tells and lets go on."""
    bench, cost, told = costed({"*": 2.0}, blocks=False)
    spend(bench, cost)
    spend(bench, cost)
    assert (4.0, 4) == (cost.spent(), len(told))


def test_prices() -> None:
    """The longest beginning of a model's name decides; one without a price is counted."""
    cost = CostHook()
    assert PRICES["openai", "gpt-4o-mini"] == cost.price_of("openai", "gpt-4o-mini-2024-07-18")
    assert PRICES["openai", "gpt-4o"] == cost.price_of("openai", "gpt-4o-2024-08-06")
    assert Price(0.0, 0.0) == cost.price_of("ollama", "llama3.2")
    used = HookDetails(AGENT_EXECUTION.after, AGENT, {"usage": {"input_tokens": 5}})
    cost(used._replace(metadata={"provider": "new", "model": "x"}))
    cost(used._replace(data={"usage": "many"}))
    cost(used._replace(data=None))
    assert ({("new", "x"): 1}, 0.0) == (cost.unknown, cost.spent())


# --- caching -----------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["loop", "thread"])
def test_caching(way: str) -> None:
    """The same of the same component is done once; something else is done."""
    bench = Bench(way)
    bench.registry.register(TOOL_EXECUTION.before, CachingHook(ttl=60))
    bench.outcomes = ["first", "second", "third"]
    one, other = details({"a": 1, "b": 2}), details({"a": 2})
    same = details({"b": 2, "a": 1})
    assert ["first", "first", "second"] == [bench.guard(each) for each in (one, same, other)]
    bench.clock.advance(61)
    assert "third" == bench.guard(one)


def test_caching_only_what_it_is_told_to() -> None:
    """Other components, and data that cannot be compared, are left alone."""
    hook = CachingHook(when=ComponentMatches("web_*"))
    assert CONTINUE is hook(details())
    assert CONTINUE is CachingHook()(details({"f": object()}))


def test_kept_results_are_bounded() -> None:
    """Where there is no room, what was used least lately goes."""
    results = MemoryResults(size=2)
    results.put("a", 1, 60)
    results.put("b", 2, 60)
    assert (1,) == results.get("a")
    results.put("c", None, 60)
    assert [(1,), None, (None,)] == [results.get(each) for each in "abc"]
    assert (2, 3, 1) == (len(results), results.hits, results.misses)
    results.clear()
    assert 0 == len(results)
