"""Broker: numbers events and puts each into the queue of everybody who subscribed to its name."""

import asyncio
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import replace

from kernel.core.errors import UserError
from kernel.events.bus import EventBus
from kernel.events.correlation import Correlation, current
from kernel.events.model import KernelEvent
from kernel.events.names import checked_name, name_of
from kernel.events.published import Published
from kernel.events.subscription import Overflow, Subscription

QUEUE_SIZE = 10_000
"""Events a subscriber may be behind."""

_KNOWN_NAMES = 1024
"""For how many names it is remembered who wants them."""


class Broker:
    """Publishes from any thread to any thread.

    Publishing costs the publisher a lock and an append for each subscriber that wants the event;
    what subscribers do with it, they do in their own time. The debugger does not come here: its
    events go over a synchronous `EventBus`, and `relay` brings them in.
    """

    def __init__(self, source: str = "kernel", clock: Callable[[], float] = time.time) -> None:
        self.source = source
        self.origin = uuid.uuid4().hex
        self._clock = clock
        # Reentrant: a queue that overflows may end its subscription while it is offered something.
        self._lock = threading.RLock()
        self._sequence = 0
        self._subscriptions: list[Subscription] = []
        self._wanting: dict[str, tuple[Subscription, ...]] = {}

    @property
    def sequence(self) -> int:
        """The number of the event published last; all up to it are in the queues. First is 1."""
        with self._lock:
            return self._sequence

    # --- subscribing ------------------------------------------------------------------------------

    def subscribe(
        self,
        *patterns: str,
        size: int = QUEUE_SIZE,
        overflow: Overflow = Overflow.DROP_OLDEST,
        deadline: float = 1.0,
    ) -> Subscription:
        """Hear of every event whose name matches a pattern (all, if none is given), from now on.

        ``deadline``: seconds a publisher waits for room at most, where ``overflow`` is to block.
        Raises `UserError` for a pattern that means nothing, or a queue without room.
        """
        if size < 1:
            raise UserError(f"A queue of {size} events holds none; give it room for 1 at least.")
        made = Subscription(patterns or ("*",), size, overflow, deadline, self._forget)
        with self._lock:
            self._subscriptions.append(made)
            self._wanting.clear()
        return made

    def change(self, subscription: Subscription, *patterns: str) -> None:
        """Have an open subscription hear of other names from now on; what it holds, it keeps.

        Raises `UserError` for a pattern that means nothing; then nothing changes.
        """
        with self._lock:
            subscription.want(*patterns)
            self._wanting.clear()

    def subscriptions(self) -> list[Subscription]:
        """Those that are open."""
        with self._lock:
            return list(self._subscriptions)

    def close(self) -> None:
        """End all subscriptions; what they hold can still be read."""
        for each in self.subscriptions():
            each.close("the kernel ended")

    def _forget(self, subscription: Subscription) -> None:
        with self._lock:
            if subscription in self._subscriptions:
                self._subscriptions.remove(subscription)
            self._wanting.clear()

    # --- publishing -------------------------------------------------------------------------------

    def publish(
        self,
        event: KernelEvent,
        *,
        correlation: Correlation | None = None,
        source: str = "",
    ) -> Published:
        """Tell everybody who wants to hear, and wait for those only who asked for that.

        The event belongs to ``correlation``, by default the one in force here. Raises `UserError`
        if a script's event has no proper name.
        """
        published, refusing = self._tell(event, correlation or current(), source)
        for each in refusing:
            if _on_a_loop():
                each.abandon(published)
            else:
                each.wait_for_room(published)
        return published

    async def publish_soon(
        self,
        event: KernelEvent,
        *,
        correlation: Correlation | None = None,
        source: str = "",
    ) -> Published:
        """The same for a task, whose loop goes on while it waits for a full queue."""
        published, refusing = self._tell(event, correlation or current(), source)
        for each in refusing:
            await each.wait_for_room_async(published)
        return published

    def inject(self, foreign: Published) -> Published:
        """Tell of an event that another kernel published: it keeps all but its number."""
        checked_name(foreign.name)
        with self._lock:
            self._sequence += 1
            published = replace(foreign, sequence=self._sequence)
            refusing = self._offer(published)
        for each in refusing:
            each.abandon(published)
        return published

    def relay(
        self, bus: EventBus, correlation: Callable[[], Correlation | None] = current
    ) -> Callable[[], None]:
        """Publish here, too, whatever is told on ``bus``; returns what ends that.

        ``correlation`` says whom the events belong to. A debuggee tells them on the loop's thread,
        where often no message is served, so whoever runs it knows better (`RunCorrelation`).
        """

        def tell(event: KernelEvent) -> None:
            self.publish(event, correlation=correlation(), source="debug")

        return bus.subscribe(tell)

    def _tell(
        self, event: KernelEvent, correlation: Correlation | None, source: str
    ) -> tuple[Published, list[Subscription]]:
        name = name_of(event)
        caller, cause = (
            (correlation.correlation_id, correlation.causation_id) if correlation else (None, None)
        )
        # The lock makes the order of numbers the order in every queue.
        with self._lock:
            self._sequence = number = self._sequence + 1
            published = Published(
                name,
                event,
                f"{self.origin}-{number}",
                number,
                self._clock(),
                caller,
                cause,
                source or self.source,
                self.origin,
            )
            return published, self._offer(published)

    def _offer(self, published: Published) -> list[Subscription]:
        """Give it to all who want it; with the lock held. Those that have no room for it."""
        wanting = self._wanting.get(published.name)
        if wanting is None:
            if len(self._wanting) >= _KNOWN_NAMES:
                self._wanting.clear()
            wanting = tuple(each for each in self._subscriptions if each.wants(published.name))
            self._wanting[published.name] = wanting
        return [each for each in wanting if not each.offer(published)]


def _on_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
