"""Fakes: implementations of ports that do what a test tells them."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

import anyio

from dap_server.host import ClientDoor
from dap_server.launch import AttachRequest, LaunchRequest
from kernel.core import model as m
from kernel.core.errors import DebuggeeGone, NotStopped, ProgramNotFound
from kernel.core.ids import BreakpointId, FrameId, SourceReference, ThreadId, VariablesReference
from kernel.core.settings import DebugSettings
from kernel.debug.coordinator import DebugCoordinator
from kernel.events import model as e
from kernel.events.bus import EventBus

MAIN = ThreadId(1)
FILTERS = (
    m.ExceptionFilter("uncaught", "Uncaught errors", "Errors nothing catches", default=True),
    m.ExceptionFilter("all", "All errors", "Every error"),
)


def stopped(
    reason: m.StopReason = m.StopReason.BREAKPOINT, breakpoints: Iterable[int] = ()
) -> e.Stopped:
    """The main thread stopped."""
    return e.Stopped(MAIN, reason, breakpoints=tuple(map(BreakpointId, breakpoints)))


AFTER_THE_END = frozenset(
    {
        *("launch", "attached", "detached", "terminate", "pause"),
        *("set_breakpoints", "set_function_breakpoints", "set_exception_breakpoints"),
        *("threads", "loaded_sources", "modules", "source_text"),
    }
)
"""What a program that has ended can still be told, in vain, and asked; all else is refused."""

NEED_A_STOP = frozenset({"resume", "step_in_targets", "stack", "scopes", "exception_details"})


class FakeDebuggee:
    """Implements `Debuggee`: a program that goes through a script, in no language.

    It keeps what a debuggee promises of beginning, standing and ending; what is answered of a stop
    is what the test wants. `ToyDebuggee` is one that runs programs.

    ``script`` has one list of events for the start and one for every resume; where it is over, the
    program exits with 0. ``answers`` has what methods return by their names: a value, an exception
    to raise, or a coroutine function to call with their arguments. ``calls`` has what was asked.
    """

    language = "Fake 1.0"

    def __init__(self, *script: Sequence[e.KernelEvent]) -> None:
        self.exception_filters: Sequence[m.ExceptionFilter] = FILTERS
        self.script = list(script)
        self.answers: dict[str, Any] = {}
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self.input: list[str] | None = None
        """Lines it was given; None while it waits for none."""
        self.listener: Callable[[e.KernelEvent], None] = lambda _event: None
        self.is_stopped = False
        self.has_ended = False
        self._loop: asyncio.AbstractEventLoop | None = None

    def asked(self, name: str) -> list[tuple[Any, ...]]:
        """The arguments of all calls of one method."""
        return [arguments for called, arguments in self.calls if called == name]

    def emit(self, *events: e.KernelEvent) -> None:
        """Tell the listener, from any thread."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._tell, events)

    def use(self, listener: Callable[[e.KernelEvent], None]) -> None:
        """Who is told; on the loop's thread."""
        self.listener, self._loop = listener, asyncio.get_running_loop()

    def _tell(self, events: Iterable[e.KernelEvent]) -> None:
        for event in events:
            if isinstance(event, e.Stopped):
                self.is_stopped = True
            if isinstance(event, e.Exited):
                if self.has_ended:
                    return
                self.is_stopped, self.has_ended = False, True
            self.listener(event)

    def _go_on(self) -> None:
        self.is_stopped = False
        self._tell(self.script.pop(0) if self.script else [e.Exited(0)])

    async def _reply(self, name: str, default: Any, *arguments: Any) -> Any:
        self.calls.append((name, arguments))
        if self.has_ended and name not in AFTER_THE_END:
            raise DebuggeeGone
        if name in NEED_A_STOP and not self.is_stopped:
            raise NotStopped(name)
        answer = self.answers.get(name, default)
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            answer = answer(*arguments)
            return await answer if isinstance(answer, Awaitable) else answer
        return answer

    # --- life ---------------------------------------------------------------------------------

    async def launch(self, program: m.Program) -> None:
        await self._reply("launch", None, program)
        if program.path.endswith("missing.lua"):
            raise ProgramNotFound(f"{program.path} does not exist.")
        self._tell([e.Started(program.path, 42), e.ThreadStarted(MAIN)])
        self._go_on()

    async def attached(self) -> None:
        await self._reply("attached", None)

    def adopt(self, settings: DebugSettings) -> None:
        self.settings = settings

    async def detached(self, stays: bool = False) -> None:
        await self._reply("detached", None, *([stays] if stays else []))
        if self.is_stopped and not stays:
            self._go_on()

    async def terminate(self) -> None:
        await self._reply("terminate", None)
        self._tell([e.Exited(143)])

    async def terminate_threads(self, threads: Sequence[ThreadId]) -> None:
        await self._reply("terminate_threads", None, tuple(threads))

    # --- breakpoints --------------------------------------------------------------------------

    async def set_breakpoints(
        self, source: m.Source, specs: Sequence[m.BreakpointSpec]
    ) -> list[m.Breakpoint]:
        default = [m.Breakpoint(each.id, True, None, source, each.line) for each in specs]
        return await self._reply("set_breakpoints", default, source, tuple(specs))

    async def set_function_breakpoints(
        self, specs: Sequence[m.FunctionBreakpointSpec]
    ) -> list[m.Breakpoint]:
        default = [m.Breakpoint(each.id, verified=True) for each in specs]
        return await self._reply("set_function_breakpoints", default, tuple(specs))

    async def set_data_breakpoints(
        self, specs: Sequence[m.DataBreakpointSpec]
    ) -> list[m.Breakpoint]:
        default = [m.Breakpoint(each.id, verified=True) for each in specs]
        return await self._reply("set_data_breakpoints", default, tuple(specs))

    async def set_exception_breakpoints(
        self, specs: Sequence[m.ExceptionBreakpointSpec]
    ) -> list[m.Breakpoint]:
        default = [m.Breakpoint(each.id or BreakpointId(0), verified=True) for each in specs]
        return await self._reply("set_exception_breakpoints", default, tuple(specs))

    async def breakpoint_locations(
        self, source: m.Source, first: m.BreakpointLocation
    ) -> list[m.BreakpointLocation]:
        return await self._reply("breakpoint_locations", [first], source, first)

    async def data_breakpoint_info(
        self,
        name: str,
        container: VariablesReference | None = None,
        frame: FrameId | None = None,
    ) -> m.DataBreakpointInfo:
        default = m.DataBreakpointInfo(f"data:{name}", name, ("write",))
        return await self._reply("data_breakpoint_info", default, name, container, frame)

    # --- running ------------------------------------------------------------------------------

    async def resume(self, how: m.Resume) -> None:
        await self._reply("resume", None, how)
        self._go_on()

    async def pause(self, thread: ThreadId | None) -> None:
        await self._reply("pause", None, thread)
        if not self.has_ended:
            self._tell([stopped(m.StopReason.PAUSE)])

    async def step_in_targets(self, frame: FrameId) -> list[m.StepInTarget]:
        return await self._reply("step_in_targets", [m.StepInTarget(1, "f()", 3)], frame)

    # --- looking ------------------------------------------------------------------------------

    async def threads(self) -> list[m.Thread]:
        return await self._reply("threads", [m.Thread(MAIN, "main")])

    async def stack(
        self, thread: ThreadId, start: int = 0, levels: int = 0, form: m.FrameFormat | None = None
    ) -> m.StackPage:
        frames = [
            m.StackFrame(FrameId(1), "f", 3, 5, source=m.Source("a.lua", "/p/a.lua")),
            m.StackFrame(FrameId(2), "main chunk", 9, 1, source=m.Source("a.lua", "/p/a.lua")),
        ]
        page = m.StackPage(tuple(frames[start : start + levels if levels else None]), len(frames))
        return await self._reply("stack", page, thread, start, levels, form)

    async def scopes(self, frame: FrameId) -> list[m.Scope]:
        default = [m.Scope("Locals", VariablesReference(10), "locals", named=2)]
        return await self._reply("scopes", default, frame)

    async def global_scope(self) -> m.Scope:
        return await self._reply("global_scope", m.Scope("Globals", VariablesReference(11)))

    async def variables(
        self,
        reference: VariablesReference,
        kind: str | None = None,
        start: int = 0,
        count: int = 0,
        form: m.ValueFormat | None = None,
    ) -> list[m.Variable]:
        default = [m.Variable("x", "1", "number"), m.Variable("y", '"two"', "string", memory="m1")]
        return await self._reply("variables", default, reference, kind, start, count, form)

    async def source_text(self, reference: SourceReference) -> str:
        return await self._reply("source_text", f"-- chunk {reference}", reference)

    async def loaded_sources(self) -> list[m.Source]:
        return await self._reply("loaded_sources", [m.Source("a.lua", "/p/a.lua")])

    async def modules(self) -> list[m.Module]:
        return await self._reply("modules", [m.Module(str(n), f"m{n}") for n in range(5)])

    async def exception_details(self, thread: ThreadId) -> m.ExceptionDetails:
        default = m.ExceptionDetails("error", "boom", "always", "string", "stack traceback:")
        return await self._reply("exception_details", default, thread)

    async def read_memory(self, memory: str, offset: int, count: int) -> m.Memory:
        default = m.Memory(memory, b"hello"[offset : offset + count])
        return await self._reply("read_memory", default, memory, offset, count)

    async def location(self, reference: int) -> m.Location:
        default = m.Location(m.Source("a.lua", "/p/a.lua"), 7, 3)
        return await self._reply("location", default, reference)

    # --- changing and computing ---------------------------------------------------------------

    async def evaluate(
        self,
        expression: str,
        frame: FrameId | None = None,
        context: str | None = None,
        form: m.ValueFormat | None = None,
    ) -> m.EvaluateResult:
        default = m.EvaluateResult(f"<{expression}>", "string", memory="m2")
        return await self._reply("evaluate", default, expression, frame, context, form)

    async def set_variable(
        self,
        container: VariablesReference,
        name: str,
        value: str,
        form: m.ValueFormat | None = None,
    ) -> m.EvaluateResult:
        default = m.EvaluateResult(value, "number")
        return await self._reply("set_variable", default, container, name, value, form)

    async def set_expression(
        self,
        expression: str,
        value: str,
        frame: FrameId | None = None,
        form: m.ValueFormat | None = None,
    ) -> m.EvaluateResult:
        default = m.EvaluateResult(value, "number")
        return await self._reply("set_expression", default, expression, value, frame, form)

    async def complete(
        self, text: str, column: int, frame: FrameId | None = None
    ) -> list[m.Completion]:
        return await self._reply("complete", [m.Completion("print")], text, column, frame)

    def feed_input(self, text: str) -> bool:
        if self.input is None:
            return False
        self.input.append(text)
        return True


