"""HookedCells: hooks are asked around each cell, and what becomes of it is told."""

import time
from collections.abc import Callable
from dataclasses import replace

from kernel.core.plain import PlainData
from kernel.core.tracing import Level
from kernel.events.broker import Broker
from kernel.events.correlation import RunCorrelation, current, following
from kernel.events.execution import (
    ErrorRaised,
    ExecutionFinished,
    ExecutionStarted,
    ResultProduced,
)
from kernel.events.model import Display
from kernel.execution.cells import CellRequest, CellResult, Execute
from kernel.execution.engine import Outcome
from kernel.hooks.base import Component, HookDetails
from kernel.hooks.points import CODE_EXECUTION
from kernel.hooks.runner import HookRunner


class CellFailed(Exception):
    """What hooks are told of a cell that ended with an error."""

    def __init__(self, result: CellResult) -> None:
        error = result.outcome.error
        super().__init__(error.message if error else "")
        self.result = result


class HookedCells:
    """Implements `Guard`. Used on the loop's thread.

    ``data`` of the points ``PreCodeExecution``, ``PostCodeExecution`` and ``ExecutionError``:
    ``code`` before a cell, and ``expressions`` (by name) where its client wants some evaluated
    behind it; ``status``, ``count`` and ``text`` (of its result) after it. ``metadata``:
    ``client``, ``session_type``, and ``silent``. Silent cells are asked about as all are: only
    their clients say that they are silent.
    """

    def __init__(
        self,
        runner: HookRunner,
        broker: Broker,
        run: RunCorrelation,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``run`` is told whose cell runs, for what the debugger tells meanwhile."""
        self._runner, self._broker, self._run, self._clock = runner, broker, run, clock

    async def around(self, request: CellRequest, number: int, execute: Execute) -> CellResult:
        """Ask before, run, ask after; raises `HookCancelled` where a hook says no."""
        started = self._broker.publish(
            ExecutionStarted(request.code, number, request.is_silent), source="execution"
        )
        begun = self._clock()
        span = self._runner.tracer.span("cell", Level.DEBUG, count=number)
        with following(started.id), span:
            self._run.run = current()
            result = await self._asked(request, number, execute)
            self._tell(result, self._clock() - begun)
        return result

    async def _asked(self, request: CellRequest, number: int, execute: Execute) -> CellResult:
        listens = self._runner.registry.is_listening
        done: CellResult | None = None
        if not listens(CODE_EXECUTION):
            done = await execute(request)
            if not listens(CODE_EXECUTION):
                return done
            # It has registered some itself: they are asked what they would be beside others.
        has_run = done is not None
        last: CellResult | None = None
        told: PlainData = None

        async def operation(details: HookDetails) -> PlainData:
            nonlocal last, told, done
            result, done = done or await execute(_wanted(request, details.data)), None
            if result.outcome.error is not None:
                raise CellFailed(result)
            last, told = result, plain(result)
            return told

        asked = HookDetails(
            CODE_EXECUTION.before,
            Component("cell", str(number)),
            _told(request),
            metadata={
                "client": request.client,
                "session_type": request.session_type.value,
                "silent": request.is_silent,
            },
            correlation_id=_correlation_id(),
        )
        try:
            answer = await self._runner.guard(CODE_EXECUTION, asked, operation, has_begun=has_run)
        except CellFailed as failed:
            return failed.result
        if last is not None and (answer is told or answer == told):
            return last
        return CellResult(number, Outcome(result=_shown(answer)))

    def _tell(self, result: CellResult, seconds: float) -> None:
        outcome = result.outcome
        if outcome.error is not None:
            error = outcome.error
            raised = ErrorRaised(error.name, error.message, tuple(error.traceback))
            self._broker.publish(raised, source="execution")
        elif outcome.result is not None:
            self._broker.publish(ResultProduced(outcome.result, result.number), source="execution")
        status = "error" if outcome.error else "ok"
        finished = ExecutionFinished(result.number, status, seconds)
        self._broker.publish(finished, source="execution")


def _told(request: CellRequest) -> dict[str, PlainData]:
    """What hooks are told of a cell before it runs: all the code that comes with it."""
    expressions = dict(request.expressions)
    return {"code": request.code, **({"expressions": expressions} if expressions else {})}


def _wanted(request: CellRequest, data: PlainData) -> CellRequest:
    """The cell as hooks have it; what they leave out stays as it was."""
    told = data if isinstance(data, dict) else {}
    code, expressions = told.get("code"), told.get("expressions")
    if isinstance(code, str) and code != request.code:
        request = replace(request, code=code)
    if isinstance(expressions, dict) and expressions != request.expressions:
        texts = {str(name): str(each) for name, each in expressions.items()}
        request = replace(request, expressions=texts)
    return request


def plain(result: CellResult) -> dict[str, PlainData]:
    """What hooks are told of how a cell ended."""
    shown = result.outcome.result
    text = None if shown is None else shown.data.get("text/plain")
    return {
        "status": "error" if result.outcome.error else "ok",
        "count": result.number,
        "text": text,
    }


def _shown(answer: PlainData) -> Display | None:
    """What stands in for a cell's result: see `_text`."""
    text = _text(answer)
    return None if text is None else Display({"text/plain": str(text)})


def _text(answer: PlainData) -> PlainData:
    """The ``text`` of a table, of a fork those of its cells by name, or the answer itself."""
    if not isinstance(answer, dict):
        return answer
    if answer and all(isinstance(each, dict) and "status" in each for each in answer.values()):
        told = {name: each["text"] for name, each in answer.items() if each.get("text") is not None}
        return "\n".join(f"{name}: {text}" for name, text in told.items()) or None
    return answer.get("text")


def _correlation_id() -> str:
    here = current()
    return here.correlation_id if here else ""
