"""Admission: where the policies of the kernel and of a session are asked."""

from dataclasses import dataclass, replace
from itertools import islice

from kernel.events.sessions import SessionWarned
from kernel.sessions.gate import Change, PolicyRefused
from kernel.sessions.lifecycle import Verb, next_state
from kernel.sessions.model import Session, SessionId, Usage
from kernel.sessions.policies.base import RUN, STATE_UPDATE, Ledger, Limits, Policy, Refuse, Request
from kernel.sessions.policies.composition import Sequential
from kernel.sessions.policies.registry import PolicyRegistry
from kernel.sessions.records import Records

KERNEL_LEDGER = "session-ledger"
"""The scope of what policies remember of all tenants together."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """What an operation will use."""

    size: int = 0
    """Bytes of an artifact."""
    tokens: int = 0
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Admission:
    """The kernel's policy, and those that sessions add to it."""

    policy: Policy
    registry: PolicyRegistry
    max_active: int = 1000
    """Sessions of one tenant that may be active at once."""

    def policy_of(self, session: Session) -> Policy:
        """Both have to allow what is done: a session's own policies can only be narrower."""
        if not session.policies:
            return self.policy
        return Sequential((self.policy, self.registry.make_all(session.policies)))

    def check(
        self, records: Records, session: Session, now: float, operation: str, amounts: Amounts
    ) -> None:
        """Ask without doing it; raises `PolicyRefused`."""
        request = request_for(records, session, now, operation, amounts)
        _ask(self.policy_of(session), request, session)

    def admit(self, change: Change, operation: str, amounts: Amounts) -> Limits:
        """Count it as done, if it may be done; raises `PolicyRefused` and `IllegalMove`."""
        session = change.session
        if operation == RUN:
            next_state(session.id, session.status, Verb.RUN)
        request = request_for(change.records, session, change.now, operation, amounts)
        policy = self.policy_of(session)
        _ask(policy, request, session)
        limits = policy.limits(request, session)
        for text in policy.note(request, session):
            change.events.append(SessionWarned(session.id, text))
        usage = request.usage
        busy_until = change.now + (limits.timeout_seconds or 0.0) if operation == RUN else 0.0
        change.records.keep_usage(
            session.id,
            replace(
                usage,
                operations=usage.operations + (operation != STATE_UPDATE),
                tokens=usage.tokens + amounts.tokens,
                cost=usage.cost + amounts.cost,
                last_activity=change.now,
                busy_until=max(usage.busy_until, busy_until),
            ),
        )
        return limits

    def check_room(self, records: Records, session: SessionId) -> None:
        """Whether this session may be active beside the others; raises `PolicyRefused`."""
        others = (each for each in records.active() if each != session)
        active = sum(1 for _ in islice(others, self.max_active))
        if active >= self.max_active:
            raise PolicyRefused(
                f"Tenant {records.tenant} has {active} active sessions, the most there may be; "
                "complete or suspend one."
            )

    def limits(self, records: Records, session: Session, now: float) -> Limits:
        """What a cell would be held to that ran now."""
        request = request_for(records, session, now, RUN, Amounts())
        return self.policy_of(session).limits(request, session)

    def replay_limits(self, records: Records, session: Session, now: float) -> Limits:
        """What a cell is held to in a replay: as in a session that begins now."""
        fresh = replace(session, created=now, activated=now, active_seconds=0.0)
        request = replace(request_for(records, session, now, RUN, Amounts()), usage=Usage())
        return self.policy_of(session).limits(request, fresh)


def request_for(
    records: Records, session: Session, now: float, operation: str, amounts: Amounts
) -> Request:
    """What a policy is told of an operation."""
    return Request(
        operation,
        now,
        records.usage(session.id),
        Ledger(records.store, records.scope("ledger")),
        Ledger(records.store, KERNEL_LEDGER),
        amounts.size,
        amounts.tokens,
        amounts.cost,
    )


def _ask(policy: Policy, request: Request, session: Session) -> None:
    decision = policy.check(request, session)
    if isinstance(decision, Refuse):
        named = f" (Policy {', '.join(decision.policies)}.)" if decision.policies else ""
        raise PolicyRefused(decision.reason + named, decision.policies)
