"""What a replay is asked for, and what comes of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import JsonValue, TypeAdapter

from kernel.core.errors import UserError
from kernel.sessions.cells import Outcome
from kernel.sessions.model import SessionId
from kernel.sessions.replay.comparison import Comparison
from kernel.sessions.replay.modifications import Modification, modification_of

SLOWEST, FASTEST = 0.1, 10.0


class Mode(StrEnum):
    """How a session is replayed."""

    EXACT = "exact"
    """Its cells are run again as they were."""
    MODIFIED = "modified"
    """They are run again with changes."""
    SIMULATE = "simulate"
    """Nothing is run: what was recorded is told again, in its own time or scaled."""
    DEBUG = "debug"
    """They are run again under the debugger, which stops before a chosen step."""


@dataclass(frozen=True, slots=True)
class ReplaySettings:
    """What a replay is asked for. Raises `UserError` for what makes no sense."""

    mode: Mode = Mode.EXACT
    modifications: tuple[Modification, ...] = ()
    compare_results: bool = True
    timeout_seconds: float | None = None
    """For all of it."""
    stop_on_error: bool = False
    """End after the first step that failed."""
    from_step: int = 1
    """What comes before is run, for what it leaves behind, and neither compared nor counted."""
    to_step: int | None = None
    stop_before: int | None = None
    """In debug mode: the step before which the debugger stops; by default ``from_step``."""
    speed: float = 1.0
    """Of a simulation: 0.1 to 10 times that of the recording."""
    with_pauses: bool = False
    """Whether a simulation also waits as long between two cells as was waited."""
    metadata: Mapping[str, JsonValue] = field(default_factory=dict)
    """Kept with the result."""

    def __post_init__(self) -> None:
        if not SLOWEST <= self.speed <= FASTEST:
            raise UserError(f"The speed of a replay is {SLOWEST} to {FASTEST:g}, not {self.speed}.")
        if self.from_step < 1 or (self.to_step is not None and self.to_step < self.from_step):
            raise UserError("Steps count from 1, and a replay ends at or behind its first step.")
        if self.timeout_seconds is not None and self.timeout_seconds <= 0:
            raise UserError("The timeout of a replay is more than 0 seconds.")
        if self.modifications and self.mode in (Mode.EXACT, Mode.SIMULATE):
            raise UserError(f"A replay in mode {self.mode} has no modifications; use modified.")
        if self.stop_before is not None and self.mode is not Mode.DEBUG:
            raise UserError("Only a replay in mode debug stops before a step.")


def settings_asked(
    *,
    mode: str = "exact",
    modifications: Sequence[Mapping[str, JsonValue]] | None = None,
    compare: bool = True,
    timeout_seconds: float | None = None,
    stop_on_error: bool = False,
    from_step: int = 1,
    to_step: int | None = None,
    stop_before: int | None = None,
    speed: float = 1.0,
    with_pauses: bool = False,
    metadata: Mapping[str, JsonValue] | None = None,
) -> ReplaySettings:
    """The settings that somebody asks for in plain data; raises `UserError`."""
    return ReplaySettings(
        mode=Mode(mode),
        modifications=tuple(modification_of(each) for each in modifications or ()),
        compare_results=compare,
        timeout_seconds=timeout_seconds,
        stop_on_error=stop_on_error,
        from_step=from_step,
        to_step=to_step,
        stop_before=stop_before,
        speed=speed,
        with_pauses=with_pauses,
        metadata=metadata or {},
    )


@dataclass(frozen=True, slots=True)
class StepResult:
    """One replayed cell."""

    step: int
    outcome: Outcome
    """What came of it this time."""
    is_success: bool
    """It ended as it did when it was recorded, or (where nothing is compared) without an error."""
    comparison: Comparison | None = None
    """Of value, output, error and status with what was recorded."""


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """One replay."""

    session: SessionId
    correlation: str
    """The id of the replay, and what its events have in common."""
    mode: Mode
    started: float
    """Seconds since 1970."""
    seconds: float
    steps: tuple[StepResult, ...] = ()
    error: str = ""
    """Why it ended before its last step; "" if it did not."""
    stopped_before: int | None = None
    """The step before which the debugger stopped."""
    metadata: Mapping[str, JsonValue] = field(default_factory=dict)

    @property
    def successful(self) -> int:
        """How many steps succeeded."""
        return sum(each.is_success for each in self.steps)

    @property
    def similarity(self) -> float | None:
        """The mean of the steps' similarities; None where nothing was compared."""
        scores = [each.comparison.similarity for each in self.steps if each.comparison]
        return sum(scores) / len(scores) if scores else None

    @property
    def different(self) -> int:
        """How many steps gave something else than what was recorded, in whatever way."""
        return sum(
            bool(each.comparison and not each.comparison.is_identical) for each in self.steps
        )

    @property
    def is_identical(self) -> bool | None:
        """Whether it came to its end and gave what was recorded; None: nothing was compared."""
        if not any(each.comparison for each in self.steps):
            return None
        return not self.error and self.different == 0

    @property
    def failure(self) -> str:
        """Why it is no success; "" if it is one.

        It is none if it ended early, if a step gave something else than what was recorded (also
        where that was to be expected of a modification), or, where nothing is compared, if a step
        failed. What a simulation tells again is no failure.
        """
        if self.error:
            return self.error
        if self.mode is Mode.SIMULATE:
            return ""
        if self.is_identical is None:
            return _of_steps(len(self.steps) - self.successful, len(self.steps), "failed")
        return _of_steps(self.different, len(self.steps), "gave something else")

    def as_plain(self) -> dict[str, JsonValue]:
        """As scripts see it."""
        steps: list[JsonValue] = [
            {
                "step": each.step,
                "status": each.outcome.status,
                "success": each.is_success,
                "output": each.outcome.output,
                "value": each.outcome.value,
                "error": each.outcome.error,
                "comparison": comparison_as_plain(each.comparison) if each.comparison else None,
            }
            for each in self.steps
        ]
        return {
            "session_id": self.session,
            "correlation_id": self.correlation,
            "mode": self.mode,
            "total_duration": self.seconds,
            "hooks_replayed": len(self.steps),
            "successful_replays": self.successful,
            "failed_replays": len(self.steps) - self.successful,
            "similarity_score": self.similarity,
            "identical": self.is_identical,
            "different_steps": self.different,
            "failure": self.failure,
            "error": self.error,
            "stopped_before": self.stopped_before,
            "metadata": dict(self.metadata),
            "steps": steps,
        }


def _of_steps(count: int, total: int, what: str) -> str:
    return f"{count} of {total} {'step' if total == 1 else 'steps'} {what}." if count else ""


def comparison_as_plain(comparison: Comparison) -> dict[str, JsonValue]:
    """As scripts see it."""
    return {
        "identical": comparison.is_identical,
        "similarity_score": comparison.similarity,
        "summary": comparison.summary,
        "differences": [
            {"path": each.path, "description": each.description} for each in comparison.differences
        ],
    }


_RESULT = TypeAdapter(ReplayResult)


def encode_result(result: ReplayResult) -> bytes:
    """As it is kept."""
    return _RESULT.dump_json(result)


def decode_result(value: bytes) -> ReplayResult:
    """The way back."""
    return _RESULT.validate_json(value)
