"""One client: what it said, what it debugs, and the loop that reads what it sends."""

import logging
from typing import Any

import anyio
from anyio.abc import TaskGroup

from dap_server.client_terms import ClientTerms
from dap_server.debugged_program import DebuggedProgram
from dap_server.dispatcher import CURRENT, Dispatcher
from dap_server.events import TRANSLATIONS
from dap_server.host import DebugHost, TerminalCommand
from dap_server.outbox import Outbox
from dap_server.paging import Pager
from dap_server.protocol import generated as dap
from dap_server.protocol.model import Model
from dap_server.requested_breakpoints import RequestedBreakpoints
from dap_server.reverse import ReverseRequests
from dap_server.states import State
from dap_server.wire import Wire, WireError
from kernel.core.errors import UserError
from kernel.core.ids import ThreadId
from kernel.core.settings import DisplayLimits
from kernel.debug.coordinator import DebugCoordinator
from kernel.debug.debuggee import Debuggee
from kernel.events import model as e
from kernel.transport.base import Transport

_log = logging.getLogger(__name__)

PROGRESS_AFTER = 1.0
"""Seconds a request may take before the client is told that it goes on."""

FAREWELL = 2.0
"""Seconds a client has to take what was still to be said."""


class ClientSession:
    """Serves one client over one transport until it disconnects or is gone.

    ``await ClientSession(transport, host).run()`` is all there is to do. It closes the transport.
    """

    def __init__(
        self, transport: Transport, host: DebugHost, progress_after: float = PROGRESS_AFTER
    ) -> None:
        self.host = host
        self.progress_after = progress_after
        self.client = ClientTerms()
        self.is_initialized = False
        self.is_resuming = False
        """This client's own continue or step is under way."""
        self.resumed_meanwhile: e.Resumed | None = None
        """What was heard of the program going on since that began."""
        self.outbox = Outbox()
        self.breakpoints = RequestedBreakpoints()
        self.pager = Pager(DisplayLimits().max_children)
        self.program = DebuggedProgram(self)
        self.dispatcher: Dispatcher
        self._transport = transport
        self._reverse = ReverseRequests(self.outbox)
        self._reading = anyio.CancelScope()
        self._tasks: TaskGroup
        self._threads: dict[ThreadId, None] = {}
        self._has_told_of_children = False

    @property
    def state(self) -> State:
        """Where the session stands; follows from what has happened."""
        program = self.program
        if not self.is_initialized:
            return State.CREATED
        if program.request is None:
            return State.INITIALIZED
        if program.ended.is_set():
            return State.TERMINATED
        if program.coordinator is None or not program.is_running:
            return State.CONFIGURING
        return State.STOPPED if program.coordinator.is_stopped else State.RUNNING

    @property
    def coordinator(self) -> DebugCoordinator:
        """The coordinator of the program; raises `UserError` where there is no program yet."""
        if self.program.coordinator is None:
            raise UserError("There is no program to debug yet.")
        return self.program.coordinator

    @property
    def debuggee(self) -> Debuggee:
        """The program behind the coordinator."""
        return self.coordinator.debuggee

    # --- life -----------------------------------------------------------------------------------

    async def run(self) -> None:
        """Serve until the client disconnects; a connection that drops means the same."""
        try:
            async with anyio.create_task_group() as self._tasks:
                self.dispatcher = Dispatcher(self, self._tasks)
                self._tasks.start_soon(self.outbox.run, self._transport.send)
                try:
                    with self._reading:
                        await self._read()
                finally:
                    with anyio.CancelScope(shield=True):
                        await self._say_farewell()
                    self._tasks.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True):
                await self._transport.close()

    def close_after_answer(self) -> None:
        """End the session once the request under way has been answered."""
        CURRENT.get().afterwards.append(self._reading.cancel)

    async def _say_farewell(self) -> None:
        await self.program.leave(None)
        with anyio.move_on_after(FAREWELL):
            await self.outbox.flush()

    async def _read(self) -> None:
        wire = Wire()
        while data := await self._transport.receive():
            for message in wire.feed(data):
                self._receive(message)
                if isinstance(message, WireError) and message.is_lost:
                    return
            # Who reads no answers is not heard any more: what it is owed must not grow for ever.
            await self.outbox.room()
        if error := wire.end():
            _log.warning("%s", error.message)

    def _receive(self, message: dict[str, Any] | WireError) -> None:
        if isinstance(message, WireError):
            self._complain(message.message)
            return
        match message.get("type"):
            case "request":
                self.dispatcher.receive(message)
            case "response":
                if not self._reverse.answered(message):
                    self._complain("A response came to which there was no request.")
            case "event":
                self._complain("An event came; clients send none.")
            case other:
                self._complain(f"A message of the unknown type {str(other)[:40]!r} came.")

    def _complain(self, text: str) -> None:
        """There is nothing to answer, so the debug console tells."""
        _log.warning("%s", text)
        self.say(f"The debugger received what it cannot use. {text}")

    # --- to the client --------------------------------------------------------------------------

    def send_event(self, name: str, body: Model | None) -> None:
        """Tell the client."""
        self.outbox.event(name, body.wire() if body else None)

    def answer_first(self) -> None:
        """From here on events wait until the request under way has been answered."""
        self.outbox.hold()
        CURRENT.get().afterwards.append(self.outbox.release)

    def note_size(self, reference: int, named: int | None, indexed: int | None) -> None:
        """Remember how large a container is if this client has to be given pages."""
        if not self.client.said.supports_variable_paging:
            self.pager.remember(reference, named, indexed)

    def invalidate_variables(self) -> None:
        """What clients show may have changed: all are told, this one after its answer."""
        self.answer_first()
        self.coordinator.values_changed()

    def say(self, text: str, category: str = "console") -> None:
        """Show a line in the debug console (`dap_server.host.ClientDoor`)."""
        self.send_event("output", dap.OutputEventBody(category=category, output=f"{text}\n"))

    async def run_in_terminal(self, command: TerminalCommand) -> int | None:
        """Have the client run a command (`dap_server.host.ClientDoor`)."""
        if not self.client.said.supports_run_in_terminal_request:
            raise UserError("The editor cannot open terminals; use the console internalConsole.")
        # The client may want answers before it opens a terminal.
        self.program.stop_waiting()
        body = await self._reverse.ask(
            "runInTerminal",
            dap.RunInTerminalRequestArguments(
                kind=command.kind,
                title=command.title,
                cwd=command.cwd,
                args=list(command.args),
                env=dict(command.env) or None,
            ),
        )
        number = body.get("processId") or body.get("shellProcessId")
        return number if isinstance(number, int) else None

    # --- from the program -----------------------------------------------------------------------

    def hear(self, event: e.KernelEvent) -> None:
        """Pass an event of the program on to the client, if it is one for it."""
        match event:
            case e.Resumed():
                self.pager.forget()
            case e.Stopped():
                self.is_resuming = False  # what has it go on from there is not ours
            case e.ThreadStarted():
                self._threads[event.thread] = None
            case e.ThreadEnded():
                self._threads.pop(event.thread, None)
            case e.ChildStarted():
                self._tasks.start_soon(self._debug_child, event)
                return
        if type(event) in TRANSLATIONS:
            name, translate = TRANSLATIONS[type(event)]
            body = translate(self, event)
            if body is not None:
                self.send_event(name, body)
        if isinstance(event, e.Exited):
            self.send_event("terminated", None)

    def forget_threads(self) -> None:
        """The program is replaced by another: the client's view of its threads ends."""
        for thread in self._threads:
            self.send_event("thread", dap.ThreadEventBody(reason="exited", thread_id=thread))
        self._threads.clear()
        self.pager.forget()

    def wants_child(self, name: str) -> bool:
        """Whether the client can debug one (`dap_server.host.ClientDoor`)."""
        if not self.client.said.supports_start_debugging_request:
            if not self._has_told_of_children:
                self.say(f"{name} runs undebugged: the editor cannot debug what a program starts.")
            self._has_told_of_children = True
            return False
        return True

    async def _debug_child(self, child: e.ChildStarted) -> None:
        inherited = ("pathMappings", "sourceMaps", "skipFiles", "justMyCode", "display")
        raw = self.program.request.raw if self.program.request else {}
        configuration = {
            "name": child.name,
            "host": child.host,
            "port": child.port,
            **{key: raw[key] for key in inherited if key in raw},
        }
        try:
            await self._reverse.ask(
                "startDebugging",
                dap.StartDebuggingRequestArguments(request="attach", configuration=configuration),
            )
        except UserError as error:
            self.say(f"{child.name} is not debugged. {error}", "important")
