"""Analytics: what was done and used, by session, by tenant and over time."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from kernel.core.errors import UserError
from kernel.sessions.access import Actor
from kernel.sessions.cells import outcome_from_json
from kernel.sessions.gate import Gate
from kernel.sessions.log import CELL, LogEntry
from kernel.sessions.model import Session, SessionId, Status, Usage

HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Bucket:
    """What happened from ``start`` on, for one bucket's time."""

    start: float
    """Seconds since 1970, a multiple of the bucket's length."""
    cells: int = 0
    failed: int = 0
    seconds: float = 0.0
    """That cells ran."""
    instructions: int = 0
    artifacts: int = 0
    """That were stored."""


@dataclass(frozen=True, slots=True)
class Durations:
    """How long cells took, in seconds; all 0 where there are none."""

    count: int = 0
    total: float = 0.0
    mean: float = 0.0
    median: float = 0.0
    p95: float = 0.0
    longest: float = 0.0


@dataclass(frozen=True, slots=True)
class SessionReport:
    """One session."""

    session: SessionId
    status: Status
    usage: Usage
    active_seconds: float
    durations: Durations
    error_rate: float
    """The share of cells that failed; 0 without cells."""
    errors: Mapping[str, int]
    """How often each error came, by its first line; the most frequent first."""
    actions: Mapping[str, int]
    """How often each action was done, cells among them."""
    buckets: tuple[Bucket, ...]
    """Those in which anything happened, in the order of time."""


@dataclass(frozen=True, slots=True)
class TenantReport:
    """All sessions that the actor may read."""

    tenant: str
    sessions: int
    statuses: Mapping[Status, int]
    owners: Mapping[str, int]
    usage: Usage
    """Sums; ``peak_memory`` and ``last_activity`` are the largest."""
    durations: Durations
    error_rate: float
    errors: Mapping[str, int]
    tags: Mapping[str, int]
    buckets: tuple[Bucket, ...]
    busiest: tuple[tuple[SessionId, int], ...] = field(default=())
    """The ten sessions with the most cells, and how many."""


class Analytics:
    """Reports, made from usage and logs when they are asked for."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def session_report(
        self,
        actor: Actor,
        session: str,
        *,
        bucket: float = HOUR,
        since: float | None = None,
        until: float | None = None,
    ) -> SessionReport:
        """One session; times limit what is taken from its log. ``bucket``: seconds."""
        records, found = self._gate.look(actor, session, "session_report")
        tally = _Tally(bucket)
        tally.add(_within(records.log(found.id), since, until))
        return SessionReport(
            session=found.id,
            status=found.status,
            usage=records.usage(found.id),
            active_seconds=found.active_for(self._gate.clock.now()),
            durations=tally.durations(),
            error_rate=tally.error_rate(),
            errors=dict(tally.errors.most_common()),
            actions=dict(tally.actions.most_common()),
            buckets=tally.ordered(),
        )

    def tenant_report(
        self,
        actor: Actor,
        *,
        bucket: float = HOUR,
        since: float | None = None,
        until: float | None = None,
    ) -> TenantReport:
        """All sessions that the actor may read: for an admin, the whole tenant."""
        records = self._gate.join(actor, "tenant_report")
        tally = _Tally(bucket)
        sessions: list[tuple[Session, Usage]] = []
        for session in self._gate.visible(actor, records):
            sessions.append((session, records.usage(session.id)))
            tally.add(_within(records.log(session.id), since, until))
        busy = sorted(sessions, key=lambda each: (-each[1].cells, each[0].id))
        return TenantReport(
            tenant=actor.tenant,
            sessions=len(sessions),
            statuses=Counter(session.status for session, _ in sessions),
            owners=Counter(session.owner for session, _ in sessions),
            usage=sum_of(usage for _, usage in sessions),
            durations=tally.durations(),
            error_rate=tally.error_rate(),
            errors=dict(tally.errors.most_common()),
            tags=Counter(tag for session, _ in sessions for tag in session.tags),
            buckets=tally.ordered(),
            busiest=tuple((session.id, usage.cells) for session, usage in busy[:10]),
        )


def sum_of(usages: Iterable[Usage]) -> Usage:
    """All together."""
    there = list(usages)
    return Usage(
        cells=sum(each.cells for each in there),
        failed_cells=sum(each.failed_cells for each in there),
        run_seconds=sum(each.run_seconds for each in there),
        instructions=sum(each.instructions for each in there),
        peak_memory=max((each.peak_memory for each in there), default=0),
        artifacts=sum(each.artifacts for each in there),
        artifact_bytes=sum(each.artifact_bytes for each in there),
        operations=sum(each.operations for each in there),
        tokens=sum(each.tokens for each in there),
        cost=sum(each.cost for each in there),
        last_activity=max((each.last_activity for each in there), default=0.0),
        log_length=sum(each.log_length for each in there),
    )


class _Tally:
    """Counts the entries of logs."""

    def __init__(self, bucket: float) -> None:
        if bucket <= 0:
            raise UserError(f"A bucket is longer than 0 seconds, not {bucket}.")
        self._bucket = bucket
        self._buckets: dict[float, Bucket] = {}
        self._seconds: list[float] = []
        self._failed = 0
        self.errors: Counter[str] = Counter()
        self.actions: Counter[str] = Counter()

    def add(self, entries: Iterable[LogEntry]) -> None:
        """Count them in."""
        for entry in entries:
            self.actions[entry.kind] += 1
            start = entry.time // self._bucket * self._bucket
            before = self._buckets.get(start, Bucket(start))
            self._buckets[start] = self._with(before, entry)

    def _with(self, bucket: Bucket, entry: LogEntry) -> Bucket:
        cells, failed, seconds, instructions = 0, 0, 0.0, 0
        if entry.kind == CELL:
            outcome = outcome_from_json(entry.data["outcome"])
            cells, failed = 1, int(outcome.status != "ok")
            seconds, instructions = outcome.seconds, outcome.instructions
            self._seconds.append(seconds)
            self._failed += failed
            if failed:
                self.errors[outcome.error.partition("\n")[0] or outcome.status] += 1
        return Bucket(
            bucket.start,
            bucket.cells + cells,
            bucket.failed + failed,
            bucket.seconds + seconds,
            bucket.instructions + instructions,
            bucket.artifacts + (entry.kind == "store"),
        )

    def durations(self) -> Durations:
        """Of all cells."""
        if not self._seconds:
            return Durations()
        ordered = sorted(self._seconds)
        count, total = len(ordered), sum(ordered)
        return Durations(
            count,
            total,
            total / count,
            _quantile(ordered, 0.5),
            _quantile(ordered, 0.95),
            ordered[-1],
        )

    def error_rate(self) -> float:
        """The share of cells that failed."""
        return self._failed / len(self._seconds) if self._seconds else 0.0

    def ordered(self) -> tuple[Bucket, ...]:
        """The buckets in the order of time."""
        return tuple(self._buckets[start] for start in sorted(self._buckets))


def _quantile(ordered: list[float], share: float) -> float:
    """Between the neighbours in a straight line (the method R-7)."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def _within(
    entries: Iterable[LogEntry], since: float | None, until: float | None
) -> Iterator[LogEntry]:
    return (
        each
        for each in entries
        if (since is None or since <= each.time) and (until is None or each.time < until)
    )
