"""EventLog: what was published, kept in a store, to be read again by number.

Durability, honestly
--------------------
Publishing waits for nothing: events go into a queue, and a thread of the log writes them together,
``batch`` at a time or what came within ``interval`` seconds, in one transaction of the store. So

- an event is durable, as far as the store is, once `flush` (or `close`) has returned after it was
  published, and otherwise ``interval`` seconds later at best;
- a process that is killed loses what was not written yet: at most what was published within the
  last ``interval``, or while the store could not be reached;
- where the store is slower than events come for so long that ``size`` events wait, `dropped`
  counts those that were lost; with `Overflow.BLOCK` publishers wait instead, for a second at most.

An entry is written once and never changed. Numbers are the log's own and go on where the last
process left off; what is missing in them was removed by the retention, from the oldest on.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from kernel.events.broker import Broker
from kernel.events.patterns import matches
from kernel.events.published import Published
from kernel.events.subscription import Overflow, Subscription, SubscriptionClosed
from kernel.state.store import StateStore, StoreUnavailable

_log = logging.getLogger(__name__)

SCOPE = "events"
HEAD_SCOPE = "events.head"
_HEAD = "head"
_PAGE = 500
"""Entries read at once: nobody who writes waits for a reader longer than for these."""


@dataclass(frozen=True, slots=True)
class LogSettings:
    """How a log writes and what it keeps; times in seconds."""

    batch: int = 500
    interval: float = 0.5
    size: int = 100_000
    """Events that may wait to be written."""
    overflow: Overflow = Overflow.DROP_NEWEST
    keep_events: int | None = None
    """How many events are kept; the oldest go first."""
    keep_seconds: float | None = None
    """How long they are kept."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An event with its number in the log."""

    number: int
    published: Published


