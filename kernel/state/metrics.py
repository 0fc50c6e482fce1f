"""MeteredStore: counts and times what is asked of a store."""

import threading
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from kernel.core.clock import Clock, SystemClock
from kernel.core.errors import UserError
from kernel.state.store import StateStore
from kernel.state.wrapped import WrappedStore

BOUNDS = tuple(1e-6 * (1 << power) for power in range(25))
"""Upper ends of the classes of durations, in seconds: 1 µs, 2 µs, … 17 s; the last is open."""


@dataclass(frozen=True, slots=True)
class OperationMetrics:
    """What was measured of one kind of operation."""

    calls: int
    refused: int
    """Ended with a `UserError`, such as a conflict; the store works."""
    failed: int
    """Ended with any other error."""
    seconds: float
    """All of them together; a transaction lasts as long as it is open."""
    slowest: float
    classes: tuple[int, ...]
    """How many lasted up to each of `BOUNDS`, and how many longer; each call is in one class."""

    def quantile(self, share: float) -> float:
        """How long ``share`` (0 to 1) of the calls lasted at most, in seconds; up to a class."""
        wanted, seen = share * self.calls, 0
        for bound, count in zip(BOUNDS, self.classes, strict=False):
            seen += count
            if seen >= wanted:
                return min(bound, self.slowest)
        return self.slowest


class _Meter:
    """The figures of one kind of operation, while they grow."""

    def __init__(self) -> None:
        self.calls = self.refused = self.failed = 0
        self.seconds = self.slowest = 0.0
        self.classes = [0] * (len(BOUNDS) + 1)

    def add(self, seconds: float, error: BaseException | None) -> None:
        self.calls += 1
        self.refused += isinstance(error, UserError)
        self.failed += error is not None and not isinstance(error, UserError)
        self.seconds += seconds
        self.slowest = max(self.slowest, seconds)
        self.classes[bisect_left(BOUNDS, seconds)] += 1


class MeteredStore(WrappedStore):
    """Implements `StateStore`; what happens in transactions and snapshots counts as well."""

    def __init__(self, store: StateStore, clock: Clock | None = None) -> None:
        super().__init__(store)
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._meters: dict[str, _Meter] = {}

    def metrics(self) -> Mapping[str, OperationMetrics]:
        """By the name of the operation, what was measured since the store was made."""
        with self._lock:
            return {name: _frozen(meter) for name, meter in sorted(self._meters.items())}

    def inside(self, store: StateStore) -> StateStore:
        """A store that counts here."""
        return _Inside(store, self)

    @contextmanager
    def around(self, operation: str) -> Iterator[None]:
        """Measure."""
        began, ended_by = self._clock.monotonic(), None
        try:
            yield
        except BaseException as error:
            ended_by = error
            raise
        finally:
            took = self._clock.monotonic() - began
            with self._lock:
                self._meters.setdefault(operation, _Meter()).add(took, ended_by)


class _Inside(WrappedStore):
    """The store of a transaction or a snapshot."""

    def __init__(self, store: StateStore, meters: MeteredStore) -> None:
        super().__init__(store)
        self._meters = meters

    def around(self, operation: str) -> AbstractContextManager[None]:
        """Measure with the rest."""
        return self._meters.around(operation)

    def inside(self, store: StateStore) -> StateStore:
        """A part of a transaction counts as well."""
        return self._meters.inside(store)


def _frozen(meter: _Meter) -> OperationMetrics:
    classes = tuple(meter.classes)
    return OperationMetrics(
        meter.calls, meter.refused, meter.failed, meter.seconds, meter.slowest, classes
    )
