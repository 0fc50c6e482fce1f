"""How the sessions of one tenant lie in a `StateStore`. Nobody's permission is asked here.

::

    sessions:TENANT              ID                 the session; its version is the entry's
    session-ids                  ID                 the tenant whose it is
    session-tenants              TENANT             nothing: that there is one
    session-active:TENANT        ID                 nothing: that it is active
    session-usage:TENANT         ID                 what it has used
    session-log:TENANT:ID        SEQUENCE           what happened in it
    session-artifacts:TENANT:ID  …                  its artifacts (`artifacts.index`)
    session-manifests:TENANT     HASH               contents and their blocks (`artifacts.index`)
    session-replays:TENANT:ID    NUMBER             results of replays
    session-schedules:TENANT     ID/SCHEDULE        schedules of replays
    session-ledger:TENANT        ID/… or */…        what policies remember
    session-audit:TENANT         TIME               who did what
    session:ID                   …                  state that scripts keep (`SESSION_STATE`)
"""

from collections.abc import Iterator
from dataclasses import replace

from kernel.core.errors import UserError
from kernel.sessions.log import LogEntry, decode_entry, encode_entry
from kernel.sessions.model import (
    Session,
    SessionId,
    Status,
    Usage,
    decode_session,
    decode_usage,
    encode_session,
    encode_usage,
)
from kernel.state.store import StateStore

SESSION_STATE = "session:"
"""What the scope of a session's own state begins with."""

MAX_SESSION = 256 * 1024
"""Bytes of a session as it is kept: all of them are read when one looks for some."""

_TENANTS = "sessions:"
_IDS = "session-ids"
_ALL_TENANTS = "session-tenants"


class Records:
    """The sessions of one tenant, their usage and their logs."""

    def __init__(self, store: StateStore, tenant: str) -> None:
        self.store = store
        self.tenant = tenant

    def scope(self, kind: str, session: str | None = None) -> str:
        """The scope of one kind of records, of the tenant or of one of its sessions."""
        return f"session-{kind}:{self.tenant}" + (f":{session}" if session else "")

    # --- sessions -------------------------------------------------------------------------------

    def session(self, session: SessionId) -> Session | None:
        """The session as it is now, or None."""
        entry = self.store.get(_TENANTS + self.tenant, session)
        return decode_session(entry.value, entry.version) if entry else None

    def claim(self, session: SessionId) -> None:
        """Make an id the tenant's; raises `UserError` if it is another's.

        The state of a session lies under its id alone: no two tenants may have the same.
        """
        entry = self.store.get(_IDS, session)
        if entry is None:
            self.store.put(_IDS, session, self.tenant.encode())
            if self.store.get(_ALL_TENANTS, self.tenant) is None:
                self.store.put(_ALL_TENANTS, self.tenant, b"")
        elif entry.value.decode() != self.tenant:
            raise UserError(f"The id {session} is taken; restore the session under a new one.")

    def keep(self, session: Session) -> Session:
        """Write it down, unless somebody did since it was read: `Conflict`. Has the new version."""
        value = encode_session(session)
        if len(value) > MAX_SESSION:
            raise UserError(
                f"Session {session.id} would have {len(value)} bytes of names, tags and metadata, "
                f"more than {MAX_SESSION}; keep what is large as an artifact."
            )
        version = self.store.put(
            _TENANTS + self.tenant, session.id, value, expected=session.version
        )
        self._mark_active(session.id, session.status is Status.ACTIVE)
        return replace(session, version=version)

    def _mark_active(self, session: SessionId, is_active: bool) -> None:
        """Active sessions are counted often; so they need not be looked for among all."""
        scope = self.scope("active")
        if is_active != (self.store.get(scope, session) is not None):
            if is_active:
                self.store.put(scope, session, b"")
            else:
                self.store.delete(scope, session)

    def sessions(self) -> Iterator[Session]:
        """All of them, in the order of their ids."""
        for _key, entry in self.store.scan(_TENANTS + self.tenant):
            yield decode_session(entry.value, entry.version)

    def active(self) -> Iterator[str]:
        """The ids of those that are active."""
        return (session for session, _entry in self.store.scan(self.scope("active")))

    def forget(self, session: SessionId) -> None:
        """Remove a session with its log, its artifacts' index, its results and its state."""
        self.store.delete(_TENANTS + self.tenant, session)
        self.store.delete(_IDS, session)
        self._mark_active(session, is_active=False)
        self.store.delete(self.scope("usage"), session)
        for scope in self.scopes_of(session):
            clear(self.store, scope)
        for kind in ("ledger", "schedules"):
            scope = self.scope(kind)
            for key, _entry in list(self.store.scan(scope, f"{session}/")):
                self.store.delete(scope, key)

    def scopes_of(self, session: SessionId) -> list[str]:
        """The scopes that are all about one session."""
        kinds = ("log", "artifacts", "replays")
        return [*(self.scope(kind, session) for kind in kinds), SESSION_STATE + session]

    # --- usage and log --------------------------------------------------------------------------

    def usage(self, session: SessionId) -> Usage:
        """What it has used so far."""
        entry = self.store.get(self.scope("usage"), session)
        return decode_usage(entry.value) if entry else Usage()

    def keep_usage(self, session: SessionId, usage: Usage) -> None:
        """Write it down; within a transaction, or the change of another is lost."""
        self.store.put(self.scope("usage"), session, encode_usage(usage))

    def append(self, session: SessionId, entry: LogEntry) -> LogEntry:
        """Add to a session's log; the entry gets the next number. Within a transaction."""
        usage = self.usage(session)
        numbered = replace(entry, sequence=usage.log_length + 1)
        self.store.put(
            self.scope("log", session), f"{numbered.sequence:012}", encode_entry(numbered)
        )
        self.keep_usage(session, replace(usage, log_length=numbered.sequence))
        return numbered

    def log(self, session: SessionId, after: int = 0) -> Iterator[LogEntry]:
        """What happened in it, oldest first, behind number ``after``."""
        start = f"{after:012}" if after else None
        for _key, entry in self.store.scan(self.scope("log", session), after=start):
            yield decode_entry(entry.value)


def tenants(store: StateStore) -> list[str]:
    """The tenants that have, or had, sessions."""
    return [tenant for tenant, _entry in store.scan(_ALL_TENANTS)]


def clear(store: StateStore, scope: str) -> None:
    """Remove every entry of a scope."""
    for key, _entry in list(store.scan(scope)):
        store.delete(scope, key)
