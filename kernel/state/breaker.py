"""BreakerStore: a store that fails is left alone for a while, so that callers fail at once.

The circuit is closed as long as the store works. After some failures within a time it opens: every
operation is refused at once with `CircuitOpen`. After a while one operation may try; the circuit
closes if it works and opens again if not.

Reads are refused like writes while the circuit is open. Serving what was read earlier would let a
caller compare and swap with what is no longer there, and take old state for new.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum

from kernel.core.clock import Clock, SystemClock
from kernel.state.store import StateStore, StoreClosed, StoreUnavailable
from kernel.state.wrapped import WrappedStore


class Circuit(Enum):
    """How a breaker stands to its store."""

    CLOSED = "closed"
    """Operations reach the store."""
    OPEN = "open"
    """Operations are refused."""
    HALF_OPEN = "half-open"
    """One operation at a time may try, the others are refused."""


class Happening(Enum):
    """What a circuit changes by."""

    FAILED_TOO_OFTEN = "the store failed too often"
    WAITED_LONG_ENOUGH = "the store was left alone long enough"
    TRIAL_FAILED = "the store failed again"
    TRIALS_WORKED = "the store works again"


NEXT = {
    (Circuit.CLOSED, Happening.FAILED_TOO_OFTEN): Circuit.OPEN,
    (Circuit.OPEN, Happening.WAITED_LONG_ENOUGH): Circuit.HALF_OPEN,
    (Circuit.HALF_OPEN, Happening.TRIAL_FAILED): Circuit.OPEN,
    (Circuit.HALF_OPEN, Happening.TRIALS_WORKED): Circuit.CLOSED,
}
"""All the ways a circuit may go."""


@dataclass(frozen=True, slots=True)
class BreakerSettings:
    """When a circuit opens and closes."""

    failures: int = 5
    """So many failures open it,"""
    within_seconds: float = 30.0
    """if they happen within this time."""
    open_seconds: float = 10.0
    """How long it stays open before something may try."""
    trials: int = 1
    """So many operations must work, one after the other, before it closes."""


@dataclass(frozen=True, slots=True)
class CircuitChanged:
    """A circuit opened, closed, or lets something try."""

    before: Circuit
    after: Circuit
    happening: Happening
    error: str
    """The text of the last failure, "" if there was none."""
    open_seconds: float = 0.0
    """How long the store is left alone once its circuit has opened."""


@dataclass(frozen=True, slots=True)
class BreakerMetrics:
    """What happened at a breaker since it was made."""

    circuit: Circuit
    succeeded: int
    failed: int
    refused: int
    opened: int
    """How often the circuit opened."""


class CircuitOpen(StoreUnavailable):
    """The store failed a short time ago and was not asked."""

    def __init__(self, seconds: float, error: str) -> None:
        super().__init__(
            f"The store is left alone for {seconds:.1f} more seconds because it failed: {error}"
        )
        self.seconds = seconds


class BreakerStore(WrappedStore):
    """Implements `StateStore`; safe for any number of threads as far as the store behind it is.

    A failure is `StoreUnavailable`, but not that of a store that was closed. ``listener`` is called
    in the thread that changed the circuit, when it has changed; it may ask the breaker, and should
    be quick. What it raises goes to the caller of the operation.
    """

    def __init__(
        self,
        store: StateStore,
        settings: BreakerSettings | None = None,
        clock: Clock | None = None,
        listener: Callable[[CircuitChanged], None] | None = None,
    ) -> None:
        super().__init__(store)
        self._settings = settings or BreakerSettings()
        self._clock = clock or SystemClock()
        self._listener = listener
        self._lock = threading.Lock()
        self._circuit = Circuit.CLOSED
        self._failures: deque[float] = deque(maxlen=self._settings.failures)
        self._opened_at = 0.0
        self._is_trying = False
        self._worked = 0
        self._error = ""
        self._succeeded = self._failed = self._refused = self._opened = 0

    def metrics(self) -> BreakerMetrics:
        """What happened so far."""
        with self._lock:
            counts = (self._succeeded, self._failed, self._refused, self._opened)
            return BreakerMetrics(self._circuit, *counts)

    @contextmanager
    def around(self, operation: str) -> Iterator[None]:  # noqa: ARG002  # all are alike here
        """Refuse the operation, or learn from how it ends."""
        is_trial = self._admit()
        try:
            yield
        except StoreClosed:
            self._finish(is_trial=is_trial)
            raise
        except StoreUnavailable as error:
            self._fail(str(error), is_trial=is_trial)
            raise
        except Exception:  # refused for a good reason, or a caller's own in a transaction
            self._succeed(is_trial=is_trial)
            raise
        except BaseException:
            self._finish(is_trial=is_trial)
            raise
        self._succeed(is_trial=is_trial)

    def _admit(self) -> bool:
        """Whether the operation is a trial; raises `CircuitOpen`."""
        changed = None
        with self._lock:
            left = self._opened_at + self._settings.open_seconds - self._clock.monotonic()
            if self._circuit is Circuit.OPEN and left <= 0:
                changed = self._go(Happening.WAITED_LONG_ENOUGH)
            is_trial = self._circuit is Circuit.HALF_OPEN
            if self._circuit is Circuit.OPEN or (is_trial and self._is_trying):
                self._refused += 1
                raise CircuitOpen(max(left, 0.0), self._error)
            self._is_trying = is_trial
        self._tell(changed)
        return is_trial

    def _succeed(self, *, is_trial: bool) -> None:
        changed = None
        with self._lock:
            self._succeeded += 1
            if is_trial and self._circuit is Circuit.HALF_OPEN:
                self._worked += 1
                if self._worked >= self._settings.trials:
                    changed = self._go(Happening.TRIALS_WORKED)
        self._finish(is_trial=is_trial)
        self._tell(changed)

    def _fail(self, error: str, *, is_trial: bool) -> None:
        changed, now = None, self._clock.monotonic()
        with self._lock:
            self._failed += 1
            self._error = error
            if is_trial and self._circuit is Circuit.HALF_OPEN:
                changed = self._go(Happening.TRIAL_FAILED)
            elif self._circuit is Circuit.CLOSED:
                self._failures.append(now)
                recent = now - self._failures[0] <= self._settings.within_seconds
                if recent and len(self._failures) == self._failures.maxlen:
                    changed = self._go(Happening.FAILED_TOO_OFTEN)
        self._finish(is_trial=is_trial)
        self._tell(changed)

    def _finish(self, *, is_trial: bool) -> None:
        if is_trial:
            with self._lock:
                self._is_trying = False

    def _go(self, happening: Happening) -> CircuitChanged:
        before = self._circuit
        self._circuit = NEXT[before, happening]
        if self._circuit is Circuit.OPEN:
            self._opened_at = self._clock.monotonic()
            self._opened += 1
        self._failures.clear()
        self._worked = 0
        seconds = self._settings.open_seconds
        return CircuitChanged(before, self._circuit, happening, self._error, seconds)

    def _tell(self, changed: CircuitChanged | None) -> None:
        if changed is not None and self._listener is not None:
            self._listener(changed)
