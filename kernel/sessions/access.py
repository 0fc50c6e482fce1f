"""Who may do what: actors, roles and permissions, as tables.

A tenant sees its own sessions and nothing of others, whatever the role: what lies under another
tenant is looked for under the actor's own, and is not there.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from kernel.core.errors import UserError
from kernel.sessions.model import Role, Session


class Permission(StrEnum):
    """What an action needs."""

    JOIN = "join"
    """To be somebody of the tenant; what is shown is only what may be read."""
    READ = "read"
    WRITE = "write"
    MANAGE = "manage"
    """To say who has a role, and to archive."""
    OWN = "own"
    """To delete a session, replace it by a snapshot, or give it away."""
    GOVERN = "govern"
    """To be an admin of the whole tenant."""


GRANTS: Mapping[Role, frozenset[Permission]] = {
    Role.READER: frozenset({Permission.READ}),
    Role.WRITER: frozenset({Permission.READ, Permission.WRITE}),
    Role.ADMIN: frozenset({Permission.READ, Permission.WRITE, Permission.MANAGE}),
    Role.OWNER: frozenset({Permission.READ, Permission.WRITE, Permission.MANAGE, Permission.OWN}),
}
"""What each role may do to a session. An admin of the tenant may do all of it to all of them."""

_J, _R, _W, _M, _O, _G = Permission

NEEDED: Mapping[str, Permission] = {
    # The sessions themselves
    "create": _J,
    "list": _J,
    "get": _R,
    "usage": _R,
    "history": _R,
    "state_to_read": _R,
    "state_to_write": _W,
    "update": _W,
    "suspend": _W,
    "resume": _W,
    "complete": _W,
    "fail": _W,
    "archive": _M,
    "delete": _O,
    "expire": _O,
    "warn": _R,
    "grant": _M,
    "revoke": _M,
    "transfer": _O,
    "set_policies": _O,
    "policies": _R,
    # What runs in them
    "admit": _W,
    "record": _W,
    "run": _W,
    "limits": _R,
    # Artifacts
    "check_room": _W,
    "store": _W,
    "store_file": _W,
    "read": _R,
    "stream": _R,
    "describe": _R,
    "latest": _R,
    "list_artifacts": _R,
    "query": _J,
    "versions": _R,
    "diff": _R,
    "delete_artifact": _W,
    "collect": _G,
    # Snapshots
    "snapshot": _R,
    "compare_snapshot": _O,
    "restore": _J,
    # Replay
    "replay": _R,
    "can_replay": _R,
    "list_replayable": _J,
    "replay_metadata": _R,
    "replay_results": _R,
    "under_way": _R,
    "cancel_replay": _R,
    "schedule": _W,
    "schedules": _R,
    "pause_schedule": _W,
    "resume_schedule": _W,
    "cancel_schedule": _W,
    # Looking back
    "trail": _R,
    "tenant_trail": _G,
    "session_report": _R,
    "tenant_report": _J,
}
"""Each action and what it needs. Restoring over a session that is there needs `Permission.OWN`."""


class AccessDenied(UserError):
    """The actor knows the session and may not do this to it."""

    def __init__(self, actor: "Actor", action: str, session: str | None) -> None:
        needed = NEEDED[action]
        where = f"session {session}" if session else f"tenant {actor.tenant}"
        way = (
            "that is for admins of the tenant (the setting runtime.sessions.admin)."
            if needed is Permission.GOVERN
            else f"that needs the permission to {needed}; "
            "ask its owner or an admin for a role that has it."
        )
        what = _SAID.get(action, action).replace("_", " ")
        super().__init__(f"{actor.user} may not {what} in {where}: {way}")
        self.action = action


_SAID: Mapping[str, str] = {
    "state_to_write": "write state",
    "admit": "run cells",
    "run": "run cells",
    "record": "record cells",
    "store": "store artifacts",
    "store_file": "store artifacts",
    "delete_artifact": "delete artifacts",
    "compare_snapshot": "restore",
    "tenant_trail": "read the audit trail",
    "collect": "collect what is unneeded",
}
"""How actions are told whose names are no words for it."""

_NAME = re.compile(r"[\w.@+-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: a user of a tenant, perhaps an admin of all of it.

    Raises `UserError` for a name that is not 1 to 64 letters of ASCII, digits and ``_ . @ + -``.
    """

    user: str
    tenant: str = "default"
    is_admin: bool = False

    def __post_init__(self) -> None:
        for what, name in (("user", self.user), ("tenant", self.tenant)):
            if not _NAME.fullmatch(name) or not name.strip("."):
                raise UserError(
                    f"{name!r} cannot be the name of a {what}: "
                    "use up to 64 letters of ASCII, digits and _ . @ + -."
                )


def role_of(actor: Actor, session: Session) -> Role | None:
    """What the actor is to the session; None: nothing."""
    if actor.tenant != session.tenant:
        return None
    if actor.is_admin or actor.user == session.owner:
        return Role.OWNER
    return session.roles.get(actor.user)


def may(actor: Actor, session: Session, permission: Permission) -> bool:
    """Whether the actor has the permission for this session."""
    role = role_of(actor, session)
    return role is not None and permission in GRANTS[role]


def may_in_tenant(actor: Actor, permission: Permission) -> bool:
    """Whether the actor may do what is about no one session, in its own tenant."""
    return actor.is_admin or permission is Permission.JOIN
