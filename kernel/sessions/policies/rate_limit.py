"""How often things may be done: for each session, each tenant, each operation, and altogether.

The generic cell rate algorithm (ITU-T I.371): one time is kept for each limit, the one at which
the next request would be exactly on time. So a limit is one small entry, and exact.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from kernel.sessions.model import Session
from kernel.sessions.policies.base import (
    ALLOW,
    STATE_UPDATE,
    Decision,
    Ledger,
    Policy,
    Positive,
    Refuse,
    Request,
)


@dataclass(frozen=True, slots=True)
class RateLimit(Policy):
    """Requests in a minute, in the long run; at once, ``burst`` times as many."""

    name: ClassVar[str] = "rate_limit"

    per_minute: Positive = 1000.0
    """Of all tenants together."""
    tenant_per_minute: Positive = 500.0
    session_per_minute: Positive = 100.0
    operations: Mapping[str, Positive] = field(
        default_factory=lambda: {"llm_call": 60.0, "tool_execution": 120.0, "state_update": 30e3}
    )
    """In a minute, by operation, of each session; these do not count for the session's own, nor
    do writes of state for the others.

    Nothing asks for ``llm_call`` and ``tool_execution`` before there are providers and tools.
    """
    burst: Positive = 1.5

    def check(self, request: Request, session: Session) -> Decision:
        """Refuse what would come too early for one of the limits, and say for how long."""
        waits = [
            (self._early(request, ledger, key, rate), rate, what)
            for ledger, key, rate, what in self._limits(request, session)
        ]
        wait, rate, what = max(waits, default=(0.0, 0.0, ""))
        if wait <= 0:
            return ALLOW
        return Refuse(f"{what} is limited to {rate:g} a minute; try again in {wait:.1f} s.")

    def note(self, request: Request, session: Session) -> Sequence[str]:
        """Move each limit's time on by one interval."""
        for ledger, key, rate, _what in self._limits(request, session):
            ledger.put(key, max(_time(ledger, key), request.at) + 60.0 / rate)
        return ()

    def _limits(
        self, request: Request, session: Session
    ) -> Iterator[tuple[Ledger, str, float, str]]:
        rate = self.operations.get(request.operation)
        if request.operation != STATE_UPDATE:  # a loop that writes does not keep others from cells
            yield request.kernel_ledger, "*/rate", self.per_minute, "All that is done"
            yield request.ledger, "*/rate", self.tenant_per_minute, f"Tenant {session.tenant}"
        if rate is None and request.operation != STATE_UPDATE:
            yield request.ledger, f"{session.id}/rate", self.session_per_minute, "The session"
        if rate is not None:
            key = f"{session.id}/rate/{request.operation}"
            yield request.ledger, key, rate, f"{request.operation} in the session"

    def _early(self, request: Request, ledger: Ledger, key: str, rate: float) -> float:
        """Seconds that the request comes before it may."""
        tolerated = max(rate * self.burst - 1.0, 0.0) * 60.0 / rate
        # Times since 1970 have some 10^-7 s to themselves in a float.
        return _time(ledger, key) - tolerated - request.at - 1e-6


def _time(ledger: Ledger, key: str) -> float:
    value = ledger.get(key)
    return float(value) if isinstance(value, int | float) else 0.0
