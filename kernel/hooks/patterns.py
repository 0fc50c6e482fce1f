"""Hooks made of hooks: composite, conditional, retrying, forking."""

import asyncio
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

from kernel.core.plain import PlainData
from kernel.hooks.backoff import Chance, RetryPolicy
from kernel.hooks.base import Hook, HookDetails
from kernel.hooks.conditions import Always, Condition
from kernel.hooks.results import (
    CONTINUE,
    Cache,
    Cancel,
    Continue,
    Fork,
    HookResult,
    Join,
    Modified,
    Operation,
    Redirect,
    Replace,
    Retry,
    Skip,
)
from kernel.hooks.settling import Answer, Answering, asked, asked_together, settle


class Mode(StrEnum):
    """How a composite makes one answer of several."""

    SEQUENTIAL = "sequential"
    """One after the other, each with what the last one changed; the first that wants more than to
    change data decides."""
    PARALLEL = "parallel"
    """All with the same details, those that wait at the same time; the strongest answer decides
    (`STRENGTH`), and several `Modified` are merged."""
    FIRST_MATCH = "first_match"
    """One after the other with the same details, until one wants anything at all."""
    VOTING = "voting"
    """All with the same details; the answer that at least ``threshold`` of them (a share) give
    decides, otherwise things go on."""


STRENGTH: Sequence[type[HookResult]] = (
    Cancel,
    Skip,
    Replace,
    Redirect,
    Retry,
    Fork,
    Cache,
    Modified,
    Continue,
)
"""Which answer decides where several are given at the same time."""


class CompositeHook:
    """Several hooks that give one answer."""

    def __init__(
        self, hooks: Sequence[Hook], mode: Mode = Mode.SEQUENTIAL, threshold: float = 0.5
    ) -> None:
        """``threshold``: for voting, the share of hooks (above 0, at most 1) that must agree."""
        if not 0 < threshold <= 1:
            raise ValueError(f"A share of {threshold} cannot be reached; it is above 0, at most 1.")
        self.hooks = tuple(hooks)
        self.mode = mode
        self.threshold = threshold

    def __call__(self, details: HookDetails) -> Answer:
        """Ask the hooks as the mode says."""
        return settle(_MODES[self.mode](self, details))

    def _in_order(self, details: HookDetails) -> Answering:
        first = details.data
        for hook in self.hooks:
            result = yield from asked(hook, details)
            if type(result) is Modified:
                details = details.with_data(result.data)
            elif type(result) is not Continue:
                return result
        return CONTINUE if details.data is first else Modified(details.data)

    def _together(self, details: HookDetails) -> Answering:
        results = yield from asked_together(self.hooks, details)
        strongest = min(results, key=lambda each: STRENGTH.index(type(each)), default=CONTINUE)
        if type(strongest) is not Modified:
            return strongest
        return Modified(_merged([each.data for each in results if isinstance(each, Modified)]))

    def _first_match(self, details: HookDetails) -> Answering:
        for hook in self.hooks:
            result = yield from asked(hook, details)
            if type(result) is not Continue:
                return result
        return CONTINUE

    def _voting(self, details: HookDetails) -> Answering:
        results = yield from asked_together(self.hooks, details)
        votes: list[tuple[HookResult, int]] = []
        for result in results:  # answers are compared by value, and may hold what has no hash
            place = next((n for n, (each, _) in enumerate(votes) if _is_same(each, result)), None)
            if place is None:
                votes.append((result, 1))
            else:
                votes[place] = (votes[place][0], votes[place][1] + 1)
        needed = self.threshold * len(results)
        winners = [(result, count) for result, count in votes if count >= needed]
        winners.sort(key=lambda each: (-each[1], STRENGTH.index(type(each[0]))))
        return winners[0][0] if winners else CONTINUE


_MODES: Mapping[Mode, Callable[[CompositeHook, HookDetails], Answering]] = {
    Mode.SEQUENTIAL: CompositeHook._in_order,
    Mode.PARALLEL: CompositeHook._together,
    Mode.FIRST_MATCH: CompositeHook._first_match,
    Mode.VOTING: CompositeHook._voting,
}


