r"""What debugging speaks of, in no protocol's words: frozen data that may cross threads.

The vocabulary is that of https://microsoft.github.io/debug-adapter-protocol, which debugger users
know. Lines and columns count from 1. Bytes that are not UTF-8 arrive as ``\\xHH`` escapes.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from kernel.core.ids import BreakpointId, FrameId, SourceReference, ThreadId, VariablesReference

NO_CHILDREN = VariablesReference(0)
NO_REFERENCE = SourceReference(0)


class SourceHint(StrEnum):
    """How prominently a source is shown."""

    NORMAL = "normal"
    EMPHASIZE = "emphasize"
    DEEMPHASIZE = "deemphasize"


@dataclass(frozen=True, slots=True)
class Source:
    """A text that code came from: a file (``path``) or a chunk (``reference``)."""

    name: str
    path: str | None = None
    reference: SourceReference = NO_REFERENCE
    origin: str | None = None
    hint: SourceHint = SourceHint.NORMAL
    made_of: tuple["Source", ...] = ()


@dataclass(frozen=True, slots=True)
class Program:
    """What to run and how; ``name`` is what the program itself knows, its path if empty."""

    path: str
    args: tuple[str, ...] = ()
    stop_on_entry: bool = False
    debug: bool = True
    name: str = ""


# --- breakpoints -------------------------------------------------------------------------------


class HitOperator(StrEnum):
    """How a hit count is compared; ``EVERY`` means each n-th hit."""

    EQUAL = "=="
    GREATER = ">"
    GREATER_EQUAL = ">="
    LESS = "<"
    LESS_EQUAL = "<="
    EVERY = "%"


@dataclass(frozen=True, slots=True)
class HitCondition:
    """Stop when the number of hits stands in this relation to ``count``, and so ``further`` do."""

    operator: HitOperator
    count: int
    further: "tuple[HitCondition, ...]" = ()


@dataclass(frozen=True, slots=True)
class LogMessage:
    """A message; ``parts`` alternates literal text (even places) and expressions to evaluate."""

    text: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BreakpointSpec:
    """A breakpoint as it was asked for, its conditions already parsed.

    ``line`` and ``column`` are where the client wants it. All three of ``condition``,
    ``hit_condition`` and ``log_message`` may be given: hits are counted where the condition
    holds, and the message is written when the hit condition holds.
    """

    id: BreakpointId
    line: int
    column: int | None = None
    condition: str | None = None
    hit_condition: HitCondition | None = None
    log_message: LogMessage | None = None


@dataclass(frozen=True, slots=True)
class FunctionBreakpointSpec:
    """Stop on entry of a function: ``name``, ``module.name`` or ``Class:method``."""

    id: BreakpointId
    name: str
    condition: str | None = None
    hit_condition: HitCondition | None = None


@dataclass(frozen=True, slots=True)
class DataBreakpointSpec:
    """Stop when the value behind ``data_id`` (of a `DataBreakpointInfo`) changes."""

    id: BreakpointId
    data_id: str
    access: str = "write"
    condition: str | None = None
    hit_condition: HitCondition | None = None


@dataclass(frozen=True, slots=True)
class ExceptionBreakpointSpec:
    """Stop on errors of one kind (`ExceptionFilter.filter`), where ``condition`` holds.

    In the condition, ``err`` is the error value.
    """

    filter: str
    condition: str | None = None
    id: BreakpointId | None = None


@dataclass(frozen=True, slots=True)
class ExceptionFilter:
    """A kind of error a client may choose to stop on."""

    filter: str
    label: str
    description: str
    default: bool = False
    condition_description: str = "Lua expression; err is the error value"


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """A breakpoint as it stands: where it really is, or why it is not verified."""

    id: BreakpointId
    verified: bool
    message: str | None = None
    source: Source | None = None
    line: int | None = None
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None
    reason: str | None = None
    """``pending`` (not loaded yet) or ``failed`` (can never be hit), if not verified."""


@dataclass(frozen=True, slots=True)
class BreakpointLocation:
    """A place where a breakpoint can be set."""

    line: int
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None


@dataclass(frozen=True, slots=True)
class DataBreakpointInfo:
    """Whether and under which id a value can be watched; ``data_id`` None says no."""

    data_id: str | None
    description: str
    access_types: tuple[str, ...] = ()
    can_persist: bool = False


# --- a stopped program -------------------------------------------------------------------------


class StopReason(StrEnum):
    """Why the debuggee stopped (DAP's words)."""

    STEP = "step"
    BREAKPOINT = "breakpoint"
    EXCEPTION = "exception"
    PAUSE = "pause"
    ENTRY = "entry"
    GOTO = "goto"
    FUNCTION_BREAKPOINT = "function breakpoint"
    DATA_BREAKPOINT = "data breakpoint"


class StepKind(StrEnum):
    """How to resume one thread."""

    CONTINUE = "continue"
    IN = "in"
    OVER = "over"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class Resume:
    """How to go on. ``target`` is a `StepInTarget` id; ``single_thread``: stop in no other."""

    kind: StepKind
    thread: ThreadId
    single_thread: bool = False
    target: int | None = None
    granularity: str = "statement"


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread of the debuggee; for Lua, a coroutine."""

    id: ThreadId
    name: str


@dataclass(frozen=True, slots=True)
class ValueFormat:
    """How values are shown: integers in hexadecimal, and where long texts are cut off."""

    hex: bool = False


@dataclass(frozen=True, slots=True)
class FrameFormat:
    """What a frame's name holds, as DAP's StackFrameFormat names it."""

    hex: bool = False
    parameters: bool = False
    parameter_types: bool = False
    parameter_names: bool = False
    parameter_values: bool = False
    line: bool = False
    module: bool = False
    include_all: bool = False


class FrameHint(StrEnum):
    """How prominently a frame is shown; ``LABEL`` is a divider, not a frame."""

    NORMAL = "normal"
    LABEL = "label"
    SUBTLE = "subtle"


@dataclass(frozen=True, slots=True)
class StackFrame:
    """One activation of a function, innermost first in a page."""

    id: FrameId
    name: str
    line: int
    column: int = 0
    end_line: int | None = None
    end_column: int | None = None
    source: Source | None = None
    module: str | None = None
    hint: FrameHint = FrameHint.NORMAL
    can_restart: bool = False


@dataclass(frozen=True, slots=True)
class StackPage:
    """Some frames of a stack and how many there are in all."""

    frames: tuple[StackFrame, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Scope:
    """A named group of variables of a frame."""

    name: str
    reference: VariablesReference
    hint: str | None = None
    """DAP's scope presentation hint: ``arguments``, ``locals``, ``registers``, ``returnValue``…"""
    named: int | None = None
    indexed: int | None = None
    expensive: bool = False
    source: Source | None = None
    line: int | None = None
    end_line: int | None = None


@dataclass(frozen=True, slots=True)
class Presentation:
    """DAP's VariablePresentationHint."""

    kind: str | None = None
    attributes: tuple[str, ...] = ()
    visibility: str | None = None
    lazy: bool = False


@dataclass(frozen=True, slots=True)
class Variable:
    """A name and a value; ``reference`` leads to its children."""

    name: str
    value: str
    type: str
    reference: VariablesReference = NO_CHILDREN
    named: int | None = None
    indexed: int | None = None
    evaluate_name: str | None = None
    memory: str | None = None
    presentation: Presentation | None = None
    declaration: int | None = None
    """Location reference of where the variable is declared."""
    value_location: int | None = None
    """Location reference of where the value (a function) is defined."""


@dataclass(frozen=True, slots=True)
class EvaluateResult:
    """The value of an expression; several values are shown as ``a, b`` and are children."""

    value: str
    type: str
    reference: VariablesReference = NO_CHILDREN
    named: int | None = None
    indexed: int | None = None
    memory: str | None = None
    presentation: Presentation | None = None
    value_location: int | None = None


@dataclass(frozen=True, slots=True)
class Completion:
    """A way to go on typing; replaces ``length`` characters from ``start`` (both count from 0)."""

    label: str
    text: str | None = None
    kind: str | None = None
    detail: str | None = None
    sort_text: str | None = None
    start: int | None = None
    length: int | None = None
    selection_start: int | None = None
    selection_length: int | None = None


@dataclass(frozen=True, slots=True)
class ExceptionDetails:
    """The error a thread stopped on."""

    id: str
    """A short name: ``runtime error``, ``error``, ``assert``, ``syntax error``, ``memory``…"""
    description: str
    mode: str
    """``never``, ``always``, ``unhandled`` or ``userUnhandled`` (DAP's ExceptionBreakMode)."""
    type_name: str
    traceback: str
    value: Variable | None = None
    evaluate_name: str | None = None


@dataclass(frozen=True, slots=True)
class StepInTarget:
    """A call on the current line that a step in can choose."""

    id: int
    label: str
    line: int | None = None
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None


@dataclass(frozen=True, slots=True)
class Module:
    """What ``require`` loaded."""

    id: str
    name: str
    path: str | None = None
    is_user_code: bool = True


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a source, behind a location reference."""

    source: Source
    line: int
    column: int | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of a string; ``unreadable`` counts what was asked for past its end."""

    address: str
    data: bytes = field(default=b"", repr=False)
    unreadable: int = 0
