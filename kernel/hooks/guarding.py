"""Guarding an operation with hooks before it, after it and on its errors, as a generator.

Like `kernel.hooks.asking` it does no input or output: it yields what is to be done and is sent what
came of it. What each result means is the table `kernel.hooks.results.MEANING`.
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeAlias

from kernel.core.plain import PlainData
from kernel.hooks.asking import Asker, Effect, Interruption, Wait
from kernel.hooks.base import HookCancelled, HookDetails
from kernel.hooks.outcome import Outcome, ResultCache
from kernel.hooks.points import Guarded
from kernel.hooks.redirection import redirected
from kernel.hooks.results import (
    Cache,
    Cancel,
    Fork,
    Join,
    Operation,
    Redirect,
    Replace,
    Retry,
    Skip,
)


@dataclass(frozen=True, slots=True)
class PerformAll:
    """To be driven: do several operations at the same time, and join them."""

    details: tuple[tuple[str, HookDetails], ...]
    join: Join


Deed: TypeAlias = "HookDetails | PerformAll | Effect"
"""To be driven: do the operation with these details, or several, or wait for something."""
Guarding: TypeAlias = Generator[Deed, PlainData, PlainData]


class _Again(Exception):  # no error: a way back to the beginning
    """The operation is begun again, with these details."""

    def __init__(self, details: HookDetails) -> None:
        super().__init__()
        self.details = details


@dataclass(frozen=True, slots=True)
class Reached:
    """How far an operation has come by the short way: all hooks so far had said Continue."""

    interruption: Interruption | None = None
    """Where the hooks before the operation, or those after it, were interrupted."""
    is_performed: bool = False
    result: PlainData = None
    error: Exception | None = None


_NOWHERE = Reached()


class Guard:
    """The course of one guarded operation."""

    def __init__(self, asker: Asker, cache: ResultCache | None, guarded: Guarded) -> None:
        self._asker = asker
        self._cache = cache
        self._guarded = guarded
        self._was_redirected = False

    def run(self, details: HookDetails, reached: "Reached | None" = None) -> Guarding:
        """From the first hook, or from where somebody has got to, to the result.

        Raises `HookCancelled`, or what the operation does.
        """
        while True:
            try:
                return (yield from self._attempt(details, reached or _NOWHERE))
            except _Again as again:
                details, reached = again.details, None

    def _attempt(self, details: HookDetails, reached: "Reached") -> Guarding:
        points = self._guarded
        caches: tuple[Cache, ...] = ()
        after: Interruption | None = None
        match reached:
            case Reached(is_performed=True, error=None):
                asked, result, after = details, reached.result, reached.interruption
            case Reached(error=Exception() as error):
                asked = details
                result = yield from self._failed(details, error)
            case _:
                if details.point is not points.before:
                    details = details.at(points.before)
                before = yield from self._asker.ask(details, reached.interruption, points)
                asked, caches = before.details, before.caches
                match before.result:
                    case Cancel(reason):
                        raise HookCancelled(reason, before.hook, points.before.name)
                    case Skip():
                        return None
                    case Replace(data):
                        result = data
                    case _:
                        result = yield from self._perform(asked, before.fork)
        outcome = yield from self._asker.ask(asked.after(points.after, result), after, points)
        yield from self._go_back(outcome, asked)
        if self._cache is not None:
            for each in (*caches, *outcome.caches):
                self._cache.put(each.key, outcome.details.data, each.ttl)
        return outcome.details.data

    def _perform(self, asked: HookDetails, fork: Fork | None) -> Guarding:
        try:
            return (yield asked if fork is None else self._forked(fork, asked))
        except Exception as error:
            return (yield from self._failed(asked, error))

    def _failed(self, details: HookDetails, error: Exception) -> Guarding:
        """What stands in for the result of an operation that failed; raises where nothing does."""
        point = self._guarded.point_of(error)
        if point is None:
            raise error
        outcome = yield from self._asker.ask(details.failed(point, error), guarded=self._guarded)
        kept = details.with_data(outcome.details.data)
        match outcome.result:
            case Replace(data):
                return data
            case Fork() as instead:
                return (yield self._forked(instead, kept))
        yield from self._go_back(outcome, kept, error)
        raise error

    def _go_back(
        self, outcome: Outcome, details: HookDetails, error: Exception | None = None
    ) -> Generator[Deed, PlainData, None]:
        """Begin again, or refuse the result, where the hooks after the operation want that."""
        match outcome.result:
            case Cancel(reason):
                raise HookCancelled(reason, outcome.hook, outcome.details.point.name) from error
            case Retry(delay, most) if details.attempt < most:
                yield Wait(delay)
                raise _Again(details._replace(attempt=details.attempt + 1))
            case Redirect() as elsewhere if not self._was_redirected:
                self._was_redirected = True
                raise _Again(redirected(details, elsewhere.target, self._guarded))

    def _forked(self, fork: Fork, details: HookDetails) -> PerformAll:
        variants = tuple((each.name, self._variant(each, details)) for each in fork.operations)
        return PerformAll(variants, fork.join)

    def _variant(self, operation: Operation, details: HookDetails) -> HookDetails:
        if operation.changes_data:
            details = details.with_data(operation.data)
        if operation.target is None:
            return details
        return redirected(details, operation.target, self._guarded)
