"""How long a session may be active without anything being done in it."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from kernel.sessions.lifecycle import Verb
from kernel.sessions.model import Session, Status
from kernel.sessions.policies.base import Due, Moments, Policy, Positive, Request
from kernel.sessions.policies.warnings import next_warning


@dataclass(frozen=True, slots=True)
class Idle(Policy):
    """After ``seconds`` without a cell, an artifact or another operation, ``then`` is done."""

    name: ClassVar[str] = "idle"

    seconds: Positive = 900.0
    then: Literal["suspend", "complete", "fail"] = "suspend"
    warn_seconds: Moments = (300.0, 60.0)
    """How long before that to warn."""

    def due(self, request: Request, session: Session) -> Due | None:
        """Warn, then do what is to be done. A cell that runs is no idleness."""
        if session.status is not Status.ACTIVE:
            return None
        usage = request.usage
        since = max(usage.last_activity, usage.busy_until, session.activated or session.created)
        left = since + self.seconds - request.at
        if left <= 0:
            return Due(f"Nothing was done for {self.seconds:g} s.", Verb(self.then))
        text = f"It will be idle for too long in {{}} s: {self.then} follows."
        return next_warning(left, self.warn_seconds, text, since)
