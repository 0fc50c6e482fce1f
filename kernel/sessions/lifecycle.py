"""The life of a session, as a table."""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Final

from kernel.core.errors import UserError
from kernel.sessions.model import Session, Status


class Absent(StrEnum):
    """No session: before it is made, and after it was deleted."""

    ABSENT = "absent"


class AsSaved(StrEnum):
    """The status that a snapshot has kept."""

    AS_SAVED = "as saved"


ABSENT: Final = Absent.ABSENT
AS_SAVED: Final = AsSaved.AS_SAVED

State = Status | Absent
Target = Status | Absent | AsSaved


class Verb(StrEnum):
    """What can be done to a session, as far as its status matters."""

    CREATE = "create"
    RUN = "run"
    """Run a cell, call a tool or a model, or note that it was done."""
    STORE = "store"
    """Add or delete artifacts."""
    UPDATE = "update"
    """Change name, description, tags, metadata, policies, roles or owner."""
    SUSPEND = "suspend"
    RESUME = "resume"
    COMPLETE = "complete"
    FAIL = "fail"
    EXPIRE = "expire"
    """Its time to live is over: done by the sweeper."""
    ARCHIVE = "archive"
    DELETE = "delete"
    SNAPSHOT = "snapshot"
    RESTORE = "restore"


_V, _S = Verb, Status

LIFECYCLE: Mapping[State, Mapping[Verb, Target]] = {
    ABSENT: {
        _V.CREATE: _S.ACTIVE,
        _V.RESTORE: AS_SAVED,
    },
    _S.ACTIVE: {
        _V.RUN: _S.ACTIVE,
        _V.STORE: _S.ACTIVE,
        _V.UPDATE: _S.ACTIVE,
        _V.SUSPEND: _S.SUSPENDED,
        _V.COMPLETE: _S.COMPLETED,
        _V.FAIL: _S.FAILED,
        _V.EXPIRE: _S.ARCHIVED,
        _V.DELETE: ABSENT,
        _V.SNAPSHOT: _S.ACTIVE,
        _V.RESTORE: AS_SAVED,
    },
    _S.SUSPENDED: {
        _V.STORE: _S.SUSPENDED,
        _V.UPDATE: _S.SUSPENDED,
        _V.RESUME: _S.ACTIVE,
        _V.COMPLETE: _S.COMPLETED,
        _V.FAIL: _S.FAILED,
        _V.EXPIRE: _S.ARCHIVED,
        _V.DELETE: ABSENT,
        _V.SNAPSHOT: _S.SUSPENDED,
        _V.RESTORE: AS_SAVED,
    },
    _S.COMPLETED: {
        _V.UPDATE: _S.COMPLETED,
        _V.EXPIRE: _S.ARCHIVED,
        _V.ARCHIVE: _S.ARCHIVED,
        _V.DELETE: ABSENT,
        _V.SNAPSHOT: _S.COMPLETED,
        _V.RESTORE: AS_SAVED,
    },
    _S.FAILED: {
        _V.UPDATE: _S.FAILED,
        _V.EXPIRE: _S.ARCHIVED,
        _V.ARCHIVE: _S.ARCHIVED,
        _V.DELETE: ABSENT,
        _V.SNAPSHOT: _S.FAILED,
        _V.RESTORE: AS_SAVED,
    },
    _S.ARCHIVED: {
        _V.DELETE: ABSENT,
        _V.SNAPSHOT: _S.ARCHIVED,
        _V.RESTORE: AS_SAVED,
    },
}
"""State, verb, and the state that follows. What is not here is refused."""


class IllegalMove(UserError):
    """A verb that the status of the session does not allow."""

    def __init__(self, session: str, state: State, verb: Verb) -> None:
        allowed = ", ".join(each for each in LIFECYCLE[state] if each is not Verb.EXPIRE)
        super().__init__(f"Session {session} is {state}: {verb} is not possible, only {allowed}.")
        self.state, self.verb = state, verb


def next_state(session: str, state: State, verb: Verb) -> Target:
    """Where ``verb`` leads from ``state``; raises `IllegalMove`."""
    try:
        return LIFECYCLE[state][verb]
    except KeyError:
        raise IllegalMove(session, state, verb) from None


def move(session: Session, verb: Verb, now: float, reason: str = "") -> Session:
    """The session after a verb that keeps it; raises `IllegalMove`.

    Of verbs that lead to its deletion only their legality is seen: it comes back as it was.
    """
    target = next_state(session.id, session.status, verb)
    if not isinstance(target, Status) or target is session.status:
        return session
    is_active = target is Status.ACTIVE
    has_ended = target in (Status.COMPLETED, Status.FAILED, Status.ARCHIVED)
    return replace(
        session,
        status=target,
        updated=now,
        active_seconds=session.active_for(now),
        activated=now if is_active else None,
        ended=(session.ended or now) if has_ended else None,
        archived=now if target is Status.ARCHIVED else None,
        ending=reason or session.ending,
    )
