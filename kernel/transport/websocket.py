"""WebSocketTransport: a peer at the other end of a WebSocket (RFC 6455), as a stream of bytes.

Messages are binary; where one ends means nothing. The library is the extra ``websocket``.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol

from kernel.core.extras import need

if TYPE_CHECKING:
    from websockets.asyncio.server import Server, ServerConnection

MAX_MESSAGE = 64 * 1024 * 1024
CLOSE_TIMEOUT = 0.5
"""Seconds the peer has to say goodbye too."""


class _Connection(Protocol):
    """What a client's and a server's end of a connection have in common."""

    transport: asyncio.Transport

    async def recv(self) -> str | bytes: ...

    async def send(self, message: bytes) -> None: ...

    async def close(self) -> None: ...


class WebSocketTransport:
    """Implements `Transport`; sending waits for a peer that reads slowly."""

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection

    async def receive(self) -> bytes:
        """Some bytes; ``b""`` when the peer has closed or the connection broke."""
        data: str | bytes = b""
        with contextlib.suppress(_library().ConnectionClosed):
            while not data:
                data = await self._connection.recv()
        return data.encode() if isinstance(data, str) else data

    async def send(self, data: bytes) -> None:
        """Send all of ``data``."""
        if data:
            with contextlib.suppress(_library().ConnectionClosed):
                await self._connection.send(data)

    async def close(self) -> None:
        """Say goodbye and close; harmless when done twice.

        A peer that reads nothing hears no goodbye either; then the connection is cut off.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2 * CLOSE_TIMEOUT):
                await self._connection.close()
        self._connection.transport.abort()


async def connect_websocket(url: str) -> WebSocketTransport:
    """Connect to ``ws://host:port``; raises `OSError` when nobody listens or it is no WebSocket."""
    library = _library()
    from websockets.asyncio.client import connect

    try:
        connection = await connect(
            url, max_size=MAX_MESSAGE, close_timeout=CLOSE_TIMEOUT, compression=None, proxy=None
        )
    except library.WebSocketException as error:
        raise ConnectionError(f"{url} does not answer as a WebSocket: {error}") from error
    return WebSocketTransport(connection)


class WebSocketListener:
    """Accepts connections and runs ``serve(transport)`` for each."""

    def __init__(self, server: Server) -> None:
        self._server = server
        name = next(iter(server.sockets)).getsockname()
        self.host: str = name[0]
        self.port: int = name[1]

    @classmethod
    async def start(
        cls, host: str, port: int, serve: Callable[[WebSocketTransport], Awaitable[None]]
    ) -> WebSocketListener:
        """Listen at ``host``:``port``; raises `OSError`, and `UserError` without the library."""
        _library()
        from websockets.asyncio.server import serve as listen

        async def welcome(connection: ServerConnection) -> None:
            await serve(WebSocketTransport(connection))

        server = await listen(
            welcome,
            host,
            port,
            max_size=MAX_MESSAGE,
            close_timeout=CLOSE_TIMEOUT,
            compression=None,
            write_limit=65_536,
        )
        return cls(server)

    def close(self) -> None:
        """Accept no more, and close what is there."""
        self._server.close()


def _library() -> Any:  # noqa: ANN401 - a module
    return need("websockets.exceptions", "A WebSocket", "websocket")
