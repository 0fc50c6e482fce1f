"""A clock that tests set."""


class ManualClock:
    """Implements `Clock`: stands still until a test lets time pass."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self._now = now
        self._passed = 0.0

    def now(self) -> float:
        """Seconds since 1970."""
        return self._now

    def monotonic(self) -> float:
        """Seconds since the clock was made."""
        return self._passed

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds
        self._passed += seconds
