"""A policy as another package would bring it."""

from dataclasses import dataclass
from typing import ClassVar

from kernel.sessions.model import Session
from kernel.sessions.policies.base import Decision, Policy, Refuse, Request


@dataclass(frozen=True, slots=True)
class Weekdays(Policy):
    """Refuses everything."""

    name: ClassVar[str] = "weekdays"
    word: str = "weekend"

    def check(self, request: Request, session: Session) -> Decision:
        """See `Policy`."""
        return Refuse(f"It is {self.word}.")


@dataclass(frozen=True, slots=True)
class Nothing:
    """No policy."""


ALSO_NOTHING = Nothing()
