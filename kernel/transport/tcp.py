"""TcpTransport: a peer at the other end of a socket; how to connect, adopt and listen."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Iterator

READ_SIZE = 65_536
LINGER = 0.5
"""Seconds the peer has to take the last bytes and close its side before ours is cut off."""


class TcpTransport:
    """Implements `Transport` over asyncio streams; sending waits for a peer that reads slowly."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        writer.transport.set_write_buffer_limits(high=0)  # so that `send` waits for the system
        self._receiving = False
        self._closed = False

    async def receive(self) -> bytes:
        """Some bytes; ``b""`` when the peer has closed or reset the connection."""
        self._receiving = True
        try:
            return await self._reader.read(READ_SIZE)
        except OSError:
            return b""
        finally:
            self._receiving = False

    async def send(self, data: bytes) -> None:
        """Send all of ``data``; returns when the system has taken it."""
        if self._closed:
            return
        with contextlib.suppress(OSError):
            self._writer.write(data)
            await self._writer.drain()

    async def close(self) -> None:
        """Send what is left, tell the peer that this was all, and close.

        A socket closed while bytes of the peer lie unread is reset, and the peer loses what it has
        not read yet; therefore what still comes is read and dropped for a moment.
        """
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(LINGER):
                await self._say_goodbye()
        self._writer.transport.abort()

    async def _say_goodbye(self) -> None:
        self._writer.write_eof()
        while not self._receiving and await self._reader.read(READ_SIZE):
            pass
        if self._receiving:
            self._writer.close()
            await self._writer.wait_closed()


@contextlib.contextmanager
def _impossible_names() -> Iterator[None]:
    """Names that cannot even be looked up are as unknown as others."""
    try:
        yield
    except UnicodeError as error:
        raise socket.gaierror(socket.EAI_NONAME, "No host can have that name") from error


async def connect(host: str, port: int) -> TcpTransport:
    """Connect to a listening peer; raises `OSError` when nobody listens."""
    with _impossible_names():
        return TcpTransport(*await asyncio.open_connection(host, port))


async def adopt(connection: socket.socket) -> TcpTransport:
    """Make a transport of a connected socket, which belongs to the transport from now on."""
    connection.setblocking(False)
    return TcpTransport(*await asyncio.open_connection(sock=connection))


def listening_socket(host: str, port: int) -> socket.socket:
    """A socket that listens at ``host``:``port`` (0 lets the system choose one).

    Raises `OSError`: the address is taken, is not of this machine, or is not allowed.
    """
    with _impossible_names():
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


def shown_address(host: str, port: int) -> str:
    """``HOST:PORT``, an IPv6 address in brackets (RFC 3986 section 3.2.2)."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class Listener:
    """Accepts connections and runs ``serve(transport)`` for each, which closes it."""

    def __init__(self, server: asyncio.Server) -> None:
        self._server = server
        name = server.sockets[0].getsockname()
        self.host: str = name[0]
        self.port: int = name[1]

    @classmethod
    async def start(
        cls, host: str, port: int, serve: Callable[[TcpTransport], Awaitable[None]]
    ) -> "Listener":
        """Listen at ``host``:``port``; raises `OSError` as `listening_socket` does."""
        return await cls.on(listening_socket(host, port), serve)

    @classmethod
    async def on(
        cls, listener: socket.socket, serve: Callable[[TcpTransport], Awaitable[None]]
    ) -> "Listener":
        """Accept what comes to a socket that listens already."""

        async def welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            # Cancelled with the loop; asyncio would tell of it as of a bug.
            with contextlib.suppress(asyncio.CancelledError):
                await serve(TcpTransport(reader, writer))

        return cls(await asyncio.start_server(welcome, sock=listener))

    def close(self) -> None:
        """Accept no more; connections that are there stay."""
        self._server.close()
