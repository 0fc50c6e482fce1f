"""Timers of scripts, and what is reported of them."""

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from kernel.core.catalogue import Field
from kernel.core.errors import UserError
from kernel.core.functions import HostObject, host_function


@dataclass
class Measured:
    """What a timer has measured; times in milliseconds since its start."""

    id: str
    name: str
    laps: list[tuple[str, float]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    total: float | None = None
    """None while it runs."""


class DebugTimer(HostObject):
    """Measures time."""

    name = "DebugTimer"
    fields = (Field("id", "string", "Its id."),)

    def __init__(self, measured: Measured, clock: Callable[[], float]) -> None:
        self.measured = measured
        self._clock = clock
        self._start = clock()

    def values(self) -> dict[str, Any]:
        """What scripts see."""
        return {"id": self.measured.id}

    @host_function("elapsed")
    def elapsed(self) -> float:
        """Milliseconds so far, or up to when it was stopped."""
        total = self.measured.total
        return (self._clock() - self._start) * 1000 if total is None else total

    @host_function("lap")
    def lap(self, name: str = "lap") -> float:
        """Notes the time so far under a name; gives milliseconds."""
        now = self.elapsed()
        self.measured.laps.append((name, now))
        return now

    @host_function("stop")
    def stop(self) -> float:
        """Ends measuring; gives milliseconds."""
        self.measured.total = self.elapsed()
        return self.measured.total


class Timers:
    """All timers of a script, also those that it holds no more."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self.measured: dict[str, Measured] = {}
        self._running: dict[str, DebugTimer] = {}

    def begin(self, name: str) -> DebugTimer:
        """A new timer."""
        measured = Measured(uuid.uuid4().hex[:12], name)
        self.measured[measured.id] = measured
        self._running[measured.id] = timer = DebugTimer(measured, self._clock)
        return timer

    def record(self, timer_id: str, name: str, metadata: Any) -> None:
        """Note something in the course of a timer; raises `UserError` for an unknown one."""
        timer = self._running.get(timer_id)
        if timer is None:
            raise UserError(f"There is no timer {timer_id!r}; Debug.timer(name).id is one.")
        event = {"name": name, "at_ms": timer.elapsed(), "metadata": metadata}
        timer.measured.events.append(event)

    def rows(self) -> list[dict[str, Any]]:
        """What was measured, by name: how often, and milliseconds."""
        named: dict[str, list[float]] = {}
        for id_, each in self.measured.items():
            named.setdefault(each.name, []).append(self._running[id_].elapsed())
        return [
            {
                "name": name,
                "count": len(times),
                "total_ms": sum(times),
                "average_ms": sum(times) / len(times),
                "min_ms": min(times),
                "max_ms": max(times),
            }
            for name, times in named.items()
        ]

    def report(self) -> str:
        """The same as a table in text."""
        rows = self.rows()
        if not rows:
            return "No timers have run."
        head = f"{'timer':24} {'count':>6} {'total ms':>12} {'average':>12} {'min':>12} {'max':>12}"
        lines = [
            f"{row['name'][:24]:24} {row['count']:6} {row['total_ms']:12.3f} "
            f"{row['average_ms']:12.3f} {row['min_ms']:12.3f} {row['max_ms']:12.3f}"
            for row in rows
        ]
        return "\n".join([head, *lines])

    def as_json(self) -> str:
        """All of it as JSON: the rows, and each timer with its laps and events."""
        timers = [
            {
                "id": each.id,
                "name": each.name,
                "total_ms": each.total,
                "laps": [{"name": name, "at_ms": at} for name, at in each.laps],
                "events": each.events,
            }
            for each in self.measured.values()
        ]
        return json.dumps({"summary": self.rows(), "timers": timers}, default=str)

    def flame_graph(self) -> str:
        """In the form of collapsed stacks (``a;b 12``, microseconds), which flame graphs take."""
        lines = []
        for id_, each in self.measured.items():
            before = 0.0
            for name, at in each.laps:
                lines.append(f"{_frame(each.name)};{_frame(name)} {round((at - before) * 1000)}")
                before = at
            rest = self._running[id_].elapsed() - before
            lines.append(f"{_frame(each.name)} {round(rest * 1000)}")
        return "\n".join(lines)


def _frame(name: str) -> str:
    return name.replace(";", ":").replace("\n", " ") or "?"
