"""What every Transport promises, run over all of them."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator

import pytest

from kernel.transport.base import Transport
from kernel.transport.memory import MemoryTransport, memory_pair
from kernel.transport.stdio import StdioTransport
from kernel.transport.tcp import Listener, TcpTransport, adopt, connect
from kernel.transport.websocket import (
    WebSocketListener,
    WebSocketTransport,
    connect_websocket,
)

DEADLINE = 20.0
Pair = tuple[Transport, Transport]

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """Run on asyncio."""
    return "asyncio"


async def over_pipes() -> Pair:
    """Two pipes."""
    (there, back_end), (back, there_end) = os.pipe(), os.pipe()
    return StdioTransport(back, back_end), StdioTransport(there, there_end)


async def over_stdio_sockets() -> Pair:
    """A socket pair, as some editors give it."""
    one, other = socket.socketpair()
    return _over(one), _over(other)


def _over(end: socket.socket) -> StdioTransport:
    return StdioTransport(os.dup(end.fileno()), end.detach())


async def over_adopted_sockets() -> Pair:
    """Accepted sockets, handed over."""
    one, other = socket.socketpair()
    return await adopt(one), await adopt(other)


async def over_tcp() -> Pair:
    """A connection on loopback."""
    accepted: asyncio.Future[TcpTransport] = asyncio.get_running_loop().create_future()

    async def serve(transport: TcpTransport) -> None:
        accepted.set_result(transport)
        await asyncio.Event().wait()

    listener = await Listener.start("127.0.0.1", 0, serve)
    client = await connect(listener.host, listener.port)
    server = await accepted
    listener.close()
    return client, server


async def over_memory() -> Pair:
    """No system calls at all."""
    return memory_pair()


async def over_websockets() -> Pair:
    """Two ends of a WebSocket."""
    accepted: asyncio.Future[WebSocketTransport] = asyncio.get_running_loop().create_future()

    async def serve(transport: WebSocketTransport) -> None:
        accepted.set_result(transport)
        await asyncio.Event().wait()

    listener = await WebSocketListener.start("127.0.0.1", 0, serve)
    client = await connect_websocket(f"ws://{listener.host}:{listener.port}")
    return client, await accepted


MAKERS = [
    over_pipes,
    over_stdio_sockets,
    over_adopted_sockets,
    over_tcp,
    over_websockets,
    over_memory,
]


@pytest.fixture(params=MAKERS, ids=lambda maker: maker.__name__)
async def pair(request: pytest.FixtureRequest, anyio_backend: str) -> AsyncIterator[Pair]:
    """Two ends of each kind of transport."""
    ends = await request.param()
    yield ends
    for end in ends:
        await end.close()


async def read_exactly(transport: Transport, size: int) -> bytes:
    """Receive until there are so many bytes, or the end."""
    got = b""
    async with asyncio.timeout(DEADLINE):
        while len(got) < size and (data := await transport.receive()):
            got += data
    return got


async def test_bytes_arrive_both_ways(pair: Pair) -> None:
    """What one end sends the other receives, every byte value."""
    one, other = pair
    data = bytes(range(256))
    await one.send(data)
    await other.send(data[::-1])
    assert data == await read_exactly(other, 256)
    assert data[::-1] == await read_exactly(one, 256)


async def test_order_is_kept(pair: Pair) -> None:
    """Many small sends arrive as one stream in their order."""
    one, other = pair
    parts = [b"%d," % number for number in range(500)]
    reading = asyncio.create_task(read_exactly(other, len(b"".join(parts))))
    for part in parts:
        await one.send(part)
    assert b"".join(parts) == await reading


async def test_a_large_message_passes_whole(pair: Pair) -> None:
    """Eight megabytes, far more than any buffer holds, arrive while they are read."""
    one, other = pair
    data = os.urandom(1 << 20) * 8
    sending = asyncio.create_task(one.send(data))
    assert data == await read_exactly(other, len(data))
    await sending


async def test_sending_waits_for_a_peer_that_does_not_read(pair: Pair) -> None:
    """There is back-pressure: endless sending does not fill the memory."""
    one, other = pair
    if isinstance(one, MemoryTransport):
        pytest.skip("its peer is in the same process and loop, and reads in turn")
    piece, sent = bytes(1 << 20), 0

    async def send_for_ever() -> None:
        nonlocal sent
        while sent < 64:
            await one.send(piece)
            sent += 1

    sending = asyncio.create_task(send_for_ever())
    for _ in range(200):
        await asyncio.sleep(0)
    done, _ = await asyncio.wait([sending], timeout=0.2)
    assert not done
    assert len(piece) == len((await read_exactly(other, len(piece)))[: len(piece)])
    sending.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await sending


async def test_the_end_is_an_empty_receive(pair: Pair) -> None:
    """After the peer has closed, what it sent arrives, then ``b""`` again and again."""
    one, other = pair
    await one.send(b"last words")
    closing = asyncio.create_task(one.close())
    assert b"last words" == await read_exactly(other, 10)
    assert b"" == await asyncio.wait_for(other.receive(), DEADLINE)
    assert b"" == await asyncio.wait_for(other.receive(), DEADLINE)
    await closing


async def test_sending_to_nobody_is_no_error(pair: Pair) -> None:
    """The bytes for a peer that is gone are dropped."""
    one, other = pair
    await asyncio.gather(other.close(), one.receive())
    async with asyncio.timeout(DEADLINE):
        for _ in range(10):
            await one.send(b"anybody there?" * 1000)


async def test_closing_twice_is_harmless(pair: Pair) -> None:
    """And after it nothing is received and sending is dropped."""
    one, _ = pair
    async with asyncio.timeout(DEADLINE):
        await one.close()
        await one.close()
        await one.send(b"x")
        assert b"" == await one.receive()
