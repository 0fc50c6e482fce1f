"""AccessRequests: who may do what with a session and under which policies, asked for as data."""

from typing import Annotated, Literal

from annotated_types import Ge
from pydantic import JsonValue

from kernel.core.actions import action
from kernel.core.errors import UserError
from kernel.sessions.audit import AuditQuery
from kernel.sessions.desk import DeskRequests, Plain, Step
from kernel.sessions.model import Role
from kernel.sessions.shown import collected_shown, record_shown, session_shown

RoleName = Literal["reader", "writer", "admin"]


class AccessRequests(DeskRequests):
    """The actions about who may do what, and who did."""

    @action("grant")
    def grant(self, *, id: str = "", user: str, role: RoleName) -> Plain:
        """Give a user of the tenant a role, in place of the one they have."""
        desk = self._desk
        granted = desk.services.sessions.grant(desk.actor, desk.find(id).id, user, Role(role))
        return {"session": session_shown(granted)}

    @action("revoke")
    def revoke(self, *, id: str = "", user: str) -> Plain:
        """Take a user's role away."""
        desk = self._desk
        left = desk.services.sessions.revoke(desk.actor, desk.find(id).id, user)
        return {"session": session_shown(left)}

    @action("transfer")
    def transfer(self, *, id: str = "", user: str) -> Plain:
        """Make another user its owner; the one before stays as an admin of it."""
        desk = self._desk
        given = desk.services.sessions.transfer(desk.actor, desk.find(id).id, user)
        return {"session": session_shown(given)}

    @action("policies")
    def policies(self, *, id: str = "") -> Plain:
        """The policies it is held to: those of the kernel, and its own."""
        desk = self._desk
        found = desk.find(id)
        kernel, own = desk.services.sessions.policies(desk.actor, found.id)
        return {"id": found.id, "kernel": kernel, "own": own}

    @action("set_policies")
    def set_policies(self, *, id: str = "", policies: dict[str, dict[str, JsonValue]]) -> Plain:
        """Replace its own policies; those of the kernel hold beside them."""
        desk = self._desk
        changed = desk.services.sessions.set_policies(desk.actor, desk.find(id).id, policies)
        return {"session": session_shown(changed)}

    @action("trail")
    def trail(
        self,
        *,
        id: str = "",
        all: bool = False,
        user: str | None = None,
        verb: str | None = None,
        refused: bool = False,
        since: Annotated[float, Ge(0)] | None = None,
        until: Annotated[float, Ge(0)] | None = None,
        limit: Step | None = None,
    ) -> Plain:
        """Who did what with it when, oldest first; ``refused``: only what was not allowed.

        ``all``: in the whole tenant, in deleted sessions, too; for its admins.
        """
        desk = self._desk
        query = AuditQuery(
            actor=user,
            action=verb,
            is_done=False if refused else None,
            since=since,
            until=until,
            limit=limit,
        )
        audit = desk.services.audit
        if all:
            if id:
                raise UserError("trail takes either an id or all; say one of them.")
            records = audit.tenant_trail(desk.actor, query)
            return {"id": None, "records": [record_shown(each) for each in records]}
        found = desk.find(id).id
        records = audit.trail(desk.actor, found, query)
        return {"id": found, "records": [record_shown(each) for each in records]}

    @action("collect")
    def collect(self) -> Plain:
        """Give back what no artifact of the tenant needs any more; for its admins."""
        desk = self._desk
        return {"collected": collected_shown(desk.services.artifacts.collect(desk.actor))}
