"""Caching: results of operations that give the same for the same are kept for a while."""

import hashlib
import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from kernel.core.plain import PlainData
from kernel.hooks.base import HookDetails
from kernel.hooks.conditions import Always
from kernel.hooks.results import CONTINUE, Cache, HookResult


class MemoryResults:
    """Implements `ResultCache`: results in memory, of which the least used go first.

    ``size``: how many at most. Used from any thread.
    """

    def __init__(self, size: int = 1000, clock: Callable[[], float] = time.monotonic) -> None:
        self.size = size
        self.hits = 0
        self.misses = 0
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[float, PlainData]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: str) -> tuple[PlainData] | None:
        """What is kept and has not expired, in a tuple; None if there is nothing."""
        now = self._clock()
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or kept[0] <= now:
                self._kept.pop(key, None)
                self.misses += 1
                return None
            self._kept.move_to_end(key)
            self.hits += 1
            return (kept[1],)

    def put(self, key: str, value: PlainData, ttl: float) -> None:
        """Keep a value for ``ttl`` seconds; where there is no room, the least used goes."""
        now = self._clock()
        with self._lock:
            self._kept[key] = (now + ttl, value)
            self._kept.move_to_end(key)
            while len(self._kept) > self.size:
                self._kept.popitem(last=False)

    def clear(self) -> None:
        """Keep nothing."""
        with self._lock:
            self._kept.clear()


@dataclass(frozen=True, slots=True)
class CachingHook:
    """Before an operation: take the result of the same component with the same data, if kept.

    To be registered where an operation changes nothing and depends on nothing else; ``when``
    narrows that, such as ``ComponentMatches("web_search")``. Every cell is a component of its own,
    so cells are the same whose data are.
    """

    ttl: float = 300.0
    when: Callable[[HookDetails], bool] = field(default_factory=Always)

    def __call__(self, details: HookDetails) -> HookResult:
        """`Cache`, under a key made of all that the result depends on."""
        if not self.when(details):
            return CONTINUE
        kind, name = details.component.type, details.component.name
        try:
            said = json.dumps([kind, "" if kind == "cell" else name, details.data], sort_keys=True)
        except (TypeError, ValueError):  # data that cannot be compared are not kept
            return CONTINUE
        return Cache(hashlib.sha256(said.encode()).hexdigest(), self.ttl)
