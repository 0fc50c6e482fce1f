"""Policy: what decides whether a session may do something now, and what becomes of it in time.

A policy is a frozen dataclass of its settings, with methods that only look at what they are
given. What it has to remember it keeps in the ledger, which is part of the transaction it is asked
in: so it holds across restarts, and for all processes that use one store.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, ClassVar, Protocol, TypeVar

from pydantic import Field, JsonValue, TypeAdapter

from kernel.sessions.lifecycle import Verb
from kernel.sessions.model import Session, Usage
from kernel.state.store import StateStore

RUN = "run"
"""The operation of running a cell."""
STORE = "store"
"""The operation of storing an artifact."""
STATE_UPDATE = "state_update"
"""The operation of a script that writes state. A cell that runs does it: it is nothing new."""
SWEEP = "sweep"
"""The operation of the sweeper, which does nothing to the session itself."""


Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Amount = Annotated[int, Field(ge=0)]
Moments = tuple[Positive, ...]


@dataclass(frozen=True, slots=True)
class Allow:
    """It may happen."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """It may not happen; ``reason`` is a sentence that says what would help."""

    reason: str
    policies: tuple[str, ...] = field(default=(), compare=False)
    """The names of those that refuse; whoever asks several policies says so."""


Decision = Allow | Refuse

ALLOW = Allow()


@dataclass(frozen=True, slots=True)
class Limits:
    """What whoever runs a cell has to hold it to; None is no limit."""

    timeout_seconds: float | None = None
    instructions: int | None = None
    memory_mb: int | None = None
    """Mebibytes."""

    def without_timeout(self) -> "Limits":
        """For what is debugged: it may stand as long as somebody looks at it."""
        return replace(self, timeout_seconds=None)

    def within(self, other: "Limits") -> "Limits":
        """The narrower of both, for each limit."""
        return Limits(
            _narrower(self.timeout_seconds, other.timeout_seconds),
            _narrower(self.instructions, other.instructions),
            _narrower(self.memory_mb, other.memory_mb),
        )


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be done with a session: ``verb``, or (None) only a warning.

    ``mark``: what the warning is about; it is told again only when that is another one.
    """

    reason: str
    verb: Verb | None = None
    mark: str = ""


class Ledger:
    """What policies remember: plain values under keys, within the transaction of the request."""

    def __init__(self, store: StateStore, scope: str) -> None:
        self._store, self._scope = store, scope

    def get(self, key: str) -> JsonValue:
        """What was put there; None if nothing was."""
        entry = self._store.get(self._scope, key)
        return None if entry is None else _VALUE.validate_json(entry.value)

    def put(self, key: str, value: JsonValue) -> None:
        """Remember ``value``.

        Keys of a session begin with its id and a slash, others with ``*/``: what begins with an id
        is forgotten with its session.
        """
        self._store.put(self._scope, key, _VALUE.dump_json(value))


_VALUE: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody wants to do in a session, and what is known of it."""

    operation: str
    """`RUN`, `STORE`, `STATE_UPDATE`, `SWEEP` or what the caller calls it.

    ``llm_call`` and ``tool_execution`` are for what comes with a later release.
    """
    at: float
    """Now, in seconds since 1970."""
    usage: Usage
    """Before the request."""
    ledger: Ledger
    """Of the session's tenant."""
    kernel_ledger: Ledger
    """Of all tenants together."""
    size: int = 0
    """Bytes of an artifact, as far as they are known."""
    tokens: int = 0
    cost: float = 0.0


class Policy(Protocol):
    """To be inherited: what is not defined decides nothing."""

    name: ClassVar[str]

    def check(self, request: Request, session: Session) -> Decision:
        """Whether it may happen. Changes nothing: it may be asked and then not happen."""
        del request, session
        return ALLOW

    def note(self, request: Request, session: Session) -> Sequence[str]:
        """It happens: remember what is needed; the warnings to be told."""
        del request, session
        return ()

    def limits(self, request: Request, session: Session) -> Limits:
        """What a cell is held to that would run now."""
        del request, session
        return Limits()

    def due(self, request: Request, session: Session) -> Due | None:
        """What time has made necessary; asked by the sweeper."""
        del request, session
        return None


Settings = Mapping[str, JsonValue]

Number = TypeVar("Number", int, float)


def _narrower(one: Number | None, other: Number | None) -> Number | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)
