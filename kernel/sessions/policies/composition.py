"""Several policies as one."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, TypeVar

from kernel.core.errors import UserError
from kernel.sessions.lifecycle import Verb
from kernel.sessions.model import Session
from kernel.sessions.policies.base import (
    ALLOW,
    Decision,
    Due,
    Limits,
    Policy,
    Refuse,
    Request,
)

Number = TypeVar("Number", int, float)

SEVERITY: tuple[Verb | None, ...] = (
    None,
    Verb.SUSPEND,
    Verb.COMPLETE,
    Verb.FAIL,
    Verb.EXPIRE,
    Verb.DELETE,
)
"""What policies may make of a session, the mildest first; of several the most severe is done."""


@dataclass(frozen=True, slots=True)
class Sequential(Policy):
    """One after the other, in their order; the first that refuses is the one that is heard."""

    name: ClassVar[str] = "sequential"
    policies: tuple[Policy, ...] = ()

    def check(self, request: Request, session: Session) -> Decision:
        """The first refusal."""
        for policy in self.policies:
            decision = policy.check(request, session)
            if isinstance(decision, Refuse):
                return _named(decision, policy)
        return ALLOW

    def note(self, request: Request, session: Session) -> Sequence[str]:
        """All take note."""
        return [text for policy in self.policies for text in policy.note(request, session)]

    def limits(self, request: Request, session: Session) -> Limits:
        """The narrowest."""
        narrowest = Limits()
        for policy in self.policies:
            narrowest = narrowest.within(policy.limits(request, session))
        return narrowest

    def due(self, request: Request, session: Session) -> Due | None:
        """The most severe."""
        return most_severe([policy.due(request, session) for policy in self.policies])


@dataclass(frozen=True, slots=True)
class Parallel(Sequential):
    """All are asked, whatever the others say; the refusal has the reasons of all who refuse."""

    name: ClassVar[str] = "parallel"

    def check(self, request: Request, session: Session) -> Decision:
        """All refusals in one."""
        refusals = _refusals(self.policies, request, session)
        return _joined(refusals) if refusals else ALLOW


@dataclass(frozen=True, slots=True)
class Voting(Sequential):
    """It is done if at least ``threshold`` of the policies (a share, above 0 up to 1) allow it.

    A limit is what as many of them allow. Something is due if as many of them ask for it or for
    something more severe. Raises `UserError` for a threshold that is no such share.
    """

    name: ClassVar[str] = "voting"
    threshold: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.threshold <= 1:
            raise UserError(
                f"The threshold of a vote is above 0 and up to 1, not {self.threshold}."
            )

    def check(self, request: Request, session: Session) -> Decision:
        """The reasons of those that refuse, if they are too many."""
        refusals = _refusals(self.policies, request, session)
        if len(self.policies) - len(refusals) >= self._votes():
            return ALLOW
        return _joined(refusals)

    def limits(self, request: Request, session: Session) -> Limits:
        """For each limit, the most that enough of them allow."""
        given = [policy.limits(request, session) for policy in self.policies]
        return Limits(
            self._elected([each.timeout_seconds for each in given]),
            self._elected([each.instructions for each in given]),
            self._elected([each.memory_mb for each in given]),
        )

    def due(self, request: Request, session: Session) -> Due | None:
        """What enough of them ask for at least; warnings are told whoever has them."""
        asked = [policy.due(request, session) for policy in self.policies]
        verbs = sorted((each for each in asked if each and each.verb), key=_severity, reverse=True)
        votes = self._votes()
        if votes and len(verbs) >= votes:
            return verbs[votes - 1]
        return most_severe([each for each in asked if each and not each.verb])

    def _votes(self) -> int:
        return math.ceil(self.threshold * len(self.policies))

    def _elected(self, values: Sequence[Number | None]) -> Number | None:
        if not values:
            return None
        key: Callable[[Number | None], float] = lambda each: math.inf if each is None else each  # noqa: E731
        return sorted(values, key=key, reverse=True)[self._votes() - 1]


def most_severe(asked: Sequence[Due | None]) -> Due | None:
    """The most severe of what is due; of equals the first."""
    there = [each for each in asked if each]
    return max(there, key=_severity) if there else None


def _severity(due: Due) -> int:
    return SEVERITY.index(due.verb)


def _refusals(policies: Sequence[Policy], request: Request, session: Session) -> list[Refuse]:
    decisions = [(policy, policy.check(request, session)) for policy in policies]
    return [_named(each, policy) for policy, each in decisions if isinstance(each, Refuse)]


def _named(refusal: Refuse, policy: Policy) -> Refuse:
    """With the name of the policy, if it does not name others."""
    return refusal if refusal.policies else replace(refusal, policies=(policy.name,))


def _joined(refusals: Sequence[Refuse]) -> Refuse:
    reasons = " ".join(each.reason for each in refusals)
    return Refuse(reasons, tuple(name for each in refusals for name in each.policies))
