"""Gate: the one way to sessions. Whoever comes through has been looked at.

Every public method of this package begins here with its actor and the name of its action, which
`access.NEEDED` gives a permission. What changes is one transaction of the store: the change, its
entry in the session's log and its audit record happen together or not at all.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from pydantic import JsonValue

from kernel.core.clock import Clock
from kernel.core.errors import UserError
from kernel.events.correlation import current
from kernel.events.model import KernelEvent
from kernel.events.sessions import SessionRefused
from kernel.hooks.base import HookCancelled
from kernel.sessions import audit
from kernel.sessions.access import (
    NEEDED,
    AccessDenied,
    Actor,
    Permission,
    may,
    may_in_tenant,
)
from kernel.sessions.announcements import announce
from kernel.sessions.hooked import Refused, SessionHooks
from kernel.sessions.log import LogEntry
from kernel.sessions.model import Session, SessionId, SessionNotFound, parse_session_id
from kernel.sessions.records import Records
from kernel.state.store import StateStore

_log = logging.getLogger(__name__)

Publish = Callable[[KernelEvent], object]
"""Tells an event, on any thread: `Broker.publish`."""


class PolicyRefused(UserError):
    """A policy does not allow it now; the text names the policy and what would help."""

    def __init__(self, text: str, policies: Sequence[str] = ()) -> None:
        super().__init__(text)
        self.policies = tuple(policies)
        """The names of those that refuse, as far as they are known."""


@dataclass(slots=True)
class Change:
    """A change under way: what is read and written through ``records`` is one transaction."""

    records: Records
    actor: Actor
    action: str
    now: float
    session: Session
    """As it was found, then as it was last kept."""
    detail: str = ""
    """For the audit record."""
    events: list[KernelEvent] = field(default_factory=list)
    """Told when the change has happened."""

    def keep(self, session: Session) -> Session:
        """Write the session down."""
        self.session = self.records.keep(session)
        return self.session

    def note(
        self, kind: str, data: Mapping[str, JsonValue] | None = None, correlation: str = ""
    ) -> LogEntry:
        """Add to the session's log."""
        here = current()
        belongs = correlation or (here.correlation_id if here else "")
        entry = LogEntry(0, self.now, kind, self.actor.user, belongs, data or {})
        return self.records.append(self.session.id, entry)


class Gate:
    """Checks, transactions, audit records and events for everything done to sessions."""

    def __init__(
        self,
        store: StateStore,
        clock: Clock,
        publish: Publish,
        hooks: SessionHooks | None = None,
    ) -> None:
        self.store = store
        self.clock = clock
        self.publish = publish
        self._hooks = hooks

    # --- looking --------------------------------------------------------------------------------

    def join(self, actor: Actor, action: str) -> Records:
        """The records of the actor's tenant; raises `AccessDenied`."""
        with self._watched(actor, action, None):
            if not may_in_tenant(actor, NEEDED[action]):
                raise AccessDenied(actor, action, None)
        return Records(self.store, actor.tenant)

    def look(self, actor: Actor, session: str, action: str) -> tuple[Records, Session]:
        """A session to be read; raises `SessionNotFound` and `AccessDenied`."""
        number = parse_session_id(session)
        records = Records(self.store, actor.tenant)
        with self._watched(actor, action, number):
            return records, _admitted(records, actor, number, action)

    def visible(self, actor: Actor, records: Records) -> Iterator[Session]:
        """The sessions the actor may read."""
        return (each for each in records.sessions() if may(actor, each, Permission.READ))

    # --- changing -------------------------------------------------------------------------------

    @contextmanager
    def change(self, actor: Actor, session: str, action: str) -> Iterator[Change]:
        """A transaction on a session; an exception leaves everything as it was.

        Raises `SessionNotFound` and `AccessDenied`, and at its end `Conflict`.
        """
        number = parse_session_id(session)
        with self._watched(actor, action, number):
            if self._hooks and self._hooks.listens_before(action):
                seen = _admitted(Records(self.store, actor.tenant), actor, number, action)
                self._hooks.before(action, seen, actor.user)
            with self.store.transaction() as store:
                records = Records(store, actor.tenant)
                found = _admitted(records, actor, number, action)
                change = Change(records, actor, action, self.clock.now(), found)
                yield change
                self._close(change)
        self._tell(change)

    @contextmanager
    def beginning(self, actor: Actor, action: str, session: Session) -> Iterator[Change]:
        """A transaction that makes a session of the actor's tenant."""
        with self._watched(actor, action, session.id):
            if not may_in_tenant(actor, NEEDED[action]):
                raise AccessDenied(actor, action, None)
            if self._hooks and self._hooks.listens_before(action):
                self._hooks.before(action, session, actor.user)
            with self.store.transaction() as store:
                records = Records(store, actor.tenant)
                change = Change(records, actor, action, self.clock.now(), session)
                yield change
                self._close(change)
        self._tell(change)

    def _close(self, change: Change) -> None:
        record = audit.AuditRecord(
            change.now, change.actor.user, change.action, change.session.id, True, change.detail
        )
        audit.write(change.records, record)

    def _tell(self, change: Change) -> None:
        session = change.session
        _log.debug("session %s: %s by %s, %s", session.id, change.action, change.actor.user,
                   session.status.value)  # fmt: skip
        for event in (*change.events, *announce(change.action, change.session, change.actor.user)):
            self._publish(event)
        if self._hooks:
            self._hooks.after(change.action, change.session, change.actor.user)

    def _publish(self, event: KernelEvent) -> None:
        """What has happened has happened, also if somebody cannot bear to hear of it."""
        try:
            self.publish(event)
        except Exception:
            _log.exception("Nobody could be told of %s", type(event).__name__)

    @contextmanager
    def _watched(self, actor: Actor, action: str, session: SessionId | None) -> Iterator[None]:
        """Refusals are audited, too, and told."""
        try:
            yield
        except (AccessDenied, SessionNotFound, PolicyRefused, HookCancelled) as error:
            records = Records(self.store, actor.tenant)
            now, reason = self.clock.now(), str(error)
            record = audit.AuditRecord(now, actor.user, action, session, False, reason)
            audit.write(records, record)
            self._publish(SessionRefused(session or "", action, actor.user, reason))
            why = _reason(error)
            if self._hooks is not None and why is not None:
                self._hooks.refused(why, action, session or "", actor.user, reason)
            raise


def _reason(error: UserError) -> Refused | None:
    if isinstance(error, PolicyRefused):
        return Refused.LIMIT
    return Refused.ACCESS if isinstance(error, AccessDenied) else None


def _admitted(records: Records, actor: Actor, session: SessionId, action: str) -> Session:
    found = records.session(session)
    if found is None or not may(actor, found, Permission.READ):
        raise SessionNotFound(session)
    if not may(actor, found, NEEDED[action]):
        raise AccessDenied(actor, action, session)
    return found
