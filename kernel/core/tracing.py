"""Spans: what was done, for how long and within what, in the terms of OpenTelemetry.

A span here is as cheap as it can be (measured by ``python -m bench --only hooks``): two numbers,
two readings of the clock, and an entry in a queue when it ends. What OpenTelemetry makes of it is
made later, on another thread (`kernel.core.telemetry`), so that tracing stays on where it matters.

::

    tracer = Tracer(Level.INFO, sink)
    with tracer.span("execute", language="lua"):
        with tracer.span("hook", Level.DEBUG, point="PreCodeExecution"):
            ...

The span in force is kept in a context variable: tasks inherit it, threads are handed it
(`kernel.events.correlation.HandOver`). A span of another process arrives and leaves as W3C trace
context (https://www.w3.org/TR/trace-context/) in a plain dict, such as the metadata of a Jupyter
message (`extract`, `inject`).
"""

import random
import re
import threading
import time
from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar, Token
from enum import IntEnum
from typing import NamedTuple, Protocol

Attribute = str | int | float | bool


class Level(IntEnum):
    """How much is traced: at ``INFO`` what clients ask for, at ``DEBUG`` also what that takes."""

    OFF = 0
    INFO = 1
    DEBUG = 2


class SpanReference(NamedTuple):
    """Which span: enough to be the parent of others, in this process or another one."""

    trace: int
    """128 bits."""
    span: int
    """64 bits."""
    is_sampled: bool = True
    state: str = ""
    """What vendors of the caller's trace added (``tracestate``); passed on as it came."""

    @property
    def traceparent(self) -> str:
        """The header of W3C Trace Context (section 3.2) that names it."""
        return _traceparent(self.trace, self.span, self.is_sampled)


def _traceparent(trace: int, span: int, is_sampled: bool) -> str:
    return f"00-{trace:032x}-{span:016x}-{is_sampled:02x}"


class SpanSink(Protocol):
    """Where spans go when they end; called on any thread, and must not wait."""

    def __call__(self, span: "Span", /) -> None:
        """Take a span."""


_current: "ContextVar[SpanReference | Span | None]" = ContextVar("span", default=None)

_bits = random.SystemRandom().getrandbits
_quick_bits = random.Random(_bits(128)).getrandbits
_making_ids = threading.Lock()


def current_span() -> SpanReference | None:
    """The span in force here."""
    here = _current.get()
    return here.reference if isinstance(here, Span) else here


def span_here() -> "SpanReference | Span | None":
    """The same for `within`: of a span of this process itself, no reference is made."""
    return _current.get()


class within:  # noqa: N801 # reads as a word where it is used
    """What happens inside ``with within(span):`` is part of a span made elsewhere."""

    __slots__ = ("_span", "_token")
    _token: "Token[SpanReference | Span | None]"

    def __init__(self, span: "SpanReference | Span | None") -> None:
        self._span = span

    def __enter__(self) -> None:
        self._token = _current.set(self._span)

    def __exit__(self, *_: object) -> None:
        _current.reset(self._token)


