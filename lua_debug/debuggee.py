"""LuaDebuggee: a Lua script as the kernel's port `Debuggee` wants a program to be."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from kernel.core import model as m
from kernel.core.errors import DebuggeeGone, NotStopped, UserError
from kernel.core.functions import MakeTables
from kernel.core.ids import FAILED, FrameId, SourceReference, ThreadId, VariablesReference
from kernel.core.program_files import require_program
from kernel.core.settings import DebugSettings
from kernel.debug.debuggee import Listener
from kernel.events import model as e
from lua_debug.breakpoints import BreakpointTable
from lua_debug.commands import decode
from lua_debug.console import Console
from lua_debug.data_breakpoints import DataBreakpoints
from lua_debug.exceptions import EXCEPTION_FILTERS, chosen_filters
from lua_debug.host import Host
from lua_debug.inspector import Inspector, source_from
from lua_debug.output import Room, Teller
from lua_debug.refusals import Refusals
from lua_debug.sources import Sources, canonical, library_test
from lua_debug.step_targets import StepTargets
from lua_debug.syntax.active_lines import ActiveLines
from lua_debug.syntax.outline import parse
from lua_debug.syntax.placement import locations
from lua_debug.thread import LuaThread
from lua_debug.thread_functions import functions_on_thread
from lua_debug.versions import find_version

_PATIENCE = 0.2
"""Seconds a running script has to name its threads; it may be busy in C code."""


class LuaDebuggee:
    """One Lua runtime with one script, run and debugged; made and used on the loop's thread."""

    exception_filters: Sequence[m.ExceptionFilter] = EXCEPTION_FILTERS

    def __init__(
        self,
        settings: DebugSettings,
        listener: Listener,
        console: Console | None = None,
        *,
        program: str | None = None,
        functions: Mapping[str, Any] | None = None,
        make_tables: MakeTables | None = None,
        room: Room | None = None,
    ) -> None:
        """``program``: the path that will be launched; its breakpoints are verified before that.

        ``functions``: what the probe may call beyond debugging. ``make_tables``: the globals.
        ``room``: without a console, what the script waits for when it has written much.
        """
        self._version = find_version(settings.lua)
        self.language = self._version.label
        self._settings, self._listener = settings, listener
        self._loop = asyncio.get_running_loop()
        self.thread = LuaThread(self._loop)
        as_event, has_console = (lambda it: self.host.as_event(it)), console is not None
        self._teller = Teller(self._loop, self._hear, as_event, has_console=has_console, room=room)
        self.sources = Sources(
            is_library=library_test(settings.skip_files, self._is_foreign),
            is_skipped=library_test(settings.skip_files),
            mappings=settings.path_mappings,
            globs=settings.source_globs,
            folder=settings.cwd,
            follows_maps=settings.source_maps,
            warn=lambda problem: self.host.log(problem),
        )
        own = functions_on_thread(make_tables, self.language, self._loop, self.thread, console)
        place, name = self.sources.original_place, self._version.name
        self._inspector = Inspector(self.ask, self.text_of, place, name, own.catalogue)
        self._lines = ActiveLines(self._version)
        self._refusals = Refusals(self._version, self._lines)
        self._table = BreakpointTable(
            self._lines,
            self.sources,
            self._refusals,
            safepoints=self._version.is_jit,
            emit=lambda breakpoint_: self._teller.tell(e.BreakpointChanged(breakpoint_)),
        )
        told = self.sources, self._table, self._teller, console, functions or {}, own
        self.host: Host = Host(self._version, settings, self.thread, *told)
        self.expect_below = self._table.expect_below
        if program is not None:
            self._table.expect(program)
        self._data = DataBreakpoints(
            lambda watches: self.ask("watch", watches=watches), self._refusals
        )
        self._has_started = self._is_stopped = self._has_ended = self._pauses_at_start = False
        self._threads, self._targets = [m.Thread(ThreadId(1), "main")], StepTargets(self._version)
        self._home = program and canonical(os.path.dirname(os.path.abspath(program)))

    def _is_foreign(self, path: str) -> bool:
        """Whether a file is none of the program's own, for those who want to see only these."""
        if not self._settings.just_my_code or self._home is None:
            return False
        return not canonical(path).startswith(os.path.join(self._home, ""))

    # --- telling ----------------------------------------------------------------------------------

    def _hear(self, event: e.KernelEvent) -> None:
        if isinstance(event, e.Stopped | e.Exited):
            self._is_stopped = isinstance(event, e.Stopped)
            self._has_ended = not self._is_stopped
        self._listener(event)

    def tell(self, event: e.KernelEvent) -> None:
        """Tell the listener, behind all that the script has written; from the Lua thread."""
        self._teller.tell(event)

    async def ask(self, op: str, /, **arguments: Any) -> dict[str, Any]:
        """Have the probe run an operation; raises what `commands.decode` does."""
        return decode(await self.thread.ask(op, **arguments))

    # --- life -------------------------------------------------------------------------------------

    async def launch(self, program: m.Program) -> None:
        """Start the script on the Lua thread."""
        require_program(program.path)
        if self._home is None:
            self._home = canonical(os.path.dirname(os.path.abspath(program.path)))
        await self.begin()
        self.thread.submit(lambda: self._run(program), is_last=True)

    async def begin(self) -> None:
        """Make the runtime, with nothing to run yet. Raises what making it raises."""
        self._has_started = True
        self.thread.start()
        ready = self._loop.create_future()
        self.thread.submit(lambda: self.host.prepare(ready))
        try:
            await ready
        except BaseException:
            self._has_started = False  # nobody is to wait for its end
            self.thread.submit(lambda: None, is_last=True)
            raise
        await self.ask("exceptions", filters=self.host.exception_filters)
        await self._data.begin()
        if self._pauses_at_start:
            self.thread.post("pause")

    def _run(self, program: m.Program) -> None:
        """On the Lua thread, so that nothing the script does is told before its start."""
        pointer_size = sys.maxsize.bit_length() + 1
        self._teller.tell(e.Started(program.path, os.getpid(), pointer_size=pointer_size))
        self.host.run(program)

    async def attached(self) -> None:
        """Nothing to prepare: an interrupt reaches the script whenever it is wanted."""

    def adopt(self, settings: DebugSettings) -> None:
        """Map, skip and cut off as another client wants it; chunks that are loaded stay mapped."""
        self._settings = self.host.adopt(settings)
        libraries = library_test(settings.skip_files, self._is_foreign)
        self.sources.adopt(settings.path_mappings, libraries, library_test(settings.skip_files))

    async def detached(self, stays: bool = False) -> None:
        """Forget all breakpoints and go on."""
        self._is_stopped = self._is_stopped and stays
        self._pauses_at_start = False
        self._table.clear()
        self._data.forget_waiting()
        self.host.exception_filters = []
        if self._has_started:
            self._arm()
            self.thread.post("watch", watches=[])
            self.thread.post("exceptions", filters=[])
            self.thread.post("detach", stays=stays)

    async def terminate(self) -> None:
        """End the script by an error that nothing catches; C code is waited for."""
        if self._has_started:
            self._is_stopped = False
            self.thread.post("terminate")
            self.host.end_waiting()
        else:
            self._teller.tell(e.Exited(0))

    async def terminate_threads(self, threads: Sequence[ThreadId]) -> None:
        """End coroutines where they stand."""
        await self.ask("terminate_threads", threads=list(threads))

    # --- breakpoints ------------------------------------------------------------------------------

    async def set_breakpoints(
        self, source: m.Source, specs: Sequence[m.BreakpointSpec]
    ) -> list[m.Breakpoint]:
        """Replace the line breakpoints of a source."""
        answers = self._table.set_lines(self.sources.key(source), specs)
        self._arm()
        return answers

    async def set_function_breakpoints(
        self, specs: Sequence[m.FunctionBreakpointSpec]
    ) -> list[m.Breakpoint]:
        """Replace the function breakpoints."""
        answers = self._table.set_functions(specs)
        self._arm()
        return answers

    async def set_data_breakpoints(
        self, specs: Sequence[m.DataBreakpointSpec]
    ) -> list[m.Breakpoint]:
        """Replace the data breakpoints."""
        return await self._data.set(specs)

    async def set_exception_breakpoints(
        self, specs: Sequence[m.ExceptionBreakpointSpec]
    ) -> list[m.Breakpoint]:
        """Choose the errors to stop on; a condition that does not compile leaves its filter out."""
        answers, chosen = chosen_filters(specs, self._refusals.condition)
        self.host.exception_filters = chosen
        if self._has_started:
            self.thread.post("exceptions", filters=chosen)
        return answers

    async def breakpoint_locations(
        self, source: m.Source, first: m.BreakpointLocation
    ) -> list[m.BreakpointLocation]:
        """The statements of a range, and the lines that hold code but begin none."""
        key = self.sources.key(source)
        originals = self._table.original_locations(key, first)
        if originals is not None:
            return originals
        text = self._table.text_of(key)
        return [] if text is None else locations(first, parse(text), self._table.functions(text))

    async def data_breakpoint_info(
        self,
        name: str,
        container: VariablesReference | None = None,
        frame: FrameId | None = None,
    ) -> m.DataBreakpointInfo:
        """Whether a local, upvalue or field can be watched."""
        before = self._data.info_before(name)
        return before or await self._inspector.data_breakpoint_info(name, container, frame)

    def text_of(self, source: m.Source) -> bytes | None:
        """The text of a source, if it is known."""
        return self._table.text_of(self.sources.key_of_source(source.path, source.reference))

    def _arm(self) -> None:
        """Commands are served in the order they come, so that nobody has to wait for this one."""
        if self._has_started:
            command = dict(self._table.command())
            self.thread.post(command.pop("op"), **command)

    # --- running ----------------------------------------------------------------------------------

    async def resume(self, how: m.Resume) -> None:
        """Continue or step."""
        self._require_stop("Going on")
        target = self._targets.chosen(how.target)
        self._is_stopped = False
        try:
            manner = {"kind": str(how.kind), "thread": how.thread, "single": how.single_thread}
            by_line = how.granularity == "line"
            decode(await self.thread.order("resume", **manner, target=target, by_line=by_line))
        except (UserError, asyncio.CancelledError):
            self._is_stopped = True
            raise

    async def pause(self, thread: ThreadId | None) -> None:  # noqa: ARG002 - one runs at a time
        """Stop at the next instruction, whichever thread runs; in C code, when that is done."""
        if self._has_started:
            self.thread.post("pause")
        else:
            self._pauses_at_start = True

    async def step_in_targets(self, frame: FrameId) -> list[m.StepInTarget]:
        """The calls that are still to be made by the line the frame stands on."""
        self._require_stop("Listing step-in targets")
        where = await self.ask("place", frame=frame)
        source = where["source"]
        text = self.text_of(source_from(source))
        targets = self._targets.of_frame(text, where)
        return [self._inspector.shown_target(source, each) for each in targets]

    # --- looking ----------------------------------------------------------------------------------

    def _require_stop(self, what: str, *, unless: bool = False) -> None:
        if self._has_ended:
            raise DebuggeeGone
        if not self._is_stopped and not unless:
            raise NotStopped(what)

    async def threads(self) -> list[m.Thread]:
        """The coroutines; those known last if the script cannot be asked now."""
        if self._has_started:
            with contextlib.suppress(TimeoutError, DebuggeeGone):
                patience = None if self._is_stopped else _PATIENCE
                self._threads = await asyncio.wait_for(self._inspector.threads(), patience)
        return self._threads

    async def source_text(self, reference: SourceReference) -> str:
        """The text of a chunk that is no file."""
        return self.sources.text(reference)

    async def loaded_sources(self) -> list[m.Source]:
        """Every file and named chunk loaded so far."""
        return self.host.loaded.sources

    async def modules(self) -> list[m.Module]:
        """What ``require`` loaded."""
        return list(self.host.loaded.modules.values())

    async def stack(
        self, thread: ThreadId, start: int = 0, levels: int = 0, form: m.FrameFormat | None = None
    ) -> m.StackPage:
        """Frames of a coroutine, then of who resumed it; those left of a cell that failed."""
        self._require_stop("The stack", unless=thread == FAILED)
        return await self._inspector.stack(thread, start, levels, form)

    async def scopes(self, frame: FrameId) -> list[m.Scope]:
        """Locals, Varargs, Upvalues, Globals and what was returned."""
        self._require_stop("Looking at a frame", unless=frame in self._inspector.remains)
        return await self._inspector.scopes(frame)

    async def global_scope(self) -> m.Scope:
        """The globals, also while the program runs."""
        return await self._inspector.global_scope()

    async def variables(
        self,
        reference: VariablesReference,
        kind: str | None = None,
        start: int = 0,
        count: int = 0,
        form: m.ValueFormat | None = None,
    ) -> list[m.Variable]:
        """Children of a value or a scope."""
        return await self._inspector.variables(reference, kind, start, count, form)

    async def exception_details(self, thread: ThreadId) -> m.ExceptionDetails:
        """The error the script stopped on."""
        self._require_stop("The error", unless=thread == FAILED)
        return await self._inspector.exception_details(thread)

    async def read_memory(self, memory: str, offset: int, count: int) -> m.Memory:
        """Bytes of a string."""
        return await self._inspector.read_memory(memory, offset, count)

    async def location(self, reference: int) -> m.Location:
        """Where a function value was defined."""
        return await self._inspector.location(reference)

    # --- changing and computing -------------------------------------------------------------------

    async def evaluate(
        self,
        expression: str,
        frame: FrameId | None = None,
        context: str | None = None,
        form: m.ValueFormat | None = None,
    ) -> m.EvaluateResult:
        """Evaluate in a frame or, without one, among the globals."""
        return await self._inspector.evaluate(expression, frame, context, form)

    async def set_variable(
        self,
        container: VariablesReference,
        name: str,
        value: str,
        form: m.ValueFormat | None = None,
    ) -> m.EvaluateResult:
        """Give a child the value of an expression."""
        return await self._inspector.set_variable(container, name, value, form)

    async def set_expression(
        self,
        expression: str,
        value: str,
        frame: FrameId | None = None,
        form: m.ValueFormat | None = None,
    ) -> m.EvaluateResult:
        """Assign to an expression."""
        return await self._inspector.set_expression(expression, value, frame, form)

    async def complete(
        self, text: str, column: int, frame: FrameId | None = None
    ) -> list[m.Completion]:
        """Names and fields that may come next."""
        return await self._inspector.complete(text, column, frame)

    def feed_input(self, text: str) -> bool:
        """Give the script a line it waits for."""
        return self.host.feed(text)
