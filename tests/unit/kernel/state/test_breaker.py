"""BreakerStore: a store that fails is left alone for a while."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from kernel.state.breaker import (
    NEXT,
    BreakerMetrics,
    BreakerSettings,
    BreakerStore,
    Circuit,
    CircuitChanged,
    CircuitOpen,
    Happening,
)
from kernel.state.memory import MemoryStore
from kernel.state.store import BadName, Conflict, StoreClosed, StoreUnavailable
from tests.support.clocks import ManualClock
from tests.support.stores import FailingStore

SETTINGS = BreakerSettings(failures=3, within_seconds=60, open_seconds=10, trials=2)
DEADLINE = 20.0


class Subject:
    """A breaker around a store that a test breaks, and what its listener heard."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.store = FailingStore(MemoryStore(clock))
        self.heard: list[CircuitChanged] = []
        self.breaker = BreakerStore(self.store, SETTINGS, clock, self.heard.append)

    def fail(self, times: int = 1) -> None:
        self.store.is_away = True
        for _ in range(times):
            with pytest.raises(StoreUnavailable) as caught:
                self.breaker.get("global", "a")
            assert not isinstance(caught.value, CircuitOpen)
        self.store.is_away = False

    @property
    def circuit(self) -> Circuit:
        return self.breaker.metrics().circuit

    @property
    def path(self) -> list[Circuit]:
        return [each.after for each in self.heard]


@pytest.fixture
def subject(clock: ManualClock) -> Subject:
    """The breaker."""
    return Subject(clock)


def test_it_opens_after_failures(subject: Subject) -> None:
    """As long as it is open, nothing reaches the store, reads and writes alike."""
    subject.fail(2)
    assert Circuit.CLOSED is subject.circuit
    subject.fail()
    assert Circuit.OPEN is subject.circuit
    breaker = subject.breaker
    for ask in (
        lambda: breaker.get("global", "a"),
        lambda: breaker.put("global", "a", b""),
        lambda: breaker.delete("global", "a"),
        lambda: breaker.scan("global"),
        lambda: breaker.scopes(),
        lambda: breaker.purge(0),
        lambda: breaker.transaction().__enter__(),
        lambda: breaker.snapshot().__enter__(),
    ):
        with pytest.raises(CircuitOpen, match=r"10\.0 more seconds .* nobody there"):
            ask()
    assert BreakerMetrics(Circuit.OPEN, 0, 3, 8, 1) == breaker.metrics()


def test_old_failures_do_not_count(subject: Subject) -> None:
    """Only failures within the time open it."""
    subject.fail(2)
    subject.clock.advance(61)
    subject.fail(2)
    assert Circuit.CLOSED is subject.circuit
    subject.fail()
    assert Circuit.OPEN is subject.circuit


def test_it_closes_when_the_store_works_again(subject: Subject) -> None:
    """After its time some may try; as many successes as were asked for close it."""
    subject.fail(3)
    subject.clock.advance(9.9)
    with pytest.raises(CircuitOpen):
        subject.breaker.get("global", "a")
    subject.clock.advance(0.1)
    subject.breaker.put("global", "a", b"1")
    assert Circuit.HALF_OPEN is subject.circuit
    subject.breaker.get("global", "a")
    assert Circuit.CLOSED is subject.circuit
    assert [Circuit.OPEN, Circuit.HALF_OPEN, Circuit.CLOSED] == subject.path
    subject.fail(2)
    assert Circuit.CLOSED is subject.circuit


def test_a_failed_trial_opens_it_again(subject: Subject) -> None:
    """And the time begins anew."""
    subject.fail(3)
    subject.clock.advance(10)
    subject.breaker.get("global", "a")
    subject.fail()
    subject.clock.advance(9)
    with pytest.raises(CircuitOpen, match=r"1\.0 more"):
        subject.breaker.get("global", "a")
    assert [Circuit.OPEN, Circuit.HALF_OPEN, Circuit.OPEN] == subject.path
    assert 2 == subject.breaker.metrics().opened


def test_one_tries_at_a_time(subject: Subject) -> None:
    """While somebody tries, the others are refused."""
    subject.fail(3)
    subject.clock.advance(10)
    with subject.breaker.transaction() as inside:
        inside.put("global", "a", b"1")
        with ThreadPoolExecutor(1) as pool, pytest.raises(CircuitOpen):
            pool.submit(subject.breaker.get, "global", "a").result(DEADLINE)
    subject.breaker.get("global", "a")
    assert Circuit.CLOSED is subject.circuit


def test_late_answers_decide_nothing(subject: Subject) -> None:
    """What began before the circuit opened is no trial, however it ends."""
    entered, ended = threading.Event(), threading.Event()

    def long() -> None:
        with subject.breaker.snapshot():
            entered.set()
            ended.wait(DEADLINE)

    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(long)
        assert entered.wait(DEADLINE)
        subject.fail(3)
        subject.clock.advance(10)
        subject.breaker.get("global", "a")
        ended.set()
        late.result(DEADLINE)
    assert Circuit.HALF_OPEN is subject.circuit


def test_refusals_with_a_reason_are_no_failures(subject: Subject) -> None:
    """Conflicts, bad names and errors of a caller's own say nothing against the store."""
    subject.breaker.put("global", "a", b"1")

    def err() -> None:
        with subject.breaker.transaction():
            raise ZeroDivisionError

    for _ in range(5):
        with pytest.raises(Conflict):
            subject.breaker.put("global", "a", b"2", expected=0)
        with pytest.raises(BadName):
            subject.breaker.get("global", "")
        with pytest.raises(ZeroDivisionError):
            err()
    subject.breaker.close()
    for _ in range(5):
        with pytest.raises(StoreClosed):
            subject.breaker.get("global", "a")
    assert (Circuit.CLOSED, 0) == (subject.circuit, subject.breaker.metrics().failed)


def test_a_scan_can_fail_in_the_middle(subject: Subject) -> None:
    """Each step of it counts."""
    for key in "ab":
        subject.breaker.put("global", key, b"")
    entries = subject.breaker.scan("global")
    next(entries)
    subject.store.is_away = True
    with pytest.raises(StoreUnavailable):
        next(entries)
    assert 1 == subject.breaker.metrics().failed


def test_the_table_has_no_dead_end() -> None:
    """From every circuit there is a way on, and everything that may happen leads somewhere."""
    assert set(Circuit) == {before for before, _ in NEXT} == set(NEXT.values())
    assert set(Happening) == {happening for _, happening in NEXT}
