"""Comm: channels between a script and what its clients show, such as widgets."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Protocol

from kernel.core.argument_types import ScriptType
from kernel.core.catalogue import Field
from kernel.core.errors import UserError
from kernel.core.functions import HostObject, HostTable, host_function
from kernel.core.script_values import Callback

Heard = Callable[[Mapping[str, Any]], object]
"""Told the data of a message, on the loop's thread; an awaitable is waited for."""

ALONE = "Comms need a kernel with clients; this script runs by itself (`llmspell kernel start`)."

OnData = Annotated[Callback, ScriptType("fun(data: table)"), "Is given what the client says."]
OnOpened = Annotated[
    Callback,
    ScriptType("fun(comm: CommHandle, data: table)"),
    "Is given the comm and the client's data.",
]


class CommEnd(Protocol):
    """Our end of a comm; called on the script's thread."""

    id: str
    target: str
    message: Heard | None
    """Hears what the client says."""
    over: Heard | None
    """Hears that the client has closed it."""

    def send(self, data: Mapping[str, Any]) -> None:
        """Say something to the clients."""

    def close(self, data: Mapping[str, Any]) -> None:
        """End it; harmless when done twice."""


class CommDoor(Protocol):
    """Where comms are opened; called on the script's thread."""

    def open(self, target: str, data: Mapping[str, Any], metadata: Mapping[str, Any]) -> CommEnd:
        """Open one for the clients to hear of."""

    def register(self, target: str, opened: Callable[[CommEnd, Mapping[str, Any]], object]) -> None:
        """Let clients open comms; ``opened`` is told each with its data, on the loop's thread."""

    def unregister(self, target: str) -> None:
        """No longer."""


class CommHandle(HostObject):
    """An open comm."""

    name = "CommHandle"
    fields = (
        Field("id", "string", "By which clients know it."),
        Field("target", "string", "What it is for."),
    )

    def __init__(self, end: CommEnd) -> None:
        self._end = end

    def values(self) -> dict[str, Any]:
        """What scripts see."""
        return {"id": self._end.id, "target": self._end.target}

    @host_function("send")
    def send(self, data: dict[str, Any]) -> None:
        """Says something to the clients that have it."""
        self._end.send(data)

    @host_function("close")
    def close(self, data: dict[str, Any] | None = None) -> None:
        """Ends it; harmless when done twice."""
        self._end.close(data or {})

    @host_function("on_message")
    def on_message(self, callback: OnData) -> "CommHandle":
        """Hears what clients say over it from now on; gives the comm."""
        self._end.message = lambda data: heard_by(callback, data)
        return self

    @host_function("on_close")
    def on_close(self, callback: OnData) -> "CommHandle":
        """Hears that a client has closed it; gives the comm."""
        self._end.over = lambda data: heard_by(callback, data)
        return self


class CommTable(HostTable):
    """Channels between a script and what its clients show, such as the widgets of a notebook."""

    name = "Comm"
    objects = (CommHandle,)

    def __init__(self, door: CommDoor | None) -> None:
        """``door`` None: there are no clients."""
        self._door = door

    @host_function("Comm.open")
    def open(
        self,
        target: Annotated[str, "What clients know it by, such as jupyter.widget."],
        data: Annotated[dict[str, Any] | None, "What they begin with."] = None,
        metadata: Annotated[dict[str, Any] | None, "Beside the data."] = None,
    ) -> CommHandle:
        """Opens a comm; clients that do not know the target close it."""
        return CommHandle(self._opened().open(target, data or {}, metadata or {}))

    @host_function("Comm.register")
    def register(
        self,
        target: Annotated[str, "What clients ask for."],
        callback: OnOpened,
    ) -> None:
        """Lets clients open comms for a target."""

        def opened(end: CommEnd, data: Mapping[str, Any]) -> object:
            return heard_by(callback, CommHandle(end), data)

        self._opened().register(target, opened)

    @host_function("Comm.unregister")
    def unregister(self, target: str) -> None:
        """Lets clients open no more; harmless when done twice."""
        self._opened().unregister(target)

    def _opened(self) -> CommDoor:
        if self._door is None:
            raise UserError(ALONE)
        return self._door


def heard_by(callback: Callback, *arguments: object) -> object:
    """Have a script's function called; what to wait for on the loop, for its end."""
    import asyncio

    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()

    def done(result: object) -> None:
        loop.call_soon_threadsafe(_end, ended, result)

    callback.call_soon(*arguments, done=done)
    return ended


def _end(future: "Any", result: object) -> None:
    if not future.done():
        if isinstance(result, BaseException):
            future.set_exception(result)
        else:
            future.set_result(None)