class Span:
    """A span, from ``with tracer.span(...) as span``; its sink gets it when it has ended.

    It is its own record, and its ids are made when somebody asks for them, mostly the exporter:
    both would cost as much as the rest.
    """

    __slots__ = (
        *("_number", "_parent", "_sink", "_token", "_trace", "_written"),
        *("attributes", "end", "error", "name", "start"),
    )
    is_sampled = True
    _token: Token["SpanReference | Span | None"]
    start: int
    """When it began and ended, in nanoseconds since 1970."""
    end: int

    def __init__(
        self,
        name: str,
        sink: "SpanSink",
        attributes: dict[str, Attribute],
        parent: "SpanReference | Span | None",
    ) -> None:
        self.name = name
        self.attributes = attributes
        self.error: str | None = None
        self._sink = sink
        self._parent = parent
        self._number = self._trace = 0
        self._written = ""

    @property
    def span(self) -> int:
        """Its own id, 64 bits."""
        return self._number or self._make_ids()[0]

    @property
    def trace(self) -> int:
        """The id of its trace, 128 bits."""
        return self._trace or self._make_ids()[1]

    @property
    def parent(self) -> int:
        """The span it is within; 0 if it is the first of its trace."""
        return 0 if self._parent is None else self._parent.span

    @property
    def state(self) -> str:
        """See `SpanReference`."""
        return "" if self._parent is None else self._parent.state

    @property
    def reference(self) -> SpanReference:
        """What its children and other processes know of it."""
        return SpanReference(self.trace, self.span, True, self.state)

    @property
    def traceparent(self) -> str:
        """As `SpanReference` has it; kept, since each message that is sent within it has it."""
        if not self._written:
            self._written = _traceparent(self.trace, self.span, True)
        return self._written

    def _make_ids(self) -> tuple[int, int]:
        trace = 0 if self._parent is None else self._parent.trace
        with _making_ids:  # two threads may be the first to ask
            if not self._number:
                self._trace = trace or _quick_bits(128) or 1
                self._number = _quick_bits(64) or 1
        return self._number, self._trace

    def set(self, **attributes: Attribute) -> None:
        """Say more about the span."""
        self.attributes.update(attributes)

    def fail(self, error: str) -> None:
        """The span ends with an error, though nothing is raised."""
        self.error = error

    def __enter__(self) -> "Span":
        self._token = _current.set(self)
        self.start = time.time_ns()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, _trace: object) -> None:
        self.end = time.time_ns()
        _current.reset(self._token)
        if kind is not None and self.error is None:
            self.error = f"{kind.__name__}: {error}"
        self._sink(self)


class NoSpan:
    """What there is where nothing is traced."""

    __slots__ = ()

    def set(self, **attributes: Attribute) -> None:
        """Nobody hears it."""

    def fail(self, error: str) -> None:
        """Nobody hears it."""

    def __enter__(self) -> "NoSpan":
        return self

    def __exit__(self, *_: object) -> None:
        return None


_NO_SPAN = NoSpan()


def _nobody(_span: Span, /) -> None:
    """The sink of those who trace nothing."""


class Tracer:
    """Makes spans; ``level`` may be changed while they are made."""

    __slots__ = ("_sink", "level")

    def __init__(self, level: Level = Level.OFF, sink: SpanSink = _nobody) -> None:
        self.level = level
        self._sink = sink

    def span(
        self, name: str, level: Level = Level.INFO, /, **attributes: Attribute
    ) -> "Span | NoSpan":
        """A span to be entered with ``with``; an error that leaves it is noted on it.

        Where a caller's trace is not sampled, or ``level`` is more than is traced, there is none.
        """
        if level > self.level:
            return _NO_SPAN
        parent = _current.get()
        if parent is not None and not parent.is_sampled:
            return _NO_SPAN
        return Span(name, self._sink, attributes, parent)


# --- W3C trace context -------------------------------------------------------------------------

TRACEPARENT = "traceparent"
TRACESTATE = "tracestate"

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")


def inject(carrier: MutableMapping[str, object]) -> None:
    """Write the span in force into a dict, for whoever gets it to go on from; nothing if none."""
    span = _current.get()
    if span is not None:
        carrier[TRACEPARENT] = span.traceparent
        if span.state:
            carrier[TRACESTATE] = span.state


def extract(carrier: Mapping[str, object]) -> SpanReference | None:
    """The span that whoever sent the dict was in; None if there is none or it makes no sense.

    As the specification has it (section 3.2): version ``ff`` and ids of zeros are invalid, and a
    later version may have more behind the flags.
    """
    found = _TRACEPARENT.fullmatch(str(carrier.get(TRACEPARENT, "")))
    if found is None:
        return None
    version, trace, span, flags, rest = found.groups()
    if version == "ff" or (version == "00" and rest) or not int(trace, 16) or not int(span, 16):
        return None
    state = carrier.get(TRACESTATE, "")
    return SpanReference(
        int(trace, 16),
        int(span, 16),
        bool(int(flags, 16) & 1),
        state if isinstance(state, str) else "",
    )
