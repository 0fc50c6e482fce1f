"""What is spoken of between the kernel and the functions that serve its messages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from kernel.execution.turns import Turn
from kernel.jupyter.attendance import Attendance
from kernel.jupyter.connection import ZMQ
from kernel.jupyter.messages import Channel, Content, Message
from kernel.jupyter.router import CellOutput

if TYPE_CHECKING:
    from kernel.jupyter.kernel import JupyterKernel


class Client(Protocol):
    """Whoever sent a request, or hears what is published. Sending never waits."""

    @property
    def transport(self) -> str:
        """How it is connected: ``zmq``, ``tcp``, ``ws``, ``stdio``, ``memory``."""

    def send(self, message: Message) -> None:
        """Send a message; one that cannot be taken any more is dropped."""

    @property
    def is_congested(self) -> bool:
        """Whether so much waits for it already that the program had better wait too."""

    async def wait_for_room(self) -> None:
        """Wait until it is not congested, or has been for so long that nobody waits for it."""


class Gate(Protocol):
    """Decides which messages are served. Used on the loop's thread."""

    def check(self, message: Message, client: Client) -> None:
        """Let a message in; raises `UserError` with what its sender is told."""

    def forget(self, client: Client) -> None:
        """A client with a connection of its own is gone."""

    def listens(self, change: int) -> None:
        """One more client over ZeroMQ listens (1), or one fewer (-1); it does not say which."""


class OpenGate:
    """Implements `Gate`: everybody is welcome.

    Over ZeroMQ all have gone when nobody listens to iopub any more.
    """

    def __init__(self, attendance: Attendance) -> None:
        self._attendance = attendance
        self._connections: dict[Client, dict[str, None]] = {}
        self._listeners = 0

    def check(self, message: Message, client: Client) -> None:
        """Let it in; who runs code or asks about it is a client."""
        if message.channel != Channel.SHELL:
            return
        self._attendance.came(message.session, client.transport)
        if client.transport != ZMQ:
            self._connections.setdefault(client, {})[message.session] = None

    def forget(self, client: Client) -> None:
        """Those who came over this connection have gone."""
        for session in self._connections.pop(client, ()):
            self._attendance.left(session)

    def listens(self, change: int) -> None:
        """One more, or one fewer; whoever it is."""
        self._listeners = max(0, self._listeners + change)
        if not self._listeners:
            self._attendance.all_left(ZMQ)


Endpoint = Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any]]]
"""Serves a request of our own: content to content; raises `UserError`."""


@dataclass(slots=True, eq=False)
class Call:
    """A request that is being served."""

    kernel: JupyterKernel
    message: Message
    client: Client
    turn: Turn | None = None
    is_answered: bool = False
    outcome: str = ""
    """Of its answer: ``ok``, ``aborted``, or ``error`` and its name."""
    output: CellOutput | None = None
    afterwards: list[Callable[[], None]] = field(default_factory=list)
    """What is done when the answer has left."""


def failed(name: str, message: str, more: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The content of a reply that says what went wrong."""
    text = f"{name}: {message}"
    return {
        "status": "error",
        "ename": name,
        "evalue": message,
        "traceback": [text],
        **(more or {}),
    }


Function = Callable[[Call, Any], Awaitable[Content | None]]


@dataclass(frozen=True, slots=True)
class Handler:
    """How one type of message is served."""

    request: type[Any]
    """The class its content is decoded to."""
    function: Function
    channels: frozenset[str] = frozenset({Channel.SHELL})
    in_turn: bool = False
    """Whether it runs code of the program, and so waits until nobody else does."""
