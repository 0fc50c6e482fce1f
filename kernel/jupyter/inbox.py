"""Inbox: what has come for a client without a loop, until it is got.

It is bounded, and nothing is lost without a word. Up to `HIGH` nothing happens. Beyond it the
program is made to wait (`Room`), but for a second at most: a client that waits for a reply before
it reads the output must not wait for itself. Then up to `LIMIT` is kept; behind that, output is
dropped, and in its place stands a message that says how much. Replies and questions are never
dropped; states are when they alone have come to `GIVE_UP`.
"""

import asyncio
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kernel.jupyter.messages import Channel, Message
from kernel.transport.room import Room

HIGH = 16 * 1024 * 1024
LIMIT = 64 * 1024 * 1024
GIVE_UP = LIMIT + 8 * 1024 * 1024
"""Characters and bytes that wait; each message counts `OVERHEAD` more."""

OVERHEAD = 2048
"""What a message takes beside its texts: headers, mostly."""


@dataclass(slots=True)
class _Gap:
    """Stands where messages were left out."""

    count: int = 0


MakeNotice = Callable[[int], Message]
"""The message that says how many messages were left out."""


class Inbox:
    """Filled on the loop's thread, emptied on any other."""

    def __init__(self, room: Room, loop: asyncio.AbstractEventLoop, notice: MakeNotice) -> None:
        """``room``: whoever sends looks there whether to wait; used on the loop's thread."""
        self._room, self._loop, self._notice = room, loop, notice
        self._waiting: dict[str, deque[tuple[Message | _Gap, int]]] = {
            channel: deque() for channel in Channel
        }
        self._size = 0
        self._gap: _Gap | None = None
        self._is_full = False
        self._changed = threading.Condition()

    @property
    def size(self) -> int:
        """Characters and bytes that wait."""
        return self._size

    def put(self, message: Message) -> None:
        """Keep a message until it is got, or drop it; on the loop's thread."""
        weight = OVERHEAD + _weight(message.content) + sum(map(len, message.buffers))
        with self._changed:
            if message.channel == Channel.IOPUB and self._size + weight > _most(message):
                self._leave_out()
                return
            if message.channel == Channel.IOPUB and message.type != "status":
                self._gap = None
            self._waiting[message.channel].append((message, weight))
            self._size += weight
            self._changed.notify_all()
            if self._size > HIGH:
                self._is_full = True
                self._room.fill()

    def get(self, channel: str, timeout: float | None = None) -> Message:
        """The next message of a channel; raises `queue.Empty` after ``timeout`` seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        waiting = self._waiting[channel]
        with self._changed:
            while not waiting:
                rest = None if deadline is None else deadline - time.monotonic()
                if (rest is not None and rest <= 0) or not self._changed.wait(rest):
                    raise queue.Empty
            found, weight = waiting.popleft()
            self._size -= weight
            has_room = self._is_full and self._size <= HIGH // 2
            if has_room:
                self._is_full = False
            if isinstance(found, _Gap):
                self._gap = None
        if has_room:
            self._loop.call_soon_threadsafe(self._relax)
        return found if isinstance(found, Message) else self._notice(found.count)

    def _relax(self) -> None:
        if not self._is_full:
            self._room.clear()

    def _leave_out(self) -> None:
        if self._gap is None:
            self._gap = _Gap()
            self._waiting[Channel.IOPUB].append((self._gap, 0))
            self._changed.notify_all()
        self._gap.count += 1


def _most(message: Message) -> int:
    return GIVE_UP if message.type == "status" else LIMIT


def _weight(value: Any) -> int:  # noqa: ANN401 - what JSON can say
    if isinstance(value, str | bytes | bytearray | memoryview):
        return len(value)
    if isinstance(value, Mapping):
        return sum(len(str(key)) + _weight(each) for key, each in value.items())
    if isinstance(value, list | tuple):
        return sum(map(_weight, value))
    return 8