class EventLog:
    """Keeps what a broker publishes; `start` and `close` once, everything else on any thread."""

    def __init__(
        self,
        store: StateStore,
        settings: LogSettings | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings or LogSettings()
        self.written = 0
        """How many events this process has written."""
        self._store = store
        self._clock = clock
        self._next = self._last_number() + 1
        self._oldest = self._first_number()
        self._subscription: Subscription | None = None
        self._thread: threading.Thread | None = None
        self._writing = threading.Lock()
        self._progress = threading.Condition()
        self._seen = 0
        """All events of the broker up to this number are written, or were not wanted."""
        self._broker: Broker | None = None
        self._closing = threading.Event()

    # --- writing ----------------------------------------------------------------------------------

    def start(self, broker: Broker, patterns: Sequence[str] = ("*",)) -> None:
        """Keep what is published from now on, of the names that ``patterns`` mean."""
        self._broker = broker
        self._seen = broker.sequence
        self._subscription = broker.subscribe(
            *patterns, size=self.settings.size, overflow=self.settings.overflow
        )
        self._thread = threading.Thread(target=self._write_on, name="event-log", daemon=True)
        self._thread.start()

    @property
    def dropped(self) -> int:
        """How many events were lost since the store was too slow."""
        return self._subscription.dropped if self._subscription else 0

    def flush(self, deadline: float = 10.0) -> bool:
        """Wait until all is written that was published before; False if that took too long."""
        if self._broker is None:
            return True
        wanted = self._broker.sequence
        if self._subscription is not None:
            self._subscription.nudge()
        with self._progress:
            return self._progress.wait_for(lambda: self._seen >= wanted, deadline)

    def close(self, deadline: float = 10.0) -> bool:
        """Write what is there and keep nothing more; False if not all could be written in time."""
        if self._thread is None or self._subscription is None:
            return True
        has_written = self.flush(deadline)
        self._closing.set()
        self._subscription.close("the log was closed")
        self._thread.join(deadline)
        return has_written and not self._thread.is_alive()

    def append(self, events: Sequence[Published]) -> list[int]:
        """Write events at once, in one transaction; their numbers. Raises what the store does."""
        now = self._clock()
        expires = None if self.settings.keep_seconds is None else now + self.settings.keep_seconds
        with self._writing:
            numbers = list(range(self._next, self._next + len(events)))
            with self._store.transaction() as store:
                for number, published in zip(numbers, events, strict=True):
                    store.put(SCOPE, _key(number), published.encode(), expires=expires)
                store.put(HEAD_SCOPE, _HEAD, str(self._next + len(events) - 1).encode())
                oldest = self._trim(store, self._next + len(events))
            self._next += len(events)
            self._oldest = oldest
            self.written += len(events)
        return numbers

    def purge(self) -> int:
        """Remove for good what is older than `LogSettings.keep_seconds`; how many that were."""
        return self._store.purge(self._clock())

    def _trim(self, store: StateStore, following: int) -> int:
        """Remove the oldest events beyond those to keep; the number of the oldest that stays."""
        if self.settings.keep_events is None:
            return self._oldest
        oldest = max(self._oldest, following - self.settings.keep_events)
        for number in range(self._oldest, oldest):
            store.delete(SCOPE, _key(number))
        return oldest

    def _write_on(self) -> None:
        """The log's thread: what came is written together, until the subscription has ended."""
        assert self._broker is not None
        assert self._subscription is not None
        is_open = True
        while is_open:
            batch, is_open = self._next_batch(self._subscription)
            if batch and not self._write(batch):
                return
            told = self._broker.sequence  # of these, what is not in the queue is written
            waiting = self._subscription.peek()
            with self._progress:
                self._seen = told if waiting is None else waiting.sequence - 1
                self._progress.notify_all()

    def _next_batch(self, subscription: Subscription) -> tuple[list[Published], bool]:
        """What comes within the interval or until somebody is in a hurry; whether more can come."""
        batch: list[Published] = []
        end: float | None = None
        try:
            while len(batch) < self.settings.batch:
                left = None if end is None else max(0.0, end - time.monotonic())
                published = subscription.receive(left)
                if published is None:
                    break
                batch.append(published)
                end = end or time.monotonic() + self.settings.interval
        except SubscriptionClosed:
            return batch, False
        return batch, True

    def _write(self, batch: Sequence[Published]) -> bool:
        """Write a batch, again and again while the store is away; False if the log closes first."""
        wait = 0.1
        while True:
            try:
                self.append(batch)
            except StoreUnavailable as error:
                _log.warning("The event log waits for its store: %s", error)
                if self._closing.wait(wait):
                    return False
                wait = min(5.0, wait * 2)
            except Exception:
                _log.exception("The event log lost %d events", len(batch))
                return True
            else:
                return True

    # --- reading ----------------------------------------------------------------------------------

    def replay(
        self,
        after: int = 0,
        *,
        pattern: str = "*",
        correlation_id: str | None = None,
        since: float | None = None,
        until: float | None = None,
        limit: int | None = None,
    ) -> Iterator[Entry]:
        """Events with numbers above ``after``, in their order; at most ``limit``.

        ``since`` and ``until`` are seconds since 1970. All is read for that: an audit of a message
        (``correlation_id``) takes as long as the log is.
        """
        found = 0
        key: str | None = _key(after) if after else None
        while True:
            page = list(self._store.scan(SCOPE, after=key, limit=_PAGE))
            for key, kept in page:
                published = Published.decode(kept.value)
                if (
                    (since is None or published.time >= since)
                    and (until is None or published.time <= until)
                    and (correlation_id is None or published.correlation_id == correlation_id)
                    and matches(pattern, published.name)
                ):
                    if limit is not None and found >= limit:
                        return
                    found += 1
                    yield Entry(int(key), published)
            if len(page) < _PAGE:
                return

    def _last_number(self) -> int:
        head = self._store.get(HEAD_SCOPE, _HEAD)
        return int(head.value) if head else 0

    def _first_number(self) -> int:
        first = next(iter(self._store.scan(SCOPE, limit=1)), None)
        return int(first[0]) if first else self._next


def _key(number: int) -> str:
    """Numbers as text that sorts as they do."""
    return f"{number:019d}"
