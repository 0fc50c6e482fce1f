"""ProcessHost: programs that a client launches run in this process."""

import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import replace

import anyio

from dap_server.children import ParentDoor
from dap_server.console import ProgramConsole
from dap_server.host import ClientDoor
from dap_server.language import Language
from dap_server.launch import AttachRequest, LaunchRequest
from dap_server.process_group import interrupt_children
from dap_server.switchboard import Switchboard
from dap_server.terminal import open_terminal
from kernel.core import model as m
from kernel.core.errors import UserError
from kernel.core.settings import DebugSettings
from kernel.debug.coordinator import DebugCoordinator
from kernel.events import model as e
from kernel.events.bus import EventBus
from kernel.transport.base import Transport
from kernel.transport.tcp import connect


class ProcessHost:
    """Implements `DebugHost`: one program after another, with the process as their world."""

    can_restart = True

    def __init__(
        self,
        language: Language,
        console: ProgramConsole,
        switchboard: Switchboard,
        is_in_terminal: bool = False,
    ) -> None:
        """``is_in_terminal``: the console the client asked for is the one of this process."""
        self.exception_filters: Sequence[m.ExceptionFilter] = language.exception_filters
        self.completion_triggers: Sequence[str] = language.completion_triggers
        self._language = language
        self._console = console
        self._switchboard = switchboard
        self._is_in_terminal = is_in_terminal
        self.ended = anyio.Event()
        """The program that was launched last has ended."""
        self._place = _Place()
        self._door = ParentDoor()

    def admit(self, request: LaunchRequest) -> LaunchRequest:
        """Every program whose file is there."""
        request.require_file()
        return request

    async def launch(
        self, request: LaunchRequest, bus: EventBus, client: ClientDoor
    ) -> DebugCoordinator:
        """Make a debuggee here; for a terminal, have another adapter do it there."""
        if request.console != "internalConsole" and not self._is_in_terminal:
            await self._continue_at(await open_terminal(request, client, self._language.adapter))
        self._switchboard.stay()
        self._place.enter(request.settings)
        settings = self._with_version(request)
        if request.program.debug:
            await self._door.open(lambda child: _published(bus, client, child))
        self.ended = anyio.Event()
        tell = self._console.begin(lambda event: self._listen(coordinator, event))
        debuggee = self._language.make_debuggee(settings, tell, self._console, request.program.path)
        coordinator = DebugCoordinator(debuggee, bus)
        self._language.attend(coordinator)
        return coordinator

    def _with_version(self, request: LaunchRequest) -> DebugSettings:
        """What the client says of the version counts, then what is usual where the program runs."""
        settings = request.settings
        usual = "" if request.raw.get("lua") is not None else self._language.usual_version()
        return replace(settings, lua=usual) if usual else settings

    async def attach(self, request: AttachRequest, _client: ClientDoor) -> DebugCoordinator:
        """Connect the client to the adapter of a program that runs already."""
        if request.port is None:
            raise UserError(
                "The attach configuration needs 'port', the one that "
                "`llmspell debug script.lua --dap-port PORT` was given or has printed."
            )
        try:
            other = await connect(request.host, request.port)
        except OSError as error:
            raise UserError(
                f"No program waits to be debugged at {request.host}:{request.port} "
                f"({_reason(error)}). Start it with: "
                f"llmspell debug script.lua --dap-port {request.port}"
            ) from error
        return await self._continue_at(other)

    def interrupt_children(self) -> None:
        """As Ctrl-C does."""
        interrupt_children()

    async def configured(self) -> None:
        """What is attached to is configured where it runs."""

    async def _continue_at(self, other: Transport) -> DebugCoordinator:
        """The session here is over; the request under way is cancelled with it."""
        self._switchboard.hand_over(other)
        await anyio.sleep_forever()
        raise AssertionError

    def _listen(self, coordinator: DebugCoordinator, event: e.KernelEvent) -> None:
        if isinstance(event, e.Exited):
            self._place.leave()
        coordinator.listen(event)
        if isinstance(event, e.Exited):
            self.ended.set()


def _reason(error: OSError) -> str:
    """The system's words for it; asyncio has its own."""
    if isinstance(error, socket.gaierror):  # its numbers are not the system's
        return error.strerror or str(error)
    return os.strerror(error.errno) if error.errno else str(error)


def _published(bus: EventBus, client: ClientDoor, child: e.ChildStarted) -> bool:
    if not client.wants_child(child.name):
        return False
    bus.publish(child)
    return True


class _Place:
    """Folder and environment of the process; a program's own while it runs."""

    def __init__(self) -> None:
        self._folder = os.getcwd()
        self._before: dict[str, str | None] = {}

    def enter(self, settings: DebugSettings) -> None:
        """Raises `UserError` when the folder cannot be entered."""
        self.leave()
        try:
            os.chdir(settings.cwd or self._folder)
        except OSError as error:
            raise UserError(f"cwd {settings.cwd!r} cannot be entered: {error.strerror}.") from error
        self._before = {name: os.environ.get(name) for name in settings.env}
        _set_environment(settings.env)

    def leave(self) -> None:
        """Back to what it was, so that the next launch means the same."""
        os.chdir(self._folder)
        _set_environment(self._before)
        self._before = {}


def _set_environment(values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
