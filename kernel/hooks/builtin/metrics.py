"""Metrics: how often points are reached, and how long operations take."""

import bisect
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kernel.hooks.base import Component, HookDetails
from kernel.hooks.points import HookPoint, Kind
from kernel.hooks.results import CONTINUE, HookResult

BOUNDS: tuple[float, ...] = (
    *(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05),
    *(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0),
)
"""Upper bounds of a histogram's buckets, in seconds; one more has all that is longer."""

_MOST_UNDER_WAY = 10_000
_MOST_NOTES = 100
_MOST_NAMES = 10_000


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many took how long; ``counts`` has one more than there are `BOUNDS`."""

    counts: tuple[int, ...]
    total: float
    """Seconds of all together."""

    @property
    def count(self) -> int:
        """How many there were."""
        return sum(self.counts)

    def quantile(self, share: float) -> float:
        """The bound below which ``share`` of them lie; infinity above the last one."""
        wanted, seen = share * self.count, 0
        for bound, count in zip((*BOUNDS, float("inf")), self.counts, strict=True):
            seen += count
            if seen >= wanted and count:
                return bound
        return 0.0


class _Taken:
    """A histogram in the making."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect.bisect_left(BOUNDS, seconds)] += 1
        self.total += seconds


class MetricsHook:
    """Counts, and measures from a point before an operation to the one after it or its error.

    To be registered at all three, first of all before and on errors, last of all after, so that
    it measures what the others take, too. Used from any thread.

    Being called it only notes when; notes are counted when somebody asks, or when they are many.
    """

    def __init__(
        self, clock: Callable[[], float] = time.perf_counter, *, by_name: bool = True
    ) -> None:
        """``by_name``: components are told apart; otherwise only their types, such as cells are.

        Above 10,000 names all that are new are counted as one, called ``other``.
        """
        self._clock = clock
        self._by_name = by_name
        self._notes: deque[tuple[float, HookPoint, Component, str, int]] = deque()
        self._note = self._notes.append
        self._lock = threading.Lock()
        self._reached: dict[tuple[str, str, str], int] = defaultdict(int)
        self._taken: dict[tuple[str, str], _Taken] = defaultdict(_Taken)
        self._begun: dict[tuple[str, str, str, int], list[float]] = {}

    def __call__(self, details: HookDetails) -> HookResult:
        """Note it, so that measuring begins or ends."""
        # By their places, since asking for them by name takes longer: `_count` names them.
        self._note((self._clock(), details[0], details[1], details[6], details[8]))
        if len(self._notes) >= _MOST_NOTES:
            self._count()
        return CONTINUE

    def _count(self) -> None:
        """Make figures of the notes."""
        before, notice = Kind.BEFORE, Kind.NOTICE
        with self._lock:
            take, reached, begun = self._notes.popleft, self._reached, self._begun
            for _ in range(len(self._notes)):
                now, point, component, correlation, attempt = take()
                kind, name = component.type, component.name if self._by_name else ""
                place = (point.name, kind, name)
                if len(reached) >= _MOST_NAMES and place not in reached:
                    name = "other"
                    place = (point.name, kind, name)
                reached[place] += 1
                if point.kind is before:
                    begun.setdefault((kind, name, correlation, attempt), []).append(now)
                elif point.kind is not notice:
                    since = begun.pop(key := (kind, name, correlation, attempt), None)
                    if since is not None:
                        self._taken[kind, name].add(now - since.pop())
                        if since:
                            begun[key] = since
            while len(begun) > _MOST_UNDER_WAY:  # operations that were never ended
                del begun[next(iter(begun))]

    def counts(self) -> Mapping[tuple[str, str, str], int]:
        """How often each point was reached, by point, type and name of the component."""
        self._count()
        with self._lock:
            return dict(self._reached)

    def durations(self) -> Mapping[tuple[str, str], Histogram]:
        """How long operations took, by type and name of the component."""
        self._count()
        with self._lock:
            return {
                key: Histogram(tuple(each.counts), each.total) for key, each in self._taken.items()
            }

    def as_prometheus(self) -> str:
        """All of it as Prometheus reads it (text format 0.0.4)."""
        lines = ["# TYPE llmspell_hook_points_total counter"]
        for (point, kind, name), count in sorted(self.counts().items()):
            labels = f'point="{point}",type="{_label(kind)}",name="{_label(name)}"'
            lines.append(f"llmspell_hook_points_total{{{labels}}} {count}")
        lines.append("# TYPE llmspell_operation_seconds histogram")
        for (kind, name), histogram in sorted(self.durations().items()):
            labels = f'type="{_label(kind)}",name="{_label(name)}"'
            seen = 0
            for bound, count in zip((*BOUNDS, "+Inf"), histogram.counts, strict=True):
                seen += count
                bucket = f'{labels},le="{bound}"'
                lines.append(f"llmspell_operation_seconds_bucket{{{bucket}}} {seen}")
            lines.append(f"llmspell_operation_seconds_sum{{{labels}}} {histogram.total}")
            lines.append(f"llmspell_operation_seconds_count{{{labels}}} {seen}")
        return "\n".join(lines) + "\n"


def _label(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
