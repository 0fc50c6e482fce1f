"""What a hub is asked: lines of JSON, one object each way for a request.

A request is ``{"id": …, "action": …, …}``; its answer ``{"id": …, "ok": true, "result": {…}}`` or
``{"id": …, "ok": false, "error": "…"}``. Answers come when they are there, not in order.
"""

import json
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from kernel.core.errors import UserError
from kernel.core.json_text import json_problem

LONGEST_LINE = 1 << 20
"""Bytes."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Create:
    """Make a kernel; the answer, its record, comes when it can be used."""

    kernel: str = ""
    """Its id; empty: any."""
    runtime: str = ""
    """Which version of the language."""
    libraries: str = ""
    """What of the process a cell may reach: ``closed`` or ``full``; empty: ``closed``."""
    connection_file: str = ""
    """Its ports are bound if it is there; empty: where Jupyter finds it, with any ports."""
    cwd: str = ""
    """The folder to run in; empty: the hub's."""
    env: dict[str, str] = field(default_factory=dict)
    """The whole environment; empty: the hub's."""
    idle_timeout: float = 0.0
    """Seconds after which it ends by itself; 0: it does not."""
    max_clients: int = 0
    """0: any number."""
    dap_port: int = -1
    """Where debuggers attach; 0: any port, -1: nowhere."""
    is_leased: bool = False
    """Whether the kernel ends with the connection that this request came over."""


@dataclass(frozen=True, slots=True)
class OneKernel:
    """About a kernel that the hub has made."""

    kernel: str
    """Its id."""


@dataclass(frozen=True, slots=True)
class Stop:
    """End a kernel; the answer comes when it has ended."""

    kernel: str
    """Its id."""
    timeout: float = 30.0
    """Seconds before it is killed; 0: at once."""


@dataclass(frozen=True, slots=True)
class SendSignal:
    """Send a signal to a kernel's process."""

    kernel: str
    """Its id."""
    signal: int
    """Its number."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """No arguments."""


def decoded(kind: type[T], said: Mapping[str, Any]) -> T:
    """A request's arguments; raises `UserError` for one that is missing or of the wrong type."""
    hints = get_type_hints(kind)
    values: dict[str, Any] = {}
    for each in fields(kind):  # type: ignore[arg-type]
        wanted = get_origin(hints[each.name]) or hints[each.name]
        if each.name not in said:
            if each.default is MISSING and each.default_factory is MISSING:
                raise UserError(f"{each.name} is missing.")
            continue
        value = said[each.name]
        if wanted is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            raise UserError(f"{each.name} is {value!r}; it must be of type {wanted.__name__}.")
        if wanted is dict and not _is_of(value, get_args(hints[each.name])):
            raise UserError(f"{each.name} must have texts as names and as values.")
        values[each.name] = value
    return kind(**values)


def _is_of(value: Mapping[Any, Any], kinds: tuple[type, type]) -> bool:
    return all(isinstance(k, kinds[0]) and isinstance(v, kinds[1]) for k, v in value.items())


def line(said: Mapping[str, Any]) -> bytes:
    """One line."""
    return json.dumps(said).encode() + b"\n"


def parsed(text: bytes) -> Mapping[str, Any]:
    """The object in a line; raises `UserError`."""
    try:
        said = json.loads(text)
    except ValueError as error:
        raise UserError(f"This is no JSON: {json_problem(error)}.") from error
    if not isinstance(said, Mapping):
        raise UserError("A line holds one object.")
    return said
