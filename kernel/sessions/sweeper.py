"""Sweeper: does what time has made necessary, for the sessions of all tenants."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from kernel.core.errors import KernelError
from kernel.events.sessions import SessionWarned
from kernel.sessions.access import Actor
from kernel.sessions.admission import Admission, Amounts, request_for
from kernel.sessions.artifacts.artifacts import Artifacts
from kernel.sessions.gate import Change, Gate
from kernel.sessions.lifecycle import Verb, move, next_state
from kernel.sessions.model import Session, SessionNotFound
from kernel.sessions.policies.base import SWEEP, Due, Ledger
from kernel.sessions.records import Records, tenants

SWEEPER = "kernel.sweeper"
"""The user in whose name it is done."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Swept:
    """What one round has done."""

    moved: int = 0
    """Sessions that were suspended, completed, failed or archived."""
    deleted: int = 0
    warned: int = 0
    failed: int = 0
    """Sessions for which it went wrong; the log says how."""


class Sweeper:
    """Asks the policies of every session what is due, now and again."""

    def __init__(
        self,
        gate: Gate,
        admission: Admission,
        artifacts: Artifacts,
        interval: float = 60.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """``interval``: seconds between two rounds."""
        self._gate = gate
        self._admission = admission
        self._artifacts = artifacts
        self._interval = interval
        self._sleep = sleep

    async def run(self) -> None:
        """Sweep until cancelled; a round that fails is logged, and the next one comes."""
        while True:
            try:
                await asyncio.to_thread(self.sweep)
            except KernelError as error:
                _log.warning("A round of the sweeper failed: %s", error)
            except Exception:
                _log.exception("A round of the sweeper failed")
            await self._sleep(self._interval)

    def sweep(self) -> Swept:
        """One round over all sessions; where any was deleted, its blocks are given back."""
        swept = Swept()
        for tenant in tenants(self._gate.store):
            before = swept.deleted
            for session in [*Records(self._gate.store, tenant).sessions()]:
                swept = self._sweep_one(session, swept)
            if swept.deleted > before:
                self._artifacts.collect(Actor(SWEEPER, tenant, is_admin=True))
        return swept

    def _sweep_one(self, session: Session, swept: Swept) -> Swept:
        records = Records(self._gate.store, session.tenant)
        try:
            due = self._due(records, session)
            if due is None or (due.verb is None and _was_told(records, session, due)):
                return swept
            return self._do(session, due, swept)
        except SessionNotFound:
            return swept  # somebody else deleted it meanwhile
        except Exception:
            _log.exception("The sweeper failed on session %s", session.id)
            return replace(swept, failed=swept.failed + 1)

    def _due(self, records: Records, session: Session) -> Due | None:
        request = request_for(records, session, self._gate.clock.now(), SWEEP, Amounts())
        return self._admission.policy_of(session).due(request, session)

    def _do(self, session: Session, seen: Due, swept: Swept) -> Swept:
        """What is due, if it still is when nobody else can change the session."""
        actor = Actor(SWEEPER, session.tenant, is_admin=True)
        with self._gate.change(actor, session.id, seen.verb or "warn") as change:
            due = self._due(change.records, change.session)
            if due is None or due.verb is not seen.verb:
                change.detail = "not due any more"
                return swept
            change.detail = due.reason
            if due.verb is None:
                _warn(change, due)
                return replace(swept, warned=swept.warned + 1)
            if due.verb is Verb.DELETE:
                next_state(session.id, change.session.status, Verb.DELETE)
                change.records.forget(session.id)
                return replace(swept, deleted=swept.deleted + 1)
            moved = move(change.session, due.verb, change.now, due.reason)
            change.note(due.verb, {"status": moved.status, "detail": due.reason})
            change.keep(moved)
            return replace(swept, moved=swept.moved + 1)


def _warn(change: Change, due: Due) -> None:
    session = change.session
    _told(change.records).put(f"{session.id}/told", due.mark)
    change.events.append(SessionWarned(session.id, due.reason))


def _was_told(records: Records, session: Session, due: Due) -> bool:
    return _told(records).get(f"{session.id}/told") == due.mark


def _told(records: Records) -> Ledger:
    return Ledger(records.store, records.scope("ledger"))
