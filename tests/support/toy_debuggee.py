"""ToyDebuggee: the port `Debuggee` over a toy language, in memory and on the loop."""

import asyncio
import itertools
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kernel.core import model as m
from kernel.core.errors import (
    DebuggeeGone,
    EvaluationFailed,
    NotStopped,
    ProgramNotFound,
    StaleReference,
    UserError,
)
from kernel.core.ids import BreakpointId, FrameId, SourceReference, ThreadId, VariablesReference
from kernel.core.settings import DebugSettings
from kernel.debug.debuggee import Listener
from kernel.events import model as e
from tests.support import toy_language as toy
from tests.support.toy_breakpoints import MAIN, ToyBreakpoints

UNCAUGHT = m.ExceptionFilter("uncaught", "Uncaught", "Errors that end the program", default=True)


class ToyDebuggee:
    """Implements `Debuggee`: runs the little Lua of `toy_language`, which has one thread.

    Of what the port leaves to the language it has no step-in targets, modules, or sources that are
    no files.
    """

    language = "Toy 1.0"
    exception_filters: Sequence[m.ExceptionFilter] = (UNCAUGHT,)

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._source = m.Source("?")
        reading = toy.ToyTable(names={"read": self._read})
        library = {"print": self._print, "io": reading}
        self._toy = toy.Toy(self._before, self._failed, library)
        self._task: asyncio.Task[int] | None = None
        self._going_on: asyncio.Event | None = None
        """What lets the program go on, where it stands."""
        self._has_ended = False
        self._breakpoints = ToyBreakpoints(lambda text: self._write(text, "console"))
        self._wanted: m.StopReason | None = None
        """A stop at the next statement, whatever that is: entry or pause."""
        self._step: tuple[m.StepKind, int] = (m.StepKind.CONTINUE, 0)
        self._error: toy.ToyError | None = None
        self._input: asyncio.Future[str] | None = None
        self._numbers = itertools.count(1)
        self._things: dict[int, Any] = {}
        """Frames, containers, texts and functions, by the references of this stop."""

    # --- life -------------------------------------------------------------------------------------

    async def launch(self, program: m.Program) -> None:
        if not os.path.isfile(program.path):
            raise ProgramNotFound(f"There is no {program.path}.")
        self._source = m.Source(os.path.basename(program.path), program.path)
        self._wanted = m.StopReason.ENTRY if program.stop_on_entry else None
        self._listener(e.Started(program.path, os.getpid()))
        self._task = asyncio.create_task(self._run(Path(program.path).read_text("utf-8")))
        # Not in the task: one that is cancelled at once never begins.
        self._task.add_done_callback(
            lambda task: self._end(1 if task.cancelled() else task.result())
        )

    async def _run(self, text: str) -> int:
        try:
            self._listener(e.SourceLoaded(self._source))
            await self._toy.run(text)
        except toy.ToyError as error:
            self._write(f"toy: {error}\n", "stderr")
            return 1
        return 0

    def _end(self, code: int) -> None:
        if not self._has_ended:
            self._has_ended, self._going_on = True, None
            self._listener(e.Exited(code))

    async def attached(self) -> None:
        pass

    def adopt(self, settings: DebugSettings) -> None:
        pass

    async def detached(self, stays: bool = False) -> None:
        self._breakpoints.clear()
        if self._going_on and not stays:
            self._go_on(m.StepKind.CONTINUE)

    async def terminate(self) -> None:
        if self._task is None:
            self._end(0)
        else:
            self._task.cancel()

    async def terminate_threads(self, threads: Sequence[ThreadId]) -> None:
        raise UserError(f"Threads {[*threads]} cannot be ended; end the program.")

    # --- breakpoints ------------------------------------------------------------------------------

    async def set_breakpoints(
        self, source: m.Source, specs: Sequence[m.BreakpointSpec]
    ) -> list[m.Breakpoint]:
        self._breakpoints.lines[source.path or ""] = specs
        lines = _lines_of(source)
        return [
            m.Breakpoint(each.id, True, None, source, each.line)
            if each.line in lines
            else m.Breakpoint(each.id, False, "There is no code.", reason="failed")
            for each in specs
        ]

    async def set_function_breakpoints(
        self, specs: Sequence[m.FunctionBreakpointSpec]
    ) -> list[m.Breakpoint]:
        self._breakpoints.functions = specs
        return [m.Breakpoint(each.id, verified=True) for each in specs]

    async def set_data_breakpoints(
        self, specs: Sequence[m.DataBreakpointSpec]
    ) -> list[m.Breakpoint]:
        self._breakpoints.watch(specs, self._program.globals)
        return [m.Breakpoint(each.id, verified=True) for each in specs]

    async def set_exception_breakpoints(
        self, specs: Sequence[m.ExceptionBreakpointSpec]
    ) -> list[m.Breakpoint]:
        self._breakpoints.errors = specs
        return [m.Breakpoint(each.id or BreakpointId(0), verified=True) for each in specs]

    async def breakpoint_locations(
        self, source: m.Source, first: m.BreakpointLocation
    ) -> list[m.BreakpointLocation]:
        wanted = {*range(first.line, (first.end_line or first.line) + 1)}
        return [m.BreakpointLocation(line) for line in sorted(_lines_of(source) & wanted)]

    async def data_breakpoint_info(
        self,
        name: str,
        container: VariablesReference | None = None,
        frame: FrameId | None = None,
    ) -> m.DataBreakpointInfo:
        if not name.isidentifier():
            return m.DataBreakpointInfo(None, f"{name} is no global")
        return m.DataBreakpointInfo(name, f"global {name}", ("write",))

    # --- running ----------------------------------------------------------------------------------

    async def _before(self) -> None:
        await asyncio.sleep(0)
        program = self._program
        if asyncio.current_task() is self._task:  # what is evaluated stops nowhere
            stop = await self._breakpoints.reached(program, self._source.path or "")
            if stop is None and self._wanted is not None:
                stop = e.Stopped(MAIN, self._wanted)
            if stop is None and self._is_step_done():
                stop = e.Stopped(MAIN, m.StopReason.STEP)
            if stop is not None:
                await self._stand(stop)

    async def _failed(self, error: toy.ToyError) -> None:
        self._error = error
        stop = self._breakpoints.failed(error)
        if stop is not None and asyncio.current_task() is self._task:
            await self._stand(stop)

    def _is_step_done(self) -> bool:
        how, depth = self._step
        deeper = len(self._program.frames) - depth
        limits = {m.StepKind.IN: deeper, m.StepKind.OVER: 0, m.StepKind.OUT: -1}
        return how in limits and deeper <= limits[how]

    async def _stand(self, stop: e.Stopped) -> None:
        self._going_on, self._wanted = asyncio.Event(), None
        self._listener(stop)
        await self._going_on.wait()

    def _go_on(self, how: m.StepKind) -> None:
        assert self._going_on is not None
        self._step = (how, len(self._program.frames))
        self._things.clear()
        self._going_on.set()
        self._going_on = self._error = None

    async def resume(self, how: m.Resume) -> None:
        self._require_stop("Going on")
        self._go_on(how.kind)

    async def pause(self, thread: ThreadId | None) -> None:
        self._wanted = m.StopReason.PAUSE

    async def step_in_targets(self, frame: FrameId) -> list[m.StepInTarget]:
        self._require_stop("Listing step-in targets")
        return []

    # --- looking ----------------------------------------------------------------------------------

    @property
    def _program(self) -> toy.Toy:
        if self._has_ended:
            raise DebuggeeGone
        return self._toy

    def _require_stop(self, what: str) -> None:
        if self._program and self._going_on is None:
            raise NotStopped(what)

    def _refer(self, thing: Any) -> int:
        number = next(self._numbers)
        self._things[number] = thing
        return number

    def _thing(self, reference: int) -> Any:
        if self._program and reference not in self._things:
            raise StaleReference(reference)
        return self._things[reference]

    async def threads(self) -> list[m.Thread]:
        return [m.Thread(MAIN, "main")]

    async def stack(
        self, thread: ThreadId, start: int = 0, levels: int = 0, form: m.FrameFormat | None = None
    ) -> m.StackPage:
        self._require_stop("The stack")
        frames = self._program.frames[::-1]
        wanted = frames[start : start + levels if levels else None]
        shown = [
            m.StackFrame(FrameId(self._refer(each)), each.name, each.line, 1, source=self._source)
            for each in wanted
        ]
        return m.StackPage(tuple(shown), len(frames))

    async def scopes(self, frame: FrameId) -> list[m.Scope]:
        self._require_stop("Looking at a frame")
        variables = self._thing(frame).variables
        return [
            m.Scope("Locals", VariablesReference(self._refer(variables)), "locals"),
            await self.global_scope(),
        ]

    async def global_scope(self) -> m.Scope:
        return m.Scope("Globals", VariablesReference(self._refer(self._program.globals)))

    async def variables(
        self,
        reference: VariablesReference,
        kind: str | None = None,
        start: int = 0,
        count: int = 0,
        form: m.ValueFormat | None = None,
    ) -> list[m.Variable]:
        indexed, named = _children(self._thing(reference))
        found = {"indexed": indexed, "named": named}.get(kind or "", {**indexed, **named})
        page = list(found.items())[start : start + count if count else None]
        return [self._variable(name, value) for name, value in page]

    def _variable(self, name: str, value: Any) -> m.Variable:
        it = self._result(value)
        counts = (it.reference, it.named, it.indexed)
        return m.Variable(
            name, it.value, it.type, *counts, memory=it.memory, value_location=it.value_location
        )

    def _result(self, value: Any) -> m.EvaluateResult:
        is_table, is_text = isinstance(value, toy.ToyTable), isinstance(value, str)
        return m.EvaluateResult(
            toy.show(value),
            toy.kind(value),
            VariablesReference(self._refer(value) if is_table else 0),
            len(value.names) if is_table else None,
            len(value.items) if is_table else None,
            memory=str(self._refer(value)) if is_text else None,
            value_location=self._refer(value) if isinstance(value, toy.ToyFunction) else None,
        )

    async def source_text(self, reference: SourceReference) -> str:
        raise UserError(f"There is no source {reference}.")

    async def loaded_sources(self) -> list[m.Source]:
        return [self._source] if self._task else []

    async def modules(self) -> list[m.Module]:
        return []

    async def exception_details(self, thread: ThreadId) -> m.ExceptionDetails:
        self._require_stop("The error")
        if self._error is None:
            raise UserError("This thread did not stop on an error.")
        return m.ExceptionDetails("error", str(self._error), "unhandled", "string", "")

    async def read_memory(self, memory: str, offset: int, count: int) -> m.Memory:
        data = self._thing(int(memory)).encode()[offset : offset + count]
        return m.Memory(memory, data, count - len(data))

    async def location(self, reference: int) -> m.Location:
        return m.Location(self._source, toy.line_of(self._thing(reference).node))

    # --- changing and computing -------------------------------------------------------------------

    async def _compute(self, expression: str, frame: FrameId | None) -> Any:
        where = None if frame is None else self._thing(frame)
        try:
            return await self._program.evaluate(expression, where)
        except toy.ToyError as error:
            raise EvaluationFailed(str(error)) from None

    async def evaluate(
        self,
        expression: str,
        frame: FrameId | None = None,
        context: str | None = None,
        form: m.ValueFormat | None = None,
    ) -> m.EvaluateResult:
        if context == "hover" and "(" in expression:
            raise EvaluationFailed("A hover calls nothing.")
        return self._result(await self._compute(expression, frame))

    async def set_variable(
        self,
        container: VariablesReference,
        name: str,
        value: str,
        form: m.ValueFormat | None = None,
    ) -> m.EvaluateResult:
        holder = self._thing(container)
        changed = await self._compute(value, None)
        if isinstance(holder, toy.ToyTable) and not name.isidentifier():
            holder.items[int(name) - 1] = changed
        else:
            names = holder.names if isinstance(holder, toy.ToyTable) else holder
            if name not in names:
                raise UserError(f"There is no {name}.")
            names[name] = changed
        return self._result(changed)

    async def set_expression(
        self,
        expression: str,
        value: str,
        frame: FrameId | None = None,
        form: m.ValueFormat | None = None,
    ) -> m.EvaluateResult:
        changed = await self._compute(value, frame)
        where = None if frame is None else self._thing(frame)
        try:
            await self._program.assign(expression, changed, where)
        except toy.ToyError as error:
            raise EvaluationFailed(str(error)) from None
        return self._result(changed)

    async def complete(
        self, text: str, column: int, frame: FrameId | None = None
    ) -> list[m.Completion]:
        known = [] if frame is None else [*self._thing(frame).variables]
        begun = text[:column].rpartition(" ")[2]
        names = [*known, *self._program.globals]
        return [m.Completion(each) for each in names if each.startswith(begun)]

    # --- output and input -------------------------------------------------------------------------

    def _write(self, text: str, category: str = "stdout") -> None:
        line = self._toy.frames[-1].line if self._toy.frames else None
        self._listener(e.OutputWritten(text, category, self._source, line))

    async def _print(self, *values: Any) -> None:
        self._write("\t".join(map(toy.plain, values)) + "\n")

    async def _read(self, _what: str) -> str:
        self._input = asyncio.get_running_loop().create_future()
        return await self._input

    def feed_input(self, text: str) -> bool:
        if self._input is None or self._input.done():
            return False
        self._input.set_result(text.rstrip("\n"))
        return True


def _children(holder: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The indexed and the named children of a container."""
    if not isinstance(holder, toy.ToyTable):
        return {}, holder
    return {str(place): each for place, each in enumerate(holder.items, 1)}, holder.names


def _lines_of(source: m.Source) -> set[int]:
    path = Path(source.path or "")
    return toy.code_lines(toy.parse(path.read_text("utf-8"))) if path.is_file() else set()
