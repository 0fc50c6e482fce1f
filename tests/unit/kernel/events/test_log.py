"""The audit log: what is kept, when it is safe, and how it is read again."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from kernel.core.clock import SystemClock
from kernel.events import correlation
from kernel.events.broker import Broker
from kernel.events.execution import ExecutionStarted
from kernel.events.log import EventLog, LogSettings
from kernel.events.names import Announced
from kernel.state.memory import MemoryStore
from kernel.state.sqlite import SqliteStore
from kernel.state.store import StateStore
from tests.support.clocks import ManualClock
from tests.support.stores import FailingStore

DEADLINE = 20.0
"""Seconds to wait for anything; only failing takes that long."""


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> StateStore:
    """A store to keep events in."""
    return MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "state.db")


def names(log: EventLog, **chosen: object) -> list[str]:
    """What was kept, by name."""
    return [each.published.name for each in log.replay(**chosen)]  # type: ignore[arg-type] # by test


def tell(broker: Broker, *types: str) -> None:
    """Publish events without data."""
    for each in types:
        broker.publish(Announced(each))


def test_what_is_flushed_is_there(store: StateStore) -> None:
    """After a flush all that was published before is in the store, in its order, unchanged."""
    broker = Broker()
    log = EventLog(store)
    heard = broker.subscribe("*")
    log.start(broker)
    tell(broker, *(f"e.{number}" for number in range(1200)))
    assert log.flush(DEADLINE)
    kept = list(log.replay())
    assert heard.take_all() == [each.published for each in kept]
    assert list(range(1, 1201)) == [each.number for each in kept]
    assert log.close(DEADLINE)


def test_closing_writes_what_is_there(store: StateStore) -> None:
    """Nothing that was published before the end is lost, and nothing after it is kept."""
    broker, log = Broker(), EventLog(store, LogSettings(interval=3600))
    log.start(broker)
    tell(broker, "e.1", "e.2")
    assert log.close(DEADLINE)
    tell(broker, "e.3")
    assert ["e.1", "e.2"] == names(log)


def test_it_is_written_without_a_flush(store: StateStore) -> None:
    """Who waits for nobody's flush finds events after the interval."""
    broker, log = Broker(), EventLog(store, LogSettings(interval=0.01))
    log.start(broker)
    tell(broker, "e.1")
    with log._progress:
        assert log._progress.wait_for(lambda: log.written == 1, DEADLINE)
    log.close(DEADLINE)


def test_an_idle_log_can_be_flushed(store: StateStore) -> None:
    """A flush with nothing to write comes back, also of events the log does not want."""
    broker, log = Broker(), EventLog(store)
    log.start(broker, ["audit.*"])
    assert log.flush(DEADLINE)
    tell(broker, "other.1")
    assert log.flush(DEADLINE)
    log.close(DEADLINE)
    assert [] == names(log)


def test_numbers_go_on_in_the_next_process(tmp_path: Path) -> None:
    """A log that is opened again goes on counting, and has what the last one kept."""
    for round_ in range(2):
        store = SqliteStore(tmp_path / "state.db")
        broker, log = Broker(), EventLog(store)
        log.start(broker)
        tell(broker, f"round.{round_}", "e.x")
        log.close(DEADLINE)
        numbers = [each.number for each in log.replay()]
        store.close()
    assert [1, 2, 3, 4] == numbers


def test_choosing_what_to_read(store: StateStore) -> None:
    """By number, name, message, time, and how many."""
    clock = ManualClock(100.0)
    broker, log = Broker(clock=clock.now), EventLog(store)
    log.start(broker)
    with correlation.serving("M"):
        broker.publish(ExecutionStarted("x = 1"))
        clock.advance(10)
        tell(broker, "user.login")
    clock.advance(10)
    tell(broker, "user.left", "system.ready")
    log.flush(DEADLINE)
    everything = ["execution.started", "user.login", "user.left", "system.ready"]
    assert everything == names(log)
    assert everything[2:] == names(log, after=2)
    assert everything[1:3] == names(log, pattern="user.*")
    assert everything[:2] == names(log, correlation_id="M")
    assert everything[1:2] == names(log, since=105, until=115)
    assert everything[:3] == names(log, limit=3)
    assert [] == names(log, limit=0)
    log.close(DEADLINE)


