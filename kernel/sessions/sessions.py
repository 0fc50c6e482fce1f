"""Sessions: making, finding, changing and ending them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from pydantic import JsonValue

from kernel.core.errors import UserError
from kernel.sessions.access import NEEDED, AccessDenied, Actor, may
from kernel.sessions.admission import Admission
from kernel.sessions.gate import Change, Gate
from kernel.sessions.lifecycle import ABSENT, Verb, move, next_state
from kernel.sessions.log import LogEntry
from kernel.sessions.model import (
    Role,
    Session,
    Usage,
    new_session_id,
)
from kernel.sessions.policies.base import Settings
from kernel.sessions.policies.registry import PlainSettings, settings_of
from kernel.sessions.records import SESSION_STATE
from kernel.sessions.search import SessionQuery, find_sessions
from kernel.state.store import Conflict


class Sessions:
    """The sessions of all tenants; every actor sees those of its own. For any thread.

    Every change is one transaction with its entry in the session's log and its audit record, and
    is told as `SessionChanged`. Methods with ``expected`` raise `Conflict` if the session has not
    that version any more. All raise `SessionNotFound`, and `AccessDenied` by `access.NEEDED`.
    """

    def __init__(self, gate: Gate, admission: Admission) -> None:
        self._gate = gate
        self._admission = admission

    # --- making and finding ---------------------------------------------------------------------

    def create(
        self,
        actor: Actor,
        name: str,
        *,
        description: str = "",
        tags: Iterable[str] = (),
        metadata: Mapping[str, JsonValue] | None = None,
        parent: str | None = None,
        policies: Mapping[str, Settings] | None = None,
    ) -> Session:
        """A new active session that belongs to the actor.

        ``parent``: a session the actor may read. Raises `UserError` for policies there are not.
        """
        next_state("", ABSENT, Verb.CREATE)
        self._admission.registry.make_all(policies or {})
        origin = self._gate.look(actor, parent, "get")[1].id if parent else None
        now = self._gate.clock.now()
        session = Session(
            id=new_session_id(),
            tenant=actor.tenant,
            owner=actor.user,
            name=_checked_name(name),
            created=now,
            updated=now,
            description=description,
            tags=_ordered(tags),
            metadata=dict(metadata or {}),
            parent=origin,
            activated=now,
            policies=dict(policies or {}),
        )
        with self._gate.beginning(actor, "create", session) as change:
            self._admission.check_room(change.records, session.id)
            change.records.claim(session.id)
            change.records.keep_usage(session.id, Usage(last_activity=now))
            change.note("create", {"name": session.name})
            return change.keep(session)

    def get(self, actor: Actor, session: str) -> Session:
        """The session as it is now; raises `UserError` for what is no id."""
        return self._gate.look(actor, session, "get")[1]

    def list(self, actor: Actor, query: SessionQuery | None = None) -> list[Session]:
        """The sessions the actor may read and that match."""
        records = self._gate.join(actor, "list")
        return [*find_sessions(self._gate.visible(actor, records), query or SessionQuery())]

    def usage(self, actor: Actor, session: str) -> Usage:
        """What it has used so far."""
        records, found = self._gate.look(actor, session, "usage")
        return records.usage(found.id)

    def history(
        self, actor: Actor, session: str, after: int = 0, limit: int | None = None
    ) -> Sequence[LogEntry]:
        """What happened in it, oldest first, behind entry number ``after``."""
        records, found = self._gate.look(actor, session, "history")
        return [*islice(records.log(found.id, after), limit)]

    def state_to_read(self, actor: Actor, session: str) -> str:
        """The scope of a store that holds the session's state, for those who may read it."""
        return SESSION_STATE + self._gate.look(actor, session, "state_to_read")[1].id

    def state_to_write(self, actor: Actor, session: str) -> str:
        """The same, for those who may write it, while the session is active."""
        found = self._gate.look(actor, session, "state_to_write")[1]
        next_state(found.id, found.status, Verb.RUN)
        return SESSION_STATE + found.id

    # --- changing -------------------------------------------------------------------------------

    def update(
        self,
        actor: Actor,
        session: str,
        *,
        name: str | None = None,
        description: str | None = None,
        tags: Iterable[str] | None = None,
        add_tags: Iterable[str] = (),
        remove_tags: Iterable[str] = (),
        metadata: Mapping[str, JsonValue] | None = None,
        policies: Mapping[str, Settings | None] | None = None,
        expected: int | None = None,
    ) -> Session:
        """Change what is given, and nothing if that is nothing.

        ``tags`` are all of them. ``metadata`` and ``policies``, with their settings, are laid over
        what is there; None takes one away. Policies need the permission of `set_policies`.
        """
        with self._gate.change(actor, session, "update") as change:
            found = _at_version(change, expected)
            next_state(found.id, found.status, Verb.UPDATE)
            there = {*(found.tags if tags is None else tags), *add_tags}
            changed = replace(
                found,
                name=found.name if name is None else _checked_name(name),
                description=found.description if description is None else description,
                tags=_ordered(there - {*remove_tags}),
                metadata=laid_over(found.metadata, metadata or {}),
                policies=self._own_policies(actor, found, policies or {}),
                updated=change.now,
            )
            return _kept(change, changed, "update", ", ".join(_differing(found, changed)))

    def policies(self, actor: Actor, session: str) -> tuple[PlainSettings, PlainSettings]:
        """The policies it is held to with all their settings: the kernel's, and its own."""
        found = self._gate.look(actor, session, "policies")[1]
        own = self._admission.registry.make_all(found.policies)
        return settings_of(self._admission.policy), settings_of(own)

    def _own_policies(
        self, actor: Actor, found: Session, policies: Mapping[str, Settings | None]
    ) -> Mapping[str, Settings]:
        if not policies:
            return found.policies
        if not may(actor, found, NEEDED["set_policies"]):
            raise AccessDenied(actor, "set_policies", found.id)
        chosen = {
            name: laid_over(found.policies.get(name, {}), each)
            for name, each in policies.items()
            if each is not None
        }
        kept = {name: each for name, each in found.policies.items() if name not in policies}
        self._admission.registry.make_all(chosen)
        return {**kept, **chosen}

    def set_policies(self, actor: Actor, session: str, policies: Mapping[str, Settings]) -> Session:
        """Replace the session's own policies; the kernel's hold beside them."""
        self._admission.registry.make_all(policies)
        with self._gate.change(actor, session, "set_policies") as change:
            next_state(change.session.id, change.session.status, Verb.UPDATE)
            changed = replace(change.session, policies=dict(policies), updated=change.now)
            return _kept(change, changed, "set_policies", ", ".join(policies))

    def grant(self, actor: Actor, session: str, user: str, role: Role) -> Session:
        """Give a user of the same tenant a role; ``owner`` is given by `transfer` only."""
        member = Actor(user, actor.tenant).user
        if role is Role.OWNER:
            raise UserError("A session has one owner; transfer it to make somebody else its owner.")
        with self._gate.change(actor, session, "grant") as change:
            next_state(change.session.id, change.session.status, Verb.UPDATE)
            roles = {**change.session.roles, member: role}
            changed = replace(change.session, roles=roles, updated=change.now)
            return _kept(change, changed, "grant", f"{member}: {role}")

    def revoke(self, actor: Actor, session: str, user: str) -> Session:
        """Take a user's role away; harmless if there is none."""
        with self._gate.change(actor, session, "revoke") as change:
            next_state(change.session.id, change.session.status, Verb.UPDATE)
            roles = {each: role for each, role in change.session.roles.items() if each != user}
            changed = replace(change.session, roles=roles, updated=change.now)
            return _kept(change, changed, "revoke", user)

    def transfer(self, actor: Actor, session: str, user: str) -> Session:
        """Make another user of the tenant the owner; the one before stays as an admin of it."""
        heir = Actor(user, actor.tenant).user
        with self._gate.change(actor, session, "transfer") as change:
            found = change.session
            next_state(found.id, found.status, Verb.UPDATE)
            roles = {**found.roles, found.owner: Role.ADMIN}
            roles.pop(heir, None)
            changed = replace(found, owner=heir, roles=roles, updated=change.now)
            return _kept(change, changed, "transfer", f"{found.owner} to {heir}")

    # --- its life -------------------------------------------------------------------------------

    def suspend(self, actor: Actor, session: str, expected: int | None = None) -> Session:
        """Let it rest: nothing runs in it until it is resumed."""
        return self._move(actor, session, Verb.SUSPEND, expected)

    def resume(self, actor: Actor, session: str, expected: int | None = None) -> Session:
        """Make it active again."""
        return self._move(actor, session, Verb.RESUME, expected)

    def complete(self, actor: Actor, session: str, expected: int | None = None) -> Session:
        """It has done what it was made for."""
        return self._move(actor, session, Verb.COMPLETE, expected)

    def fail(self, actor: Actor, session: str, reason: str, expected: int | None = None) -> Session:
        """It cannot do what it was made for, because of ``reason``."""
        return self._move(actor, session, Verb.FAIL, expected, reason)

    def archive(self, actor: Actor, session: str, expected: int | None = None) -> Session:
        """Put away what has ended: it can be read and replayed, and not be changed any more."""
        return self._move(actor, session, Verb.ARCHIVE, expected)

    def delete(self, actor: Actor, session: str, expected: int | None = None) -> None:
        """Remove it with its log, artifacts, results and state. Audit records stay.

        The blocks of its artifacts go with the next `Artifacts.collect`.
        """
        with self._gate.change(actor, session, "delete") as change:
            found = _at_version(change, expected)
            next_state(found.id, found.status, Verb.DELETE)
            change.detail = found.name
            change.records.forget(found.id)

    def _move(
        self, actor: Actor, session: str, verb: Verb, expected: int | None, reason: str = ""
    ) -> Session:
        with self._gate.change(actor, session, verb) as change:
            changed = move(_at_version(change, expected), verb, change.now, reason)
            if verb is Verb.RESUME:
                self._admission.check_room(change.records, changed.id)
            return _kept(change, changed, verb, reason)


def _kept(change: Change, session: Session, action: str, detail: str = "") -> Session:
    """Write a change down, in the log and for the audit, too."""
    change.detail = detail
    data: dict[str, JsonValue] = {
        "status": session.status,
        **({"detail": detail} if detail else {}),
    }
    change.note(action, data)
    return change.keep(session)


def _differing(old: Session, new: Session) -> list[str]:
    """The names of what was changed, for the audit."""
    names = ("name", "description", "tags", "metadata", "policies")
    return [each for each in names if getattr(old, each) != getattr(new, each)]


def laid_over(there: Settings, told: Settings) -> dict[str, JsonValue]:
    """Values with others over them; None takes one away."""
    return {key: value for key, value in {**there, **told}.items() if value is not None}


def _at_version(change: Change, expected: int | None) -> Session:
    found = change.session
    if expected is not None and found.version != expected:
        raise Conflict(change.records.scope("sessions"), found.id, expected, found.version)
    return found


def _checked_name(name: str) -> str:
    if not name.strip() or len(name) > 200:
        raise UserError("The name of a session has 1 to 200 characters.")
    return name


def _ordered(tags: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(tags)))
