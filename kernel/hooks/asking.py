"""Asking the hooks of a point, as a generator that does no input or output.

It calls hooks and yields what has to be waited for, an awaitable or a `Wait`; whoever drives it
(`kernel.hooks.runner`) sends in what came of that. So the rules stand here once, for tasks and for
script threads alike.
"""

import inspect
import logging
from collections.abc import Awaitable, Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from kernel.core.errors import UserError
from kernel.core.plain import PlainData
from kernel.events.hooks import HookFailed, HookIntervened, HookSuspended
from kernel.events.model import KernelEvent
from kernel.hooks.base import Companions, HookDetails
from kernel.hooks.outcome import ENDS, Outcome, ResultCache
from kernel.hooks.points import Guarded, HookPoint, Kind
from kernel.hooks.redirection import redirected, refusal
from kernel.hooks.registry import HookRegistry, Registration
from kernel.hooks.results import (
    CONTINUE,
    Cache,
    Cancel,
    Continue,
    Fork,
    HookResult,
    Modified,
    Redirect,
    Replace,
    Retry,
)
from kernel.hooks.settling import as_result

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wait:
    """To be driven: go on after some seconds."""

    seconds: float


Effect: TypeAlias = "Wait | Awaitable[object]"
Asking: TypeAlias = Generator[Effect, PlainData, Outcome]
Tell: TypeAlias = Callable[[KernelEvent], object]


@dataclass(frozen=True, slots=True)
class Interruption:
    """Where running through the hooks of a point came to an end, and what was said there."""

    place: int
    said: object = None
    error: Exception | None = None
    seconds: float = 0.0
    """How long the hook took to say it."""
    has_been_asked: bool = False


_NOT_ASKED = Interruption(0)

_NOT_REFUSED = frozenset({"debug", "breakpoint", "step", "kernel"})
"""Groups of points at some of which to cancel changes nothing, or lets a program go on."""

_STOPS = frozenset({"PreBreakpoint", "PostStepExecution", "DebugError"})
"""Points at which to cancel lets a program go on that is about to stop. A hook that cannot answer
must not have that done: a stop that is lost is not seen again."""


