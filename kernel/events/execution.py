"""What happens while code is executed: beginnings, ends, results, errors, questions.

What the program itself tells (what it writes and shows, where it stops) is in
`kernel.events.model`.
"""

from dataclasses import dataclass

from kernel.events.model import Display, KernelEvent


@dataclass(frozen=True, slots=True)
class ExecutionStarted(KernelEvent):
    """A piece of code begins to run; ``count`` is the number its result will have."""

    code: str
    count: int = 0
    is_silent: bool = False
    language: str = ""


@dataclass(frozen=True, slots=True)
class ExecutionFinished(KernelEvent):
    """It is over; ``status`` is ``ok``, ``error``, ``aborted`` or ``interrupted``."""

    count: int = 0
    status: str = "ok"
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class ResultProduced(KernelEvent):
    """The value of the code, in several forms."""

    display: Display
    count: int = 0


@dataclass(frozen=True, slots=True)
class ErrorRaised(KernelEvent):
    """An error ended the code; ``traceback`` has a text per line."""

    name: str
    value: str
    traceback: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StatusChanged(KernelEvent):
    """The kernel is ``starting``, ``busy`` (a cell or a comm runs), ``idle`` or ``restarting``."""

    status: str


@dataclass(frozen=True, slots=True)
class InputRequested(KernelEvent):
    """Code waits for a line from whoever had it executed."""

    prompt: str = ""
    is_password: bool = False
