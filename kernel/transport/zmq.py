"""ZeroMQ sockets on the event loop: read as soon as something arrives, written without waiting.

A socket's descriptor only says that something may have changed; therefore each socket is looked at
whenever the descriptor says so, and after every sending. What a peer does not take is dropped by
ZeroMQ once `HIGH_WATER` messages wait for it; the others do not notice. Bytes: `zmq_backlog`.

The library is the extra ``jupyter``.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kernel.core.errors import UserError
from kernel.core.extras import need
from kernel.transport.zmq_backlog import Backlog, Peers, monitor_event, system_address

if TYPE_CHECKING:
    import zmq

HIGH_WATER = 4_000
"""Messages that may wait for one peer."""

LINGER = 1_000
"""Milliseconds a closed socket still sends what it holds."""

AT_ONCE = 200
"""Messages read from one socket before the others have their turn."""

Take = Callable[[list[bytes]], None]


@dataclass(frozen=True, slots=True)
class CurveKeys:
    """What encrypts: the server's public key, and the secret one where we are the server (Z85)."""

    public: bytes
    secret: bytes | None = None


def library() -> Any:  # noqa: ANN401 - a module
    """The module ``zmq``; raises `UserError` where it is not installed."""
    return need("zmq", "ZeroMQ", "jupyter")