def _is_same(one: HookResult, other: HookResult) -> bool:
    """Whether two votes are for the same: reasons may be told in other words."""
    if isinstance(one, Cancel | Skip):
        return type(one) is type(other)
    return one == other


def _merged(changes: Sequence[PlainData]) -> PlainData:
    """Tables are merged key by key, where later hooks win; of anything else the last counts."""
    if all(isinstance(each, dict) for each in changes):
        return {key: value for each in changes for key, value in each.items()}
    return changes[-1]


class ConditionalHook:
    """A hook that is asked where a condition holds, and perhaps another one where not."""

    def __init__(self, condition: Condition, hook: Hook, otherwise: Hook | None = None) -> None:
        self.condition = condition
        self.hook = hook
        self.otherwise = otherwise

    def __call__(self, details: HookDetails) -> Answer:
        """Ask one of the two."""
        chosen = self.hook if self.condition(details) else self.otherwise
        return CONTINUE if chosen is None else settle(asked(chosen, details))


class RetryHook:
    """At an error or after an operation: have it done again, with waits as a policy says.

    Registered at an error point it answers `Retry` until the policy's attempts are used up.
    """

    def __init__(
        self,
        policy: RetryPolicy | None = None,
        when: Condition | None = None,
        chance: Chance = random.uniform,
    ) -> None:
        self.policy = policy or RetryPolicy()
        self.when = Always() if when is None else when
        self._chance = chance

    def __call__(self, details: HookDetails) -> HookResult:
        """`Retry`, while there are attempts left."""
        if details.attempt >= self.policy.max_attempts or not self.when(details):
            return CONTINUE
        last: float | None = None
        for attempt in range(1, details.attempt + 1):
            # Each wait depends on the one before it where jitter is decorrelated.
            last = self.policy.delay(attempt, last, self._chance)
        return Retry(last or 0.0, self.policy.max_attempts)


class RetriedHook:
    """A hook that is asked again when it raises; the last error is raised."""

    def __init__(
        self,
        hook: Hook,
        policy: RetryPolicy | None = None,
        chance: Chance = random.uniform,
        sleep: Callable[[float], object] = asyncio.sleep,
        sleep_in_thread: Callable[[float], object] = lambda wait: threading.Event().wait(wait),
    ) -> None:
        self.hook = hook
        self.policy = policy or RetryPolicy()
        self._chance = chance
        self._sleep = sleep
        self._sleep_in_thread = sleep_in_thread

    def __call__(self, details: HookDetails) -> Answer:
        """Ask until it answers. On a loop this waits as a task, elsewhere as a thread."""
        return settle(self._until_it_answers(details))

    def _until_it_answers(self, details: HookDetails) -> Answering:
        last: float | None = None
        for attempt in range(1, self.policy.max_attempts):
            try:
                return (yield from asked(self.hook, details._replace(attempt=attempt)))
            except Exception:
                last = self.policy.delay(attempt, last, self._chance)
            yield self._sleep(last) if _is_on_loop() else self._sleep_in_thread(last)
        return (yield from asked(self.hook, details._replace(attempt=self.policy.max_attempts)))


def _is_on_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


class ForkHook:
    """Before an operation: have several done at the same time in its place.

    ``operations`` are fixed, or a function of the details.
    """

    def __init__(
        self,
        operations: Sequence[Operation] | Callable[[HookDetails], Sequence[Operation]],
        join: Join = Join.ALL,
        when: Condition | None = None,
    ) -> None:
        self._operations = operations
        self.join = join
        self.when = Always() if when is None else when

    def __call__(self, details: HookDetails) -> HookResult:
        """`Fork`, where there is anything to do."""
        if not self.when(details):
            return CONTINUE
        chosen = self._operations(details) if callable(self._operations) else self._operations
        return Fork(tuple(chosen), self.join) if chosen else CONTINUE
