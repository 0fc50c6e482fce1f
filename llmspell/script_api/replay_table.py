"""Replay: what running a session again is told, and how results are compared."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le

from kernel.core.catalogue import Field
from kernel.core.errors import UserError
from kernel.core.functions import HostObject, HostTable, host_function
from kernel.sessions.access import Actor
from kernel.sessions.model import parse_session_id
from kernel.sessions.replay.comparison import compare
from kernel.sessions.replay.model import Mode, ReplaySettings, settings_asked
from kernel.sessions.replay.schedule import Cron, Interval, Once
from kernel.sessions.replay.schedules import Schedules
from kernel.sessions.services import SessionServices
from llmspell.script_api.kept_values import from_json, to_json

ModeName = Literal["exact", "modified", "simulate", "debug"]


class ReplayMode(HostObject):
    """A way of running a session again."""

    name = "ReplayMode"

    def __init__(self, mode: Mode) -> None:
        self.mode = mode

    @host_function("name")
    def get_name(self) -> str:
        """Its name."""
        return self.mode.value


class ReplayModification(HostObject):
    """A change of what is run again."""

    name = "ReplayModification"

    def __init__(self, path: str, value: Any, enabled: bool) -> None:
        self.path, self.value, self.enabled = path, value, enabled

    @host_function("get_path")
    def get_path(self) -> str:
        """What is changed."""
        return self.path

    @host_function("get_value")
    def get_value(self) -> Any:
        """What it becomes."""
        return self.value

    @host_function("is_enabled")
    def is_enabled(self) -> bool:
        """Whether it is made."""
        return self.enabled

    @host_function("set_enabled")
    def set_enabled(self, enabled: bool) -> None:
        """Says whether it is made."""
        self.enabled = enabled


class ReplayConfig(HostObject):
    """How a session is run again; `Session.replay` takes it."""

    name = "ReplayConfig"

    def __init__(self, mode: Mode) -> None:
        self.mode = mode
        self.compares = True
        self.timeout: float | None = None
        self.stops = False
        self.speed = 1.0
        self.pauses = False
        self.modifications: list[ReplayModification] = []

    @host_function("get_mode")
    def get_mode(self) -> str:
        """The name of its mode."""
        return self.mode.value

    @host_function("should_compare_results")
    def should_compare_results(self) -> bool:
        """Whether results are compared with those recorded."""
        return self.compares

    @host_function("set_compare_results")
    def set_compare_results(self, compares: bool) -> "ReplayConfig":
        """Says whether results are compared; gives the settings."""
        self.compares = compares
        return self

    @host_function("get_timeout_seconds")
    def get_timeout_seconds(self) -> float | None:
        """How long it may take; nil: as long as it does."""
        return self.timeout

    @host_function("set_timeout_seconds")
    def set_timeout_seconds(self, seconds: Annotated[float | None, Gt(0)] = None) -> "ReplayConfig":
        """Says how long it may take; gives the settings."""
        self.timeout = seconds
        return self

    @host_function("should_stop_on_error")
    def should_stop_on_error(self) -> bool:
        """Whether it ends at the first error."""
        return self.stops

    @host_function("set_stop_on_error")
    def set_stop_on_error(self, stops: bool) -> "ReplayConfig":
        """Says whether it ends at the first error; gives the settings."""
        self.stops = stops
        return self

    @host_function("get_speed")
    def get_speed(self) -> float:
        """In mode simulate: how many times as fast it is told."""
        return self.speed

    @host_function("set_speed")
    def set_speed(
        self, speed: Annotated[float, Ge(0.1), Le(10), "1 is as fast as it was."]
    ) -> "ReplayConfig":
        """Says how fast it is told in mode simulate; gives the settings."""
        self.speed = speed
        return self

    @host_function("has_pauses")
    def has_pauses(self) -> bool:
        """In mode simulate: whether it waits between two cells as was waited."""
        return self.pauses

    @host_function("set_pauses")
    def set_pauses(self, pauses: bool) -> "ReplayConfig":
        """Says whether it waits between two cells in mode simulate; gives the settings."""
        self.pauses = pauses
        return self

    @host_function("get_modifications")
    def get_modifications(self) -> list[ReplayModification]:
        """The changes that are made, in their order."""
        return list(self.modifications)

    @host_function("add_modification")
    def add_modification(
        self, path: str | ReplayModification, value: Any = None, enabled: bool = True
    ) -> "ReplayConfig":
        """Adds a change; gives the settings."""
        made = path if isinstance(path, ReplayModification) else None
        self.modifications.append(made or ReplayModification(str(path), value, enabled))
        return self

    def settings(self) -> ReplaySettings:
        """In the kernel's words."""
        return settings_asked(
            mode=self.mode,
            modifications=[
                {"path": each.path, "value": to_json(each.value), "enabled": each.enabled}
                for each in self.modifications
            ],
            compare=self.compares,
            timeout_seconds=self.timeout,
            stop_on_error=self.stops,
            speed=self.speed,
            with_pauses=self.pauses,
        )


class ReplaySchedule(HostObject):
    """When something is run again."""

    name = "ReplaySchedule"

    def __init__(self, schedule: Once | Interval | Cron) -> None:
        self.schedule = schedule

    @host_function("type_name")
    def type_name(self) -> str:
        """once, interval or cron."""
        return self.schedule.type