class SocketGroup:
    """Some sockets that come and go together. Used on the loop's thread."""

    def __init__(self, curve: CurveKeys | None = None) -> None:
        """Raises `UserError` where ZeroMQ is not installed."""
        self._zmq = library()
        self._context: zmq.Context[Any] = self._zmq.Context()
        self._loop = asyncio.get_running_loop()
        self._curve = curve
        self._sockets: dict[str, zmq.Socket[Any]] = {}
        self._takers: dict[str, Take] = {}
        self._scheduled: set[str] = set()
        self._backlogs: dict[str, Backlog] = {}
        self._echo: threading.Thread | None = None
        self._pauses: dict[str, asyncio.Task[None]] = {}

    # --- making sockets -------------------------------------------------------------------------

    def serve_requests(self, name: str, url: str, take: Take) -> str:
        """A ROUTER at ``url``; where it is bound. Raises `UserError` if that cannot be."""
        socket = self._socket(self._zmq.ROUTER)
        socket.setsockopt(self._zmq.ROUTER_HANDOVER, 1)
        return self._bind(name, socket, url, take)

    def serve_news(self, name: str, url: str, take: Take) -> str:
        """An XPUB at ``url``; ``take`` is given each subscription (a byte 1 and the topic).

        And each end of one (a byte 0 and the topic), also when the peer is gone.
        """
        socket = self._socket(self._zmq.XPUB)
        socket.setsockopt(self._zmq.XPUB_VERBOSER, 1)
        monitor = socket.get_monitor_socket(self._zmq.EVENT_ACCEPTED | self._zmq.EVENT_DISCONNECTED)
        bound = self._bind(name, socket, url, take)
        peers, accepted = Peers(system_address(bound)), int(self._zmq.EVENT_ACCEPTED)
        self._backlogs[name] = Backlog(self._zmq, peers)

        def hear(frames: list[bytes]) -> None:
            peers.hear(*monitor_event(frames), accepted)

        self._watch(f"{name} monitor", monitor, hear)
        return bound

    def backlog(self, name: str) -> Backlog:
        """What waits for the subscribers of a socket of `serve_news`."""
        return self._backlogs[name]

    def serve_echo(self, url: str) -> str:
        """What sends back whatever it is sent, in a thread that waits for nobody here."""
        socket = self._socket(self._zmq.ROUTER)
        bound = self._bound(socket, url)

        def echo() -> None:
            with contextlib.suppress(self._zmq.ZMQError):
                self._zmq.proxy(socket, socket)
            socket.close(0)

        self._echo = threading.Thread(target=echo, name="heartbeat", daemon=True)
        self._echo.start()
        return bound

    def connect_requests(self, name: str, url: str, identity: bytes, take: Take) -> None:
        """A DEALER to ``url``."""
        socket = self._socket(self._zmq.DEALER)
        socket.setsockopt(self._zmq.IDENTITY, identity)
        socket.connect(url)
        self._watch(name, socket, take)

    def connect_news(self, name: str, url: str, take: Take) -> None:
        """A SUB to ``url`` that hears everything."""
        socket = self._socket(self._zmq.SUB)
        socket.setsockopt(self._zmq.SUBSCRIBE, b"")
        socket.connect(url)
        self._watch(name, socket, take)

    # --- using them -----------------------------------------------------------------------------

    def send(self, name: str, frames: Sequence[bytes]) -> None:
        """Send a message now; it is dropped if nobody can take it."""
        socket = self._sockets.get(name)
        if socket is None:
            return
        backlog = self._backlogs.get(name)
        parts = frames if backlog is None else backlog.counted(frames)
        with contextlib.suppress(self._zmq.Again):
            socket.send_multipart(parts, self._zmq.NOBLOCK)
        self._look_again(name)

    def drain(self, name: str) -> None:
        """Take in all that has arrived at a socket."""
        while self._read(name, AT_ONCE) == AT_ONCE:
            pass

    def pause(self, name: str, rest: Coroutine[Any, Any, None]) -> None:
        """Take nothing more from a socket until ``rest`` is over: its peers are held back."""
        if name in self._pauses:
            rest.close()
            return

        def go_on(_task: asyncio.Task[None]) -> None:
            del self._pauses[name]
            self._look_again(name)

        self._pauses[name] = self._loop.create_task(rest)
        self._pauses[name].add_done_callback(go_on)

    async def close(self, linger: int = LINGER) -> None:
        """Send what is left, for ``linger`` milliseconds at most, and close."""
        for pause in self._pauses.values():
            pause.cancel()
        for name, backlog in self._backlogs.items():
            backlog.close()
            self._sockets[name].disable_monitor()
        for name, socket in list(self._sockets.items()):
            self._loop.remove_reader(int(socket.getsockopt(self._zmq.FD)))
            socket.close(linger)
            del self._sockets[name]
        await asyncio.to_thread(self._context.term)

    def _socket(self, kind: int) -> zmq.Socket[Any]:
        socket: zmq.Socket[Any] = self._context.socket(kind)
        socket.setsockopt(self._zmq.SNDHWM, HIGH_WATER)
        socket.setsockopt(self._zmq.LINGER, LINGER)
        if self._curve is not None:
            self._encrypt(socket, self._curve)
        return socket

    def _encrypt(self, socket: zmq.Socket[Any], curve: CurveKeys) -> None:
        if curve.secret is not None:
            socket.curve_publickey, socket.curve_secretkey = curve.public, curve.secret
            socket.curve_server = True
        else:
            socket.curve_publickey, socket.curve_secretkey = self._zmq.curve_keypair()
            socket.curve_serverkey = curve.public

    def _bind(self, name: str, socket: zmq.Socket[Any], url: str, take: Take) -> str:
        bound = self._bound(socket, url)
        self._watch(name, socket, take)
        return bound

    def _bound(self, socket: zmq.Socket[Any], url: str) -> str:
        try:
            socket.bind(url)
        except self._zmq.ZMQError as error:
            socket.close(0)
            reason = self._zmq.strerror(error.errno)  # the error's own text has the address again
            raise UserError(f"cannot listen on {url}: {reason}") from error
        return bytes(socket.getsockopt(self._zmq.LAST_ENDPOINT)).rstrip(b"\0").decode()

    # --- reading --------------------------------------------------------------------------------

    def _watch(self, name: str, socket: zmq.Socket[Any], take: Take) -> None:
        self._sockets[name], self._takers[name] = socket, take
        self._loop.add_reader(int(socket.getsockopt(self._zmq.FD)), self._look, name)
        self._look_again(name)

    def _look_again(self, name: str) -> None:
        if name not in self._scheduled:
            self._scheduled.add(name)
            self._loop.call_soon(self._look_scheduled, name)

    def _look_scheduled(self, name: str) -> None:
        self._scheduled.discard(name)
        self._look(name)

    def _look(self, name: str) -> None:
        is_read = False
        try:
            is_read = self._read(name, AT_ONCE) < AT_ONCE
        finally:
            if not is_read:  # also when a message brings a fault: the descriptor won't tell again
                self._look_again(name)

    def _read(self, name: str, most: int) -> int:
        count = 0
        while count < most and (socket := self._sockets.get(name)) is not None:
            if name in self._pauses:
                socket.getsockopt(self._zmq.EVENTS)  # else its descriptor wakes us again and again
                break
            try:
                frames = socket.recv_multipart(self._zmq.NOBLOCK)
            except self._zmq.Again:
                break
            count += 1
            self._takers[name](frames)
        return count
