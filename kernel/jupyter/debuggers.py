"""DebuggerTable: the kernel's debuggers, the one that notebooks share and those of single clients.

What one notebook sets with ``setBreakpoints`` replaces what another has set for the same source:
front ends of Jupyter mean one debugger, whose events all of them hear as ``debug_event``. A client
that wants one of its own says so in the metadata of each ``debug_request``
(``llmspell.private_debugger``); its events are published as ``private_debug_event``, which names
the client's session, and others pass over it.

A client may vanish without a word, and its program must not stand for ever at a breakpoint of
nobody. The shared debugger is closed when the last connection is that it was used over; over ZeroMQ
nobody hears that one client is gone, but when nobody listens any more. A private debugger that is
not heard of for `LEASE` seconds is closed, too.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from kernel.core.errors import UserError
from kernel.core.loading import LoadedOnce
from kernel.jupyter.calls import Client
from kernel.jupyter.connection import ZMQ
from kernel.jupyter.debug import DebugEndpoint, DebugEndpointFactory
from kernel.jupyter.messages import Content, Message
from kernel.jupyter.router import METADATA

PRIVATE = "private_debugger"
PRIVATE_EVENT = "private_debug_event"

LEASE = 30.0
"""Seconds after which a private debugger that nobody uses is closed."""


class Publish(Protocol):
    """Tells all clients."""

    def __call__(self, kind: str, content: Content, parent: Mapping[str, Any]) -> None:
        """Publish a message of a kind under a parent header."""


OVERTAKES = "cancel"
"""The one request that does not wait until those before it have been answered."""


class _Debugger:
    """An endpoint, whose requests come one after the other."""

    def __init__(self, endpoint: Callable[["_Debugger"], DebugEndpoint]) -> None:
        self.turn = asyncio.Lock()
        self.parent: Mapping[str, Any] = {}
        self.client: Client | None = None
        self.lease: asyncio.TimerHandle | None = None
        self.users: set[Client | str] = set()
        """Of the shared one: the connections it was used over, ZeroMQ being one of all clients."""
        self.endpoint = endpoint(self)

    async def handle(self, message: Message) -> Content:
        if message.content.get("command") == OVERTAKES:
            return await self.endpoint.handle(message.content)
        async with self.turn:
            self.parent = message.header
            return await self.endpoint.handle(message.content)

    async def close(self) -> None:
        if self.lease is not None:
            self.lease.cancel()
        await self.endpoint.close()


class DebuggerTable:
    """Who debugs the program of one kernel. Used on the loop's thread."""

    def __init__(
        self,
        publish: Publish,
        make: DebugEndpointFactory | None,
        lease: float = LEASE,
        load: Callable[[], object] = lambda: None,
    ) -> None:
        """``load`` is called once, in a thread, before ``make``: it imports what that takes."""
        self._publish, self._make, self._lease = publish, make, lease
        self._loading, self._loaded = asyncio.Lock(), LoadedOnce(load)
        self._shared: _Debugger | None = None
        self._private: dict[str, _Debugger] = {}
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def can_debug(self) -> bool:
        """Whether ``debug_request`` is served."""
        return self._make is not None

    async def handle(self, message: Message, client: Client) -> Content:
        """Serve a ``debug_request``; raises `UserError` where there is no debugger."""
        if self._make is None:
            raise UserError("This kernel has no debugger.")
        async with self._loading:  # a lock is fair: requests keep their order meanwhile
            await self._loaded.get()
        said = message.metadata.get(METADATA)
        if isinstance(said, Mapping) and said.get(PRIVATE) is True:
            return await self._handle_private(message, client, self._make)
        if self._shared is None:
            self._shared = _shared(self._publish, self._make)
        self._shared.users.add(ZMQ if client.transport == ZMQ else client)
        return await self._shared.handle(message)

    def leave(self, client: Client) -> None:
        """A connection is closed: the breakpoints that came over it go with it."""
        for session, debugger in list(self._private.items()):
            if debugger.client is client:
                self.forget(session)
        self._leave_shared(client)

    def leave_zmq(self) -> None:
        """Nobody listens any more over ZeroMQ."""
        self._leave_shared(ZMQ)

    def _leave_shared(self, user: Client | str) -> None:
        shared = self._shared
        if shared is not None and user in shared.users:
            shared.users.discard(user)
            if not shared.users:
                self._shared = None
                self._close(shared)

    def forget(self, session: str) -> None:
        """Close the private debugger of a session; harmless where there is none."""
        debugger = self._private.pop(session, None)
        if debugger is not None:
            self._close(debugger)

    def _close(self, debugger: _Debugger) -> None:
        task = asyncio.get_running_loop().create_task(debugger.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """Close all; whoever asks again gets a new one."""
        leaving = [*self._private.values(), *filter(None, [self._shared])]
        self._private.clear()
        self._shared = None
        for each in leaving:
            await each.close()
        if self._closing:
            await asyncio.wait(self._closing)

    async def _handle_private(
        self, message: Message, client: Client, make: DebugEndpointFactory
    ) -> Content:
        session = message.session
        if session not in self._private:
            self._private[session] = _private(self._publish, make, session)
        debugger = self._private[session]
        debugger.client = client
        if debugger.lease is not None:
            debugger.lease.cancel()
        answer = await debugger.handle(message)
        if message.content.get("command") == "disconnect":
            self.forget(session)
        elif self._private.get(session) is debugger:
            loop = asyncio.get_running_loop()
            if debugger.lease is not None:
                debugger.lease.cancel()
            debugger.lease = loop.call_later(self._lease, self.forget, session)
        return answer


def _shared(publish: Publish, make: DebugEndpointFactory) -> _Debugger:
    return _Debugger(
        lambda debugger: make(lambda event: publish("debug_event", event, debugger.parent))
    )


def _private(publish: Publish, make: DebugEndpointFactory, session: str) -> _Debugger:
    def tell(debugger: _Debugger, event: Mapping[str, Any]) -> None:
        publish(PRIVATE_EVENT, {"session": session, "event": event}, debugger.parent)

    return _Debugger(lambda debugger: make(lambda event: tell(debugger, event)))
