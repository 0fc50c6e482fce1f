"""What belongs together: the ids that lead from a client's message to all that came of it.

A *correlation id* is the same for everything that one message of a client brings about; for
messages of Jupyter clients it is the ``msg_id``. A *causation id* names the one thing (message or
event) that something follows from directly. So with the message M::

    execution.started  e1   correlation M   causation M
    tool.called        e2   correlation M   causation e1
    hook.intervened    e3   correlation M   causation e2
    debug.stopped      e4   correlation M   causation e1

The correlation in force is kept in a context variable, which tasks inherit from whoever starts
them. Threads do not: what goes to another thread takes a `HandOver` with it.
"""

from collections.abc import Callable
from contextvars import ContextVar, Token
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from kernel.core import tracing

T = TypeVar("T")
P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Correlation:
    """Whom an event belongs to and what it follows from."""

    correlation_id: str
    causation_id: str | None = None

    def caused_by(self, cause: str) -> "Correlation":
        """The same, for what follows from the event (or message) with the id ``cause``."""
        return Correlation(self.correlation_id, cause)


_current: ContextVar[Correlation | None] = ContextVar("correlation", default=None)


def current() -> Correlation | None:
    """The correlation in force here, or None where nobody's message is served."""
    return _current.get()


class Correlated:
    """What happens inside ``with Correlated(c):`` belongs to ``c``; None: to nobody.

    One object for one ``with`` at a time.
    """

    __slots__ = ("_correlation", "_token")
    _token: Token[Correlation | None]

    def __init__(self, correlation: Correlation | None) -> None:
        self._correlation = correlation

    def __enter__(self) -> None:
        self._token = _current.set(self._correlation)

    def __exit__(self, *_: object) -> None:
        _current.reset(self._token)


def serving(message_id: str) -> Correlated:
    """What happens inside was brought about by a client's message: both ids are its own."""
    return Correlated(Correlation(message_id, message_id))


def following(cause: str) -> Correlated:
    """What happens inside follows from the event with the id ``cause``.

    Where no message is served, the event itself is what all of it belongs to.
    """
    here = _current.get()
    return Correlated(here.caused_by(cause) if here else Correlation(cause, cause))


@dataclass(frozen=True, slots=True)
class HandOver:
    """Correlation and span, taken in one thread to be in force in another.

    ::

        handed = HandOver.take()                    # on the loop's thread
        job = handed.bind(run_the_script)           # called on the script's thread
    """

    correlation: Correlation | None
    span: tracing.SpanReference | tracing.Span | None = None

    @classmethod
    def take(cls) -> "HandOver":
        """What is in force here."""
        return cls(_current.get(), tracing.span_here())

    def bind(self, function: Callable[P, T]) -> Callable[P, T]:
        """``function``, as called on any thread with this in force."""

        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            with Correlated(self.correlation), tracing.within(self.span):
                return function(*args, **kwargs)

        return call


class RunCorrelation:
    """Whom the events of a debugged program belong to: a callable for `Broker.relay`.

    All of them belong to the message that had the program run. What a client does to it meanwhile
    (resuming, stepping) is the cause of what follows, by the id of that client's message.
    """

    def __init__(self, run: Correlation | None = None) -> None:
        self.run = run
        """To be set by whoever starts something in the program."""

    def __call__(self) -> Correlation | None:
        """The correlation for an event told now."""
        here = _current.get()
        if self.run is None or here is None or here.causation_id is None:
            return self.run or here
        return self.run.caused_by(here.causation_id)
