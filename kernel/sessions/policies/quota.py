"""How much a session may use altogether."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from kernel.sessions.model import Session
from kernel.sessions.policies.base import (
    ALLOW,
    STATE_UPDATE,
    STORE,
    Amount,
    Decision,
    Limits,
    Moments,
    Policy,
    Positive,
    Refuse,
    Request,
)

GIB = 1024**3


@dataclass(frozen=True, slots=True)
class Quota(Policy):
    """The most of each thing; None is without end."""

    name: ClassVar[str] = "quota"

    memory_mb: Amount | None = 1024
    """Mebibytes that a cell may have at once."""
    instructions: Amount | None = None
    """Of the language's machine, all cells together."""
    operations: Amount | None = 10_000
    """Cells, artifacts and whatever else was admitted, but for writes of state."""
    artifacts: Amount | None = 1000
    """Versions kept at once."""
    artifact_bytes: Amount | None = 10 * GIB
    """Their size together, before compression."""
    tokens: Amount | None = 1_000_000
    """As the two below: nothing uses any before there are providers."""
    tokens_per_operation: Amount | None = 100_000
    cost: Positive | None = 100.0
    """In the currency that costs are told in."""
    alerts: Moments = (0.5, 0.75, 0.9)
    """Shares of a quota whose passing is warned of."""

    def check(self, request: Request, session: Session) -> Decision:
        """Refuse what would go beyond a quota."""
        del session
        for what, used, asked, most in self._amounts(request):
            if used + asked > most:
                return Refuse(
                    f"The session has used {_said(used)} of its {_said(most)} {what}{_more(asked)}"
                )
        most_tokens = self.tokens_per_operation
        if most_tokens is not None and request.tokens > most_tokens:
            return Refuse(f"{request.tokens} tokens are more than the {most_tokens} of a request.")
        return ALLOW

    def note(self, request: Request, session: Session) -> Sequence[str]:
        """Warn of shares that are passed now."""
        del session
        warnings = []
        for what, used, asked, most in self._amounts(request):
            passed = [share for share in self.alerts if used < share * most <= used + asked]
            if passed:
                warnings.append(
                    f"{max(passed):.0%} of the session's {_said(most)} {what} are used."
                )
        return warnings

    def limits(self, request: Request, session: Session) -> Limits:
        """Memory as it is set, and the instructions that are left."""
        del session
        left = self.instructions
        if left is not None:
            left = max(left - request.usage.instructions, 0)
        return Limits(instructions=left, memory_mb=self.memory_mb)

    def _amounts(self, request: Request) -> Iterator[tuple[str, float, float, float]]:
        """Of each quota that is set: its name, what is used, what is asked, and the most."""
        usage, is_store = request.usage, request.operation == STORE
        is_new = request.operation != STATE_UPDATE
        rows: tuple[tuple[str, float, float, float | None], ...] = (
            ("operations", usage.operations, int(is_new), self.operations),
            ("tokens", usage.tokens, request.tokens, self.tokens),
            ("cost", usage.cost, request.cost, self.cost),
            ("instructions", usage.instructions, int(is_new and not is_store), self.instructions),
            ("artifacts", usage.artifacts, int(is_store), self.artifacts),
            ("artifact bytes", usage.artifact_bytes, request.size, self.artifact_bytes),
        )
        for what, used, asked, most in rows:
            if most is not None and asked:
                yield what, used, asked, most


def _said(amount: float) -> str:
    """A number as people read it: ``2,000,000``, ``0.35``."""
    return f"{amount:,.0f}" if float(amount).is_integer() else f"{amount:,.4g}"


def _more(asked: float) -> str:
    return "." if asked == 1 else f"; {_said(asked)} more are too many."
