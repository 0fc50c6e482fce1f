"""DebugCoordinator: the verbs of debugging, the same for every client and every language."""

import asyncio
import itertools
import logging
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from kernel.core import model as m
from kernel.core.errors import DebuggeeGone, KernelError, NotStopped, UserError
from kernel.core.ids import BreakpointId, ThreadId
from kernel.debug.conditions import parse_hit_condition, parse_log_message
from kernel.debug.debuggee import Debuggee
from kernel.debug.decisions import AddedStop, Decide, StopDecision
from kernel.events.bus import EventBus
from kernel.events.model import (
    BreakpointChanged,
    Exited,
    KernelEvent,
    OutputWritten,
    Resumed,
    Started,
    Stopped,
    ValuesInvalidated,
)

Spec = TypeVar("Spec")

_log = logging.getLogger(__name__)


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
    owner: str = ""
    """Who wants it, where several clients share a program; two may want the same place."""


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
        self.decide: Decide | None = None
        """Asked before a stop is told; see `kernel.debug.decisions`."""
        self.before_launch: Callable[[m.Program], Awaitable[m.Program]] | None = None
        """May change what is launched, or raise `UserError`."""
        self.before_step: Callable[[m.Resume], Awaitable[m.Resume]] | None = None
        """May change a step, or raise `UserError`."""
        self.say: Callable[[OutputWritten], None] = bus.publish
        """What it has to say itself goes here, beside what the program writes."""
        self._deliberation: asyncio.Task[None] | None = None
        self._must_stand = False
        self._last_resume: m.Resume | None = None
        # By real paths: a debuggee takes all breakpoints of a file at once, under any of its names.
        self._requested: dict[str, tuple[m.Source, list[m.BreakpointSpec]]] = {}
        self._added: dict[str, dict[BreakpointId, m.BreakpointSpec]] = {}

    @property
    def remembered_errors(self) -> Sequence[m.ExceptionBreakpointSpec]:
        """Exception filters that count without a client that asked, since an earlier run."""
        return ()

    # --- what the debuggee tells ----------------------------------------------------------------

    def listen(self, event: KernelEvent) -> None:
        """Take an event of the debuggee, remember what it means, and pass it on."""
        if self._held is not None:
            self._held.append(event)
            if isinstance(event, Exited):
                self._stop_deliberating()
            return
        match event:
            case Started():
                self.started = event
            case Stopped() if self._is_alone:
                return  # told before the program heard that it shall go on
            case Stopped() if self.decide is not None and (found := self.decide(event)):
                self._held, self._must_stand = [], False
                self._deliberation = asyncio.ensure_future(self._deliberate(event, found))
                return
            case Stopped():
                self.stop = event = self._without_added(event)
            case BreakpointChanged(breakpoint_) if self._is_added(breakpoint_.id):
                return
            case BreakpointChanged(breakpoint_):
                event = replace(event, breakpoint=self.placed(breakpoint_))
            case Resumed() if self.stop is None:
                return  # clients know
            case Resumed():
                self.stop = None
            case Exited(code):
                self.stop, self.exit_code = None, code
        self.bus.publish(event)

    def placed(self, breakpoint_: m.Breakpoint) -> m.Breakpoint:
        """With its source: who is told of it alone cannot say otherwise where it is."""
        if breakpoint_.source is not None:
            return breakpoint_
        for source, specs in self._requested.values():
            if any(each.id == breakpoint_.id for each in specs):
                return replace(breakpoint_, source=source)
        return breakpoint_

    def _release(self) -> None:
        """Pass on what was held back."""
        held, self._held = self._held or [], None
        for event in held:
            self.listen(event)

    # --- deciding about stops -------------------------------------------------------------------

    async def _deliberate(self, stopped: Stopped, deciding: Awaitable[StopDecision]) -> None:
        """Find out what becomes of a stop, while the program stands and nobody has been told."""
        goes_on = False
        try:
            decision = await deciding
            await self._carry_out(decision, stopped)
            if decision.goes_on and not self._must_stand and not self._is_alone:
                last = self._last_resume or m.Resume(m.StepKind.CONTINUE, stopped.thread)
                await self.debuggee.resume(last)
                goes_on = True
        except (DebuggeeGone, asyncio.CancelledError):
            goes_on = True  # it has ended, or the client has left
        except Exception as error:
            trace = None if isinstance(error, KernelError) else error
            _log.warning("Deciding about a stop failed: %s", error, exc_info=trace)
            text = f"The program stops here since a decision about that failed: {error}\n"
            self.say(OutputWritten(text, "console"))
        if not goes_on and not self._is_alone:
            self.stop = self._without_added(stopped)
            self.bus.publish(self.stop)
        self._release()

    def _stop_deliberating(self) -> None:
        """There is nothing to decide any more."""
        if self._deliberation is not None:
            self._deliberation.cancel()

    async def _carry_out(self, decision: StopDecision, stopped: Stopped) -> None:
        if decision.assignments:
            (frame, *_) = (await self.debuggee.stack(stopped.thread, 0, 1)).frames
            for each in decision.assignments:
                try:
                    await self.debuggee.set_expression(each.expression, each.value, frame.id)
                except UserError as error:
                    wanted = f"{each.expression} = {each.value}"
                    raise UserError(f"a hook wants {wanted}: {error}") from error
        for stop in decision.stops:
            await self.add_stop(stop)

    async def add_stop(self, stop: AddedStop) -> None:
        """Stop at a line until the client leaves; clients see the stops, but no breakpoint."""
        path = os.path.realpath(stop.path)
        number = self._id_of(("added", path, str(stop.line), stop.condition or ""))
        added = self._added.setdefault(path, {})
        if number in added:
            return
        added[number] = m.BreakpointSpec(number, stop.line, condition=stop.condition)
        unasked = m.Source(os.path.basename(path), stop.path)
        source, specs = self._requested.get(path, (unasked, []))
        answers = await self.debuggee.set_breakpoints(source, [*specs, *added.values()])
        if answers and answers[-1].reason == "failed":
            where = f"{stop.path}:{stop.line}"
            text = f"The stop at {where} that a hook wants is not set. {answers[-1].message}\n"
            self.say(OutputWritten(text, "console"))

    def _is_added(self, number: BreakpointId) -> bool:
        return any(number in specs for specs in self._added.values())

    def _without_added(self, stopped: Stopped) -> Stopped:
        """As told to clients, which do not know the numbers of stops that were added."""
        if not self._added:
            return stopped
        known = tuple(each for each in stopped.breakpoints if not self._is_added(each))
        return replace(stopped, breakpoints=known)

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

    def values_changed(self) -> None:
        """Somebody has assigned to variables, or ran what may have: all clients look again."""
        self.bus.publish(ValuesInvalidated())

    async def attached(self) -> None:
        """A client is there that did not launch the program."""
        self._is_alone = False
        await self.debuggee.attached()

    async def detached(self, stays: bool = False) -> None:
        """The client leaves: without breakpoints the program goes on, unless it ``stays``."""
        stop = self.stop
        if not stays:
            self.stop, self._is_alone = None, True
            self._added.clear()
            self._requested.clear()
            self._stop_deliberating()
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
        path = os.path.realpath(source.path) if source.path else ""
        self._requested[path] = source, specs
        added = self._added.get(path, {}).values() if path else ()
        answers = await self.debuggee.set_breakpoints(source, [*specs, *added])
        return _merge(requests, answers, refused)

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
        seen: Counter[tuple[str, str]] = Counter()
        for place, request in enumerate(requests):
            where = f"{request.name or request.line}:{request.column or ''}"
            number = self._id_of((*home, where, request.owner, str(seen[where, request.owner])))
            seen[where, request.owner] += 1
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

    async def launch(self, program: m.Program) -> None:
        """Start the program, as `before_launch` has it; raises what `Debuggee.launch` does."""
        if self.before_launch is not None:
            program = await self.before_launch(program)
        await self.debuggee.launch(program)

    async def resume(self, how: m.Resume) -> None:
        """Continue or step; raises `NotStopped` when the program runs already."""
        is_step = how.kind is not m.StepKind.CONTINUE
        stop = self.require_stop("Stepping" if is_step else "Continuing")
        if is_step and self.before_step is not None:
            how = await self.before_step(how)
            stop = self.require_stop("Stepping")
        self.stop, self._last_resume = None, how
        # The next stop may be told before the debuggee's answer is here; it comes after `Resumed`.
        self._held = []
        # Not in a task of its own: what is asked next (to pause) must come behind it.
        try:
            await self.debuggee.resume(how)
            self.bus.publish(Resumed(how.thread, all_threads=not how.single_thread))
        except (UserError, asyncio.CancelledError):
            self.stop = stop
            raise
        finally:
            self._release()

    async def pause(self, thread: ThreadId | None = None) -> None:
        """Stop soon; does nothing when the program stands already."""
        if self._deliberation is not None and not self._deliberation.done():
            self._must_stand = True
        elif self.stop is None:
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
