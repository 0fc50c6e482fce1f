"""Debugging: where the program stands, as one client sees it, and what makes it go on."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from kernel.core.errors import UserError
from kernel.core.ids import FAILED
from kernel.jupyter.debugger import KernelDebugger
from kernel.jupyter.handle import KernelHandle
from kernel.repl.breakpoints import Breakpoint, BreakpointBook
from kernel.repl.sources import Sources
from kernel.repl.stops import Frame, Stop, frame_of, stop_of
from kernel.repl.table import BadCommand

Body = Mapping[str, Any]

NOT_STOPPED = "The program does not stand in the debugger, so there is nothing to look at."
FRAMES = 200
"""How many frames of a deep stack are read."""

AFTER = 0.3
"""Seconds until a prompt attaches by itself; its first lines come before that."""

ATTACHED = 5.0
"""Seconds that attaching may still take while somebody leaves."""

OURS = "llmspell"
"""What a kernel that knows private debuggers calls its implementation."""


class Debugging:
    """The debugger of one REPL. Used on the loop's thread."""

    def __init__(
        self, kernel: KernelHandle, start: Callable[[Coroutine[Any, Any, None]], object]
    ) -> None:
        """``start`` has something done meanwhile, and shows what goes wrong."""
        self._kernel, self._start = kernel, start
        self._debugger: KernelDebugger | None = None
        self._opening: asyncio.Lock = asyncio.Lock()
        self._attaching: asyncio.Task[None] | None = None
        self.breakpoints = BreakpointBook(self.ask)
        self.sources = Sources(self.ask)
        self.filters: dict[str, str | None] = {}
        """The kinds of errors that stop the program, with their conditions."""
        self.known_filters: Sequence[str] = ()
        self._has_learned = False
        """Whether the kernel was asked for cells of before our time."""
        self.displays: dict[int, str] = {}
        self.limits: dict[str, int] = {}
        """How much of a value is written: ``entries`` of a table, ``depth`` of tables in it."""
        self.stop: Stop | None = None
        self.frames: list[Frame] = []
        self._thread: int | None = None
        """Whose frames they are, if not of the one that stopped."""
        self.chosen = 0
        """Which of the frames is looked at."""
        self.when_stopped: Callable[[Stop], None] = lambda _stop: None
        self.when_resumed: Callable[[], None] = lambda: None
        self.when_moved: Callable[[Breakpoint], None] = lambda _breakpoint: None
        """Called when the kernel has put a breakpoint elsewhere than it was asked to."""

    # --- life -----------------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Whether it is attached."""
        return self._debugger is not None

    async def open(self) -> None:
        """Attach, if that has not been done; raises `UserError` where there is no debugger."""
        async with self._opening:
            if self._debugger is not None:
                return
            info = await self._kernel.info()
            if not info.get("debugger") or info.get("implementation") != OURS:
                raise BadCommand("This kernel has no debugger for terminals.")
            debugger = self._kernel.debugger(self._hear)
            debugger.when_attached_again = self._attached_again
            capabilities = await debugger.open()
            filters = capabilities.get("exceptionBreakpointFilters", [])
            self.known_filters = [str(each["filter"]) for each in filters]
            self._debugger = debugger
            self.sources.prefix = str((await self.ask("debugInfo"))["tmpFilePrefix"])
            await self._put_again()

    def open_meanwhile(self) -> None:
        """Attach while other things go on, where there is a debugger, to be told of all stops."""

        async def open_it() -> None:
            await asyncio.sleep(AFTER)
            with contextlib.suppress(UserError):
                await self.open()

        self._attaching = asyncio.get_running_loop().create_task(open_it())

    def _attached_again(self) -> None:
        self._start(self._put_again())

    async def _put_again(self) -> None:
        """Tell a debugger that knows nothing what is wanted."""
        await self.put_filters()
        await self.breakpoints.put_all()

    async def ask(self, command: str, arguments: Body | None = None) -> Body:
        """The body of a DAP response; attaches first. Raises `UserError`."""
        if self._debugger is None:
            await self.open()
        assert self._debugger is not None
        return await self._debugger.ask(command, arguments)

    @property
    def is_asking(self) -> bool:
        """Whether a request has no answer yet."""
        return self._debugger is not None and self._debugger.is_asking

    @property
    def has_taken_back(self) -> bool:
        """Whether `take_back` was tried on all that has no answer yet."""
        return self._debugger is not None and self._debugger.has_taken_back

    async def take_back(self) -> None:
        """Have what has no answer yet broken off; it fails with a `UserError`."""
        if self._debugger is not None:
            await self._debugger.take_back()

    def lose(self) -> None:
        """The program has been started anew, and the debugger is gone with the old one."""
        self._debugger = None
        self._resumed()

    async def close(self) -> None:
        """Leave; breakpoints go, and a program that stands goes on if nobody else debugs it."""
        if self._attaching is not None:
            if self._opening.locked():  # the kernel would take what is half attached for one of us
                await asyncio.wait((self._attaching,), timeout=ATTACHED)
            self._attaching.cancel()
        debugger, self._debugger = self._debugger, None
        if debugger is not None:
            await debugger.close()

    async def let_go(self) -> None:
        """Have the program go on, and stop nowhere for us any more."""
        self.filters.clear()
        await self.put_filters()
        for each in self.breakpoints:
            await self.breakpoints.remove(each)
        with contextlib.suppress(UserError):  # somebody else may have had it go on
            await self.resume("continue")
        await self.close()
        self._resumed()

    async def put_filters(self) -> None:
        """Tell the kernel on which errors to stop."""
        options = [
            {"filterId": name, **({"condition": condition} if condition else {})}
            for name, condition in self.filters.items()
        ]
        await self.ask("setExceptionBreakpoints", {"filters": [], "filterOptions": options})

    # --- what is left of a cell -----------------------------------------------------------------

    @property
    def is_post_mortem(self) -> bool:
        """Whether what is looked at is left of a cell that has failed."""
        return self.stop is not None and self.stop.thread == FAILED

    async def look_back(self) -> Stop:
        """Look at the cell that failed last; raises `UserError` if nothing is left of one."""
        said = await self.ask("exceptionInfo", {"threadId": FAILED})
        self.stop = Stop(FAILED, "exception", str(said.get("description") or ""))
        self.frames, self.chosen = [], 0
        self.sources.forget()
        return self.stop

    def look_away(self) -> None:
        """Back from there; it is kept."""
        if self.is_post_mortem:
            self._resumed()

    async def give_up_remains(self) -> None:
        """Have the kernel forget what is left of the cell that failed last."""
        self.look_away()
        with contextlib.suppress(UserError):  # there may be no debugger
            await self.ask("terminateThreads", {"threadIds": [FAILED]})

    # --- a stop ---------------------------------------------------------------------------------

    @property
    def frame(self) -> Frame:
        """The frame that is looked at; raises `BadCommand` while the program does not stand."""
        if self.stop is None or not self.frames:
            raise BadCommand(NOT_STOPPED)
        return self.frames[self.chosen]

    @property
    def frame_id(self) -> int | None:
        """Its number, None while the program does not stand."""
        return self.frames[self.chosen].id if self.stop is not None and self.frames else None

    def require_stop(self) -> Stop:
        """Raises `BadCommand` while the program does not stand."""
        if self.stop is None:
            raise BadCommand(NOT_STOPPED)
        return self.stop

    async def read_frames(self, thread: int | None = None) -> None:
        """Read the stack of a thread, of the one that stopped by default."""
        stop = self.require_stop()
        named = {"parameters": True, "parameterNames": True, "parameterValues": True}
        said = await self.ask(
            "stackTrace",
            {"threadId": thread or stop.thread, "levels": FRAMES, "format": named},
        )
        self._thread = thread
        self.frames = [frame_of(each) for each in said.get("stackFrames", [])]
        await self._learn_cells()
        self.chosen = next((i for i, it in enumerate(self.frames) if not it.is_subtle), 0)
        if self.frames and self.frame.path:
            self.sources.current = self.frame.path

    async def choose_thread(self, thread: int) -> None:
        """Look at the stack of a thread; where there is none, at what was looked at before."""
        held = self.frames, self.chosen, self._thread
        try:
            await self.read_frames(thread)
            if not self.frames:
                raise BadCommand(f"Thread {thread} has no frames to look at.")
        except UserError:
            self.frames, self.chosen, self._thread = held
            raise

    async def _learn_cells(self) -> None:
        """Ask for the cells that were run before we came, where the program stands in one."""
        if self._has_learned or not any(self.sources.is_strange(it.path) for it in self.frames):
            return
        self._has_learned = True
        with contextlib.suppress(UserError):
            for each in await self._kernel.history("range", start=1):
                self.sources.ran(each.line, each.code)

    async def read_frames_again(self) -> None:
        """Their arguments may have other values; the one that is looked at stays."""
        chosen = self.chosen
        await self.read_frames(self._thread)
        self.chosen = min(chosen, max(len(self.frames) - 1, 0))

    async def scopes(self) -> list[Body]:
        """The groups of variables of the frame that is looked at."""
        return list((await self.ask("scopes", {"frameId": self.frame.id})).get("scopes", []))

    async def variables_of(self, scope: Body) -> list[Body]:
        """The variables of a group."""
        reference = {"variablesReference": scope["variablesReference"]}
        return list((await self.ask("variables", reference)).get("variables", []))

    async def evaluate(self, expression: str, **more: Any) -> Body:  # noqa: ANN401 - DAP's fields
        """DAP's ``evaluate`` in the frame that is looked at."""
        arguments = {"expression": expression, "context": "repl", **more}
        if self.frame_id is not None:
            arguments["frameId"] = self.frame_id
        return await self.ask("evaluate", arguments)

    async def value(self, expression: str) -> str:
        """The whole value of an expression, for people; raises `UserError`."""
        arguments: dict[str, Any] = {"variableName": expression, "limits": self.limits}
        if self.frame_id is not None:
            arguments["frameId"] = self.frame_id
        said = await self.ask("richInspectVariables", arguments)
        return str(said.get("data", {}).get("text/plain", ""))

    async def resume(self, command: str, **more: Any) -> None:  # noqa: ANN401 - DAP's fields
        """``continue``, ``next``, ``stepIn``, ``stepOut``; raises `BadCommand` if it runs."""
        stop = self.require_stop()
        await self.ask(command, {"threadId": stop.thread, **more})

    # --- what the program tells -----------------------------------------------------------------

    def _hear(self, event: Mapping[str, Any]) -> None:
        body = event.get("body") or {}
        match event.get("event"):
            case "stopped":
                self.stop = stop_of(body)
                self.frames, self.chosen = [], 0
                self.when_stopped(self.stop)
            case "continued" | "terminated" | "exited" if not self.is_post_mortem:
                self._resumed()
            case "breakpoint":
                with contextlib.suppress(UserError):
                    self._changed(body.get("breakpoint") or {})

    def _changed(self, said: Body) -> None:
        before = {each.number: each.line for each in self.breakpoints}
        changed = self.breakpoints.changed(said)
        if changed is not None and changed.line != before[changed.number]:
            self.when_moved(changed)

    def _resumed(self) -> None:
        if self.stop is not None:
            self.stop = None
            self.frames, self.chosen = [], 0
            self.sources.forget()
            self.when_resumed()
