"""Two transports that are each other's peers, in one process and one loop."""

from collections import deque

import anyio
import anyio.lowlevel


class MemoryTransport:
    """One end of a pair; what one sends the other receives, in pieces as they were sent."""

    def __init__(self) -> None:
        self._arrived: deque[bytes] = deque()
        self._news = anyio.Event()
        self._is_over = False
        self._peer: MemoryTransport | None = None

    async def receive(self) -> bytes:
        """What the peer sent next; ``b""`` once one of the two has closed."""
        while not self._arrived and not self._is_over:
            self._news = anyio.Event()
            await self._news.wait()
        return self._arrived.popleft() if self._arrived else b""

    async def send(self, data: bytes) -> None:
        """Hand ``data`` to the peer; dropped when one of the two has closed."""
        peer = self._peer
        if data and peer is not None and not peer._is_over and not self._is_over:
            peer._arrived.append(data)
            peer._news.set()
        await anyio.lowlevel.checkpoint()

    async def close(self) -> None:
        """End both directions; the peer still receives what was sent before."""
        for end in (self, self._peer):
            if end is not None:
                end._is_over = True
                end._news.set()


def memory_pair() -> tuple[MemoryTransport, MemoryTransport]:
    """Two ends, each the other's peer."""
    one, other = MemoryTransport(), MemoryTransport()
    one._peer, other._peer = other, one
    return one, other
