"""ScriptEngine: the port behind which cells of one language are run, one after the other.

An engine has one runtime that lives from `start` to `close`; what a cell leaves there (globals,
loaded modules, coroutines) the next one finds. All methods are called on the loop's thread and none
of them makes that thread wait. Cells are run one at a time: the caller queues them. What looks at
the program (`complete`, `inspect`, `evaluate`) is answered also while a cell runs, at the program's
next safe point, and while it stands in the debugger. Where no such point comes (a C function), the
first two are answered all the same, of what is known without the program.

What happens is told through the listener the engine was made with, on the loop's thread and in
order: `OutputWritten`, `Displayed`, `DisplayCleared`, `Paged` and the debuggee's events. All that a
cell causes is told before `execute` returns.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from kernel.core.ids import FrameId
from kernel.core.language import LanguageInfo
from kernel.debug.debuggee import Debuggee
from kernel.events.model import Display


@dataclass(frozen=True, slots=True)
class Call:
    """How a script was called, as far as programs find that in globals of their language."""

    script: str
    """Its name, as it was typed."""
    before: Sequence[str] = ()
    """The words in front of it."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A piece of code to run."""

    code: str
    path: str
    """The file that debuggers, tracebacks and breakpoints know it as; it need not exist."""
    number: int
    """The execution count it is run under."""
    stores_result: bool = True
    """Whether the program can get at its result later (``_`` and ``_3``)."""
    arguments: Sequence[str] = ()
    """What the code finds as its own arguments (``...`` in Lua)."""
    call: Call | None = None
    """Where it is a script that begins: what it and all cells behind it find of that, besides."""
    tells_values: bool = False
    """Whether what it returns is wanted as data as well."""


@dataclass(frozen=True, slots=True)
class ScriptError:
    """An error that ended a cell; the fields are those of Jupyter's ``error``."""

    name: str
    """``SyntaxError``, ``Interrupted``, or ``Error``."""
    message: str
    """The error's message with its place, or what stands for an error that is no text."""
    traceback: Sequence[str] = ()
    """Lines for people, the message first."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a cell ended."""

    result: Display | None = None
    """What its last (or only) expression gave; None for a statement, or for no values."""
    error: ScriptError | None = None
    exit_code: int | None = None
    """The status of ``os.exit``: the program wants its kernel to end."""
    next_input: str | None = None
    """Text the program wants to be put in front of the user as the next cell."""
    instructions: int | None = None
    """Of the language's machine, that it took; None: nobody has counted."""
    values: Sequence[Any] | None = None
    """What it returned, as data; `Opaque` stands for what is none. None: nobody wanted it."""


@dataclass(frozen=True, slots=True)
class Completion:
    """A way to go on: ``text`` takes the place of the code from ``start`` to ``end``."""

    text: str
    start: int
    end: int
    kind: str
    """``function``, ``method``, ``module``, ``field``, ``variable``, ``keyword``…"""
    detail: str = ""
    documentation: str = ""


class CompletenessStatus(StrEnum):
    """Whether a text may be run."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Completeness:
    """The answer to whether a text is a whole piece of code."""

    status: CompletenessStatus
    indent: str = ""
    """What the next line of an incomplete text begins with."""


class InputDenied(Exception):
    """Nobody can be asked for a line; the text says why, and becomes an error in the program."""


class ScriptDoor(Protocol):
    """What an engine may ask of whoever runs cells in it."""

    async def read_line(self, prompt: str, *, is_secret: bool) -> str | None:
        """A line without its end, None at the end of input.

        Awaited on the loop's thread while the program waits; cancelled when the cell is
        interrupted. Raises `InputDenied` where nobody can be asked.
        """


class ScriptEngine(Protocol):
    """One runtime of one language."""

    language: LanguageInfo

    @property
    def debuggee(self) -> Debuggee:
        """The same runtime, as debuggers see it."""

    async def start(self) -> None:
        """Make the runtime; raises `UserError` for settings that make none."""

    async def execute(self, cell: Cell) -> Outcome:
        """Run a cell to its end. Raises `DebuggeeGone` when the runtime was abandoned meanwhile."""

    def interrupt(self) -> None:
        """End the cell that runs by an error no handler of it can keep; returns at once.

        Harmless when none runs. A cell that stands in the debugger goes on, to its end.
        """

    async def evaluate(self, expression: str) -> Display | ScriptError:
        """The value of an expression among the globals (Jupyter's ``user_expressions``)."""

    async def complete(self, code: str, cursor: int) -> list[Completion]:
        """Ways to go on at ``cursor``, in characters (code points) from 0."""

    async def inspect(
        self, code: str, cursor: int, detail: int, frame: FrameId | None = None
    ) -> Display | None:
        """What is known of the thing at ``cursor``; ``detail`` 1 adds its source text.

        ``frame``: where names are looked up, of a program that stands; else among the globals.
        """

    def check_completeness(self, code: str) -> Completeness:
        """Whether ``code`` is whole, by the compiler of the engine's language and version."""

    async def close(self) -> None:
        """Let finalizers run and give the runtime back; harmless when done twice."""

    async def abandon(self) -> None:
        """Give up a runtime that does not return from C: whoever waits for it gets an error."""


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """How an engine is set up, whatever the language."""

    language_version: str = ""
    """``5.4``; empty for the language's default."""
    max_memory_mb: int | None = None
    cwd: str | None = None
    paths: Sequence[str] = ()
    """Templates put before where modules are looked for."""
    arguments: Sequence[str] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    """What only one language knows; refused by name where it is not known."""
