"""Links: the ways from a client to a kernel. Each carries whole messages, both ways.

`MemoryLink` leads to a kernel in this process and loop, and nothing is serialised; `ZmqLink` to the
five sockets of any Jupyter kernel; `LineLink` over a `Transport` to one that takes lines.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from kernel.core.errors import UserError
from kernel.jupyter.connection import ConnectionInfo
from kernel.jupyter.kernel import JupyterKernel
from kernel.jupyter.line_clients import receive_line
from kernel.jupyter.lines import MAX_LINE, ConnectionRefused, Handshake, LineCodec, LineSplitter
from kernel.jupyter.messages import BadMessage, Channel, Message
from kernel.jupyter.signing import Frames, Signer, WrongSignature
from kernel.transport.base import Transport
from kernel.transport.room import Room
from kernel.transport.zmq import LINGER, CurveKeys, SocketGroup, Take

HEARTBEAT_DEADLINE = 3.0

KNOCKING = 0.5
"""Seconds in which it shows whether somebody listens at an address of this machine."""

_log = logging.getLogger(__name__)


class KernelLost(UserError):
    """The connection to the kernel has ended; the text says how."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What keeps a kernel from answering."""

    text: str
    """The end of a sentence."""
    may_pass: bool = True
    """Whether it may answer later, as one that is just being started."""


class Ear(Protocol):
    """Whoever is told what comes over a link."""

    session: str
    """The client's name."""
    room: Room
    """Whether it has room for more; who brings it messages waits for that."""

    def receive(self, message: Message) -> None:
        """A message has come."""

    def lose(self, reason: KernelLost) -> None:
        """Nothing comes any more."""


class Link(Protocol):
    """A client's end. Used on the loop's thread."""

    tells_end: bool
    """Whether whoever waits hears by itself that the kernel is gone; else it is to be asked."""

    async def open(self, ear: Ear) -> None:
        """Connect; raises `UserError` when there is nobody to connect to."""

    def send(self, message: Message) -> None:
        """Send a request."""

    async def is_alive(self) -> bool:
        """Whether the kernel's process answers."""

    async def trouble(self) -> Trouble | None:
        """Why it does not answer, as far as that can be seen from here."""

    async def close(self) -> None:
        """Leave; harmless when done twice."""


ANOTHER_KEY = Trouble(
    "it has another key than the one its messages are checked with; the right one is in its own "
    "connection file.",
    may_pass=False,
)

NO_KEY = Trouble(
    "it signs its messages with a key, and none was said; the key is in its own connection file.",
    may_pass=False,
)


async def refusal_at(url: str) -> str:
    """Why nobody can connect to a URL of ZeroMQ's; empty where somebody listens, or is slow."""
    kind, _, place = url.partition("://")
    try:
        async with asyncio.timeout(KNOCKING):
            if kind == "ipc":
                _, writer = await asyncio.open_unix_connection(place)
            else:
                host, _, port = place.rpartition(":")
                _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
            writer.close()
    except TimeoutError:
        return ""
    except UnicodeError:
        return "no host can have that name"
    except OSError as error:
        return os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
    return ""


class MemoryClient:
    """Implements `Client`, in the kernel's own process."""

    transport = "memory"

    def __init__(self, ear: Ear) -> None:
        self._ear = ear

    def send(self, message: Message) -> None:
        """Hand the message over."""
        try:
            self._ear.receive(message)
        except Exception:
            _log.exception("A client failed on %s", message.type)

    @property
    def is_congested(self) -> bool:
        """Whether much waits to be read."""
        return self._ear.room.is_congested

    async def wait_for_room(self) -> None:
        """Wait for it, for a while; see `Room`."""
        await self._ear.room.wait()


class MemoryLink:
    """Implements `Link`; who only listens is not told that the kernel has ended."""

    tells_end = True

    def __init__(self, kernel: JupyterKernel) -> None:
        self._kernel = kernel
        self._client: MemoryClient | None = None
        self._unsubscribe: Callable[[], None] = lambda: None

    async def open(self, ear: Ear) -> None:
        """Hear what is published."""
        self._client = MemoryClient(ear)
        self._unsubscribe = self._kernel.subscribe(self._client)
        self._client.send(self._kernel.welcome())

    def send(self, message: Message) -> None:
        """Hand the message over."""
        if self._client is not None:
            self._kernel.receive(message, self._client)

    async def is_alive(self) -> bool:
        """Whether it has been shut down."""
        return not self._kernel.ended.is_set()

    async def trouble(self) -> Trouble | None:
        """None that could be seen."""
        return None

    async def close(self) -> None:
        """Hear nothing any more."""
        client, self._client = self._client, None
        if client is not None:
            self._unsubscribe()
            self._kernel.forget_client(client)


