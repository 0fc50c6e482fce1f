"""StopHooks: hooks that change the course of debugging, between a debuggee and its clients.

===================  ========================================  ==================================
point                asked                                     what hooks can do
===================  ========================================  ==================================
``PreDebugSession``  before a program is launched              add stops, change it, cancel
``PreScriptLoad``    before its file is loaded                 the same
``PostScriptLoad``   when a file or module has been loaded     add stops
``PreBreakpoint``    at a breakpoint, before it is told        go on, set values, add stops
``PostBreakpoint``   when clients have been told               look
``PostStepExecution`` after a step, before that is told        go on, set values, add stops
``PreStepExecution`` before a step                             make it another one, cancel
``DebugError``       at an error that stops the program        go on, set values, add stops
``PostDebugSession`` when the program has ended                look
===================  ========================================  ==================================

A hook that wants a change answers `Modified` with the data it was told and these keys in them:
``set`` (a table of expressions and the expressions of their values), ``stops`` (a list of
``{path, line, condition}``) and ``stop`` (false: go on). `DECISIONS` says what other results mean.

A stop added before the launch, or while the program stands, holds from then on. One that is added
when a module has been loaded comes too late for lines that the module has passed by then.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from kernel.core import model as m
from kernel.core.errors import KernelError, UserError
from kernel.core.plain import PlainData
from kernel.debug.coordinator import DebugCoordinator
from kernel.debug.decisions import STAND, AddedStop, Assignment, StopDecision
from kernel.events.correlation import Correlated, Correlation, current
from kernel.events.model import Exited, KernelEvent, SourceLoaded, Stopped
from kernel.hooks.base import Component, HookCancelled, HookDetails
from kernel.hooks.outcome import Outcome
from kernel.hooks.points import POINTS, HookPoint, Kind
from kernel.hooks.results import Cancel, HookResult, Replace, Skip
from kernel.hooks.runner import HookRunner
from kernel.hooks.script_results import shown

_log = logging.getLogger(__name__)

PATIENCE = 5.0
"""Seconds that hooks have for a stop; then it is told."""

ASKED_AT: Mapping[m.StopReason, HookPoint] = {
    m.StopReason.BREAKPOINT: POINTS["PreBreakpoint"],
    m.StopReason.FUNCTION_BREAKPOINT: POINTS["PreBreakpoint"],
    m.StopReason.DATA_BREAKPOINT: POINTS["PreBreakpoint"],
    m.StopReason.STEP: POINTS["PostStepExecution"],
    m.StopReason.EXCEPTION: POINTS["DebugError"],
}
"""Which hooks are asked about which stop. A stop that somebody asked for by name stands."""

DECISIONS: Mapping[type[HookResult], str] = {
    Skip: "the program goes on",
    Cancel: "the program goes on",
    Replace: "what its data say (`set`, `stops`) is done, and the program goes on",
}
"""What ends the asking; after any other result the program stops, with the changes made."""


class RaisedError(Exception):
    """The error that stopped a program, as hooks are told of it."""


class StopHooks:
    """Puts the hooks of a runner between a coordinator and its clients; on the loop's thread."""

    def __init__(
        self,
        coordinator: DebugCoordinator,
        runner: HookRunner,
        metadata: Mapping[str, PlainData] | None = None,
        correlation: Callable[[], Correlation | None] = current,
    ) -> None:
        """``metadata``: what hooks are told beside that, such as the session's id.

        ``correlation``: whom a stop belongs to, as for `Broker.relay`; the debuggee tells of it
        where nobody's message is served.
        """
        self._coordinator = coordinator
        self._runner = runner
        self._correlation = correlation
        self._metadata = {"debug": True, **(metadata or {})}
        self._tasks: set[asyncio.Task[None]] = set()
        self._end: Callable[[], None] = lambda: None
        self._is_debugged = False

    def install(self) -> None:
        """Ask hooks from now on."""
        self._coordinator.decide = self.decide
        self._coordinator.before_launch = self.before_launch
        self._coordinator.before_step = self.before_step
        self._end = self._coordinator.bus.subscribe(self.hear)

    def remove(self) -> None:
        """Ask nobody any more."""
        self._coordinator.decide = None
        self._coordinator.before_launch = self._coordinator.before_step = None
        self._end()

    # --- before the program runs ------------------------------------------------------------------

    async def before_launch(self, program: m.Program) -> m.Program:
        """The program as hooks have it, with the stops they add; raises `HookCancelled`."""
        self._is_debugged = program.debug
        for name in ("PreDebugSession", "PreScriptLoad")[not program.debug :]:
            if not self._runner.listens(POINTS[name]):
                continue
            data = {"path": program.path, "args": list(program.args), "stops": []}
            outcome = await self._runner.ask(self._details(POINTS[name], program.path, data))
            self._refuse_if_cancelled(outcome)
            said = _said(outcome)
            program = replace(
                program,
                path=str(said.get("path", program.path)),
                args=tuple(map(str, said.get("args", program.args))),
            )
            for stop in _stops(said):
                await self._coordinator.add_stop(stop)
        return program

    async def before_step(self, how: m.Resume) -> m.Resume:
        """The step as hooks have it; raises `HookCancelled`."""
        point = POINTS["PreStepExecution"]
        if not self._runner.listens(point):
            return how
        data = {"step": how.kind.value, "thread": int(how.thread)}
        outcome = await self._runner.ask(self._details(point, how.kind.value, data))
        self._refuse_if_cancelled(outcome)
        kind = _table(outcome.details.data).get("step", how.kind.value)
        if kind not in list(m.StepKind):
            there = ", ".join(m.StepKind)
            raise UserError(f"A hook wants a step {shown(kind)}; there are {there}.")
        return replace(how, kind=m.StepKind(kind))

    def _refuse_if_cancelled(self, outcome: Outcome) -> None:
        if isinstance(outcome.result, Cancel | Skip):
            reason = outcome.result.reason or "A hook skipped it."
            raise HookCancelled(reason, outcome.hook, outcome.details.point.name)

    # --- at stops ---------------------------------------------------------------------------------

    def decide(self, stopped: Stopped) -> Awaitable[StopDecision] | None:
        """What becomes of a stop; None where no hook is asked about it."""
        point = ASKED_AT.get(stopped.reason)
        if point is None or not self._runner.listens(point):
            return None
        return self._decide(point, stopped)

    async def _decide(self, point: HookPoint, stopped: Stopped) -> StopDecision:
        with Correlated(self._correlation()):
            try:
                async with asyncio.timeout(PATIENCE):
                    data = await self._look(stopped)
                    details = self._details(point, data["path"] or "", data)
                    if point.kind is Kind.ERROR:
                        details = details._replace(error=RaisedError(stopped.text or ""))
                    outcome = await self._runner.ask(details)
            except TimeoutError as error:
                raise UserError(f"the hooks took more than {PATIENCE:g} s") from error
            return decision_of(outcome)

    async def _look(self, stopped: Stopped) -> dict[str, PlainData]:
        """Where the program stands, in plain data."""
        debuggee = self._coordinator.debuggee
        (frame, *_) = (await debuggee.stack(stopped.thread, 0, 1)).frames
        scopes = await debuggee.scopes(frame.id)
        variables = await debuggee.variables(scopes[0].reference) if scopes else []
        return {
            "reason": stopped.reason.value,
            "thread": int(stopped.thread),
            "path": frame.source.path if frame.source else None,
            "line": frame.line,
            "function": frame.name,
            "locals": {each.name: each.value for each in variables},
            "text": stopped.text,
            "stop": True,
            "set": {},
            "stops": [],
        }

    # --- what was told ----------------------------------------------------------------------------

    def hear(self, event: KernelEvent) -> None:
        """Ask about what clients are told."""
        match event:
            case Stopped(reason=reason) if ASKED_AT.get(reason) is POINTS["PreBreakpoint"]:
                told = {"reason": reason.value, "thread": int(event.thread)}
                self._ask_later(POINTS["PostBreakpoint"], "", told)
            case Exited(code):
                self.ended(code)
            case SourceLoaded(source=source) if source.path:
                data: dict[str, PlainData] = {"path": source.path, "name": source.name, "stops": []}
                self._ask_later(POINTS["PostScriptLoad"], source.path, data)

    def ended(self, code: int) -> None:
        """What `before_launch` was asked about is over; once is enough."""
        if self._is_debugged:
            self._is_debugged = False
            self._ask_later(POINTS["PostDebugSession"], "", {"code": code})

    def _ask_later(self, point: HookPoint, name: str, data: dict[str, PlainData]) -> None:
        if self._runner.listens(point):
            with Correlated(self._correlation()):  # the task inherits it
                task = asyncio.ensure_future(self._ask(self._details(point, name, data)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _ask(self, details: HookDetails) -> None:
        outcome = await self._runner.ask(details)
        try:
            for stop in _stops(_table(outcome.details.data)):
                await self._coordinator.add_stop(stop)
        except KernelError as error:
            _log.warning("A stop that a hook wants could not be added: %s", error)

    def _details(self, point: HookPoint, name: str, data: dict[str, PlainData]) -> HookDetails:
        here = current()
        return HookDetails(
            point,
            Component("program", name),
            data,
            metadata=self._metadata,
            correlation_id=here.correlation_id if here else "",
            language=self._coordinator.debuggee.language,
        )


def decision_of(outcome: Outcome) -> StopDecision:
    """What the hooks at a stop want together; raises `UserError` where that makes no sense."""
    result = outcome.result
    said = _said(outcome)
    ends = type(result) in DECISIONS
    values = said.get("set") or {}
    if not isinstance(values, dict):
        raise UserError(f"A hook says set = {shown(values)}; it must be a table of expressions.")
    if outcome.goes_on and outcome.details.data is None:
        return STAND
    return StopDecision(
        ends or said.get("stop") is False,
        tuple(Assignment(str(name), str(value)) for name, value in values.items()),
        _stops(said),
        getattr(result, "reason", ""),
    )


def _said(outcome: Outcome) -> dict[str, PlainData]:
    result = outcome.result
    return _table(result.data if isinstance(result, Replace) else outcome.details.data)


def _table(data: PlainData) -> dict[str, PlainData]:
    return data if isinstance(data, dict) else {}


def _stops(said: Mapping[str, PlainData]) -> tuple[AddedStop, ...]:
    try:
        return tuple(
            AddedStop(str(each["path"]), int(each["line"]), each.get("condition"))
            for each in said.get("stops") or ()
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(
            f"A hook says stops = {shown(said.get('stops'))}; "
            "each is a table with a path, a line and perhaps a condition."
        ) from error
