"""ThreadHooks: hooks that are asked on a script's thread, and not about what a hook does itself.

A hook may read and write state, publish events and change the configuration. If it were asked
about that, too, it would ask itself for ever. So as long as hooks of an operation (or of a point)
are asked on a thread, the same operation is done there without asking.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from kernel.core.plain import PlainData
from kernel.events.correlation import current
from kernel.hooks.base import NOTHING, Component, HookCancelled, HookDetails
from kernel.hooks.outcome import Outcome
from kernel.hooks.points import Guarded, HookPoint
from kernel.hooks.results import Cancel, Replace, Skip
from kernel.hooks.runner import HookRunner


class ThreadHooks:
    """Used from any thread that runs no event loop."""

    def __init__(self, runner: HookRunner) -> None:
        self._runner = runner
        self._here = threading.local()

    def listens(self, guarded: Guarded | HookPoint) -> bool:
        """Whether anybody is to be asked here and now; quick where nobody is."""
        if isinstance(guarded, HookPoint):
            return self._runner.listens(guarded) and guarded.name not in self._asking()
        registry = self._runner.registry
        return registry.is_listening(guarded) and guarded.before.name not in self._asking()

    def guard(
        self,
        guarded: Guarded,
        component: Component,
        data: PlainData,
        operation: Callable[[HookDetails], PlainData],
        metadata: Mapping[str, PlainData] = NOTHING,
        *,
        has_begun: bool = False,
    ) -> PlainData:
        """Do ``operation`` with the details as hooks leave them, and give what they make of it.

        Raises `HookCancelled`, and what the operation does. ``has_begun``: see `HookRunner.guard`.
        """
        details = _details(guarded.before, component, data, metadata)
        if not self.listens(guarded):
            return operation(details)
        with self._asked(guarded.before.name):
            return self._runner.guard_in_thread(guarded, details, operation, has_begun=has_begun)

    def before(
        self,
        point: HookPoint,
        component: Component,
        data: PlainData,
        metadata: Mapping[str, PlainData] = NOTHING,
    ) -> PlainData:
        """Ask at a point before something that nothing stands in for; the data as hooks leave them.

        Raises `HookCancelled` where a hook cancels or skips it.
        """
        outcome = self.ask(point, component, data, metadata)
        match outcome.result:
            case Cancel(reason) | Skip(reason):
                raise HookCancelled(reason or "A hook skipped it.", outcome.hook, point.name)
            case Replace(instead):
                return instead
        return outcome.details.data

    def ask(
        self,
        point: HookPoint,
        component: Component,
        data: PlainData,
        metadata: Mapping[str, PlainData] = NOTHING,
        error: BaseException | None = None,
    ) -> Outcome:
        """What the hooks at a point say; nobody carries it out."""
        details = _details(point, component, data, metadata)
        if error is not None:
            details = details.failed(point, error)
        if not self.listens(point):
            return Outcome(details)
        with self._asked(point.name):
            return self._runner.ask_in_thread(details)

    def _asking(self) -> set[str]:
        """The points of which hooks are asked on this thread."""
        asking: set[str] | None = getattr(self._here, "asking", None)
        if asking is None:
            asking = self._here.asking = set()
        return asking

    @contextmanager
    def _asked(self, name: str) -> Iterator[None]:
        asking = self._asking()
        asking.add(name)
        try:
            yield
        finally:
            asking.discard(name)


def _details(
    point: HookPoint,
    component: Component,
    data: PlainData,
    metadata: Mapping[str, PlainData],
) -> HookDetails:
    here = current()
    correlation = here.correlation_id if here else ""
    return HookDetails(point, component, data, metadata=metadata, correlation_id=correlation)
