"""Cells: what is executed in a session, and what came of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from pydantic import JsonValue, TypeAdapter

from kernel.execution.engine import Call
from kernel.sessions.policies.base import Limits


@dataclass(frozen=True, slots=True)
class Cell:
    """A piece of code with everything from outside that it depended on."""

    code: str
    language: str = "lua"
    name: str = ""
    """The file or chunk it is, for messages and breakpoints."""
    inputs: tuple[str, ...] = ()
    """The lines it was given on standard input."""
    clock: float | None = None
    """The time it was told, in seconds since 1970; None: the computer's."""
    seed: int | None = None
    """Where its random numbers begin; None: they go on from the cell before it."""
    number: int = 0
    """The execution count it was run under, as errors call it; 0: none."""
    arguments: tuple[str, ...] | None = None
    """The words that a script was started with; None: it is no script."""
    call: Call | None = None
    """How it was called, where it found that in globals."""


@dataclass(frozen=True, slots=True)
class Output:
    """Something a cell wrote, ``at`` so many seconds after its start."""

    text: str
    stream: str = "stdout"
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a cell ended, and what it used."""

    status: Literal["ok", "error", "interrupted"] = "ok"
    value: JsonValue = None
    outputs: tuple[Output, ...] = ()
    error: str = ""
    """The language's message, with its traceback."""
    seconds: float = 0.0
    instructions: int = 0
    peak_memory: int = 0
    """Bytes."""

    @property
    def output(self) -> str:
        """All that went to standard output, as one text."""
        return "".join(each.text for each in self.outputs if each.stream == "stdout")


class CellRunner(Protocol):
    """Runs cells one after the other; what one leaves behind (globals) the next one finds."""

    async def run(self, cell: Cell, limits: Limits) -> Outcome:
        """Run a cell to its end. Errors of the code are an outcome, no exception.

        A cell that outlives ``limits.timeout_seconds`` is broken off: ``interrupted``. Cancelling
        breaks it off, too.
        """

    async def close(self) -> None:
        """End what the runner has started."""


class RepeatableProgram(Protocol):
    """What a runtime must offer so that what ran in it can be run again. Used on the loop's thread.

    All methods may be called while a cell runs; they raise `DebuggeeGone` when it has ended.
    """

    async def begin_random(self, seed: int) -> None:
        """Let random numbers begin anew, from ``seed``."""

    async def tell_time(self, at: float | None) -> None:
        """Tell the program the time from now on as if it were ``at``; None: the computer's."""

    async def memory(self, *, without_garbage: bool = False) -> int:
        """Bytes that the program has now; without those that nobody reaches any more."""

    async def limit_instructions(self, most: int | None) -> None:
        """End cells that take so many instructions, and count those; None: not any more."""


MakeRunner = Callable[[str], CellRunner]
"""A fresh runner for a language; raises `UserError` if it knows no such language."""

_CELL = TypeAdapter(Cell)
_OUTCOME = TypeAdapter(Outcome)


def to_json(cell: Cell, outcome: Outcome) -> dict[str, JsonValue]:
    """As a log entry holds them."""
    return {
        "cell": _CELL.dump_python(cell, mode="json"),
        "outcome": _OUTCOME.dump_python(outcome, mode="json"),
    }


def cell_from_json(value: JsonValue) -> Cell:
    """The cell of `to_json`; raises `pydantic.ValidationError`."""
    return _CELL.validate_python(value)


def outcome_from_json(value: JsonValue) -> Outcome:
    """The outcome of `to_json`; raises `pydantic.ValidationError`."""
    return _OUTCOME.validate_python(value)


def cell_to_json(cell: Cell) -> JsonValue:
    """A cell alone."""
    value: JsonValue = _CELL.dump_python(cell, mode="json")
    return value


def outcome_to_json(outcome: Outcome) -> JsonValue:
    """An outcome alone."""
    value: JsonValue = _OUTCOME.dump_python(outcome, mode="json")
    return value
