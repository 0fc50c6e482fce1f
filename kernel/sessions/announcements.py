"""Which event tells of which action."""

from collections.abc import Callable, Mapping

from kernel.events import sessions as e
from kernel.sessions.model import Session

Make = Callable[[Session], e.SessionEvent]

ANNOUNCED: Mapping[str, Make] = {
    "create": lambda it: e.SessionCreated(it.id, it.name, it.owner),
    "suspend": lambda it: e.SessionSuspended(it.id),
    "resume": lambda it: e.SessionResumed(it.id),
    "complete": lambda it: e.SessionCompleted(it.id),
    "fail": lambda it: e.SessionFailed(it.id, it.ending),
    "archive": lambda it: e.SessionArchived(it.id),
    "expire": lambda it: e.SessionExpired(it.id, it.ending),
    "delete": lambda it: e.SessionDeleted(it.id),
    "snapshot": lambda it: e.SessionSaved(it.id),
    "restore": lambda it: e.SessionRestored(it.id),
}
"""Events that say it all; of other actions `SessionChanged` tells."""

SILENT = frozenset({"store", "delete_artifact", "warn", "admit", "record"})
"""Actions that tell themselves what happened, or are told by whoever does them."""


def announce(action: str, session: Session, actor: str) -> tuple[e.SessionEvent, ...]:
    """What is told when an action has succeeded; ``session`` is as it is now, or last was."""
    if action in SILENT:
        return ()
    make = ANNOUNCED.get(action)
    return (make(session) if make else e.SessionChanged(session.id, action, actor),)
