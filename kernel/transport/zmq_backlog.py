"""Backlog: what subscribers of a ZeroMQ socket have not taken yet, in bytes, and who is to blame.

ZeroMQ counts messages, not bytes, and tells nobody who is behind. So large messages lend their
bytes to ZeroMQ, which says when it needs them no more: when every subscriber has them. Beyond
`HIGH` the program is made to wait, for `PATIENCE` seconds at most: one client that sleeps must not
hold up the others. Beyond `LIMIT` the connections are cut off whose peers have taken nothing for
that long, beyond `GIVE_UP` after a fifth of it. ZeroMQ forgets what waited for them, and their
clients connect again by themselves. For a peer that takes something, if slowly, no more waits than
the socket's number of messages.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import struct
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kernel.transport.room import PATIENCE, Room

if TYPE_CHECKING:
    import zmq

HIGH = 8 * 1024 * 1024
LIMIT = 32 * 1024 * 1024
GIVE_UP = 4 * LIMIT
"""Bytes that wait."""

INTERVAL = 0.05
"""Seconds between two looks at the connections, while more than `HIGH` waits."""

COUNTED = 4096
"""Bytes from which a message counts; smaller ones are bounded by their number (`HIGH_WATER`)."""

_OUTQ = 0x5411
"""SIOCOUTQ (tcp(7), unix(7)): bytes that the peer's system has not confirmed."""

_log = logging.getLogger(__name__)

Clock = Callable[[], float]


@dataclass(slots=True)
class _Connection:
    unsent: int
    since: float
    """When this was seen first."""


@dataclass(slots=True)
class Peers:
    """The connections of a bound socket, by the descriptors that ZeroMQ has of them."""

    address: Any
    """Of the bound socket, see `system_address`."""
    connections: dict[int, _Connection] = field(default_factory=dict)

    def hear(self, event: int, descriptor: int, accepted: int) -> None:
        """Take an event of the socket's monitor; ``accepted``: which one tells of a new one."""
        if event == accepted:
            self.connections[descriptor] = _Connection(0, 0.0)
        else:
            self.connections.pop(descriptor, None)

    def look(self, now: float) -> None:
        """Note how much each has still to take."""
        for descriptor, known in self.connections.items():
            unsent = self._unsent(descriptor)
            if unsent != known.unsent:
                known.unsent, known.since = unsent, now

    def behind(self, now: float, patience: float) -> list[int]:
        """Those that have something to take, and have taken nothing for so long."""
        return [
            descriptor
            for descriptor, each in self.connections.items()
            if each.unsent and now - each.since >= patience
        ]

    def cut(self, descriptor: int) -> None:
        """End a connection, as if its network had."""
        self.connections.pop(descriptor, None)
        with contextlib.suppress(OSError), self._opened(descriptor) as connection:
            if self._is_ours(connection):
                connection.shutdown(socket.SHUT_RDWR)

    def _unsent(self, descriptor: int) -> int:
        import fcntl

        try:
            with self._opened(descriptor) as connection:
                if not self._is_ours(connection):
                    return 0
                told = fcntl.ioctl(connection, _OUTQ, struct.pack("i", 0))
        except OSError:  # it is gone, and its event is on its way; or the system cannot say
            return 0
        return int(struct.unpack("i", told)[0])

    def _is_ours(self, connection: socket.socket) -> bool:
        """Whether the number has not become that of something else meanwhile."""
        name = connection.getsockname()
        return bool((name[1] if isinstance(name, tuple) else name) == self.address)

    @staticmethod
    def _opened(descriptor: int) -> socket.socket:
        return socket.socket(fileno=os.dup(descriptor))


class Backlog:
    """Used on the loop's thread."""

    def __init__(self, zmq: Any, peers: Peers, clock: Clock | None = None) -> None:  # noqa: ANN401
        """``zmq``: the module."""
        self._zmq, self._peers = zmq, peers
        self._clock = clock or asyncio.get_running_loop().time
        self._waiting: deque[tuple[zmq.MessageTracker, int]] = deque()
        self._size, self._mark = 0, HIGH
        self._room = Room()
        self._watch: asyncio.Task[None] | None = None

    @property
    def size(self) -> int:
        """Bytes that somebody has not taken."""
        return self._size

    def counted(self, frames: Sequence[bytes]) -> Sequence[Any]:
        """The frames to be sent; if they are large, their bytes count until everybody has them."""
        place = max(range(len(frames)), key=lambda each: len(frames[each]))
        size = len(frames[place])
        if size < COUNTED:
            return frames
        frame = self._zmq.Frame(frames[place], track=True, copy=False, copy_threshold=0)
        self._waiting.append((frame.tracker, size))
        self._size += size
        if self._size > self._mark:
            self._look()
        return [*frames[:place], frame, *frames[place + 1 :]]

    @property
    def is_congested(self) -> bool:
        """Whether the program had better wait."""
        return self._room.is_congested

    async def wait_for_room(self) -> None:
        """Wait for the subscribers, as long as one waits for a client."""
        await self._room.wait()

    def close(self) -> None:
        """Watch no more."""
        if self._watch is not None:
            self._watch.cancel()
        self._room.clear()

    def _look(self) -> None:
        """See what is left, and who is to blame; again when as much more waits, and soon."""
        self._forget_taken()
        self._mark = max(self._size, HIGH) + HIGH // 2
        if self._size <= HIGH:
            return
        now = self._clock()
        self._peers.look(now)
        if self._size > LIMIT:
            self._cut_off(now, PATIENCE / 5 if self._size > GIVE_UP else PATIENCE)
        self._room.fill()
        if self._watch is None:
            self._watch = asyncio.get_running_loop().create_task(self._keep_watch())

    async def _keep_watch(self) -> None:
        """Until there is room again."""
        while self._size > HIGH // 2:
            await asyncio.sleep(INTERVAL)
            self._look()
        self._watch, self._mark = None, HIGH
        self._room.clear()

    def _cut_off(self, now: float, patience: float) -> None:
        for descriptor in self._peers.behind(now, patience):
            _log.warning(
                "A client does not read what is published; it is cut off, as %d MiB wait for it.",
                self._size >> 20,
            )
            self._peers.cut(descriptor)

    def _forget_taken(self) -> None:
        """Not in the order of sending: who is cut off, or has too many waiting, gets no more."""
        left = deque(each for each in self._waiting if not each[0].done)
        self._waiting, self._size = left, sum(size for _, size in left)


def monitor_event(frames: Sequence[bytes]) -> tuple[int, int]:
    """What a monitor says: the event and its value, a descriptor (zmq_socket_monitor(3))."""
    event, descriptor = struct.unpack("=Hi", frames[0])
    return event, descriptor


def system_address(url: str) -> Any:  # noqa: ANN401 - as `socket.getsockname` has it
    """The part of a URL that tells connections of one socket from others: port or path."""
    scheme, _, rest = url.partition("://")
    return int(rest.rpartition(":")[2]) if scheme == "tcp" else rest
