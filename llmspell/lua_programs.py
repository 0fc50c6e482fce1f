"""LuaPrograms: the runtimes of one kernel, one after the other, and those who debug them."""

from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from dap_server.console import ProgramConsole
from kernel.core.catalogue import Catalogue
from kernel.core.settings import DebugSettings
from kernel.debug.remembering import WantedStops
from kernel.debug.sharing import SharedProgram
from kernel.debug.stop_hooks import StopHooks
from kernel.events.broker import Broker
from kernel.events.correlation import RunCorrelation
from kernel.events.model import KernelEvent, OutputWritten
from kernel.execution.cell_files import CellFiles
from kernel.execution.cells import Guard, Listener, Room
from kernel.execution.engine import ScriptDoor, ScriptEngine
from kernel.execution.hooked_cells import HookedCells
from kernel.execution.output import CaptureMode
from kernel.execution.script_cells import ScriptCells
from kernel.execution.timed_cells import CellLimit, TimedCells
from kernel.hooks.runner import HookRunner
from kernel.jupyter.debug import DebugEndpoint, TellEvent
from kernel.jupyter.kernel import JupyterKernel
from kernel.sessions.current import CurrentSession
from kernel.sessions.session_cells import SessionCells
from llmspell.kernel_options import Libraries
from llmspell.kernel_requests import ServiceRequests
from llmspell.kernel_sessions import KernelSessions
from llmspell.memory_told import MemoryTold
from llmspell.script_api.services import LocalServices
from llmspell.script_api.tables import ScriptStart, make_tables
from llmspell.script_comms import ScriptComms
from lua_debug.session import LuaSession
from lua_debug.versions import DEFAULT_VERSION, find_version

if TYPE_CHECKING:
    from kernel.sessions.cell_run import RunningProgram


