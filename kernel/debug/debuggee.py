"""The port between debugging and a language: what a language must offer to be debugged.

All methods are called on the loop's thread. Coroutine methods return when the debuggee has
answered. While the program runs, `resume`, `step_in_targets`, `stack`, `scopes` and
`exception_details` raise `NotStopped`; a reference of an earlier stop, or one that nobody gave,
raises `StaleReference`, a wrong expression `EvaluationFailed`. Cancelling the awaiting task takes
the request back: an evaluation under way is broken off.

Once the program has ended, what has to be asked of it raises `DebuggeeGone`. What it is only told
(`pause`, `terminate`, `detached`, breakpoints of lines, functions and errors) is in vain, and what
was seen of it (threads, sources, modules) can still be had.

What is left of a cell that failed can be looked at when all of it is over: the thread `FAILED` has
its `stack`, whose frames know `scopes`, `evaluate` and the rest without a stop, and its
`exception_details`. It is there until another cell fails or `terminate_threads` ends it; where
there is none, `UserError` is raised.

A language need not have everything: step-in targets and modules may be empty, a value that cannot
be watched has no data id, and one without bytes or a place no reference to them.

The debuggee tells what happens through the listener it was made with: `Started`, `Stopped`,
`OutputWritten`, `ThreadStarted`, `ThreadEnded`, `BreakpointChanged`, `SourceLoaded`, `ModuleLoaded`
and, last of all and exactly once, `Exited`. The listener is called on the loop's thread, in order.
tests/contracts has all of this, for every debuggee there is.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from kernel.core import model as m
from kernel.core.ids import FrameId, SourceReference, ThreadId, VariablesReference
from kernel.core.settings import DebugSettings
from kernel.events.model import KernelEvent

Listener = Callable[[KernelEvent], None]


class Debuggee(Protocol):
    """A program of one language, running or stopped, that can be debugged."""

    language: str
    """How people call it, with its version: ``Lua 5.4``."""

    exception_filters: Sequence[m.ExceptionFilter]

    # --- life ---------------------------------------------------------------------------------

    async def launch(self, program: m.Program) -> None:
        """Start the program; raises `ProgramNotFound`. Stops at its first line if asked to."""

    async def attached(self) -> None:
        """A client is there: be ready to be paused and to take breakpoints."""

    def adopt(self, settings: DebugSettings) -> None:
        """Another client came: show it things as ``settings`` say.

        What the program itself was started with stays.
        """

    async def detached(self, stays: bool = False) -> None:
        """The client is gone: forget all breakpoints, go on, cost nothing.

        ``stays``: a program that stands goes on standing, until somebody comes and resumes it.
        """

    async def terminate(self) -> None:
        """End the program now, launched or not; `Exited` follows."""

    async def terminate_threads(self, threads: Sequence[ThreadId]) -> None:
        """End these threads and no others; each raises an uncatchable error where it stands.

        The main one is refused: it ends with the program.
        """

    # --- breakpoints --------------------------------------------------------------------------
    # Each call replaces all earlier breakpoints of its kind (and source), running or stopped.

    async def set_breakpoints(
        self, source: m.Source, specs: Sequence[m.BreakpointSpec]
    ) -> list[m.Breakpoint]:
        """Line breakpoints of one source; the answers come in the order of ``specs``."""

    async def set_function_breakpoints(
        self, specs: Sequence[m.FunctionBreakpointSpec]
    ) -> list[m.Breakpoint]:
        """Breakpoints on the entry of functions."""

    async def set_data_breakpoints(
        self, specs: Sequence[m.DataBreakpointSpec]
    ) -> list[m.Breakpoint]:
        """Breakpoints on changes of values."""

    async def set_exception_breakpoints(
        self, specs: Sequence[m.ExceptionBreakpointSpec]
    ) -> list[m.Breakpoint]:
        """Errors to stop on; every spec's filter is one of ``exception_filters``."""

    async def breakpoint_locations(
        self, source: m.Source, first: m.BreakpointLocation
    ) -> list[m.BreakpointLocation]:
        """Where breakpoints can be set between ``first``'s start and end."""

    async def data_breakpoint_info(
        self,
        name: str,
        container: VariablesReference | None = None,
        frame: FrameId | None = None,
    ) -> m.DataBreakpointInfo:
        """Whether ``name`` (of a container, or an expression in a frame) can be watched."""

    # --- running ------------------------------------------------------------------------------

    async def resume(self, how: m.Resume) -> None:
        """Go on; all frame ids and variables references end here."""

    async def pause(self, thread: ThreadId | None) -> None:
        """Stop as soon as possible; `Stopped` with reason ``pause`` follows."""

    async def step_in_targets(self, frame: FrameId) -> list[m.StepInTarget]:
        """The calls on the current line of a frame that a step in may choose."""

    # --- looking ------------------------------------------------------------------------------

    async def threads(self) -> list[m.Thread]:
        """The threads that can be looked at; works while running (perhaps only the main one)."""

    async def stack(
        self, thread: ThreadId, start: int = 0, levels: int = 0, form: m.FrameFormat | None = None
    ) -> m.StackPage:
        """``levels`` frames from ``start`` on; 0 means all, of deep stacks the nearest."""

    async def scopes(self, frame: FrameId) -> list[m.Scope]:
        """The groups of variables of a frame."""

    async def global_scope(self) -> m.Scope:
        """The globals without a frame; works while running. Earlier references may end."""

    async def variables(
        self,
        reference: VariablesReference,
        kind: str | None = None,
        start: int = 0,
        count: int = 0,
        form: m.ValueFormat | None = None,
    ) -> list[m.Variable]:
        """Children; ``kind`` is ``indexed``, ``named`` or None for both, ``count`` 0 means all."""

    async def source_text(self, reference: SourceReference) -> str:
        """The text of a source that is no file."""

    async def loaded_sources(self) -> list[m.Source]:
        """All sources seen so far."""

    async def modules(self) -> list[m.Module]:
        """What was loaded through the language's module system."""

    async def exception_details(self, thread: ThreadId) -> m.ExceptionDetails:
        """The error this thread stopped on."""

    async def read_memory(self, memory: str, offset: int, count: int) -> m.Memory:
        """Bytes behind a memory reference."""

    async def location(self, reference: int) -> m.Location:
        """The place behind a location reference."""

    # --- changing and computing ---------------------------------------------------------------

    async def evaluate(
        self,
        expression: str,
        frame: FrameId | None = None,
        context: str | None = None,
        form: m.ValueFormat | None = None,
    ) -> m.EvaluateResult:
        """Evaluate in a frame or among the globals; ``context`` is DAP's (hover: no calls)."""

    async def set_variable(
        self,
        container: VariablesReference,
        name: str,
        value: str,
        form: m.ValueFormat | None = None,
    ) -> m.EvaluateResult:
        """Give a child of a container the value of an expression."""

    async def set_expression(
        self,
        expression: str,
        value: str,
        frame: FrameId | None = None,
        form: m.ValueFormat | None = None,
    ) -> m.EvaluateResult:
        """Assign the value of an expression to an assignable expression."""

    async def complete(
        self, text: str, column: int, frame: FrameId | None = None
    ) -> list[m.Completion]:
        """Ways to go on after the first ``column`` characters of ``text`` (counts from 0)."""

    def feed_input(self, text: str) -> bool:
        """Give a line to a program that waits for input; False if it does not wait."""
