"""DebugCoordinator: the verbs of debugging, the same for every client and every language."""

import itertools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from kernel.core import model as m
from kernel.core.errors import NotStopped, UserError
from kernel.core.ids import BreakpointId, ThreadId
from kernel.debug.conditions import parse_hit_condition, parse_log_message
from kernel.debug.debuggee import Debuggee
from kernel.events.bus import EventBus
from kernel.events.model import Exited, KernelEvent, Resumed, Started, Stopped

Spec = TypeVar("Spec")


@dataclass(frozen=True, slots=True)
class BreakpointRequest:
    """A breakpoint in the client's words; conditions are still text."""

    line: int = 0
    column: int | None = None
    name: str = ""
    """The function of a function breakpoint, the data id of a data breakpoint."""
    condition: str | None = None
    hit_condition: str | None = None
    log_message: str | None = None
    access: str = "write"


class DebugCoordinator:
    """Owns the breakpoints' identities and whether the program stands; asks the debuggee the rest.

    Clients ask through the methods here where the coordinator adds something (identity, parsing,
    state) and through `debuggee` where it does not; all of them hear of it through `bus`.
    """

    def __init__(self, debuggee: Debuggee, bus: EventBus) -> None:
        self.debuggee = debuggee
        self.bus = bus
        self.started: Started | None = None
        self.stop: Stopped | None = None
        self.exit_code: int | None = None
        self._ids = itertools.count(1)
        self._known: dict[tuple[str, ...], BreakpointId] = {}
        self._held: list[KernelEvent] | None = None
        self._is_alone = False

    # --- what the debuggee tells ----------------------------------------------------------------

    def listen(self, event: KernelEvent) -> None:
        """Take an event of the debuggee, remember what it means, and pass it on."""
        if self._held is not None:
            self._held.append(event)
            return
        match event:
            case Started():
                self.started = event
            case Stopped() if self._is_alone:
                return  # told before the program heard that it shall go on
            case Stopped():
                self.stop = event
            case Exited(code):
                self.stop, self.exit_code = None, code
        self.bus.publish(event)

    @property
    def is_stopped(self) -> bool:
        """Whether the program stands and can be looked at."""
        return self.stop is not None

    def require_stop(self, what: str) -> Stopped:
        """The stop the program stands at; raises `NotStopped` naming ``what`` while it runs."""
        if self.stop is None:
            raise NotStopped(what)
        return self.stop

    # --- clients --------------------------------------------------------------------------------

    async def attached(self) -> None:
        """A client is there that did not launch the program."""
        self._is_alone = False
        await self.debuggee.attached()

    async def detached(self, stays: bool = False) -> None:
        """The client leaves: without breakpoints the program goes on, unless it ``stays``."""
        stop = self.stop
        if not stays:
            self.stop, self._is_alone = None, True
        await self.debuggee.detached(stays)
        if stop is not None and not stays:
            self.bus.publish(Resumed(stop.thread))

    # --- breakpoints ----------------------------------------------------------------------------

    async def set_breakpoints(
        self, source: m.Source, requests: Sequence[BreakpointRequest]
    ) -> list[m.Breakpoint]:
        """Replace the line breakpoints of a source; answers in the order of ``requests``.

        A breakpoint that stays where it was keeps its id. One whose hit condition or log message
        makes no sense is answered unverified with the reason, and the others still count.
        """
        home = ("line", source.path or f"#{source.reference}")
        specs, refused = self._parse(home, requests, _line_spec)
        return _merge(requests, await self.debuggee.set_breakpoints(source, specs), refused)

    async def set_function_breakpoints(
        self, requests: Sequence[BreakpointRequest]
    ) -> list[m.Breakpoint]:
        """Replace all function breakpoints; answers as `set_breakpoints` does."""
        specs, refused = self._parse(("function",), requests, _function_spec)
        return _merge(requests, await self.debuggee.set_function_breakpoints(specs), refused)

    async def set_data_breakpoints(
        self, requests: Sequence[BreakpointRequest]
    ) -> list[m.Breakpoint]:
        """Replace all data breakpoints; answers as `set_breakpoints` does."""
        specs, refused = self._parse(("data",), requests, _data_spec)
        return _merge(requests, await self.debuggee.set_data_breakpoints(specs), refused)

    async def set_exception_breakpoints(
        self, specs: Sequence[m.ExceptionBreakpointSpec]
    ) -> list[m.Breakpoint]:
        """Choose the errors to stop on; raises `UserError` for a filter there is not."""
        known = [each.filter for each in self.debuggee.exception_filters]
        for each in specs:
            if each.filter not in known:
                raise UserError(
                    f"There is no exception filter {each.filter!r}; there are {', '.join(known)}."
                )
        numbered = [replace(each, id=self._id_of(("exception", each.filter))) for each in specs]
        return await self.debuggee.set_exception_breakpoints(numbered)

    def _parse(
        self,
        home: tuple[str, ...],
        requests: Sequence[BreakpointRequest],
        make: Callable[[BreakpointRequest, BreakpointId], Spec],
    ) -> tuple[list[Spec], dict[int, m.Breakpoint]]:
        """Specs of what makes sense, and by place the refusals of what does not."""
        specs: list[Spec] = []
        refused: dict[int, m.Breakpoint] = {}
        seen: Counter[str] = Counter()
        for place, request in enumerate(requests):
            where = f"{request.name or request.line}:{request.column or ''}"
            number = self._id_of((*home, where, str(seen[where])))
            seen[where] += 1
            try:
                specs.append(make(request, number))
            except UserError as error:
                refused[place] = m.Breakpoint(
                    number,
                    verified=False,
                    message=str(error),
                    line=request.line or None,
                    reason="failed",
                )
        return specs, refused

    def _id_of(self, key: tuple[str, ...]) -> BreakpointId:
        if key not in self._known:
            self._known[key] = BreakpointId(next(self._ids))
        return self._known[key]

    # --- running --------------------------------------------------------------------------------

    async def resume(self, how: m.Resume) -> None:
        """Continue or step; raises `NotStopped` when the program runs already."""
        is_step = how.kind is not m.StepKind.CONTINUE
        stop = self.require_stop("Stepping" if is_step else "Continuing")
        self.stop = None
        # The next stop may be told before the debuggee's answer is here; it comes after `Resumed`.
        self._held = []
        try:
            await self.debuggee.resume(how)
            self.bus.publish(Resumed(how.thread, all_threads=not how.single_thread))
        except UserError:
            self.stop = stop
            raise
        finally:
            held, self._held = self._held, None
            for event in held:
                self.listen(event)

    async def pause(self, thread: ThreadId | None = None) -> None:
        """Stop soon; does nothing when the program stands already."""
        if self.stop is None:
            await self.debuggee.pause(thread)


def _merge(
    requests: Sequence[BreakpointRequest],
    answers: Sequence[m.Breakpoint],
    refused: Mapping[int, m.Breakpoint],
) -> list[m.Breakpoint]:
    answer = iter(answers)
    return [refused[place] if place in refused else next(answer) for place in range(len(requests))]


def _line_spec(request: BreakpointRequest, number: BreakpointId) -> m.BreakpointSpec:
    log = parse_log_message(request.log_message) if request.log_message else None
    condition = request.condition or None
    return m.BreakpointSpec(number, request.line, request.column, condition, _hit(request), log)


def _function_spec(request: BreakpointRequest, number: BreakpointId) -> m.FunctionBreakpointSpec:
    return m.FunctionBreakpointSpec(number, request.name, request.condition or None, _hit(request))


def _data_spec(request: BreakpointRequest, number: BreakpointId) -> m.DataBreakpointSpec:
    condition = request.condition or None
    return m.DataBreakpointSpec(number, request.name, request.access, condition, _hit(request))


def _hit(request: BreakpointRequest) -> m.HitCondition | None:
    return parse_hit_condition(request.hit_condition) if request.hit_condition else None
