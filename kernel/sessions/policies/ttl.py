"""How long a session lives, whatever happens in it."""

from dataclasses import dataclass
from typing import ClassVar

from kernel.sessions.lifecycle import Verb
from kernel.sessions.model import Session, Status
from kernel.sessions.policies.base import (
    ALLOW,
    STATE_UPDATE,
    Decision,
    Due,
    Moments,
    Policy,
    Positive,
    Refuse,
    Request,
)
from kernel.sessions.policies.warnings import next_warning


@dataclass(frozen=True, slots=True)
class Ttl(Policy):
    """``seconds`` after it was made a session expires: it is archived, in whatever state it is."""

    name: ClassVar[str] = "ttl"

    seconds: Positive = 86_400.0
    delete_after: Positive | None = None
    """Seconds after which an archived session is deleted with its artifacts; None: it is kept."""
    warn_seconds: Moments = (300.0, 60.0)
    """How long before it expires to warn."""

    def check(self, request: Request, session: Session) -> Decision:
        """Refuse everything from the moment on, also before the sweeper comes."""
        if request.at < session.created + self.seconds or request.operation == STATE_UPDATE:
            return ALLOW
        return Refuse(f"The session's {self.seconds:g} s are over; make a new one.")

    def due(self, request: Request, session: Session) -> Due | None:
        """Warn, then archive, then (if asked to) delete."""
        if session.status is Status.ARCHIVED:
            archived = session.archived or session.created
            if self.delete_after is None or request.at < archived + self.delete_after:
                return None
            return Due(f"It was archived for {self.delete_after:g} s.", Verb.DELETE)
        left = session.created + self.seconds - request.at
        if left <= 0:
            return Due(f"Its time to live of {self.seconds:g} s is over.", Verb.EXPIRE)
        return next_warning(left, self.warn_seconds, "It expires in {} s.")
