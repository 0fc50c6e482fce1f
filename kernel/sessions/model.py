"""What a session is: frozen data that may cross threads, and how it is written down."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NewType

from pydantic import JsonValue, TypeAdapter

from kernel.core.errors import UserError

SessionId = NewType("SessionId", str)
"""A session: the text of a random UUID."""


class Status(StrEnum):
    """Where a session is in its life; `kernel.sessions.lifecycle` says what leads where."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    COMPLETED = "completed"
    FAILED = "failed"
    ARCHIVED = "archived"


class Role(StrEnum):
    """What somebody is to a session; `kernel.sessions.access` says what each may do."""

    READER = "reader"
    WRITER = "writer"
    ADMIN = "admin"
    OWNER = "owner"


class SessionNotFound(UserError):
    """There is no such session, or none that the asking may know of: the text is the same."""

    def __init__(self, session: str) -> None:
        super().__init__(f"There is no session {session}; list the sessions to see those you have.")
        self.session = session


@dataclass(frozen=True, slots=True)
class Session:
    """One session at one version. Times are seconds since 1970, durations seconds."""

    id: SessionId
    tenant: str
    owner: str
    name: str
    created: float
    updated: float
    """When the session itself was changed; runs and artifacts count in `Usage.last_activity`."""
    description: str = ""
    status: Status = Status.ACTIVE
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, JsonValue] = field(default_factory=dict)
    parent: SessionId | None = None
    activated: float | None = None
    """Since when it is active without a break; None while it is not."""
    active_seconds: float = 0.0
    """How long it was active before that."""
    ended: float | None = None
    """When it was completed, failed or expired."""
    archived: float | None = None
    ending: str = ""
    """Why it failed or expired."""
    roles: Mapping[str, Role] = field(default_factory=dict)
    """Users besides the owner, and what they are to the session."""
    policies: Mapping[str, Mapping[str, JsonValue]] = field(default_factory=dict)
    """Policies of this session beside those of the kernel: their names and settings."""
    version: int = 0
    """Counts the changes, from 1; 0 before it was first kept."""

    def active_for(self, now: float) -> float:
        """Seconds it has been active altogether."""
        return self.active_seconds + (now - self.activated if self.activated is not None else 0.0)


@dataclass(frozen=True, slots=True)
class Usage:
    """What a session has used so far."""

    cells: int = 0
    failed_cells: int = 0
    run_seconds: float = 0.0
    instructions: int = 0
    peak_memory: int = 0
    """Bytes, the most that one cell had."""
    artifacts: int = 0
    """Versions of artifacts that are kept now."""
    artifact_bytes: int = 0
    """Their size together, before compression and before what they share is counted once."""
    operations: int = 0
    tokens: int = 0
    cost: float = 0.0
    last_activity: float = 0.0
    busy_until: float = 0.0
    """When the cell that was admitted last ends at the latest; 0: none runs."""
    log_length: int = 0
    next_artifact: int = 1


def new_session_id() -> SessionId:
    """An id nobody can guess."""
    return SessionId(str(uuid.uuid4()))


def parse_session_id(text: str) -> SessionId:
    """The id a text stands for; raises `UserError` if it is no UUID."""
    try:
        return SessionId(str(uuid.UUID(text)))
    except (ValueError, AttributeError, TypeError):
        raise UserError(
            f"Invalid session ID: {text!r} is no UUID; `Session.list` gives the ids there are."
        ) from None


_SESSION = TypeAdapter(Session)
_USAGE = TypeAdapter(Usage)


def encode_session(session: Session) -> bytes:
    """As it is kept; its version is the entry's and not part of it."""
    return _SESSION.dump_json(replace(session, version=0))


def decode_session(value: bytes, version: int) -> Session:
    """The way back."""
    return replace(_SESSION.validate_json(value), version=version)


def encode_usage(usage: Usage) -> bytes:
    """As it is kept."""
    return _USAGE.dump_json(usage)


def decode_usage(value: bytes) -> Usage:
    """The way back."""
    return _USAGE.validate_json(value)
