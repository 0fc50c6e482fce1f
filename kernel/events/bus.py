"""Publish and subscribe: an event tells, many listen, none can fail the teller."""

import logging
from collections.abc import Callable

from kernel.events.model import KernelEvent

Subscriber = Callable[[KernelEvent], None]

_log = logging.getLogger(__name__)


class EventBus:
    """Carries events to every subscriber in the order they were published.

    Not thread-safe: publish and subscribe on the loop's thread.
    """

    def __init__(self) -> None:
        self._subscribers: list[Subscriber] = []

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Call ``subscriber`` with every event from now on; returns what ends that."""
        self._subscribers.append(subscriber)

        def unsubscribe() -> None:
            if subscriber in self._subscribers:
                self._subscribers.remove(subscriber)

        return unsubscribe

    def publish(self, event: KernelEvent) -> None:
        """Tell everybody; a subscriber that raises is logged and the others still hear it."""
        for subscriber in tuple(self._subscribers):
            try:
                subscriber(event)
            except Exception:
                _log.exception("A subscriber failed on %s", type(event).__name__)
