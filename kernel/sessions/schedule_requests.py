"""ScheduleRequests: replays that run by themselves, asked for as data."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from annotated_types import Ge
from pydantic import JsonValue

from kernel.core.actions import action
from kernel.core.errors import UserError
from kernel.core.suggestions import unknown
from kernel.sessions.desk import DeskRequests, Plain, Seconds, Step
from kernel.sessions.replay.model import settings_asked
from kernel.sessions.replay.schedule import Cron, Interval, Once, Schedule

Delay = Annotated[float, Ge(0)]


class ScheduleRequests(DeskRequests):
    """The actions about schedules."""

    @action("schedule")
    def schedule(
        self,
        *,
        id: str = "",
        after: Delay | None = None,
        every: Seconds | None = None,
        cron: str = "",
        most: Step | None = None,
        mode: Literal["exact", "modified"] = "exact",
        from_step: Step = 1,
        to_step: Step | None = None,
        modifications: list[dict[str, JsonValue]] | None = None,
        compare: bool = True,
        stop_on_error: bool = False,
        timeout_seconds: Seconds | None = None,
    ) -> Plain:
        """Have it run again by itself: once ``after`` seconds, ``every`` so many, or by ``cron``.

        With ``every``, ``after`` is when the first time is, and ``most`` how often it is at most.
        """
        settings = settings_asked(
            mode=mode,
            modifications=modifications,
            compare=compare,
            timeout_seconds=timeout_seconds,
            stop_on_error=stop_on_error,
            from_step=from_step,
            to_step=to_step,
        )
        desk = self._desk
        made = desk.services.schedules.schedule(
            desk.actor, desk.find(id).id, _schedule(after, every, cron, most), settings
        )
        return {"schedule": made.as_plain()}

    @action("schedules")
    def schedules(self, *, id: str = "") -> Plain:
        """When it runs again by itself, and what came of that."""
        desk = self._desk
        there = desk.services.schedules.schedules(desk.actor, desk.find(id).id)
        return {"schedules": [each.as_plain() for each in there]}

    @action("pause_schedule")
    def pause_schedule(self, *, id: str = "", schedule: str) -> Plain:
        """Let a schedule rest."""
        return self._scheduled(self._desk.services.schedules.pause_schedule, id, schedule)

    @action("resume_schedule")
    def resume_schedule(self, *, id: str = "", schedule: str) -> Plain:
        """Let it go on; what was missed is made up for by one run."""
        return self._scheduled(self._desk.services.schedules.resume_schedule, id, schedule)

    @action("cancel_schedule")
    def cancel_schedule(self, *, id: str = "", schedule: str) -> Plain:
        """End it; a run under way is the last."""
        return self._scheduled(self._desk.services.schedules.cancel_schedule, id, schedule)

    def _scheduled(self, move: Callable[..., Any], id_: str, schedule: str) -> Plain:
        desk = self._desk
        session = desk.find(id_).id
        there = [each.id for each in desk.services.schedules.schedules(desk.actor, session)]
        found = [each for each in there if schedule and each.startswith(schedule)]
        if len(found) != 1:
            raise UserError(unknown("schedule", schedule, dict.fromkeys(there)))
        return {"schedule": move(desk.actor, session, found[0]).as_plain()}


def _schedule(after: float | None, every: float | None, cron: str, most: int | None) -> Schedule:
    """The one that was said; raises `UserError` where it was none, or several."""
    if cron and (after is not None or every is not None):
        raise UserError("A schedule is either a cron expression or seconds; say one of them.")
    if most is not None and every is None:
        raise UserError("most says how often a schedule with every runs; say every, too.")
    if cron:
        return Cron(cron)
    if every is not None:
        return Interval(every, every if after is None else after, most)
    if after is None:
        raise UserError("schedule needs after, every or cron: when is it to run?")
    return Once(after)