class ZmqLink:
    """Implements `Link`."""

    tells_end = False

    def __init__(self, info: ConnectionInfo) -> None:
        self._info = info
        self._frames = Frames(Signer(info.key.encode(), info.signature_scheme))
        self._sockets: SocketGroup | None = None
        self._ear: Ear | None = None
        self._beat = asyncio.Event()
        self._has_heard = self._has_another_key = False

    async def open(self, ear: Ear) -> None:
        """Connect the five sockets; whether anybody is there shows in the first answer."""
        self._sockets = self.connect(ear, (Channel.SHELL, Channel.CONTROL, Channel.STDIN))
        self._sockets.connect_news(
            Channel.IOPUB, self._info.url("iopub"), self._taking(Channel.IOPUB)
        )
        beat = self._beat
        self._sockets.connect_requests(
            "hb", self._info.url("hb"), ear.session.encode(), lambda _frames: beat.set()
        )

    def connect(self, ear: Ear, channels: Sequence[Channel]) -> SocketGroup:
        """Connect those that requests are sent on."""
        self._ear = ear
        public = self._info.curve_publickey
        self._sockets = SocketGroup(CurveKeys(public.encode()) if public else None)
        for channel in channels:
            self._sockets.connect_requests(
                channel, self._info.url(channel), ear.session.encode(), self._taking(channel)
            )
        return self._sockets

    def send(self, message: Message) -> None:
        """Sign and send."""
        if self._sockets is not None:
            self._sockets.send(message.channel, self._frames.encode(message))

    async def is_alive(self) -> bool:
        """Whether its heartbeat answers."""
        if self._sockets is None:
            return False
        self._beat.clear()
        self._sockets.send("hb", [b"ping"])
        try:
            await asyncio.wait_for(self._beat.wait(), HEARTBEAT_DEADLINE)
        except TimeoutError:
            return False
        return True  # another who asks may have cleared it by now

    async def trouble(self) -> Trouble | None:
        """It signs with another key, or with one at all, or nobody listens."""
        if self._has_another_key:
            return ANOTHER_KEY if self._info.key else NO_KEY
        shell = self._info.url(Channel.SHELL)
        refused = await refusal_at(shell)
        return Trouble(f"nobody listens at {shell} ({refused}).") if refused else None

    async def close(self) -> None:
        """Close the sockets."""
        sockets, self._sockets = self._sockets, None
        if sockets is not None:
            await sockets.close(LINGER if self._has_heard else 0)

    def _heard(self, message: Message) -> None:
        if self._ear is None:
            return
        self._ear.receive(message)
        if message.channel == Channel.IOPUB and self._ear.room.is_congested and self._sockets:
            self._sockets.pause(message.channel, self._ear.room.wait())

    def _taking(self, channel: Channel) -> Take:
        def take(frames: list[bytes]) -> None:
            try:
                if not self._info.key and self._frames.is_signed(frames):
                    raise WrongSignature("A message is signed, and there is no key to check it.")
                _, message = self._frames.decode(channel, frames)
            except BadMessage as bad:
                if isinstance(bad, WrongSignature) and not self._has_heard:
                    self._has_another_key = True  # whoever waits for an answer is told
                    return
                _log.warning("A message on %s is not heard: %s", channel, bad)
            else:
                self._has_heard, self._has_another_key = True, False
                self._heard(message)

        return take


class LineLink:
    """Implements `Link` over a transport, which it owns from now on."""

    tells_end = True

    def __init__(self, transport: Transport, key: str) -> None:
        self._transport, self._key = transport, key.encode()
        self._lines = LineSplitter()
        self._codec: LineCodec | None = None
        self._outgoing: asyncio.Queue[bytes] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._is_closed = False

    async def open(self, ear: Ear) -> None:
        """Prove that we have the key, and that the kernel has it; raises `ConnectionRefused`."""
        handshake = Handshake(self._key)
        reply, proof, codec = handshake.reply_to(await self._next_line())
        await self._transport.send(reply)
        handshake.check(await self._next_line(), proof)
        self._codec = codec
        self._lines.limit = MAX_LINE
        self._tasks = [
            asyncio.create_task(self._read(ear, codec)),
            asyncio.create_task(self._write()),
        ]

    def send(self, message: Message) -> None:
        """Send a line."""
        if self._codec is not None:
            self._outgoing.put_nowait(self._codec.encode(message))

    async def is_alive(self) -> bool:
        """Whether the connection stands."""
        return bool(self._tasks) and not self._tasks[0].done()

    async def trouble(self) -> Trouble | None:
        """None that could be seen: a connection that ends is told of at once."""
        return None

    async def close(self) -> None:
        """Send what is left and close the transport."""
        if self._is_closed:
            return
        self._is_closed = True
        while not self._outgoing.empty():
            await self._transport.send(self._outgoing.get_nowait())
        for task in self._tasks:
            task.cancel()
        await self._transport.close()

    async def _next_line(self) -> bytes:
        line = await receive_line(self._transport, self._lines)
        if line is None:
            raise ConnectionRefused("The peer closed the connection before it said who it is.")
        return line

    async def _read(self, ear: Ear, codec: LineCodec) -> None:
        problem = "The kernel has closed the connection."
        try:
            while (line := await receive_line(self._transport, self._lines)) is not None:
                ear.receive(codec.decode(line))
                if ear.room.is_congested:
                    await ear.room.wait()
        except UserError as error:
            problem = str(error)
        if not self._is_closed:
            ear.lose(KernelLost(problem))

    async def _write(self) -> None:
        while True:
            await self._transport.send(await self._outgoing.get())
