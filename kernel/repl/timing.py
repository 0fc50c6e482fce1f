"""How long cells take."""

from collections.abc import Callable
from dataclasses import dataclass, field

SLOW = 1.0
"""Seconds from which a cell counts as slow."""


@dataclass(slots=True)
class Timing:
    """The durations of a session's cells, in seconds."""

    clock: Callable[[], float]
    shows_each: bool = False
    warns: bool = False
    taken: list[tuple[float, str]] = field(default_factory=list)

    def took(self, seconds: float, code: str) -> str:
        """Remember a cell; what is to be said about it."""
        self.taken.append((seconds, code))
        if self.shows_each:
            return f"({duration(seconds)})"
        if self.warns and seconds >= SLOW:
            return f"(slow: {duration(seconds)})"
        return ""

    def summary(self) -> str:
        """Lines for people."""
        if not self.taken:
            return "No cell was run yet."
        total = sum(seconds for seconds, _ in self.taken)
        slowest, code = max(self.taken)
        first = code.strip().partition("\n")[0][:50]
        return (
            f"cells    {len(self.taken)}\ntotal    {duration(total)}\n"
            f"average  {duration(total / len(self.taken))}\n"
            f"slowest  {duration(slowest)}  {first}"
        )


def duration(seconds: float) -> str:
    """A duration for people."""
    if seconds < 0.001:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 1:
        return f"{seconds * 1e3:.1f} ms"
    if seconds < 60:
        return f"{seconds:.2f} s"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"
