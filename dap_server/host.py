"""The door to whoever makes debuggees: processes, terminals and languages are behind it.

A `ClientSession` is given a `DebugHost` and asks it for a coordinator once per ``launch`` or
``attach`` (again after ``restart``). What the host needs of the client it does through
`ClientDoor`. All calls are on the loop's thread; a call that is cancelled must leave nothing
behind.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from dap_server.launch import AttachRequest, LaunchRequest
from kernel.core import model as m
from kernel.debug.coordinator import DebugCoordinator
from kernel.events.bus import EventBus


@dataclass(frozen=True, slots=True)
class TerminalCommand:
    """A command that the client shall run in one of its terminals."""

    args: Sequence[str]
    """The program and its arguments, not quoted for any shell."""
    cwd: str
    env: Mapping[str, str | None] = field(default_factory=dict)
    """Added to the terminal's environment; None takes a variable away."""
    kind: Literal["integrated", "external"] = "integrated"
    title: str | None = None


class ClientDoor(Protocol):
    """What a host may ask of the client it works for."""

    def wants_child(self, name: str) -> bool:
        """Whether it would debug a script that the program has started; if not, it says so once."""

    async def run_in_terminal(self, command: TerminalCommand) -> int | None:
        """Have the client run a command; the process's id (or the shell's) if the client tells.

        Raises `UserError` with the client's reason when it does not, also when it has no terminals.
        """

    def say(self, text: str, category: str = "console") -> None:
        """Show a line in the debug console; ``important`` is shown with emphasis."""


class DebugHost(Protocol):
    """Makes programs ready to be debugged, or finds those that run already."""

    exception_filters: Sequence[m.ExceptionFilter]
    """What every debuggee of this host will offer: clients ask before there is one."""

    completion_triggers: Sequence[str]
    """Characters after which completions are worth asking for: ``.`` and ``:``."""

    can_restart: bool
    """Whether a program can be launched again when it has been ended."""

    def admit(self, request: LaunchRequest) -> LaunchRequest:
        """The launch as this host serves it; asked before anything is ended or made for it.

        Raises `UserError`.
        """

    async def launch(
        self, request: LaunchRequest, bus: EventBus, client: ClientDoor
    ) -> DebugCoordinator:
        """Make a debuggee for ``request`` and a coordinator over it and ``bus``.

        The program does not start yet: the session sets breakpoints and then calls
        ``coordinator.debuggee.launch(request.program)``. ``console`` says where the program reads
        and writes; it is ``internalConsole`` if the client has no terminals. Raises `UserError`.
        """

    async def attach(self, request: AttachRequest, client: ClientDoor) -> DebugCoordinator:
        """The coordinator of a program that runs or waits already; raises `UserError`.

        The session calls ``coordinator.attached()``, subscribes to its bus, and leaves with
        ``coordinator.detached()`` or, if the client wants that, ``debuggee.terminate()``.
        """

    def interrupt_children(self) -> None:
        """Interrupt what the program has started: it is to end, and may wait for that."""

    async def configured(self) -> None:
        """The client that attached has set its breakpoints: a program that waits may start."""
