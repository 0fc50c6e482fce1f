"""What clients ask of the program and are told of it: the words of `ExecutionManager`."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from kernel.events.model import Display, KernelEvent
from kernel.execution.engine import Call, Outcome, ScriptDoor, ScriptEngine, ScriptError


class SessionType(StrEnum):
    """What kind of work a request belongs to."""

    SCRIPT = "script"
    """A whole file."""
    EXEC = "exec"
    """A piece of code that leaves no trace in the history."""
    REPL = "repl"
    """A cell of somebody who types."""
    DEBUG = "debug"
    STATE = "state"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class CellRequest:
    """A piece of code to run, and how."""

    code: str
    client: str = ""
    """Whose it is: an error of one client's cell aborts the waiting cells of that client."""
    path: str | None = None
    """The file it is from; None: one is made up."""
    is_silent: bool = False
    """Nothing is shown, counted or remembered."""
    stores_history: bool = True
    allows_input: bool = False
    stops_on_error: bool = True
    expressions: Mapping[str, str] = field(default_factory=dict)
    """Evaluated after a cell without an error."""
    session_type: SessionType = SessionType.REPL
    arguments: tuple[str, ...] | None = None
    """The words that a script was started with; None: it is no script."""
    call: Call | None = None
    """How it was called, where that is to be found in globals."""
    tells_values: bool = False
    """Whether what it returns is wanted as data as well."""


@dataclass(frozen=True, slots=True)
class CellResult:
    """How a cell ended; ``number`` is the execution count it had, or that stands."""

    number: int
    outcome: Outcome = field(default_factory=Outcome)
    expressions: Mapping[str, Display | ScriptError] = field(default_factory=dict)
    is_aborted: bool = False
    """It did not run, because of an error before it."""


LIMITED = "LimitReached"
"""The name of the error of a cell that was ended since it took more than it may."""


def failed_cell(number: int, name: str, message: str) -> CellResult:
    """A cell that ended with an error of ours."""
    error = ScriptError(name, message, (f"{name}: {message}",))
    return CellResult(number, Outcome(error=error))


class Question(Protocol):
    """A line of input that the program waits for; to be answered on the loop's thread."""

    prompt: str
    is_secret: bool

    @property
    def is_open(self) -> bool:
        """Whether the program still waits."""

    def answer(self, line: str | None) -> None:
        """Give the line, without its end; None is the end of input. The first answer counts."""


class CellObserver(Protocol):
    """Whoever a cell is run for. Called on the loop's thread."""

    def began(self, number: int) -> None:
        """The cell begins, under this execution count."""

    def told(self, event: KernelEvent) -> None:
        """Something happened while the cell runs, or after it and before the next one."""

    def asked(self, question: Question) -> None:
        """The program wants a line; only where the request allows it."""


Execute = Callable[[CellRequest], Awaitable[CellResult]]
"""Runs a cell; what goes wrong in it is part of the result."""


class Guard(Protocol):
    """Somebody around each cell, who may change it, run it again, or answer in its place."""

    async def around(self, request: CellRequest, number: int, execute: Execute) -> CellResult:
        """The result of the cell with this execution count; raises `UserError` to refuse it."""


Listener = Callable[[KernelEvent], None]

Room = Callable[[], Awaitable[None]]
"""Waits until clients can take more output, or have been waited for long enough."""

EngineFactory = Callable[[Listener, ScriptDoor, Room], ScriptEngine]
"""Makes an engine that is not started; it tells the listener and asks at the door."""
