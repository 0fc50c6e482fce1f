"""Outbox: lines on their way to one client, who may read slowly or not at all.

Up to `HIGH` nothing happens. Beyond it the program is made to wait, but for `PATIENCE` seconds at
most: one client that sleeps must not hold up the others. Then what the client does not take is
kept up to `LIMIT`; behind that, output for this client is dropped, and it is told how much as soon
as it reads again. Answers and states are never dropped; a client that lets even these pile up is
given up.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from kernel.jupyter.messages import Channel, Message
from kernel.transport.base import Transport
from kernel.transport.room import Room

HIGH = 1024 * 1024
LIMIT = 8 * 1024 * 1024
GIVE_UP = 4 * LIMIT
"""Bytes that wait."""

BATCH = 256 * 1024

MakeNotice = Callable[[int], Message]
"""The message that says how many messages were left out."""


class Outbox:
    """Used on the loop's thread; `pump` sends, everything else only puts."""

    def __init__(
        self, transport: Transport, encode: Callable[[Message], bytes], notice: MakeNotice
    ) -> None:
        self._transport, self._encode, self._notice = transport, encode, notice
        self._lines: deque[bytes] = deque()
        self._size = 0
        self._missed = 0
        self._news, self._room = asyncio.Event(), Room()
        self.is_lost = False

    def put(self, message: Message) -> None:
        """Send a message when its turn comes, or drop it."""
        if self.is_lost:
            return
        if self._size > LIMIT and _may_be_missed(message):
            self._missed += 1
            return
        self._append(self._encode(message))
        if self._size > HIGH:
            self._room.fill()
        if self._size > GIVE_UP:
            self.is_lost = True
            self._lines.clear()

    @property
    def is_congested(self) -> bool:
        """Whether the program had better wait."""
        return self._room.is_congested

    async def wait_for_room(self) -> None:
        """Wait for the client, as long as one waits for a client."""
        await self._room.wait()

    async def pump(self) -> None:
        """Send until this is cancelled or the client is given up."""
        while not self.is_lost:
            if not self._lines:
                self._news.clear()
                await self._news.wait()
            batch = self._take()
            await self._transport.send(batch)
            self._size -= len(batch)
            if self._size <= HIGH // 2:
                self._relax()

    def _relax(self) -> None:
        self._room.clear()
        if self._missed:
            missed, self._missed = self._missed, 0
            self._append(self._encode(self._notice(missed)))

    def _append(self, line: bytes) -> None:
        self._lines.append(line)
        self._size += len(line)
        self._news.set()

    def _take(self) -> bytes:
        parts, size = [], 0
        while self._lines and size < BATCH:
            parts.append(self._lines.popleft())
            size += len(parts[-1])
        return b"".join(parts)


def _may_be_missed(message: Message) -> bool:
    return message.channel == Channel.IOPUB and message.type != "status"