class Asker:
    """Asks hooks one after the other and puts together what they say."""

    def __init__(self, registry: HookRegistry, cache: ResultCache | None, tell: Tell) -> None:
        self._registry = registry
        self._cache = cache
        self._tell = tell

    def listens(self, point: HookPoint) -> bool:
        """Whether any hook is asked at a point."""
        return bool(self._registry.at(point))

    def run_through(self, details: HookDetails) -> "Interruption | None":
        """Ask the hooks at the point of ``details`` while they say Continue, and at once.

        None says that all did. Otherwise `ask` has to go on from what this gives.
        """
        # Most hooks are functions that say Continue in a microsecond. For them this loop makes
        # nothing, looks up nothing twice, and reads the clock once for each.
        clock = self._registry.clock
        if _log.isEnabledFor(logging.DEBUG):
            there = len(self._registry.at(details.point))
            _log.debug("asking %d hooks at %s", there, details.point.name)
        started = clock()
        for place, registration in enumerate(self._registry.at(details.point)):
            breaker = registration.breaker
            if not breaker.is_closed or registration.companions is not None:
                return Interruption(place)
            try:
                said = registration.hook(details)
            except Exception as error:
                return Interruption(place, error=error, has_been_asked=True)
            ended = clock()
            if said is not CONTINUE or ended - started > breaker.slow:
                return Interruption(place, said, None, ended - started, has_been_asked=True)
            started = ended
        return None

    def ask(
        self,
        details: HookDetails,
        interruption: "Interruption | None" = None,
        guarded: Guarded | None = None,
    ) -> Asking:
        """Ask all hooks at the point of ``details``, or go on from where `run_through` stopped.

        ``guarded``: the operation that they are asked about, if what they say is carried out.
        """
        fork: Fork | None = None
        caches: tuple[Cache, ...] = ()
        kind = details.point.kind
        at = interruption or _NOT_ASKED
        there = self._registry.at(details.point)
        heard = {at.place: at} if at.has_been_asked else {}
        for place in range(at.place, len(there)):
            registration = there[place]
            if registration.companions is not None and place not in heard:
                heard = yield from self._ask_together(
                    registration.companions, there, place, details
                )
            at = heard.get(place, _NOT_ASKED)
            result = yield from self._ask_one(registration, details, at)
            if type(result) is Retry and kind is Kind.BEFORE:
                result = yield from self._ask_again(registration, details, result)
            if type(result) is Cache:
                result, caches = self._look_up(result, caches, kind)
            if type(result) is Redirect or (type(result) is Fork and kind is not Kind.AFTER):
                result = self._possible(registration, details.point, result, guarded)
            if type(result) is Continue:
                continue
            self._intervened(registration, details, result)
            if type(result) in ENDS[kind]:
                return Outcome(details, result, registration.name, fork, caches)
            if type(result) is Fork and kind is Kind.BEFORE:
                fork = result if result.operations else fork
            else:
                details = changed(details, result, guarded)
        return Outcome(details, CONTINUE, "", fork, caches)

    def _ask_together(
        self,
        companions: Companions,
        there: Sequence[Registration],
        first: int,
        details: HookDetails,
    ) -> Generator[Effect, PlainData, dict[int, Interruption]]:
        """What companions in a row say, by place, up to one that changes something."""
        last = first
        while last < len(there) and there[last].companions is companions:
            if not there[last].breaker.is_closed:
                break
            last += 1
        if last - first < 2:
            return {}
        said: Any = companions.ask([each.hook for each in there[first:last]], details)
        if inspect.isawaitable(said):
            said = yield said
        return {
            place: Interruption(place, each.result, each.error, each.seconds, has_been_asked=True)
            for place, each in enumerate(said, first)
        }

    def _ask_one(
        self, registration: Registration, details: HookDetails, at: "Interruption"
    ) -> Generator[Effect, PlainData, HookResult]:
        """What one hook says, unless it is left alone; if it was asked, ``at`` has its answer."""
        breaker, clock = registration.breaker, self._registry.clock
        if not at.has_been_asked and not breaker.is_closed and not breaker.admits():
            why = f"{registration.name} must be asked, but it failed too often and rests."
            return _without(registration, why)
        started = clock()
        try:
            if at.error is not None:
                raise at.error
            said = at.said if at.has_been_asked else registration.hook(details)
            result = yield from _awaited(said)
        except Exception as error:
            return self._failed(registration, error)
        if clock() - started + at.seconds > breaker.slow:
            self._note_failure(registration)
        elif not breaker.is_closed:
            breaker.note_success()
        return result

    def _ask_again(
        self, registration: Registration, details: HookDetails, said: Retry
    ) -> Generator[Effect, PlainData, HookResult]:
        """Wait and ask a hook again that is not ready; when it never is, that is a no."""
        result: HookResult = said
        attempts = 1
        while isinstance(result, Retry):
            if attempts >= result.max_attempts:
                why = f"{registration.name} was not ready after {attempts} attempts."
                if registration.point.name in _STOPS:
                    return self._failed(registration, UserError(why))
                return Cancel(why)
            attempts += 1
            yield Wait(result.delay)
            try:
                result = yield from _awaited(registration.hook(details))
            except Exception as error:
                return self._failed(registration, error)
        return result

    def _look_up(
        self, result: Cache, caches: tuple[Cache, ...], kind: Kind
    ) -> tuple[HookResult, tuple[Cache, ...]]:
        kept = self._cache.get(result.key) if self._cache and kind is not Kind.AFTER else None
        if kept is not None:
            return Replace(kept[0]), caches
        return CONTINUE, caches if kind is Kind.ERROR else (*caches, result)

    def _possible(
        self,
        registration: Registration,
        point: HookPoint,
        result: Redirect | Fork,
        guarded: Guarded | None,
    ) -> HookResult:
        """The result, or what stands in for one that leads nowhere: it is not done here either."""
        why = refusal(point, result, guarded)
        if why is None:
            return result
        if guarded is None and (point.kind is not Kind.BEFORE or point.group in _NOT_REFUSED):
            return self._failed(registration, UserError(why))
        return Cancel(why)

    # --- what becomes of hooks --------------------------------------------------------------------

    def _failed(self, registration: Registration, error: Exception) -> HookResult:
        text = f"{type(error).__name__}: {error}"
        is_known = isinstance(error, UserError)  # a mistake in a script has its own words
        said = error if is_known else text
        trace = None if is_known else error
        place = registration.point.name
        _log.warning("The hook %s at %s failed: %s", registration.name, place, said, exc_info=trace)
        self._tell(HookFailed(registration.name, registration.point.name, text))
        self._note_failure(registration)
        return _without(registration, f"{registration.name} must be asked, and it failed: {error}")

    def _note_failure(self, registration: Registration) -> None:
        if registration.breaker.note_failure():
            rest = registration.breaker.settings.rest
            self._tell(HookSuspended(registration.name, rest))

    def _intervened(
        self, registration: Registration, details: HookDetails, result: HookResult
    ) -> None:
        reason = getattr(result, "reason", "")
        name, point = registration.name, details.point.name
        _log.debug("the hook %s at %s says %s %s", name, point, result.word, reason)
        self._tell(HookIntervened(registration.name, details.point.name, result.word, reason))


def changed(details: HookDetails, result: HookResult, guarded: Guarded | None) -> HookDetails:
    """The details as the next hook is told them after ``result``."""
    match result:
        case Modified(data) | Replace(data):
            return details.with_data(data)
        case Redirect(target):
            return redirected(details, target, guarded)
        case _:
            return details


def _awaited(said: object) -> Generator[Effect, PlainData, HookResult]:
    """What a hook said, waited for where it has to be."""
    if inspect.isawaitable(said):
        said = yield said
    return as_result(said)


def _without(registration: Registration, why: str) -> HookResult:
    """What stands in for the answer of a hook that gives none."""
    is_cancelled = registration.is_required and registration.point.name not in _STOPS
    return Cancel(why) if is_cancelled else CONTINUE
