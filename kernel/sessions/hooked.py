"""SessionHooks: which hook points the life of a session passes, and what hooks may say there."""

from collections.abc import Mapping
from enum import StrEnum

from kernel.core.plain import PlainData
from kernel.hooks.base import Component, HookCancelled
from kernel.hooks.points import POINTS, HookPoint
from kernel.hooks.results import Cancel
from kernel.hooks.runner import HookRunner
from kernel.hooks.thread_hooks import ThreadHooks
from kernel.sessions.model import Session

BEFORE: Mapping[str, HookPoint] = {
    "create": POINTS["SessionStart"],
    "update": POINTS["SessionSave"],
    "snapshot": POINTS["SessionCheckpoint"],
    "restore": POINTS["SessionRestore"],
}
"""Actions before which hooks are asked. They may cancel; anything else they say changes nothing."""

AFTER: Mapping[str, HookPoint] = {
    "complete": POINTS["SessionEnd"],
    "fail": POINTS["SessionEnd"],
    "expire": POINTS["SessionEnd"],
}
"""Actions after which hooks are told."""


class Refused(StrEnum):
    """Why something was not done, as far as hooks are told of it."""

    LIMIT = "ResourceLimitExceeded"
    """A policy, or the most sessions there may be."""
    ACCESS = "SecurityViolation"
    """Somebody who may not do it."""


class SessionHooks:
    """Asks hooks on the thread of whoever acts, outside of transactions.

    A hook may act on sessions itself; it is not asked about that.
    """

    def __init__(self, runner: HookRunner) -> None:
        self._hooks = ThreadHooks(runner)

    def listens_before(self, action: str) -> bool:
        """Whether anybody is to be asked before an action."""
        point = BEFORE.get(action)
        return point is not None and self._hooks.listens(point)

    def before(self, action: str, session: Session, user: str) -> None:
        """Ask; raises `HookCancelled` where a hook says no."""
        point = BEFORE[action]
        outcome = self._hooks.ask(point, *_told(action, session, user))
        if isinstance(outcome.result, Cancel):
            raise HookCancelled(outcome.result.reason, outcome.hook, point.name)

    def after(self, action: str, session: Session, user: str) -> None:
        """Tell."""
        point = AFTER.get(action)
        if point is not None and self._hooks.listens(point):
            self._hooks.ask(point, *_told(action, session, user))

    def refused(self, why: Refused, action: str, session: str, user: str, reason: str) -> None:
        """Tell of what was not done."""
        point = POINTS[why]
        if self._hooks.listens(point):
            data = {"operation": str(action), "session": session, "user": user, "reason": reason}
            self._hooks.ask(point, Component("session", session), data)


def _told(
    action: str, session: Session, user: str
) -> tuple[Component, dict[str, PlainData], dict[str, PlainData]]:
    """Whom it is about, the data and the metadata."""
    return (
        Component("session", session.name),
        {"id": session.id, "name": session.name, "status": str(session.status)},
        {
            "action": str(action),
            "session": session.id,
            "tenant": session.tenant,
            "user": user,
        },
    )
