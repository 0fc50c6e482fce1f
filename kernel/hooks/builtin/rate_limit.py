"""Rate limit: only so many operations in so much time."""

import time
from collections.abc import Callable, Mapping, Sequence

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from kernel.core.errors import UserError
from kernel.hooks.base import HookDetails
from kernel.hooks.results import CONTINUE, Cancel, HookResult, Retry


class RateLimitHook:
    """Before an operation: refuses it, or has it wait, where there were too many lately.

    ``limits`` are words such as ``60/minute`` or ``5 per 10 seconds``, by the type of component
    they hold for (``agent``, ``tool``), or by type and name (``tool:web_search``), or for all
    (``*``). Each is counted on its own, for each value of the metadata in ``by`` (``session``,
    ``user``), in a moving window. What one limit refuses counts for none.
    """

    def __init__(
        self,
        limits: Mapping[str, str],
        *,
        by: Sequence[str] = (),
        waits: bool = False,
        max_attempts: int = 3,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Raises `UserError` for a limit that cannot be understood.

        ``waits``: an operation waits for its turn, up to ``max_attempts`` times, not refused at
        once. ``now``: the clock that waits are reckoned with, which must be that of the process.
        """
        self._limits = {key: _parsed(key, words) for key, words in limits.items()}
        self._types = {key.partition(":")[0] for key in self._limits}
        self._by = tuple(by)
        self._waits = waits
        self._max_attempts = max_attempts
        self._now = now
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def __call__(self, details: HookDetails) -> HookResult:
        """`Continue`, or `Cancel` or `Retry` with the seconds until there is room."""
        component = details.component
        if component.type not in self._types and "*" not in self._types:
            return CONTINUE
        whose = [f"{key}={details.metadata.get(key, '')}" for key in self._by]
        held: list[tuple[RateLimitItem, tuple[str, ...]]] = []
        for key in ("*", component.type, f"{component.type}:{component.name}"):
            item = self._limits.get(key)
            if item is None:
                continue
            who = (key, *whose)
            if not self._limiter.test(item, *who):
                return self._refused(item, who)
            held.append((item, who))
        for item, who in held:
            if not self._limiter.hit(item, *who):  # another thread was quicker
                return self._refused(item, who)
        return CONTINUE

    def _refused(self, item: RateLimitItem, who: tuple[str, ...]) -> HookResult:
        until, _ = self._limiter.get_window_stats(item, *who)
        wait = max(0.0, until - self._now())
        if self._waits:
            return Retry(wait, self._max_attempts)
        name = " ".join(who)
        return Cancel(f"More than {item} for {name}; there is room again in {wait:.0f} s.")


def _parsed(key: str, words: str) -> RateLimitItem:
    try:
        return parse(words)
    except ValueError as error:
        raise UserError(
            f"The limit {words!r} for {key} cannot be understood; write 60/minute."
        ) from error
