"""Cost: what agents spend on models, with budgets that warn and then refuse."""

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from kernel.core.plain import PlainData
from kernel.events.lifecycle import BudgetReached
from kernel.hooks.base import HookDetails
from kernel.hooks.points import Kind
from kernel.hooks.results import CONTINUE, Cancel, HookResult

SHARES: tuple[float, ...] = (0.5, 0.75, 0.9, 1.0)
"""Of a budget: when these are spent, that is told."""


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars for a million tokens."""

    input: float
    output: float

    def of(self, input_tokens: int, output_tokens: int) -> float:
        """Dollars for so many tokens."""
        return (input_tokens * self.input + output_tokens * self.output) / 1_000_000


PRICES: Mapping[tuple[str, str], Price] = {
    ("openai", "gpt-4o"): Price(2.5, 10.0),
    ("openai", "gpt-4o-mini"): Price(0.15, 0.6),
    ("openai", "gpt-4.1"): Price(2.0, 8.0),
    ("openai", "gpt-4.1-mini"): Price(0.4, 1.6),
    ("openai", "gpt-4.1-nano"): Price(0.1, 0.4),
    ("anthropic", "claude-opus-4"): Price(15.0, 75.0),
    ("anthropic", "claude-sonnet-4"): Price(3.0, 15.0),
    ("anthropic", "claude-3-5-haiku"): Price(0.8, 4.0),
    ("google", "gemini-2.5-pro"): Price(1.25, 10.0),
    ("google", "gemini-2.5-flash"): Price(0.3, 2.5),
    ("ollama", ""): Price(0.0, 0.0),
    ("echo", ""): Price(0.0, 0.0),
}
"""List prices by provider and beginning of the model's name, as published in the middle of 2025.

They change, and contracts have others: give your own where they matter.
"""


class CostHook:
    """Adds up what agents spend; to be registered before and after their execution.

    After one, the result's ``usage`` (``input_tokens``, ``output_tokens``) and the metadata's
    ``provider`` and ``model`` say what it cost. Where a budget is spent, the next one is refused
    before it begins; one that is under way is not cut off, so a budget can be exceeded by as much
    as it costs. Used from any thread.
    """

    def __init__(
        self,
        budgets: Mapping[str, float] | None = None,
        *,
        prices: Mapping[tuple[str, str], Price] = PRICES,
        tell: Callable[[BudgetReached], object] = lambda _: None,
        blocks: bool = True,
    ) -> None:
        """``budgets``: dollars, for ``*`` or by metadata (``session``, ``user``, ``provider``).

        A budget by metadata holds for each value on its own. ``tell`` hears of `SHARES` of them
        (`Broker.publish` fits). ``blocks``: what goes beyond is refused, not only told.
        """
        self.unknown: Counter[tuple[str, str]] = Counter()
        """How often a provider and model without a price was used; it counts as nothing."""
        self._budgets = dict(budgets or {})
        self._prices = prices
        self._tell = tell
        self._blocks = blocks
        self._lock = threading.Lock()
        self._spent: dict[tuple[str, str], float] = {}

    def __call__(self, details: HookDetails) -> HookResult:
        """Refuse where a budget is spent, or add what was spent."""
        if details.point.kind is Kind.BEFORE:
            return self._checked(details)
        if details.point.kind is Kind.AFTER:
            self._add(details)
        return CONTINUE

    def spent(self, budget: str = "*", value: str = "") -> float:
        """Dollars spent of a budget: all of it, or for one value of its metadata."""
        with self._lock:
            return self._spent.get((budget, value), 0.0)

    def reset(self) -> None:
        """Begin anew, as at the first of a month."""
        with self._lock:
            self._spent.clear()

    def price_of(self, provider: str, model: str) -> Price | None:
        """The price with the longest name that the model's begins with; None if there is none."""
        fitting = [
            (len(start), price)
            for (name, start), price in self._prices.items()
            if name == provider and model.startswith(start)
        ]
        return max(fitting, key=lambda each: each[0])[1] if fitting else None

    def _checked(self, details: HookDetails) -> HookResult:
        for budget, value in self._held_by(details):
            allowed, spent = self._budgets.get(budget), self.spent(budget, value)
            if self._blocks and allowed is not None and spent >= allowed:
                whose = f" of {budget} {value}" if value else ""
                return Cancel(f"The budget{whose} is spent: ${spent:.2f} of ${allowed:.2f}.")
        return CONTINUE

    def _add(self, details: HookDetails) -> None:
        usage = details.data.get("usage") if isinstance(details.data, dict) else None
        if not isinstance(usage, dict):
            return
        provider = str(details.metadata.get("provider", ""))
        model = str(details.metadata.get("model", ""))
        price = self.price_of(provider, model)
        if price is None:
            self.unknown[provider, model] += 1
            return
        cost = price.of(_tokens(usage, "input_tokens"), _tokens(usage, "output_tokens"))
        for budget, value in self._held_by(details):
            with self._lock:
                before = self._spent.get((budget, value), 0.0)
                after = self._spent[budget, value] = before + cost
            self._warn(budget, value, before, after)

    def _warn(self, budget: str, value: str, before: float, after: float) -> None:
        allowed = self._budgets.get(budget)
        if allowed:
            for share in SHARES:
                if before < share * allowed <= after:
                    self._tell(BudgetReached(budget, value, share, after, allowed))

    def _held_by(self, details: HookDetails) -> Sequence[tuple[str, str]]:
        """The budgets an operation counts for, and for which value of their metadata."""
        named = [name for name in self._budgets if name != "*" and name in details.metadata]
        return [("*", ""), *((name, str(details.metadata[name])) for name in named)]


def _tokens(usage: Mapping[str, PlainData], name: str) -> int:
    value = usage.get(name, 0)
    return int(value) if isinstance(value, int | float) and value > 0 else 0
