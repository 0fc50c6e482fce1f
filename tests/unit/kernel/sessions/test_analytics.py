"""Reports count what was done and used: by session, by tenant, by time."""

import asyncio
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.core.errors import UserError
from kernel.sessions.analytics import _quantile
from kernel.sessions.audit import AuditQuery
from kernel.sessions.cells import Cell, Outcome
from kernel.sessions.model import SessionNotFound, Status
from kernel.sessions.policies.ttl import Ttl
from kernel.sessions.sweeper import SWEEPER, Sweeper
from tests.support.sessions import GOVERNOR, OWNER, READER, STRANGER, make_kit

FAILED = Outcome("error", error="attempt to index nil\ntraceback", seconds=3.0, instructions=5)


def busy(kit, session, seconds: list[float], failures: int = 0) -> None:
    """Cells that took some time, and others that failed, ten minutes apart."""
    for each in seconds:
        outcome = Outcome(seconds=each, instructions=10, peak_memory=int(each * 100))
        kit.record(session.id, (Cell("x"), outcome))
        kit.clock.advance(600)
    for _ in range(failures):
        kit.record(session.id, (Cell("y"), FAILED))


def test_a_session_is_reported() -> None:
    """Counts, durations, errors by their text, actions, and what happened in each hour."""
    kit = make_kit()
    kit.clock.advance(-kit.clock.now() % 3600)
    session = kit.session()
    start = kit.clock.now()
    busy(kit, session, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], failures=2)
    kit.services.artifacts.store(OWNER, session.id, "note", b"12345")
    kit.services.runs.admit(OWNER, session.id, "llm_call", tokens=10, cost=0.5)
    report = kit.services.analytics.session_report(READER, session.id)
    assert (8, 2, 27.0, 70, 600, 1, 5, 10, 0.5) == (
        report.usage.cells,
        report.usage.failed_cells,
        report.usage.run_seconds,
        report.usage.instructions,
        report.usage.peak_memory,
        report.usage.artifacts,
        report.usage.artifact_bytes,
        report.usage.tokens,
        report.usage.cost,
    )
    assert (3600.0, 0.25, {"attempt to index nil": 2}) == (
        report.active_seconds,
        report.error_rate,
        report.errors,
    )
    assert {"cell": 8, "grant": 3, "create": 1, "store": 1} == report.actions
    took = report.durations
    assert (8, 27.0, 27 / 8, 3.0, 6.0) == (
        took.count,
        took.total,
        took.mean,
        took.median,
        took.longest,
    )
    assert [(start, 6, 0, 0), (start + 3600, 2, 2, 1)] == [
        (each.start, each.cells, each.failed, each.artifacts) for each in report.buckets
    ]
    fine = kit.services.analytics.session_report(
        OWNER, session.id, bucket=600, since=start + 600, until=start + 1800
    )
    assert [(1, 2.0), (1, 3.0)] == [(each.cells, each.seconds) for each in fine.buckets]


def test_a_tenant_is_reported_as_far_as_one_may_see() -> None:
    """An admin sees all, others their own; sums, statuses, owners, tags and the busiest."""
    kit = make_kit()
    one, two = kit.session(tags=["a"]), kit.session(Status.COMPLETED, tags=["a", "b"])
    three = kit.services.sessions.create(STRANGER, "own")
    busy(kit, one, [1.0], failures=1)
    busy(kit, two, [2.0, 3.0])
    report = kit.services.analytics.tenant_report(GOVERNOR)
    assert (3, 4, 1, {"a": 2, "b": 1}, {"olive": 2, "sam": 1}) == (
        report.sessions,
        report.usage.cells,
        report.usage.failed_cells,
        report.tags,
        report.owners,
    )
    assert {Status.ACTIVE: 2, Status.COMPLETED: 1} == report.statuses
    assert {one.id: 2, two.id: 2, three.id: 0} == dict(report.busiest)
    assert (4, 9.0, 0.25) == (report.durations.count, report.durations.total, report.error_rate)
    assert 2 == kit.services.analytics.tenant_report(OWNER).sessions
    assert 1 == kit.services.analytics.tenant_report(STRANGER).sessions
    with pytest.raises(UserError, match="longer than 0"):
        kit.services.analytics.tenant_report(OWNER, bucket=0)


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=50))
def test_quantiles_are_those_of_statistics(values) -> None:
    """The median and the 95th percentile are what Python's own module says."""
    ordered = sorted(values)
    assert statistics.median(values) == pytest.approx(_quantile(ordered, 0.5))
    wanted = statistics.quantiles(values, n=100, method="inclusive")[94]
    assert wanted == pytest.approx(_quantile(ordered, 0.95))


def test_the_trail_is_asked_with_filters() -> None:
    """By actor, action, session, success and time; it outlives the session."""
    kit = make_kit()
    session = kit.session()
    kit.clock.advance(10)
    since = kit.clock.now()
    with pytest.raises(SessionNotFound):
        kit.services.sessions.get(STRANGER, session.id)
    kit.clock.advance(10)
    kit.services.sessions.delete(OWNER, session.id)
    trail = kit.services.audit.tenant_trail

    def found(**wanted):
        return [(each.actor, each.action) for each in trail(GOVERNOR, AuditQuery(**wanted))]

    assert [("olive", "create"), *[("olive", "grant")] * 3] == found(until=since)
    assert [("sam", "get"), ("olive", "delete")] == found(since=since)
    assert [("sam", "get")] == found(is_done=False)
    assert [("sam", "get")] == found(actor="sam", session=session.id)
    assert [("olive", "grant")] * 2 == found(action="grant", limit=2)
    assert [("olive", "delete")] == found(since=since + 5)


def test_no_method_changes_the_trail() -> None:
    """Records are added and read; there is nothing to change or remove them with."""
    kit = make_kit()
    kit.session()
    scope = "session-audit:acme"
    before = dict(kit.store.scan(scope))
    session = kit.session()
    kit.services.sessions.delete(OWNER, session.id)
    kit.services.artifacts.collect(GOVERNOR)
    after = dict(kit.store.scan(scope))
    assert before == {key: after[key] for key in before}
    assert {1} == {entry.version for entry in after.values()}
    assert len(before) + 6 == len(after)


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_the_sweeper_comes_by_itself(anyio_backend) -> None:
    """As a task it sweeps, waits, and goes on after a round that failed."""
    kit = make_kit(policy=Ttl(seconds=15))
    session = kit.session()
    waits: list[float] = []
    ended = asyncio.Event()

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        kit.clock.advance(seconds)
        if len(waits) == 3:
            ended.set()
            await asyncio.Event().wait()

    one = kit.services.sweeper
    sweeper = Sweeper(one._gate, one._admission, one._artifacts, 10.0, sleep)
    task = asyncio.ensure_future(sweeper.run())
    await ended.wait()
    task.cancel()
    found = kit.services.sessions.get(OWNER, session.id)
    assert (Status.ARCHIVED, [10.0] * 3) == (found.status, waits)
    assert SWEEPER == kit.services.audit.trail(OWNER, session.id)[-1].actor
