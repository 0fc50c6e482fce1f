"""Session: what is noted of one, who may do what with it, and who did."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from annotated_types import Ge

from kernel.core.functions import HostTable, host_function
from kernel.sessions.access import Actor
from kernel.sessions.audit import AuditQuery, AuditRecord
from kernel.sessions.model import Role, parse_session_id
from kernel.sessions.services import SessionServices
from llmspell.script_api.kept_values import from_json, to_json
from llmspell.script_api.moments import moment

RoleName = Annotated[Literal["reader", "writer", "admin"], "What they may do from then on."]
User = Annotated[str, "A user of the same tenant."]
Policies = Annotated[dict[str, Any], "Settings by the names of policies."]


@dataclass(frozen=True)
class SessionUpdate:
    """What becomes of a session; what is not said stays as it is."""

    name: Annotated[str | None, "What it is called."] = None
    description: Annotated[str | None, "What it is for."] = None
    tags: Annotated[list[str] | None, "All words to find it by."] = None
    metadata: Annotated[dict[str, Any], "Laid over what scripts noted of it."] = field(
        default_factory=dict
    )
    policies: Annotated[dict[str, Any], "Laid over its own policies."] = field(default_factory=dict)


@dataclass(frozen=True)
class SessionPolicies:
    """The policies that a session is held to, each with all its settings."""

    kernel: Annotated[dict[str, Any], "Those of all sessions."]
    own: Annotated[dict[str, Any], "Those of this one."]


@dataclass(frozen=True)
class TrailFilter:
    """Which records of the audit trail are wanted."""

    user: Annotated[str | None, "Those of this user."] = None
    verb: Annotated[str | None, "Those of this, such as `suspend`."] = None
    refused: Annotated[bool, "Only what was not allowed."] = False
    since: Annotated[float | None, "Then or later, in seconds since 1970."] = None
    before: Annotated[float | None, "Before then."] = None
    limit: Annotated[int | None, Ge(1), "How many at most."] = None


@dataclass(frozen=True)
class TrailRecord:
    """Something that was done, or refused."""

    time: Annotated[str, "When, in UTC."]
    user: Annotated[str, "Who did it."]
    verb: Annotated[str, "What."]
    session_id: Annotated[str | None, "In which session."]
    done: Annotated[bool, "Whether it was done; otherwise it was refused."]
    detail: Annotated[str, "What was changed, or why it was refused."]


class _OfSessions(HostTable):
    """Base of what functions about sessions stand on."""

    def __init__(self, services: SessionServices, actor: Actor) -> None:
        self._services = services
        self._sessions = services.sessions
        self._actor = actor


class SessionChanges(_OfSessions):
    """The functions that note something of a session."""

    @host_function("Session.set_metadata")
    def set_metadata(self, id: str, key: str, value: Any) -> None:
        """Notes something of a session; nil takes it away."""
        told = {key: to_json(value)}
        self._sessions.update(self._actor, parse_session_id(id), metadata=told)

    @host_function("Session.add_tag")
    def add_tag(self, id: str, tag: str) -> None:
        """Adds a word to find a session by."""
        self._sessions.update(self._actor, parse_session_id(id), add_tags=[tag])

    @host_function("Session.remove_tag")
    def remove_tag(self, id: str, tag: str) -> None:
        """Takes a word away."""
        self._sessions.update(self._actor, parse_session_id(id), remove_tags=[tag])

    @host_function("Session.update")
    def update(self, id: str, changes: SessionUpdate) -> None:
        """Changes what is said, at once; policies are the owner's to change."""
        self._sessions.update(
            self._actor,
            parse_session_id(id),
            name=changes.name,
            description=changes.description,
            tags=changes.tags,
            metadata=to_json(changes.metadata),
            policies=to_json(changes.policies),
        )


class SessionAccess(_OfSessions):
    """The functions about who may do what, and who did."""

    @host_function("Session.grant")
    def grant(self, id: str, user: User, role: RoleName) -> None:
        """Gives a user a role, in place of the one they have."""
        self._sessions.grant(self._actor, parse_session_id(id), user, Role(role))

    @host_function("Session.revoke")
    def revoke(self, id: str, user: str) -> None:
        """Takes a user's role away."""
        self._sessions.revoke(self._actor, parse_session_id(id), user)

    @host_function("Session.transfer")
    def transfer(self, id: str, user: User) -> None:
        """Makes another user the owner; the one before stays as an admin of it."""
        self._sessions.transfer(self._actor, parse_session_id(id), user)

    @host_function("Session.get_roles")
    def get_roles(self, id: str) -> dict[str, str]:
        """Who may do what: roles by users, the owner among them."""
        found = self._sessions.get(self._actor, parse_session_id(id))
        roles = {user: role.value for user, role in found.roles.items()}
        return {**roles, found.owner: Role.OWNER.value}

    @host_function("Session.get_policies")
    def get_policies(self, id: str) -> SessionPolicies:
        """The policies that a session is held to."""
        kernel, own = self._sessions.policies(self._actor, parse_session_id(id))
        return SessionPolicies(from_json(kernel), from_json(own))

    @host_function("Session.set_policies")
    def set_policies(self, id: str, policies: Policies) -> None:
        """Replaces a session's own policies; those of the kernel hold beside them."""
        self._sessions.set_policies(self._actor, parse_session_id(id), to_json(policies))

    @host_function("Session.trail")
    def trail(self, id: str, filter: TrailFilter | None = None) -> list[TrailRecord]:
        """Who did what with a session, the oldest first."""
        query = _query(filter or TrailFilter())
        records = self._services.audit.trail(self._actor, parse_session_id(id), query)
        return [_record(each) for each in records]

    @host_function("Session.tenant_trail")
    def tenant_trail(self, filter: TrailFilter | None = None) -> list[TrailRecord]:
        """Who did what in the whole tenant, in deleted sessions, too; for its admins."""
        query = _query(filter or TrailFilter())
        return [_record(each) for each in self._services.audit.tenant_trail(self._actor, query)]


def _query(wanted: TrailFilter) -> AuditQuery:
    return AuditQuery(
        actor=wanted.user,
        action=wanted.verb,
        is_done=False if wanted.refused else None,
        since=wanted.since,
        until=wanted.before,
        limit=wanted.limit,
    )


def _record(kept: AuditRecord) -> TrailRecord:
    return TrailRecord(
        time=moment(kept.time),
        user=kept.actor,
        verb=kept.action,
        session_id=kept.session,
        done=kept.is_done,
        detail=kept.detail,
    )
