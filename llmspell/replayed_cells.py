"""Replays of Lua: recorded cells are run again, in a runtime of their own.

It has the clock, the seed and the input of the recording, and nothing of the kernel it runs in:
what its cells keep, in state, sessions or artifacts, is gone when it ends.
"""

import asyncio
import contextlib
import os
from collections import deque
from dataclasses import replace
from pathlib import Path

from kernel.core.clock import SystemClock
from kernel.core.errors import DebuggeeGone, UserError
from kernel.core.settings import DebugSettings
from kernel.debug.sharing import SharedProgram
from kernel.events.model import KernelEvent
from kernel.execution.cell_files import CellFiles
from kernel.execution.cells import CellRequest, CellResult
from kernel.execution.engine import Cell as ScriptCell
from kernel.execution.engine import Outcome as ScriptOutcome
from kernel.execution.engine import ScriptError
from kernel.sessions.cell_run import CellRun, RunningProgram
from kernel.sessions.cells import Cell, CellRunner, Outcome
from kernel.sessions.current import CurrentSession
from kernel.sessions.model import SessionId
from kernel.sessions.policies.base import Limits
from kernel.sessions.replay.debugging import CoordinatedDebugger, StepDebugger
from llmspell.kernel_debug import DebugDoor
from llmspell.listening import Listening, listed
from llmspell.replay_services import ReplayServices
from llmspell.script_api.services import LocalServices
from llmspell.script_api.tables import ScriptStart, make_tables
from lua_debug.session import LuaSession

GRACE = 2.0
"""Seconds a cell has to end when it is told to, before its runtime is given up."""

NAME = "The replay"


class LuaReplays:
    """Makes what replays are run in: the runners of `kernel.sessions`."""

    def __init__(self, settings: DebugSettings, services: LocalServices) -> None:
        """``services``: those whose configuration also holds for what is replayed."""
        self._settings, self._services = settings, services

    def make_runner(self, language: str) -> CellRunner:
        """A fresh runner; raises `UserError` for what is not Lua."""
        return self._made(language)

    def make_debugged(self, language: str) -> tuple[CellRunner, StepDebugger]:
        """A fresh runner and the debugger of what it runs."""
        runner = self._made(language)
        return runner, ReplayDebugger(runner)

    def _made(self, language: str) -> "ReplayedCells":
        if language != "lua":
            raise UserError(f"Nothing runs {language} here; replay the session in mode simulate.")
        return ReplayedCells(self._settings, ReplayServices(self._services))


class ReplayedCells:
    """Implements `CellRunner`. Made and used on the loop's thread."""

    def __init__(self, settings: DebugSettings, services: LocalServices) -> None:
        self.lua = settings.lua
        self._services = services
        self._files = CellFiles()
        self._inputs: deque[str] = deque()
        self._count = 0
        self._run: CellRun | None = None
        self._has_started = False
        self._current = CurrentSession()
        start = ScriptStart(
            tell=lambda event: self._session.debuggee.tell(event), current=self._current
        )
        self._session = LuaSession(
            settings,
            self._hear,
            self,
            name="replay",
            make_tables=make_tables(services, start),
            cells_folder=self._files.prefix,
        )
        self.program = SharedProgram(self._session.debuggee)
        self.program.core.bus.subscribe(self._hear_debugger)
        self._as_program = RunningProgram(
            "lua", lambda: self._session, self._interrupt, lambda: self.program.core.is_stopped
        )

    async def start(self) -> None:
        """Make the runtime; harmless when done twice."""
        if not self._has_started:
            self._has_started = True
            self._current.enter(await asyncio.to_thread(self._begin_session))
            await self._session.start()

    def _begin_session(self) -> SessionId:
        """The cells were in a session when they were recorded, and are in one again."""
        return self._services.sessions.sessions.create(self._services.actor, "replay").id

    def path_of(self, cell: Cell) -> str:
        """The file that debuggers know a cell as: the one it came from, while it is the same."""
        if cell.name:
            with contextlib.suppress(OSError, UnicodeDecodeError):
                if Path(cell.name).read_text("utf-8") == cell.code:
                    return cell.name
        return self._files.write(cell.code)

    async def run(self, cell: Cell, limits: Limits) -> Outcome:
        """See `CellRunner`."""
        await self.start()
        self._count = cell.number or self._count + 1
        self._inputs = deque(cell.inputs)
        await self._session.tell_time(cell.clock)
        path = self.path_of(cell)
        request = CellRequest(cell.code, path=path, arguments=cell.arguments, call=cell.call)
        self._run = run = CellRun(
            self._as_program, self._session, request, self._execute, cell, SystemClock()
        )
        try:
            return await run.run(cell, limits)
        except asyncio.CancelledError:
            self._interrupt()
            raise
        finally:
            self._run = None

    async def close(self) -> None:
        """See `CellRunner`."""
        await self._session.close()
        self._services.close()
        self._files.close()

    async def read_line(self, prompt: str, *, is_secret: bool) -> str | None:
        """See `ScriptDoor`: the next line of the recording; behind the last one the input ends."""
        del prompt, is_secret
        return self._inputs.popleft() if self._inputs else None

    async def _execute(self, request: CellRequest) -> CellResult:
        cell = ScriptCell(
            request.code,
            str(request.path),
            self._count,
            arguments=request.arguments or (),
            call=request.call,
        )
        try:
            return CellResult(self._count, await self._session.execute(cell))
        except DebuggeeGone:
            error = ScriptError("Interrupted", "interrupted!", ("interrupted!",))
            return CellResult(self._count, ScriptOutcome(error=error))

    def _interrupt(self) -> None:
        self._session.interrupt()
        running = self._run
        asyncio.get_running_loop().call_later(GRACE, lambda: self._give_up(running))

    def _give_up(self, running: CellRun | None) -> None:
        if running is not None and running is self._run:
            self._giving_up = asyncio.ensure_future(self._session.abandon())

    def _hear(self, event: KernelEvent) -> None:
        self.program.core.listen(event)
        if self._run is not None:
            self._run.hear(event)

    def _hear_debugger(self, event: KernelEvent) -> None:
        if self._run is not None:
            self._run.hear_debugger(event)


class ReplayDebugger:
    """Implements `StepDebugger`: the program stops, and debuggers may attach to it over TCP."""

    def __init__(self, runner: ReplayedCells) -> None:
        self._runner = runner
        self._client = runner.program.client()
        self._stepper = CoordinatedDebugger(self._client)
        self._door = DebugDoor(lambda: runner.program, NAME)
        self._open = contextlib.ExitStack()
        self.address = ""

    async def stop_before(self, step: int, cell: Cell) -> None:
        """See `StepDebugger`. The program stands until a debugger lets it go on."""
        await self._runner.start()
        await self._client.attached()
        host, port = await self._door.open("127.0.0.1", 0)
        self.address = f"{host}:{port}"
        there = Listening(os.getpid(), host, port, "replay", self._runner.lua, "replay")
        self._open.enter_context(listed(there))
        self._open.callback(self._door.close)
        await self._stepper.stop_before(step, replace(cell, name=self._runner.path_of(cell)))

    async def clear(self) -> None:
        """See `StepDebugger`. Who is attached stays until the replay ends."""
        self._open.close()
        with contextlib.suppress(DebuggeeGone):
            await self._stepper.clear()
            await self._client.detached()
