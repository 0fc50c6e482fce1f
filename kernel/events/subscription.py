"""Subscription: a bounded queue of published events, read from any thread or task."""

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from enum import StrEnum

from kernel.core.errors import KernelError
from kernel.events.patterns import compile_pattern
from kernel.events.published import Published


class Overflow(StrEnum):
    """What happens to an event for which a subscriber's queue has no room."""

    DROP_OLDEST = "drop_oldest"
    """The event that waited longest goes; the subscriber sees the present."""
    DROP_NEWEST = "drop_newest"
    """The event itself goes; the subscriber sees the beginning."""
    BLOCK = "block"
    """The publisher waits for room until its deadline; then the event goes.

    A publisher that is a task must not make its loop wait: it awaits `Broker.publish_soon`, or
    `publish` drops the event at once.
    """
    CLOSE = "close"
    """The subscription ends: whoever must miss nothing begins anew."""


class SubscriptionClosed(KernelError):
    """A subscription has ended and all that it held was read."""


class Subscription:
    """What a subscriber has not read yet; made by `Broker.subscribe`.

    Queues hold what crosses threads. Each has a lock of its own that is held for an append or a
    pop and never while anybody waits, so that no subscriber can hold up another.
    """

    def __init__(
        self,
        patterns: tuple[str, ...],
        size: int,
        overflow: Overflow,
        deadline: float,
        on_close: Callable[["Subscription"], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.size = size
        self.overflow = overflow
        self.deadline = deadline
        self.dropped = 0
        """How many events were lost for want of room."""
        self.delivered = 0
        """How many events were read."""
        self.close_reason = ""
        self.want(*patterns)
        self._events: deque[Published] = deque()
        self._blocked: deque[Published] = deque()
        """Events whose publishers wait for room, in the order of their publication."""
        self._changed = threading.Condition()
        self._waiters: deque[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]] = deque()
        self._is_closed = False
        self._is_nudged = False
        self._on_close = on_close
        self._clock = clock

    def want(self, *patterns: str) -> None:
        """Hear of these names; for `Broker.change`. Raises `UserError` for one that is none."""
        self._matchers = [compile_pattern(each) for each in patterns]
        self.patterns = patterns

    def wants(self, name: str) -> bool:
        """Whether one of the patterns means ``name``."""
        return any(matches(name) for matches in self._matchers)

    @property
    def is_closed(self) -> bool:
        """Whether no more events come; what came before can still be read."""
        return self._is_closed

    @property
    def waiting(self) -> int:
        """How many events wait to be read."""
        return len(self._events)

    # --- publishing -------------------------------------------------------------------------------

    def offer(self, published: Published) -> bool:
        """Take an event; False if its publisher has to wait (`wait_for_room`)."""
        with self._changed:
            if self._is_closed:
                return True
            if len(self._events) < self.size and not self._blocked:
                self._events.append(published)
            elif self.overflow is Overflow.DROP_OLDEST:
                self._events.popleft()
                self._events.append(published)
                self.dropped += 1
                return True  # whoever waits was woken for the one that went
            elif self.overflow is Overflow.BLOCK:
                self._blocked.append(published)
                return False
            else:
                self.dropped += 1
                if self.overflow is Overflow.DROP_NEWEST:
                    return True
                self._is_closed = True
                self.close_reason = f"its queue of {self.size} events was full"
            self._wake()
        if self._is_closed:
            self._on_close(self)
        return True

    def wait_for_room(self, published: Published) -> bool:
        """Wait until a refused event has been taken; False if it was dropped at the deadline."""
        end = self._clock() + self.deadline
        with self._changed:
            while self._is_waiting(published):
                left = end - self._clock()
                if left <= 0:
                    return self._give_up(published)
                self._changed.wait(left)
        return True

    async def wait_for_room_async(self, published: Published) -> bool:
        """The same for a task; its loop goes on meanwhile."""
        end = self._clock() + self.deadline
        while True:
            with self._changed:
                if not self._is_waiting(published):
                    return True
                left = end - self._clock()
                if left <= 0:
                    return self._give_up(published)
                future = self._wait_on_loop()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(future, left)

    def abandon(self, published: Published) -> None:
        """Drop a refused event at once: its publisher cannot wait."""
        with self._changed:
            if self._is_waiting(published):
                self._give_up(published)

    def _is_waiting(self, published: Published) -> bool:
        return any(each is published for each in self._blocked)

    def _give_up(self, published: Published) -> bool:
        self._blocked = deque(each for each in self._blocked if each is not published)
        self.dropped += 1
        return False

    # --- reading ----------------------------------------------------------------------------------

    def receive(self, timeout: float | None = None) -> Published | None:
        """The next event; None if none comes within ``timeout`` seconds (None: wait for ever).

        For threads other than the loop's. Raises `SubscriptionClosed` when nothing can come.
        """
        end = None if timeout is None else self._clock() + timeout
        with self._changed:
            while not self._events:
                self._require_open()
                left = None if end is None else end - self._clock()
                if self._is_nudged or (left is not None and left <= 0):
                    self._is_nudged = False
                    return None
                self._changed.wait(left)
            return self._take()

    async def receive_async(self, timeout: float | None = None) -> Published | None:
        """The same for a task; its loop goes on meanwhile."""
        end = None if timeout is None else self._clock() + timeout
        while True:
            with self._changed:
                if self._events:
                    return self._take()
                self._require_open()
                left = None if end is None else end - self._clock()
                if left is not None and left <= 0:
                    return None
                future = self._wait_on_loop()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(future, left)

    async def __aiter__(self) -> AsyncIterator[Published]:
        """Every event until the subscription is closed."""
        with contextlib.suppress(SubscriptionClosed):
            while (published := await self.receive_async()) is not None:
                yield published

    def peek(self) -> Published | None:
        """The event that would be received next, if there is one now."""
        with self._changed:
            return self._events[0] if self._events else None

    def take_all(self) -> list[Published]:
        """What is there now, without waiting."""
        taken = []
        with self._changed:
            while self._events:
                taken.append(self._take())
        return taken

    def nudge(self) -> None:
        """Have `receive` give up, once, as soon as there is nothing to be read."""
        with self._changed:
            self._is_nudged = True
            self._wake()

    def close(self, reason: str = "") -> None:
        """Take no more events; whoever waits is told. Harmless when done twice."""
        with self._changed:
            if self._is_closed:
                return
            self._is_closed = True
            self.close_reason = reason
            self._blocked.clear()
            self._wake()
        self._on_close(self)

    def _require_open(self) -> None:
        if self._is_closed:
            reason = f": {self.close_reason}" if self.close_reason else ""
            raise SubscriptionClosed(
                f"The subscription to {', '.join(self.patterns)} ended{reason}."
            )

    def _take(self) -> Published:
        taken = self._events.popleft()
        self.delivered += 1
        if self._blocked:
            self._events.append(self._blocked.popleft())
            self._wake()
        return taken

    # --- waiting ----------------------------------------------------------------------------------

    def _wait_on_loop(self) -> "asyncio.Future[None]":
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._waiters.append((loop, future))
        return future

    def _wake(self) -> None:
        """Tell all who wait; with the lock held."""
        self._changed.notify_all()
        while self._waiters:
            loop, future = self._waiters.popleft()
            with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile
                loop.call_soon_threadsafe(_finish, future)


def _finish(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)
