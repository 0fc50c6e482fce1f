"""MeteredStore: what is asked of a store is counted and timed."""

from contextlib import contextmanager

import pytest

from kernel.state.memory import MemoryStore
from kernel.state.metrics import BOUNDS, MeteredStore
from kernel.state.store import Conflict, StoreUnavailable
from kernel.state.wrapped import WrappedStore
from tests.support.clocks import ManualClock
from tests.support.stores import FailingStore


class SlowStore(WrappedStore):
    """A store that takes the time a test wants."""

    takes = 0.0

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(MemoryStore(clock))
        self._clock = clock

    @contextmanager
    def around(self, operation):
        """Let time pass."""
        self._clock.advance(self.takes)
        yield


def test_operations_are_counted_by_name(clock: ManualClock) -> None:
    """Those in transactions and snapshots too."""
    metered = MeteredStore(MemoryStore(clock), clock)
    metered.put("global", "a", b"1")
    with metered.transaction() as inside:
        inside.put("global", "b", b"1")
        with inside.transaction() as part:
            part.delete("global", "b")
    with metered.snapshot() as seen:
        seen.get("global", "a")
    assert {"delete": 1, "get": 1, "put": 2, "snapshot": 1, "transaction": 2} == {
        name: each.calls for name, each in metered.metrics().items()
    }


def test_refusals_and_failures_are_told_apart(clock: ManualClock) -> None:
    """A conflict is the caller's, an unreachable store is not."""
    failing = FailingStore(MemoryStore(clock))
    metered = MeteredStore(failing, clock)
    metered.put("global", "a", b"1")
    with pytest.raises(Conflict):
        metered.put("global", "a", b"1", expected=0)
    failing.is_away = True
    with pytest.raises(StoreUnavailable):
        metered.put("global", "a", b"1")
    put = metered.metrics()["put"]
    assert (3, 1, 1) == (put.calls, put.refused, put.failed)


def test_times_are_added_and_sorted_into_classes(clock: ManualClock) -> None:
    """Sum, slowest and quantiles are those of what was measured."""
    slow = SlowStore(clock)
    metered = MeteredStore(slow, clock)
    for slow.takes in (*[0.001] * 90, *[0.1] * 9, 100.0):
        metered.get("global", "a")
    get = metered.metrics()["get"]
    assert (100, 100.0) == (sum(get.classes), get.slowest)
    assert get.seconds == pytest.approx(0.09 + 0.9 + 100)
    assert 0.001 <= get.quantile(0.5) <= 0.002
    assert 0.1 <= get.quantile(0.95) <= 0.2
    assert 100.0 == get.quantile(1)
    assert [100.0 > BOUNDS[-1], 1] == [True, get.classes[-1]]
