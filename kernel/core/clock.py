"""Clock: what time it is, as a port, so that tests decide it."""

import time
from typing import Protocol


class Clock(Protocol):
    """Two times: one to write down and one to measure with."""

    def now(self) -> float:
        """Seconds since 1970; what is written down. It may be set back."""

    def monotonic(self) -> float:
        """Seconds since some moment; what durations are measured with. It never goes back."""


class SystemClock:
    """The computer's clock."""

    now = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)
