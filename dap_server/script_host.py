"""DebuggedScript: one program that this process runs, and clients that come and go."""

import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

from dap_server.children import ParentDoor
from dap_server.client_session import ClientSession
from dap_server.console import ProgramConsole
from dap_server.host import ClientDoor
from dap_server.language import Language
from dap_server.launch import AttachRequest, LaunchRequest
from dap_server.overruled import overruled
from dap_server.process_group import interrupt_children
from kernel.core import model as m
from kernel.core.errors import UserError
from kernel.core.settings import DebugSettings
from kernel.debug.coordinator import DebugCoordinator
from kernel.events import model as e
from kernel.events.bus import EventBus
from kernel.transport.base import Transport


class DebuggedScript:
    """Starts when the first client is ready, or at once, and runs on when clients leave."""

    def __init__(
        self,
        language: Language,
        console: ProgramConsole,
        program: m.Program,
        settings: DebugSettings,
    ) -> None:
        self.language = language
        self.program = program
        self.ended = asyncio.Event()
        self.has_been_debugged = asyncio.Event()
        """Set when a client has come."""
        self._console = console
        self._settings = settings
        self._coordinator: DebugCoordinator | None = None
        self._is_started = False
        self._ends_with: int | None = None
        self._client: ClientSession | None = None
        self._door = ParentDoor()

    async def start(self) -> None:
        """Run the program; does nothing when it runs. Raises `UserError`."""
        if not self._is_started:
            await self._begin()
            coordinator = self._coordinator or self.coordinator(self._settings)
            try:
                await coordinator.launch(self.program)
            except UserError:
                self._listen(e.Exited(1))  # nobody is to wait for its end
                raise

    async def end(self, status: int, patience: float | None = None) -> None:
        """End the program, which then has this exit status; returns when it has ended.

        One that does not, within ``patience`` seconds, is said to have, since its process will.
        """
        if self.ended.is_set():
            return
        self._ends_with = status
        if self._is_started and self._coordinator is not None:
            await self._coordinator.debuggee.terminate()
            with suppress(TimeoutError):
                await asyncio.wait_for(self.ended.wait(), patience)
        self._listen(e.Exited(status))

    @property
    def has_begun(self) -> bool:
        """Whether the program was started."""
        return self._is_started

    @property
    def exit_code(self) -> int | None:
        """The status its process is to end with; None while it runs."""
        if self._ends_with is not None or self._coordinator is None:
            return self._ends_with
        return self._coordinator.exit_code

    # --- clients --------------------------------------------------------------------------------

    async def serve(self, transport: Transport) -> None:
        """One client, until it leaves."""
        host = _Facade(self)
        session = host.session = ClientSession(transport, host)
        try:
            await session.run()
        finally:
            if self._client is session:
                self._client = None
                self._console.client_left()

    def coordinator(self, settings: DebugSettings) -> DebugCoordinator:
        """The program's, which shows things as ``settings`` of the client say."""
        if self._coordinator is not None:
            self._coordinator.debuggee.adopt(settings)
        else:
            tell = self._console.begin(self._listen)
            mine = replace(
                self._settings,
                path_mappings=settings.path_mappings,
                source_maps=settings.source_maps,
                source_globs=settings.source_globs,
                skip_files=settings.skip_files,
                just_my_code=settings.just_my_code,
                display=settings.display,
            )
            debuggee = self.language.make_debuggee(mine, tell, self._console, self.program.path)
            self._coordinator = DebugCoordinator(debuggee, EventBus())
            self.language.attend(self._coordinator)
        return self._coordinator

    def take_client(self, session: ClientSession) -> None:
        """``session`` debugs the program from now on; raises `UserError` if another one does."""
        if self._client is not None and self._client is not session:
            raise UserError(f"Another client debugs {self.program.path} already.")
        self._client = session
        self._console.client_came(session.outbox.flush)
        self.has_been_debugged.set()

    async def launched(self, request: LaunchRequest) -> None:
        """A client will start the program; raises `UserError` if it cannot."""
        if self._is_started:
            raise UserError(
                f"{self.program.path} runs already; use an attach configuration to debug it."
            )
        if not _is_same_file(request.program.path, self.program.path):
            raise UserError(
                f"Only {self.program.path} can be debugged here, not {request.program.path}; "
                "`llmspell dap --listen` starts any program."
            )
        await self._begin()

    def overruled(self, request: LaunchRequest) -> Iterator[str]:
        """What of a launch does not hold, a sentence each."""
        return overruled(request, self._settings, self.language.full_name)

    async def _begin(self) -> None:
        self._is_started = True
        await self._door.open(self._child_started)

    def _child_started(self, child: e.ChildStarted) -> bool:
        if self._client is None or self._coordinator is None:
            return False
        if not self._client.wants_child(child.name):
            return False
        self._coordinator.bus.publish(child)
        return True

    def _listen(self, event: e.KernelEvent) -> None:
        if self.ended.is_set():
            return
        if isinstance(event, e.Exited):
            self.ended.set()
            if self._ends_with is not None:
                event = e.Exited(self._ends_with)
        if self._coordinator is not None:
            self._coordinator.listen(event)


class _Facade:
    """Implements `DebugHost` for one session."""

    can_restart = False
    """The process is the program's own, and ends with it."""

    def __init__(self, script: DebuggedScript) -> None:
        self.exception_filters: Sequence[m.ExceptionFilter] = script.language.exception_filters
        self.completion_triggers: Sequence[str] = script.language.completion_triggers
        self.session: ClientSession
        self._script = script

    def admit(self, request: LaunchRequest) -> LaunchRequest:
        """The command line's arguments hold unless the client has some."""
        own = self._script.program
        args = request.program.args or own.args
        return replace(request, program=replace(request.program, args=args, name=own.name))

    async def launch(
        self, request: LaunchRequest, bus: EventBus, client: ClientDoor
    ) -> DebugCoordinator:
        """The program, if it has not begun; the session starts it."""
        self._script.take_client(self.session)
        await self._script.launched(request)
        for sentence in self._script.overruled(request):
            client.say(sentence, "important")
        coordinator = self._script.coordinator(request.settings)
        coordinator.bus.subscribe(bus.publish)
        return coordinator

    async def attach(self, request: AttachRequest, _client: ClientDoor) -> DebugCoordinator:
        """The program, whether it runs or waits."""
        self._script.take_client(self.session)
        return self._script.coordinator(request.settings)

    def interrupt_children(self) -> None:
        """As Ctrl-C does."""
        interrupt_children()

    async def configured(self) -> None:
        """The client is ready."""
        await self._script.start()


def _is_same_file(one: str, other: str) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)
