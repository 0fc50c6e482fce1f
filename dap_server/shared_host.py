"""SharedHost: a program that was there before all of its clients, any number at once."""

from collections.abc import Sequence

from dap_server.client_session import ClientSession
from dap_server.host import ClientDoor
from dap_server.launch import AttachRequest, LaunchRequest
from kernel.core import model as m
from kernel.core.errors import UserError
from kernel.debug.coordinator import DebugCoordinator
from kernel.debug.remembering import SourceStops
from kernel.debug.sharing import SharedProgram
from kernel.events.bus import EventBus
from kernel.transport.base import Transport


class SharedHost:
    """Implements `DebugHost`; what is debugged outlives every client."""

    can_restart = False

    def __init__(self, program: SharedProgram, name: str, triggers: Sequence[str]) -> None:
        """``name`` is how messages call the program, ``triggers`` as `DebugHost` has them."""
        self._program = program
        self._name = name
        self.exception_filters: Sequence[m.ExceptionFilter] = (
            program.core.debuggee.exception_filters
        )
        self.completion_triggers = triggers

    @property
    def is_stopped(self) -> bool:
        """Whether the program stands."""
        return self._program.core.is_stopped

    @property
    def remembered_lines(self) -> Sequence[SourceStops]:
        """Line breakpoints of an earlier run that still count."""
        return self._program.remembered_lines()

    @property
    def remembered_filters(self) -> Sequence[str]:
        """The names of exception filters of an earlier run that still count."""
        return [each.filter for each in self._program.remembered_errors()]

    async def serve(self, transport: Transport) -> None:
        """One client, until it leaves."""
        await ClientSession(transport, self).run()

    def admit(self, request: LaunchRequest) -> LaunchRequest:
        """Nothing can be launched here; raises `UserError`."""
        raise UserError(
            f"{self._name} runs already and cannot launch {request.program.path}; use an attach "
            "configuration, or `llmspell dap` to launch programs."
        )

    async def launch(
        self,
        request: LaunchRequest,
        bus: EventBus,  # noqa: ARG002 - the port's
        client: ClientDoor,  # noqa: ARG002
    ) -> DebugCoordinator:
        """Never comes to pass: `admit` refuses."""
        self.admit(request)
        raise AssertionError

    async def attach(
        self,
        request: AttachRequest,
        client: ClientDoor,  # noqa: ARG002
    ) -> DebugCoordinator:
        """The program as this client has it; values are shown as the newest client wants."""
        self._program.core.debuggee.adopt(request.settings)
        return self._program.client()

    def interrupt_children(self) -> None:
        """The program's own business."""

    async def configured(self) -> None:
        """The program runs, whoever is ready."""
