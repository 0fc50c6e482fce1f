"""How long to wait before something is tried again: five back-offs and four jitters.

Attempts count from 1; ``delay(n)`` is the wait after the n-th has failed, in seconds.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

Chance = Callable[[float, float], float]
"""A number between two others, such as `random.uniform`."""


class BackOff(Protocol):
    """The wait after a failed attempt, before jitter."""

    def delay(self, attempt: int, /) -> float:
        """Seconds to wait after attempt ``attempt``."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """Always the same."""

    seconds: float = 0.1

    def delay(self, _attempt: int, /) -> float:
        """The same for each."""
        return self.seconds


@dataclass(frozen=True, slots=True)
class Linear:
    """``first``, then ``step`` longer each time."""

    first: float = 0.1
    step: float = 0.1
    most: float = 60.0

    def delay(self, attempt: int, /) -> float:
        """Grows by addition."""
        return min(self.most, self.first + self.step * (attempt - 1))


@dataclass(frozen=True, slots=True)
class Exponential:
    """``first``, then ``factor`` times as long each time."""

    first: float = 0.1
    factor: float = 2.0
    most: float = 60.0

    def delay(self, attempt: int, /) -> float:
        """Grows by multiplication."""
        try:
            return min(self.most, self.first * self.factor ** (attempt - 1))
        except OverflowError:
            return self.most


@dataclass(frozen=True, slots=True)
class Fibonacci:
    """``unit`` times 1, 1, 2, 3, 5, 8, ..."""

    unit: float = 0.1
    most: float = 60.0

    def delay(self, attempt: int, /) -> float:
        """Grows by the sum of the last two."""
        last, this = 0, 1
        for _ in range(attempt - 1):
            last, this = this, last + this
            if this * self.unit > self.most:
                return self.most
        return min(self.most, this * self.unit)


@dataclass(frozen=True, slots=True)
class Custom:
    """A list of waits, whose last one stands for all later ones, or a function of the attempt."""

    delays: Sequence[float] | Callable[[int], float] = (0.1,)

    def delay(self, attempt: int, /) -> float:
        """As listed, or as the function says."""
        if callable(self.delays):
            return max(0.0, self.delays(attempt))
        return self.delays[min(attempt, len(self.delays)) - 1] if self.delays else 0.0


class Jitter(StrEnum):
    """How chance changes a wait, so that not all come back at the same time.

    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter
    """

    NONE = "none"
    """Not at all."""
    FULL = "full"
    """Anything from nothing to the wait."""
    EQUAL = "equal"
    """Half of it, and anything up to the other half."""
    DECORRELATED = "decorrelated"
    """Anything from the first wait to three times the last one; at most ``most``."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often, and after which waits, something is tried."""

    max_attempts: int = 3
    back_off: BackOff = field(default_factory=Exponential)
    jitter: Jitter = Jitter.NONE
    most: float = 60.0
    """The longest wait that decorrelated jitter may come to."""

    def delay(
        self, attempt: int, last: float | None = None, chance: Chance = random.uniform
    ) -> float:
        """Seconds to wait after attempt ``attempt``; ``last``: those waited before it."""
        plain = self.back_off.delay(attempt)
        match self.jitter:
            case Jitter.NONE:
                return plain
            case Jitter.FULL:
                return chance(0.0, plain)
            case Jitter.EQUAL:
                return plain / 2 + chance(0.0, plain / 2)
        first = self.back_off.delay(1)
        return min(self.most, chance(first, max(first, 3 * (first if last is None else last))))
