"""Serving clients: one on stdin and stdout, or any number over TCP."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Callable

from kernel.transport.base import Transport
from kernel.transport.stdio import StdioTransport, claim_stdio
from kernel.transport.tcp import TcpTransport, listening_socket, shown_address
from lsp_server.inbox import Inbox
from lsp_server.messages import contents
from lsp_server.server import TURNS, LuaLanguageServer

MakeServer = Callable[[], LuaLanguageServer]

GOODBYE = 1.0
"""Seconds that clients have to take what was sent to them before a server of many ends."""

_log = logging.getLogger(__name__)


class Outbox:
    """What pygls writes to: messages leave in the order in which they came."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._waiting: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._task = asyncio.create_task(self._send())

    def write(self, data: bytes) -> None:
        """Send this after all that was written before."""
        self._waiting.put_nowait(data)

    async def close(self) -> None:
        """Send what is left, and close the transport."""
        self._waiting.put_nowait(None)
        await self._task
        await self._transport.close()

    async def _send(self) -> None:
        while (data := await self._waiting.get()) is not None:
            await self._transport.send(data)


async def serve(server: LuaLanguageServer, transport: Transport) -> int:
    """Serve a client until it exits or goes; the exit status it should see."""
    outbox = Outbox(transport)
    reader = asyncio.StreamReader()
    server.protocol.set_writer(outbox)  # type: ignore[arg-type]
    receiving = asyncio.create_task(_receive(transport, reader))
    try:
        await _serve_messages(server, reader)
    except (asyncio.IncompleteReadError, ValueError) as error:  # it went, or is no LSP client
        _log.warning("The client's message cannot be read: %s", error)
    finally:
        receiving.cancel()
        server.end()
        await outbox.close()
    return server.protocol.exit_status


async def _serve_messages(server: LuaLanguageServer, reader: asyncio.StreamReader) -> None:
    inbox = Inbox()
    reading = asyncio.create_task(_read(server, reader, inbox))
    try:
        while (message := await inbox.next()) is not None:
            try:
                server.protocol.serve(message)
            except Exception:  # one message's surprise is no reason to serve no other
                _log.exception("A message could not be served")
            if server.protocol.has_exited.is_set():
                return
            for _turn in range(TURNS):  # what has come may cancel what waits
                await asyncio.sleep(0)
        await reading
    finally:
        reading.cancel()


async def _read(server: LuaLanguageServer, reader: asyncio.StreamReader, inbox: Inbox) -> None:
    try:
        async for content in contents(reader):
            server.protocol.receive(content, inbox)
    finally:
        inbox.end()


async def _receive(transport: Transport, reader: asyncio.StreamReader) -> None:
    while data := await transport.receive():
        reader.feed_data(data)
    reader.feed_eof()


def serve_stdio(make_server: MakeServer) -> int:
    """Serve the client at stdin and stdout; what anybody prints goes to stderr."""
    _prepare()

    async def run() -> int:
        return await serve(make_server(), StdioTransport(*claim_stdio()))

    status = asyncio.run(run())
    _leave()
    return status


def serve_clients(host: str, port: int, make_server: MakeServer) -> None:
    """Serve all who connect until SIGINT or SIGTERM; says on stderr where. Raises `OSError`."""
    _prepare()
    listener = listening_socket(host, port)
    where = listener.getsockname()
    clients: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        clients.add(task)
        try:
            await serve(make_server(), TcpTransport(reader, writer))
        except asyncio.CancelledError:  # by the end below; asyncio would tell of it as of a bug
            pass
        except Exception:  # this client's end; the others' server goes on
            _log.exception("A client could not be served")
        finally:
            clients.discard(task)

    async def run() -> None:
        ending = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, ending.set)
        server = await asyncio.start_server(connected, sock=listener)
        sys.stderr.write(f"listening on {shown_address(*where[:2])}\n")
        sys.stderr.flush()
        await ending.wait()
        server.close()
        for task in clients:
            task.cancel()
        if clients:
            await asyncio.wait(clients, timeout=GOODBYE)

    asyncio.run(run())
    _leave()


def _prepare() -> None:
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="llmspell: %(message)s")
    # Trees of names are many objects that live long: looking through them again and again for
    # garbage costs more than analysing them.
    gc.set_threshold(50_000, 20, 50)


def _leave() -> None:
    # Nobody needs what is left: without this the interpreter looks through all of it once more
    # and takes it apart, for seconds after a long file.
    gc.freeze()
