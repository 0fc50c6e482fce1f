"""How long a session may be active, and each of its cells run."""

from dataclasses import dataclass
from typing import ClassVar

from kernel.sessions.lifecycle import Verb
from kernel.sessions.model import Session, Status
from kernel.sessions.policies.base import (
    ALLOW,
    STATE_UPDATE,
    Decision,
    Due,
    Limits,
    Moments,
    Policy,
    Positive,
    Refuse,
    Request,
)
from kernel.sessions.policies.warnings import next_warning


@dataclass(frozen=True, slots=True)
class Timeout(Policy):
    """After ``seconds`` of being active nothing new is begun; after the grace it has failed.

    Time while it is suspended does not count.
    """

    name: ClassVar[str] = "timeout"

    seconds: Positive = 3600.0
    grace_seconds: Positive = 60.0
    """For what runs when the time is over."""
    cell_seconds: Positive = 300.0
    """For one cell."""
    warn_seconds: Moments = (300.0, 60.0)
    """How long before the end to warn."""

    def check(self, request: Request, session: Session) -> Decision:
        """Refuse everything new once the time is over."""
        if self._left(request, session) > 0 or request.operation == STATE_UPDATE:
            return ALLOW
        return Refuse(
            f"The session was active for its {self.seconds:g} s; "
            "complete it and go on in a new one."
        )

    def limits(self, request: Request, session: Session) -> Limits:
        """No cell runs longer than the session with its grace."""
        rest = max(self._left(request, session) + self.grace_seconds, 0.0)
        return Limits(timeout_seconds=min(self.cell_seconds, rest))

    def due(self, request: Request, session: Session) -> Due | None:
        """Warn before the end; fail the session after the grace."""
        if session.status is not Status.ACTIVE:
            return None
        left = self._left(request, session)
        if left + self.grace_seconds <= 0:
            return Due(f"It was active for more than {self.seconds:g} s.", Verb.FAIL)
        return next_warning(left, self.warn_seconds, "Nothing new can be run after {} s more.")

    def _left(self, request: Request, session: Session) -> float:
        return self.seconds - session.active_for(request.at)
