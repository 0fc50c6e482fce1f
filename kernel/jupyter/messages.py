"""Messages of the Jupyter messaging protocol, and what the requests say ("Messaging in Jupyter").

A `Message` is what every transport carries. The requests are dataclasses with the fields of the
specification; `decoded` makes them of a message's content and refuses what has another type.
"""

import itertools
import os
import uuid
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

from kernel.core.errors import UserError

PROTOCOL_VERSION = "5.5"

Content = Mapping[str, Any]


class Channel(StrEnum):
    """Where a message goes; the heartbeat carries bytes only and is none of these."""

    SHELL = "shell"
    CONTROL = "control"
    STDIN = "stdin"
    IOPUB = "iopub"


class BadMessage(UserError):
    """A message that the specification does not know; the text says which part of it."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message, with its channel. What it holds is shared and must not be changed."""

    channel: str
    header: Mapping[str, Any]
    content: Content
    parent_header: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    buffers: Sequence[bytes] = ()

    @property
    def type(self) -> str:
        """``execute_request``."""
        return str(self.header["msg_type"])

    @property
    def id(self) -> str:
        """The message's own name."""
        return str(self.header["msg_id"])

    @property
    def session(self) -> str:
        """Whose message it is."""
        return str(self.header.get("session", ""))

    def parts(self) -> dict[str, Any]:
        """What travels beside the channel and the buffers."""
        return {
            "header": self.header,
            "parent_header": self.parent_header,
            "metadata": self.metadata,
            "content": self.content,
        }


class Writer:
    """Makes messages of one session: a client's, or the kernel's own."""

    def __init__(self, session: str | None = None, username: str = "kernel") -> None:
        self.session = session or uuid.uuid4().hex
        self.username = username
        self._numbers = itertools.count(1)
        self._prefix = f"{self.session}_{os.getpid()}_"

    def message(
        self,
        channel: str,
        kind: str,
        content: Content,
        parent: Mapping[str, Any] | None = None,
        *,
        metadata: Mapping[str, Any] | None = None,
        buffers: Sequence[bytes] = (),
    ) -> Message:
        """A new message; ``parent`` is the header of what it answers or comes from."""
        header = {
            "msg_id": f"{self._prefix}{next(self._numbers)}",
            "session": self.session,
            "username": self.username,
            "date": datetime.now(UTC).isoformat(),
            "msg_type": kind,
            "version": PROTOCOL_VERSION,
        }
        return Message(channel, header, content, parent or {}, metadata or {}, buffers)


def message_of(channel: str, parts: Mapping[str, Any], buffers: Sequence[bytes] = ()) -> Message:
    """A message as it came from outside; raises `BadMessage` for what is none."""
    header = parts.get("header")
    if not isinstance(header, Mapping):
        raise BadMessage("A message needs an object 'header'.")
    for name in ("msg_id", "msg_type"):
        if not isinstance(header.get(name), str):
            raise BadMessage(f"header.{name} is {header.get(name)!r}; it must be a string.")
    content = parts.get("content")
    if not isinstance(content, Mapping):
        raise BadMessage("content must be an object.")
    parent, metadata = parts.get("parent_header") or {}, parts.get("metadata") or {}
    if not isinstance(parent, Mapping) or not isinstance(metadata, Mapping):
        raise BadMessage("parent_header and metadata must be objects.")
    return Message(channel, header, content, parent, metadata, buffers)


def as_dictionary(message: Message) -> dict[str, Any]:
    """A message as jupyter_client gives it."""
    return {
        **message.parts(),
        "msg_id": message.id,
        "msg_type": message.type,
        "buffers": list(message.buffers),
    }


# --- requests -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EmptyRequest:
    """A request without arguments, or whose arguments nobody reads."""


@dataclass(frozen=True, slots=True)
class ExecuteRequest:
    """``execute_request``."""

    code: str
    silent: bool = False
    store_history: bool = True
    user_expressions: dict[str, Any] = field(default_factory=dict)
    allow_stdin: bool = False
    stop_on_error: bool = True


@dataclass(frozen=True, slots=True)
class CompleteRequest:
    """``complete_request``; ``cursor_pos`` in code points, the end of the code by default."""

    code: str
    cursor_pos: int | None = None


@dataclass(frozen=True, slots=True)
class InspectRequest:
    """``inspect_request``."""

    code: str
    cursor_pos: int | None = None
    detail_level: int = 0


@dataclass(frozen=True, slots=True)
class IsCompleteRequest:
    """``is_complete_request``."""

    code: str


@dataclass(frozen=True, slots=True)
class HistoryRequest:
    """``history_request``."""

    hist_access_type: str
    output: bool = False
    raw: bool = True
    session: int = 0
    start: int = 0
    stop: int | None = None
    n: int | None = None
    pattern: str | None = None
    unique: bool = False


@dataclass(frozen=True, slots=True)
class CommInfoRequest:
    """``comm_info_request``."""

    target_name: str | None = None


@dataclass(frozen=True, slots=True)
class CommOpen:
    """``comm_open``."""

    comm_id: str
    target_name: str
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CommMessage:
    """``comm_msg`` and ``comm_close``."""

    comm_id: str
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ShutdownRequest:
    """``shutdown_request``."""

    restart: bool = False


R = TypeVar("R")


def decoded(kind: type[R], content: Content) -> R:
    """The content of a request; fields it does not know are left out. Raises `BadMessage`."""
    values: dict[str, Any] = {}
    for name, types, has_default in _fields(cast(Hashable, kind)):
        if name not in content:
            if not has_default:
                raise BadMessage(f"content.{name} is missing.")
            continue
        value = content[name]
        if value is None and has_default and NoneType not in types:
            continue  # as clients write "not said"
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise BadMessage(
                f"content.{name} is {value!r:.60}; it must be {' or '.join(map(_named, types))}."
            )
        values[name] = value
    return kind(**values)


@cache
def _fields(kind: Any) -> tuple[tuple[str, tuple[type, ...], bool], ...]:  # noqa: ANN401 - a class
    hints = get_type_hints(kind)
    return tuple(
        (
            each.name,
            _types(hints[each.name]),
            each.default is not MISSING or each.default_factory is not MISSING,
        )
        for each in fields(kind)
    )


def _types(hint: Any) -> tuple[type, ...]:  # noqa: ANN401 - a type, or what stands for several
    if isinstance(hint, UnionType):
        return tuple(kind for each in get_args(hint) for kind in _types(each))
    return (get_origin(hint) or hint,)


_NAMES: Mapping[type, str] = {
    str: "a string",
    bool: "true or false",
    int: "a whole number",
    dict: "an object",
    NoneType: "null",
}


def _named(kind: type) -> str:
    return _NAMES.get(kind, kind.__name__)
