"""Comms: named channels between a program and the things its clients show, such as widgets.

A comm has a target: the name under which one side knows what to do with a comm that the other side
opens. Our side is told through a `CommHandler`; whoever makes one for a target registers it. What a
handler does runs in the turn of the message, so output it causes belongs to that message.
"""

import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from kernel.jupyter.messages import CommMessage, CommOpen, Message
from kernel.jupyter.router import CellOutput


@dataclass(frozen=True, slots=True)
class CommNews:
    """What a client says over a comm."""

    data: Mapping[str, Any]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    buffers: Sequence[bytes] = ()


class CommHandler(Protocol):
    """One end of a comm: ours."""

    async def received(self, news: CommNews) -> None:
        """The client says something."""

    async def closed(self, news: CommNews) -> None:
        """The client has closed the comm."""


class Comm:
    """An open comm. ``send`` and ``close`` are called on the loop's thread."""

    def __init__(self, table: "CommTable", comm_id: str, target: str) -> None:
        self.id, self.target = comm_id, target
        self.handler: CommHandler | None = None
        self.is_open = True
        self._table = table

    def send(
        self,
        data: Mapping[str, Any],
        metadata: Mapping[str, Any] | None = None,
        buffers: Sequence[bytes] = (),
    ) -> None:
        """Say something to every client that has this comm; in vain when it is closed."""
        if self.is_open:
            self._table.tell("comm_msg", self, {"data": dict(data)}, metadata, buffers)

    def close(self, data: Mapping[str, Any] | None = None) -> None:
        """End the comm; harmless when done twice."""
        if self.is_open:
            self._table.tell("comm_close", self, {"data": dict(data or {})})
            self._table.forget(self)


Opened = Callable[[Comm, CommNews], Awaitable[CommHandler | None]]
"""A client has opened a comm for a target: whoever handles it from now on; None refuses it."""


class CommPublisher(Protocol):
    """What comms need of the kernel."""

    manager: Any

    def publish(
        self,
        kind: str,
        content: Mapping[str, Any],
        parent: Mapping[str, Any],
        *,
        metadata: Mapping[str, Any] | None = None,
        buffers: Sequence[bytes] = (),
    ) -> None:
        """To everybody who listens."""

    def flush_output(self) -> None:
        """Publish now what programs have printed and what is held back to be joined."""

    def ask(self, question: Any, message: Message) -> None:  # noqa: ANN401 - a `Question`
        """Have a client answer."""


class CommTable:
    """The open comms of a kernel, and the targets that clients may open. On the loop's thread."""

    def __init__(self, kernel: CommPublisher) -> None:
        self._kernel = kernel
        self._targets: dict[str, Opened] = {}
        self._comms: dict[str, Comm] = {}
        self.parent: Mapping[str, Any] = {}
        """The header of the message that is answered just now."""

    # --- for the program ------------------------------------------------------------------------

    def register(self, target: str, opened: Opened) -> None:
        """From now on clients may open comms for ``target``."""
        self._targets[target] = opened

    def unregister(self, target: str) -> None:
        """No longer; harmless when done twice."""
        self._targets.pop(target, None)

    def open(
        self,
        target: str,
        handler: CommHandler | None = None,
        data: Mapping[str, Any] | None = None,
        *,
        metadata: Mapping[str, Any] | None = None,
        buffers: Sequence[bytes] = (),
        parent: Mapping[str, Any] | None = None,
        comm_id: str | None = None,
    ) -> Comm:
        """Open a comm from our side; clients that do not know the target close it."""
        comm = Comm(self, comm_id or uuid.uuid4().hex, target)
        comm.handler = handler
        self._comms[comm.id] = comm
        content = {"data": dict(data or {}), "target_name": target}
        self.tell("comm_open", comm, content, metadata, buffers, parent)
        return comm

    # --- for the handlers of messages -----------------------------------------------------------

    async def opened(self, message: Message, request: CommOpen) -> None:
        """A client opens a comm."""
        comm = Comm(self, request.comm_id, request.target_name)
        target = self._targets.get(request.target_name)
        if target is None:
            self.parent = message.header
            self.tell("comm_close", comm, {"data": {}})
            return
        self._comms[comm.id] = comm
        news = CommNews(request.data, message.metadata, message.buffers)

        async def call() -> None:
            comm.handler = await target(comm, news)

        await self._call(message, call)
        if comm.handler is None:
            comm.close()

    async def received(self, message: Message, request: CommMessage) -> None:
        """A client says something over a comm; over one that is not there, nobody hears it."""
        comm = self._comms.get(request.comm_id)
        if comm is not None and comm.handler is not None:
            news = CommNews(request.data, message.metadata, message.buffers)
            handler = comm.handler
            await self._call(message, lambda: handler.received(news))

    async def closed(self, message: Message, request: CommMessage) -> None:
        """A client closes a comm."""
        comm = self._comms.get(request.comm_id)
        if comm is None:
            return
        self.forget(comm)
        if comm.handler is not None:
            news = CommNews(request.data, message.metadata, message.buffers)
            handler = comm.handler
            await self._call(message, lambda: handler.closed(news))

    def describe(self, target: str | None) -> dict[str, dict[str, str]]:
        """The open comms, or those of one target, as ``comm_info_reply`` has them."""
        return {
            comm.id: {"target_name": comm.target}
            for comm in self._comms.values()
            if target is None or comm.target == target
        }

    def close_all(self) -> None:
        """The kernel ends."""
        for comm in list(self._comms.values()):
            comm.close()

    # --- for comms ------------------------------------------------------------------------------

    def tell(
        self,
        kind: str,
        comm: Comm,
        content: Mapping[str, Any],
        metadata: Mapping[str, Any] | None = None,
        buffers: Sequence[bytes] = (),
        parent: Mapping[str, Any] | None = None,
    ) -> None:
        """Publish something about a comm."""
        whole = {"comm_id": comm.id, **content}
        header = self.parent if parent is None else parent
        self._kernel.flush_output()
        self._kernel.publish(kind, whole, header, metadata=metadata, buffers=buffers)

    def forget(self, comm: Comm) -> None:
        """It is closed."""
        comm.is_open = False
        self._comms.pop(comm.id, None)

    async def _call(self, message: Message, function: Callable[[], Awaitable[None]]) -> None:
        output = CellOutput(self._kernel, message)
        self.parent = message.header
        try:
            await self._kernel.manager.call(output, function)
        finally:
            output.flush()