@dataclass(frozen=True)
class ReplayDifference:
    """A place in which two values differ."""

    path: str
    description: str


@dataclass(frozen=True)
class ReplayComparison:
    """What comparing two values gave."""

    identical: Annotated[bool, "Whether they are the same."]
    similarity_score: Annotated[float, "From 0, nothing in common, to 1."]
    summary: Annotated[str, "The same in words."]
    differences: Annotated[list[ReplayDifference], "Where they differ."]


class ReplayComparator(HostObject):
    """Compares values."""

    name = "ReplayComparator"

    @host_function("compare_json")
    def compare_json(self, old: Any, new: Any) -> ReplayComparison:
        """How two values differ."""
        found = compare(to_json(old), to_json(new))
        return ReplayComparison(
            found.is_identical,
            found.similarity,
            found.summary,
            [ReplayDifference(each.path, each.description) for each in found.differences],
        )


class ReplayTable(HostTable):
    """Running sessions again: settings, schedules and comparisons."""

    name = "Replay"
    fields = (
        Field("modes", "ReplayModes", "The ways of running a session again."),
        Field("schedules", "ReplaySchedules", "When something is run again."),
    )
    objects = (ReplayMode,)

    def __init__(self, services: Callable[[], SessionServices], actor: Actor) -> None:
        """``services``: asked for when something is scheduled; the rest needs none."""
        self._services, self._actor = services, actor

    @host_function("Replay.create_config")
    def create_config(self, mode: ModeName | ReplayMode = "exact") -> ReplayConfig:
        """Settings with a mode."""
        return ReplayConfig(mode.mode if isinstance(mode, ReplayMode) else Mode(mode))

    @host_function("Replay.create_modification")
    def create_modification(
        self, path: str, value: Any, enabled: bool = True
    ) -> ReplayModification:
        """A change of what is run again."""
        return ReplayModification(path, from_json(to_json(value)), enabled)

    @host_function("Replay.create_comparator")
    def create_comparator(self) -> ReplayComparator:
        """What compares values."""
        return ReplayComparator()

    # --- by itself ------------------------------------------------------------------------------

    @host_function("Replay.schedule")
    def schedule(
        self,
        session_id: str,
        schedule: Annotated[ReplaySchedule, "What Replay.schedules gives."],
        config: Annotated[ReplayConfig | None, "Otherwise it is exact."] = None,
    ) -> dict[str, Any]:
        """Has a session run again by itself; what is known of that, with its `id`.

        A kernel in the background that uses sessions does it.
        """
        settings = config.settings() if config else ReplaySettings()
        if settings.mode not in (Mode.EXACT, Mode.MODIFIED):
            raise UserError(
                f"Nobody would be there for mode {settings.mode.value}; "
                "what runs by itself is exact or modified."
            )
        return self._schedules.schedule(
            self._actor, parse_session_id(session_id), schedule.schedule, settings
        ).as_plain()

    @host_function("Replay.list_schedules")
    def list_schedules(self, session_id: str) -> list[dict[str, Any]]:
        """When a session runs again by itself, and what came of that."""
        found = self._schedules.schedules(self._actor, parse_session_id(session_id))
        return [each.as_plain() for each in found]

    @host_function("Replay.pause_schedule")
    def pause_schedule(self, session_id: str, id: str) -> dict[str, Any]:
        """Lets a schedule rest."""
        session = parse_session_id(session_id)
        return self._schedules.pause_schedule(self._actor, session, id).as_plain()

    @host_function("Replay.resume_schedule")
    def resume_schedule(self, session_id: str, id: str) -> dict[str, Any]:
        """Lets it go on; what was missed is made up for by one run."""
        session = parse_session_id(session_id)
        return self._schedules.resume_schedule(self._actor, session, id).as_plain()

    @host_function("Replay.cancel_schedule")
    def cancel_schedule(self, session_id: str, id: str) -> dict[str, Any]:
        """Ends it; a run under way is the last."""
        session = parse_session_id(session_id)
        return self._schedules.cancel_schedule(self._actor, session, id).as_plain()

    @property
    def _schedules(self) -> Schedules:
        return self._services().schedules


class ReplayModesTable(HostTable):
    """The ways of running a session again."""

    name = "Replay.modes"
    fields = tuple(Field(mode.value, "ReplayMode", f"{mode.name.title()}.") for mode in Mode)

    def values(self) -> dict[str, Any]:
        """An object for each."""
        return {mode.value: ReplayMode(mode) for mode in Mode}


class ReplaySchedulesTable(HostTable):
    """When something is run again."""

    name = "Replay.schedules"

    @host_function("Replay.schedules.once")
    def once(self, delay: Annotated[float, Ge(0), "Seconds until then."] = 0) -> ReplaySchedule:
        """Once."""
        return ReplaySchedule(Once(delay))

    @host_function("Replay.schedules.interval")
    def interval(
        self,
        initial: Annotated[float, Ge(0), "Seconds until the first time."],
        interval: Annotated[float, Gt(0), "Seconds from one time to the next."],
        max: Annotated[int | None, Ge(1), "How often at most."] = None,
    ) -> ReplaySchedule:
        """Again and again."""
        return ReplaySchedule(Interval(interval, initial, max))

    @host_function("Replay.schedules.cron")
    def cron(self, expression: str) -> ReplaySchedule:
        """At the times of a cron expression, such as `0 3 * * *`."""
        return ReplaySchedule(Cron(expression))
