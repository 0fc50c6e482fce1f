"""Breaker: leaves a hook alone that fails or is slow too often, and tries it again later.

::

    closed ── 3 failures in 30 s ──► open ── 15 s ──► half-open ── success ──► closed
                                      ▲                   │
                                      └───── failure ─────┘

A run that is slower than `BreakerSettings.slow` counts as a failure.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class BreakerState(StrEnum):
    """Whether a hook is called."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class BreakerSettings:
    """When a hook is left alone; times in seconds."""

    failures: int = 3
    window: float = 30.0
    slow: float = 0.05
    rest: float = 15.0


class Breaker:
    """One for each hook; asked from any thread. While `is_closed`, only failures are told."""

    __slots__ = (
        *("_clock", "_failed", "_lock", "_since"),
        *("is_closed", "settings", "slow", "state", "trips"),
    )

    def __init__(self, settings: BreakerSettings, clock: Callable[[], float]) -> None:
        self.settings = settings
        self.slow = settings.slow
        self.is_closed = True
        self.state = BreakerState.CLOSED
        self.trips = 0
        """How often it opened."""
        self._clock = clock
        self._failed: deque[float] = deque(maxlen=settings.failures)
        self._since = 0.0
        self._lock = threading.Lock()

    def admits(self) -> bool:
        """Whether the hook may be called now; of those who ask while it is half-open, one."""
        with self._lock:
            if (
                self.state is BreakerState.OPEN
                and self._clock() - self._since >= self.settings.rest
            ):
                self.state = BreakerState.HALF_OPEN
                return True
            return self.state is BreakerState.CLOSED

    def note_failure(self) -> bool:
        """The hook failed or was slow; True if it is left alone from now on."""
        now = self._clock()
        with self._lock:
            if self.state is BreakerState.OPEN:
                return False  # one that was under way when it opened
            self._failed.append(now)
            is_trial = self.state is BreakerState.HALF_OPEN
            is_full = len(self._failed) == self.settings.failures
            if is_trial or (is_full and now - self._failed[0] <= self.settings.window):
                self.state, self.is_closed, self._since = BreakerState.OPEN, False, now
                self.trips += 1
                return True
        return False

    def note_success(self) -> None:
        """The hook did well; to be told only while the breaker is not closed."""
        with self._lock:
            if self.state is BreakerState.HALF_OPEN:
                self.state, self.is_closed = BreakerState.CLOSED, True
                self._failed.clear()
