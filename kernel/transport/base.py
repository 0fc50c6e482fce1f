"""The port behind which bytes come and go."""

from typing import Protocol


class Transport(Protocol):
    """Two streams of bytes to one peer. Used on the loop's thread."""

    async def receive(self) -> bytes:
        """Some bytes, at least one; ``b""`` when the peer will send no more."""

    async def send(self, data: bytes) -> None:
        """Send all of ``data``; a peer that is gone is no error, the bytes are dropped."""

    async def close(self) -> None:
        """Close both streams; harmless when done twice."""