def test_only_so_many_are_kept(store: StateStore) -> None:
    """Above its number of events the oldest go, and the others keep their numbers."""
    broker, log = Broker(), EventLog(store, LogSettings(batch=3, keep_events=4))
    log.start(broker)
    tell(broker, *(f"e.{number}" for number in range(1, 11)))
    log.close(DEADLINE)
    again = EventLog(store, LogSettings(keep_events=2))
    again.append([Broker().publish(Announced("e.11"))])
    assert [(10, "e.10"), (11, "e.11")] == [
        (each.number, each.published.name) for each in again.replay()
    ]


def test_only_so_long_are_they_kept() -> None:
    """Above its age an event is not there any more, and can be removed for good."""
    clock = ManualClock()
    store = MemoryStore(clock)
    log = EventLog(store, LogSettings(keep_seconds=60), clock=clock.now)
    broker = Broker()
    log.append([broker.publish(Announced("e.old"))])
    clock.advance(61)
    log.append([broker.publish(Announced("e.new"))])
    assert (["e.new"], 1) == (names(log), log.purge())


def test_a_store_that_is_away_is_waited_for() -> None:
    """Events that could not be written are written when the store is back, once and in order."""
    store = FailingStore(MemoryStore())
    broker, log = Broker(), EventLog(store)
    store.is_away = True
    log.start(broker)
    tell(broker, "e.1", "e.2")
    assert not log.flush(0.05)
    store.is_away = False
    assert log.flush(DEADLINE)
    assert ["e.1", "e.2"] == names(log)
    log.close(DEADLINE)


def test_what_cannot_wait_is_counted() -> None:
    """Where the store stays away for too long, the log says how many events it lost."""
    store = FailingStore(MemoryStore())
    broker, log = Broker(), EventLog(store, LogSettings(batch=1, size=5))
    store.is_away = True
    log.start(broker)
    tell(broker, *(f"e.{number}" for number in range(20)))
    store.is_away = False
    assert log.flush(DEADLINE)
    log.close(DEADLINE)
    assert 20 == len(names(log)) + log.dropped
    assert log.dropped >= 14


class CountingStore(MemoryStore):
    """A store that counts its transactions."""

    transactions = 0

    def transaction(self):
        self.transactions += 1
        return super().transaction()


def test_an_event_costs_no_transaction() -> None:
    """A thousand events are written in a few transactions."""
    store = CountingStore(SystemClock())
    broker, log = Broker(), EventLog(store, LogSettings(batch=500, interval=3600))
    log.start(broker)
    tell(broker, *(f"e.{number}" for number in range(1000)))
    assert log.close(DEADLINE)
    assert store.transactions <= 4


def test_readers_and_writers_do_not_wait_for_each_other(tmp_path: Path) -> None:
    """While somebody reads page after page, events go on being kept."""
    store = SqliteStore(tmp_path / "state.db")
    broker, log = Broker(), EventLog(store)
    log.start(broker)
    tell(broker, *(f"e.{number}" for number in range(1500)))
    log.flush(DEADLINE)
    reading = log.replay()
    first = next(reading)
    teller = threading.Thread(target=tell, args=(broker, "late.1"))
    teller.start()
    teller.join(DEADLINE)
    assert log.flush(DEADLINE)
    assert ("e.0", 1500) == (first.published.name, len(list(reading)))
    assert log.close(DEADLINE)


KILLED = """
import os, sys
from kernel.events.broker import Broker
from kernel.events.log import EventLog
from kernel.events.names import Announced
from kernel.state.sqlite import SqliteStore

broker, log = Broker(), EventLog(SqliteStore(sys.argv[1]))
log.start(broker)
for number in range(10):
    broker.publish(Announced(f"e.{number}"))
assert log.flush(20)
for number in range(10, 15):
    broker.publish(Announced(f"e.{number}"))
os._exit(9)
"""


def test_a_killed_process_loses_only_what_was_not_flushed(tmp_path: Path) -> None:
    """What was flushed outlives a process that ends at once; of the rest, the beginning may."""
    path = str(tmp_path / "state.db")
    ended = subprocess.run([sys.executable, "-c", KILLED, path], check=False)
    found = names(EventLog(SqliteStore(path)))
    wanted = [f"e.{number}" for number in range(15)]
    assert (9, wanted[: len(found)]) == (ended.returncode, found)
    assert len(found) >= 10
