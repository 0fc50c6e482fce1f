"""LifeRequests: which sessions there are, their lives and what happened in them, as data."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Ge
from pydantic import JsonValue

from kernel.core.actions import action
from kernel.core.errors import UserError
from kernel.sessions.access import Actor
from kernel.sessions.desk import DeskRequests, Plain, Seconds, Step
from kernel.sessions.model import Session, Status
from kernel.sessions.naming import UnknownSession, enter_session
from kernel.sessions.policies.base import Settings
from kernel.sessions.search import SessionQuery
from kernel.sessions.shown import (
    brief,
    entry_shown,
    newer_shown,
    report_shown,
    session_shown,
    snapshot_shown,
)

StatusName = Literal["active", "suspended", "completed", "failed", "archived"]
Moment = Annotated[float, Ge(0)]
"""Seconds since 1970."""


class LifeRequests(DeskRequests):
    """The actions about which sessions there are, their lives and what happened in them."""

    # --- which there are ------------------------------------------------------------------------

    @action("list")
    def find(
        self,
        *,
        detailed: bool = False,
        status: StatusName | None = None,
        tag: str = "",
        text: str = "",
        metadata: dict[str, JsonValue] | None = None,
        owner: str | None = None,
        parent: str = "",
        created_since: Moment | None = None,
        created_before: Moment | None = None,
        updated_since: Moment | None = None,
        updated_before: Moment | None = None,
        limit: Step | None = None,
    ) -> Plain:
        """The sessions there are, the oldest first; detailed: with all that is known of them.

        ``metadata``: values by their paths, as ``{"model.name": "small"}``.
        """
        desk = self._desk
        query = SessionQuery(
            text=text,
            tags=(tag,) if tag else (),
            status=frozenset({Status(status)} if status else ()),
            metadata=metadata or {},
            owner=owner,
            parent=desk.find(parent).id if parent else None,
            created_since=created_since,
            created_before=created_before,
            updated_since=updated_since,
            updated_before=updated_before,
            limit=limit,
        )
        found = desk.services.sessions.list(desk.actor, query)
        usage = desk.services.sessions.usage
        shown = [
            desk.whole(each) if detailed else brief(each, usage(desk.actor, each.id))
            for each in found
        ]
        here = desk.here()
        return {"sessions": shown, "current": None if here is None else here.id}

    @action("show")
    def show(self, *, id: str = "") -> Plain:
        """All that is known of a session, and what it has used."""
        return {"session": self._desk.whole(self._desk.find(id))}

    @action("current")
    def show_current(self) -> Plain:
        """The session that the kernel is in; null if it is in none."""
        here = self._desk.here()
        return {"session": None if here is None else self._desk.whole(here)}

    @action("use")
    def use(self, *, id: str = "", create: bool = False) -> Plain:
        """Have the kernel be in this session, or (without one) in none.

        ``create``: begin a session of this name if there is none.
        """
        desk = self._desk
        if not id:
            desk.current.leave()
            return {"session": None}
        try:
            session = enter_session(
                desk.services.sessions,
                desk.actor,
                desk.current,
                id,
                creates=create,
                check=desk.check_entry,
            )
        except UnknownSession as error:
            raise UnknownSession(f"{error} With `create` one of this name begins.") from None
        return {"session": desk.whole(session)}

    # --- their lives ----------------------------------------------------------------------------

    @action("create")
    def create(
        self,
        *,
        name: str,
        description: str = "",
        tags: list[str] | None = None,
        metadata: dict[str, JsonValue] | None = None,
        parent: str = "",
        policies: dict[str, dict[str, JsonValue]] | None = None,
        use: bool = False,
    ) -> Plain:
        """Begin a session; ``use``: and have the kernel be in it."""
        desk = self._desk
        if use:
            desk.check_entry()
        settings: Mapping[str, Settings] = policies or {}
        made = desk.services.sessions.create(
            desk.actor,
            name,
            description=description,
            tags=tags or (),
            metadata=metadata,
            parent=desk.find(parent).id if parent else None,
            policies=settings,
        )
        if use:
            desk.current.enter(made.id)
        return {"session": desk.whole(made)}

    @action("update")
    def update(
        self,
        *,
        id: str = "",
        name: str | None = None,
        description: str | None = None,
        tags: list[str] | None = None,
        add_tags: list[str] | None = None,
        remove_tags: list[str] | None = None,
        metadata: dict[str, JsonValue] | None = None,
        policies: dict[str, dict[str, JsonValue] | None] | None = None,
        expected: Step | None = None,
    ) -> Plain:
        """Change what is said; ``expected``: if the session still has this version.

        ``tags`` are all of them from then on. ``metadata`` and ``policies`` are laid over what is
        there, and null takes one away; policies are the owner's to change.
        """
        desk = self._desk
        changed = desk.services.sessions.update(
            desk.actor,
            desk.find(id).id,
            name=name,
            description=description,
            tags=tags,
            add_tags=add_tags or (),
            remove_tags=remove_tags or (),
            metadata=metadata,
            policies=policies,
            expected=expected,
        )
        return {"session": session_shown(changed)}

    @action("suspend")
    def suspend(self, *, id: str = "") -> Plain:
        """Let a session rest."""
        return self._moved(self._desk.services.sessions.suspend, id)

    @action("resume")
    def resume(self, *, id: str = "") -> Plain:
        """Let it go on."""
        return self._moved(self._desk.services.sessions.resume, id)

    @action("complete")
    def complete(self, *, id: str = "") -> Plain:
        """End it well."""
        return self._moved(self._desk.services.sessions.complete, id)

    @action("fail")
    def fail(self, *, id: str = "", reason: str = "") -> Plain:
        """End it because it cannot do what it was made for."""
        desk = self._desk
        failed = desk.services.sessions.fail(desk.actor, desk.find(id).id, reason)
        return {"session": session_shown(failed)}

    @action("archive")
    def archive(self, *, id: str = "") -> Plain:
        """Put it away: it can be read and replayed, and not be changed any more."""
        return self._moved(self._desk.services.sessions.archive, id)

    @action("delete")
    def delete(self, *, id: str = "", all: bool = False) -> Plain:
        """Remove a session, or all, with what belongs to them. Here ``id`` must be said.

        Where the kernel was in one of them, ``left`` is true: it is in none from now on.
        """
        if all and id:
            raise UserError("delete takes either an id or all; say one of them.")
        if not all and not id:
            raise UserError("delete needs the id of a session, or all.")
        desk = self._desk
        sessions = desk.services.sessions
        found = sessions.list(desk.actor) if all else [desk.find(id)]
        was_left = False
        for each in found:
            sessions.delete(desk.actor, each.id)
            if desk.current.id == each.id:
                desk.current.leave()
                was_left = True
        return {"deleted": len(found), "ids": [each.id for each in found], "left": was_left}

    # --- what happened in them ------------------------------------------------------------------

    @action("history")
    def history(self, *, id: str = "", after: int = 0, limit: Step | None = None) -> Plain:
        """What happened in it, oldest first, behind entry number ``after``."""
        desk = self._desk
        found = desk.find(id).id
        entries = desk.services.sessions.history(desk.actor, found, after, limit)
        return {"id": found, "entries": [entry_shown(each) for each in entries]}

    @action("report")
    def report(self, *, id: str = "", all: bool = False, bucket: Seconds = 3600.0) -> Plain:
        """What was done and used, of one session or of all."""
        desk = self._desk
        analytics = desk.services.analytics
        if all:
            return {"report": report_shown(analytics.tenant_report(desk.actor, bucket=bucket))}
        made = analytics.session_report(desk.actor, desk.find(id).id, bucket=bucket)
        return {"report": report_shown(made)}

    # --- files ----------------------------------------------------------------------------------

    @action("snapshot")
    def snapshot(self, *, id: str = "", path: str) -> Plain:
        """Write it, with all that belongs to it, to a file where the kernel runs."""
        desk = self._desk
        taken = desk.services.snapshots.snapshot(desk.actor, desk.find(id).id, Path(path))
        return {"snapshot": {**snapshot_shown(taken), "path": path}}

    @action("restore")
    def restore(self, *, path: str, new: bool = False, dry_run: bool = False) -> Plain:
        """Put a session back from a file; ``new``: beside the one there is, under another id.

        ``dry_run``: only say what it would take away of the session there is.
        """
        desk = self._desk
        if dry_run:
            return {
                "newer": newer_shown(
                    desk.services.snapshots.compare_snapshot(desk.actor, Path(path))
                )
            }
        put_back = desk.services.snapshots.restore(desk.actor, Path(path), is_new=new)
        return {"session": desk.whole(put_back)}

    def _moved(self, move: Callable[[Actor, str], Session], id_: str) -> Plain:
        return {"session": session_shown(move(self._desk.actor, self._desk.find(id_).id))}
