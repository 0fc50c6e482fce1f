"""When replays are to run by themselves, and the life of such a schedule as a table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Literal

from cronsim import CronSim, CronSimError
from pydantic import Field, JsonValue, TypeAdapter

from kernel.core.errors import UserError
from kernel.sessions.model import SessionId
from kernel.sessions.replay.model import ReplaySettings


@dataclass(frozen=True, slots=True)
class Once:
    """One replay, ``delay`` seconds from now."""

    delay: float = 0.0
    type: Literal["once"] = "once"

    def first(self, now: float) -> float:
        """When the first replay is due."""
        return now + self.delay

    def following(self, planned: float, now: float, runs: int) -> float | None:
        """There is none."""
        del planned, now, runs
        return None


@dataclass(frozen=True, slots=True)
class Interval:
    """A replay every ``interval`` seconds, the first after ``initial``, at most ``most``."""

    interval: float
    initial: float = 0.0
    most: int | None = None
    type: Literal["interval"] = "interval"

    def __post_init__(self) -> None:
        if self.interval <= 0 or (self.most is not None and self.most < 1):
            raise UserError("An interval is longer than 0 s and has at least 1 replay.")

    def first(self, now: float) -> float:
        """When the first replay is due."""
        return now + self.initial

    def following(self, planned: float, now: float, runs: int) -> float | None:
        """The next in step with the first; those that were missed are left out."""
        if self.most is not None and runs >= self.most:
            return None
        missed = max(int((now - planned) // self.interval), 0)
        return planned + (missed + 1) * self.interval


@dataclass(frozen=True, slots=True)
class Cron:
    """Replays by a cron expression of five or six fields, in UTC."""

    expression: str
    type: Literal["cron"] = "cron"

    def __post_init__(self) -> None:
        try:
            CronSim(self.expression, datetime.now(UTC))
        except CronSimError as error:
            raise UserError(
                f"{self.expression!r} is no cron expression: {error}; "
                "write minute, hour, day, month and day of the week, as in */15 9 * * MON-FRI."
            ) from None

    def first(self, now: float) -> float:
        """When the first replay is due."""
        found = self.following(now, now, 0)
        if found is None:
            raise UserError(f"There is no time that {self.expression!r} describes.")
        return found

    def following(self, planned: float, now: float, runs: int) -> float | None:
        """The next time after now."""
        del planned, runs
        found = next(CronSim(self.expression, datetime.fromtimestamp(now, UTC)), None)
        return None if found is None else found.timestamp()


Schedule = Annotated[Once | Interval | Cron, Field(discriminator="type")]


class ScheduleState(StrEnum):
    """Where a schedule is in its life."""

    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ScheduleVerb(StrEnum):
    """What can be done to a schedule."""

    START = "start"
    AGAIN = "wait for the next run"
    COMPLETE = "complete"
    FAIL = "fail"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"


_S, _V = ScheduleState, ScheduleVerb

SCHEDULE_LIFE: Mapping[ScheduleState, Mapping[ScheduleVerb, ScheduleState]] = {
    _S.SCHEDULED: {_V.START: _S.RUNNING, _V.PAUSE: _S.PAUSED, _V.CANCEL: _S.CANCELLED},
    _S.RUNNING: {
        _V.AGAIN: _S.SCHEDULED,
        _V.COMPLETE: _S.COMPLETED,
        _V.FAIL: _S.FAILED,
        _V.CANCEL: _S.CANCELLED,
    },
    _S.PAUSED: {_V.RESUME: _S.SCHEDULED, _V.CANCEL: _S.CANCELLED},
    _S.COMPLETED: {},
    _S.FAILED: {},
    _S.CANCELLED: {},
}
"""State, verb, and the state that follows. What is not here is refused."""


@dataclass(frozen=True, slots=True)
class ScheduledReplay:
    """A replay that runs by itself, in the name of whoever scheduled it."""

    id: str
    session: SessionId
    schedule: Schedule
    user: str
    is_admin: bool
    created: float
    """Seconds since 1970, as all times here."""
    next_run: float | None
    settings: ReplaySettings = field(default_factory=ReplaySettings)
    state: ScheduleState = ScheduleState.SCHEDULED
    claimed_until: float = 0.0
    """While it runs: when it has to be over; then its kernel has ended in the middle."""
    runs: int = 0
    failed_runs: int = 0
    """How many of them ended early, or gave something else than what was recorded."""
    last_result: str = ""
    """The correlation of the last `ReplayResult`."""
    last_error: str = ""
    """Why the last run failed."""

    def as_plain(self) -> dict[str, JsonValue]:
        """As scripts see it."""
        return {
            "id": self.id,
            "session_id": self.session,
            "type": self.schedule.type,
            "state": self.state,
            "next_run": self.next_run,
            "runs": self.runs,
            "failed_runs": self.failed_runs,
            "last_result": self.last_result,
            "last_error": self.last_error,
        }


def next_schedule_state(replay: ScheduledReplay, verb: ScheduleVerb) -> ScheduleState:
    """Where ``verb`` leads; raises `UserError`."""
    try:
        return SCHEDULE_LIFE[replay.state][verb]
    except KeyError:
        allowed = ", ".join(SCHEDULE_LIFE[replay.state])
        others = f"only {allowed}" if allowed else "nor is anything else"
        raise UserError(
            f"Schedule {replay.id} is {replay.state}: {verb} is not possible, {others}."
        ) from None


_SCHEDULED = TypeAdapter(ScheduledReplay)


def encode_schedule(replay: ScheduledReplay) -> bytes:
    """As it is kept."""
    return _SCHEDULED.dump_json(replay)


def decode_schedule(value: bytes) -> ScheduledReplay:
    """The way back."""
    return _SCHEDULED.validate_json(value)