async def forever(*_arguments: Any) -> Any:
    """An answer that never comes."""
    await anyio.sleep_forever()


class FakeHost:
    """Implements `DebugHost` over fake debuggees that the test has made.

    ``launched`` are handed out one after another to ``launch``; ``running`` is what ``attach``
    gives.
    """

    completion_triggers: Sequence[str] = (".", ":")
    can_restart = True

    def __init__(self, *launched: FakeDebuggee, running: FakeDebuggee | None = None) -> None:
        self.exception_filters: Sequence[m.ExceptionFilter] = FILTERS
        self.launched = list(launched)
        self.running = running
        self.requests: list[LaunchRequest | AttachRequest] = []
        self.is_configured = threading.Event()
        self.before_launch: Callable[[LaunchRequest, ClientDoor], Awaitable[None]] | None = None
        self.coordinator: DebugCoordinator | None = None
        self.has_interrupted_children = False

    def admit(self, request: LaunchRequest) -> LaunchRequest:
        return request

    async def launch(
        self, request: LaunchRequest, bus: EventBus, client: ClientDoor
    ) -> DebugCoordinator:
        self.requests.append(request)
        if self.before_launch is not None:
            await self.before_launch(request, client)
        return self._coordinate(self.launched.pop(0), bus)

    async def attach(self, request: AttachRequest, client: ClientDoor) -> DebugCoordinator:
        self.requests.append(request)
        assert self.running is not None
        if self.coordinator is None:
            self._coordinate(self.running, EventBus())
        assert self.coordinator is not None
        return self.coordinator

    def _coordinate(self, debuggee: FakeDebuggee, bus: EventBus) -> DebugCoordinator:
        self.coordinator = DebugCoordinator(debuggee, bus)
        debuggee.use(self.coordinator.listen)
        return self.coordinator

    def interrupt_children(self) -> None:
        self.has_interrupted_children = True

    async def configured(self) -> None:
        self.is_configured.set()