class LuaPrograms:
    """The runtimes of one kernel, one after the other, and their debuggers."""

    def __init__(
        self,
        lua: str = "",
        files: CellFiles | None = None,
        *,
        has_process: bool = False,
        libraries: Libraries | None = None,
        services: LocalServices | None = None,
    ) -> None:
        """``has_process``: all that the process writes is the program's output.

        ``libraries``: what of the process a cell may reach (docs/reference/closed-libraries.md);
        None: as it is configured, or nothing. ``services``: what its globals stand on. Raises
        `UserError` for a Lua there is not, and for limits that cannot be read.
        """
        self.version = find_version(lua or DEFAULT_VERSION)
        self.files = files or CellFiles()
        self._services = services or LocalServices()
        limits = self._services.script_limits
        self._settings = DebugSettings(
            lua=self.version.name,
            libraries=libraries or limits.libraries or "closed",
            max_memory_mb=limits.memory_mb,
        )
        self._services.replay_settings = self._settings
        self.current = CurrentSession()
        """The session that the kernel is in."""
        self.requests = ServiceRequests(self._services, self.current)
        self._run = RunCorrelation()
        self.comms = ScriptComms(lambda do: do())
        """The comms of the runtime there is now; its table is the kernel's."""
        self._stop_hooks: StopHooks | None = None
        self._has_process = has_process
        self._console: ProgramConsole | None = None
        self._session: LuaSession | None = None
        self._program: SharedProgram | None = None
        self._kernel: JupyterKernel | None = None
        self.remembered = WantedStops()
        """Where an earlier run was to stop; to be set before a runtime is made."""
        self.when_stops_changed: Callable[[], object] = lambda: None
        self.when_closing: Callable[[LuaSession], Awaitable[None]] | None = None
        """What is done with a runtime that is about to end; to be set before it is made."""

    def make_engine(self, listener: Listener, door: ScriptDoor, room: Room) -> ScriptEngine:
        """A runtime; it is the one that is debugged from now on."""

        def listen(event: KernelEvent) -> None:
            self.guard.hear(event)
            listener(event)
            program.core.listen(event)

        def say(event: OutputWritten) -> None:
            self.guard.hear(event)
            listener(event)
            program.core.bus.publish(event)

        console = self._console
        if self._has_process and console is None:
            self._console = console = ProgramConsole(CaptureMode.CAPTURE, has_input=True)
        if console is not None:
            console.client_came(room)
        table, widgets = self.comms.table, self.comms.widgets

        def behind_output(do: Callable[[], object]) -> None:
            session.behind_output(do)

        self.comms = ScriptComms(behind_output)
        self.comms.table, self.comms.widgets = table, widgets
        start = ScriptStart(
            tell=lambda event: session.debuggee.tell(event),
            behind_output=behind_output,
            comms=self.comms,
            current=self.current,
            ask=lambda prompt, secret: session.door.read_line(prompt, is_secret=secret),
        )
        session = LuaSession(
            self._settings,
            listen,
            self.guard.watched(door),
            console,
            post=_as_it_is if console is None else console.begin,
            make_tables=make_tables(self._services, start),
            cells_folder=self.files.prefix,
            catalogue=_script_catalogue,
            schema=_script_schema,
            room=room,
        )
        program = SharedProgram(session.debuggee)
        program.core.say = say
        program.core.bus.subscribe(self.guard.hear_debugger)
        if self._timed is not None:
            program.core.bus.subscribe(self._timed.hear_debugger)
        self._ask_hooks(program)
        program.remember(self.wanted())
        program.when_changed = lambda: self.when_stops_changed()
        self._session, self._program = session, program
        if self.when_closing is not None:
            session.when_closing = partial(self.when_closing, session)
        return session

    def _ask_hooks(self, program: SharedProgram) -> None:
        """Hooks have a say in stops, and what the debugger tells is among the kernel's events."""
        if self._stop_hooks is not None:
            self._stop_hooks.remove()
        self._stop_hooks = StopHooks(program.core, self.runner, correlation=self._run)
        self._stop_hooks.install()
        if self._services.tells_debug_events:
            self.broker.relay(program.core.bus, self._run)

    @property
    def broker(self) -> Broker:
        """Where the kernel's events are told."""
        return self._services.broker

    @property
    def runner(self) -> HookRunner:
        """Asks the hooks that scripts and others register."""
        return self._services.runner

    @cached_property
    def guard(self) -> SessionCells:
        """Around each cell: hooks, and the session that the kernel is in."""
        hooked, sessions = HookedCells(self.runner, self.broker, self._run), self.sessions
        scripts = ScriptCells(hooked, lambda: self._stop_hooks)
        return SessionCells(scripts, self.current, sessions.open_recorder, sessions.begin)

    @property
    def cells(self) -> Guard:
        """What is around each cell: its limits, if there are any, hooks and the session."""
        inner, memory = self._timed or self.guard, self._settings.max_memory_mb
        return inner if memory is None else MemoryTold(inner, memory, self.broker.publish)

    @cached_property
    def _timed(self) -> TimedCells | None:
        allowed = self._services.script_limits.time
        if allowed is None:
            return None
        limit = CellLimit(allowed.seconds, allowed.reason(), allowed.key)
        tell = self.broker.publish
        return TimedCells(self.guard, limit, self._interrupt, self._is_standing, tell=tell)

    @cached_property
    def sessions(self) -> KernelSessions:
        """What the kernel does with sessions."""
        return KernelSessions(self._services, self.current, self._as_recorded)

    def _as_recorded(self) -> "RunningProgram":
        from kernel.sessions.cell_run import RunningProgram

        return RunningProgram("lua", lambda: self._session, self._interrupt, self._is_standing)

    def _is_standing(self) -> bool:
        return self._program is not None and self._program.core.is_stopped

    def _interrupt(self) -> None:
        if self._kernel is not None:
            self._kernel.manager.interrupt()

    def attend(self, kernel: JupyterKernel) -> None:
        """The program's comms are those of the kernel's clients."""
        self._kernel = kernel
        self.comms.table, self.comms.widgets = kernel.comms, kernel.widgets

    @property
    def count(self) -> int:
        """The number of the last cell that was counted."""
        return 0 if self._kernel is None else self._kernel.manager.count

    async def end(self) -> None:
        """No cell runs any more: what goes on beside them comes to its end."""
        await self.guard.end()
        await self.sessions.end()

    def close(self) -> None:
        """Give back what scripts have used, and the files of cells; harmless when done twice."""
        self._services.close()
        self.files.close()

    def wanted(self) -> WantedStops:
        """Where debuggers want the program to stop, or wanted an earlier one to."""
        return self.remembered if self._program is None else self._program.wanted()

    @property
    def session(self) -> LuaSession | None:
        """The runtime there is now."""
        return self._session

    @property
    def program(self) -> SharedProgram | None:
        """What debuggers share: the runtime there is now."""
        return self._program

    def make_debug(self, tell: TellEvent) -> DebugEndpoint:
        """The debugger of a notebook, for the runtime there is now."""
        # Whoever does not debug need not load the adapter.
        from dap_server.notebook import NotebookDebugger
        from dap_server.shared_host import SharedHost

        session, program = self._session, self._program
        assert session is not None
        assert program is not None
        host = SharedHost(program, "The kernel", (".", ":"))
        return NotebookDebugger(
            host, session.debuggee, self.files, tell, session.display, session.copy_to_globals
        )


def _script_catalogue() -> Catalogue:
    """Loaded when somebody asks what something is, not when a kernel starts."""
    from llmspell.script_api.catalogue import script_catalogue

    return script_catalogue()


def _script_schema(name: str) -> Mapping[str, Any] | None:
    """The same."""
    from llmspell.script_api.catalogue import schema_named

    return schema_named(name)


def _as_it_is(listener: Listener) -> Listener:
    return listener
