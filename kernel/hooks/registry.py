"""HookRegistry: which hooks are asked at which point, in which order."""

import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from kernel.hooks.base import NORMAL, Companions, Hook
from kernel.hooks.breaker import Breaker, BreakerSettings
from kernel.hooks.points import Guarded, HookPoint

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Registration:
    """A hook at a point: the handle that `HookRegistry.register` gives."""

    id: str
    point: HookPoint
    hook: Hook
    priority: int
    breaker: Breaker
    name: str
    language: str = "python"
    description: str = ""
    version: str = "1.0.0"
    tags: frozenset[str] = frozenset()
    is_required: bool = False
    """Where it fails or is left alone, the operation is cancelled, not done without it."""
    companions: Companions | None = None
    """Those that it can be asked together with, if it is far from here."""
    _registry: "HookRegistry | None" = field(default=None, repr=False)

    def unregister(self) -> bool:
        """Ask it no more; False if it is not asked already."""
        return self._registry is not None and self._registry.unregister(self)


class HookRegistry:
    """Hooks by point and priority; used from any thread.

    What is asked is a tuple that is made anew with every change, so that asking takes no lock and
    a hook may register and unregister others, and itself.
    """

    def __init__(
        self,
        settings: BreakerSettings | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``settings``: those of the breakers; ``clock``: what they measure seconds with."""
        self.clock = clock
        self._settings = settings or BreakerSettings()
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._at: dict[str, tuple[Registration, ...]] = {}

    def register(
        self,
        point: HookPoint,
        hook: Hook,
        *,
        priority: int = NORMAL,
        name: str = "",
        language: str = "python",
        description: str = "",
        version: str = "1.0.0",
        tags: Iterable[str] = (),
        is_required: bool = False,
        slow: float | None = None,
    ) -> Registration:
        """Ask ``hook`` at ``point``, those with lower priorities first, equal ones as they came.

        ``slow``: seconds above which a run of this one counts as a failure; hooks that wait for a
        network need more than the usual 0.05.
        """
        settings = self._settings
        if slow is not None:
            settings = BreakerSettings(settings.failures, settings.window, slow, settings.rest)
        number = next(self._numbers)
        made = Registration(
            f"hook-{number}",
            point,
            hook,
            priority,
            Breaker(settings, self.clock),
            name or getattr(hook, "__name__", type(hook).__name__),
            language,
            description,
            version,
            frozenset(tags),
            is_required,
            getattr(hook, "companions", None),
            self,
        )
        with self._lock:
            there = [*self._at.get(point.name, ()), made]
            self._at[point.name] = tuple(sorted(there, key=lambda each: each.priority))
        _log.debug("%s (%s) is asked at %s", made.id, made.name, point.name)
        return made

    def unregister(self, registration: Registration) -> bool:
        """Ask it no more; False if it is not asked already. One under way is finished."""
        name = registration.point.name
        with self._lock:
            there = self._at.get(name, ())
            left = tuple(each for each in there if each is not registration)
            if left:
                self._at[name] = left
            else:
                self._at.pop(name, None)
        _log.debug("%s (%s) is not asked at %s any more", registration.id, registration.name, name)
        return len(left) < len(there)

    @property
    def is_empty(self) -> bool:
        """Whether there is no hook at any point."""
        return not self._at

    def at(self, point: HookPoint) -> tuple[Registration, ...]:
        """Those asked at a point, in their order; empty where nobody is."""
        return self._at.get(point.name, ())

    def is_listening(self, guarded: Guarded) -> bool:
        """Whether anybody is asked before, after or on errors of an operation."""
        at = self._at
        return (
            guarded.before.name in at
            or guarded.after.name in at
            or (guarded.error is not None and guarded.error.name in at)
            or (
                bool(guarded.special)
                and any(each and each.name in at for _, each in guarded.special)
            )
        )

    def find(
        self,
        point: HookPoint | None = None,
        *,
        language: str | None = None,
        priority: int | None = None,
        tag: str | None = None,
    ) -> list[Registration]:
        """All of which what is given holds, by the names of their points."""
        return [
            each
            for name in sorted(self._at.copy())
            for each in self._at.get(name, ())
            if (point is None or each.point.name == point.name)
            and (language is None or each.language == language)
            and (priority is None or each.priority == priority)
            and (tag is None or tag in each.tags)
        ]


class SilentRegistry(HookRegistry):
    """Takes hooks, lists them, and has none of them asked: what is done goes on without."""

    def at(self, point: HookPoint) -> tuple[Registration, ...]:
        """Nobody."""
        del point
        return ()

    def is_listening(self, guarded: Guarded) -> bool:
        """No."""
        del guarded
        return False
