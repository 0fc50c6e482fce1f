"""What a script writes and what happens to it, on the way to the listener: in one order.

Pieces of output are joined, and never wait without bound.
"""

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from kernel.events.model import KernelEvent, OutputWritten

_JOINED = 64 * 1024
"""Characters up to which writes from one line are joined into one event."""

_BETWEEN_LOOKS = 256 * 1024
"""Characters that are told before somebody looks whether the clients have room for more."""

Room = Callable[[], Awaitable[None]]
"""Returns when clients have room, or when they are not waited for any longer."""

_HIGH_WATER = 4 * 1024 * 1024
"""Characters that may wait for the listener before the script has to wait, too."""


@dataclass(frozen=True, slots=True)
class Written:
    """A piece of output and where it was written; ``raw`` is empty where that is not known."""

    text: str
    category: str
    raw: str
    line: int
    group: str | None = None
    """What it begins or ends, as `OutputWritten` has it; then it is joined with nothing."""


class OutputQueue:
    """Takes pieces and events from the Lua thread, gives them to the loop in order.

    ``wake`` is called on the Lua thread once for each batch; the loop then calls `take`.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._entries: deque[list[Written] | KernelEvent] = deque()
        self._size = 0
        self._changed = threading.Condition()
        self._is_open = True

    def put(self, piece: Written) -> None:
        """Add a piece; waits while too much is under way."""
        with self._changed:
            while self._size > _HIGH_WATER and self._is_open:
                self._changed.wait()
            must_wake = not self._entries
            last = self._entries[-1] if self._entries else None
            self._size += len(piece.text)
            if isinstance(last, list) and _same_place(last[0], piece) and _may_grow(last):
                last.append(piece)
            else:
                self._entries.append([piece])
        if must_wake:
            self._wake()

    def add(self, event: KernelEvent) -> None:
        """Add an event, from any thread; waits for nobody."""
        with self._changed:
            must_wake = not self._entries
            self._entries.append(event)
        if must_wake:
            self._wake()

    def take(self) -> list[Written | KernelEvent]:
        """All that waits, pieces joined; called on the loop's thread."""
        with self._changed:
            taken = [_join(each) if isinstance(each, list) else each for each in self._entries]
            self._entries.clear()
            self._size = 0
            self._changed.notify_all()
        return taken

    def close(self) -> None:
        """Nobody takes any more: let the script run on."""
        with self._changed:
            self._is_open = False
            self._changed.notify_all()


class Teller:
    """Tells the listener, whatever the thread that tells, on the loop's and in one order.

    Where there is a console, that sees to the order: with what is written to the descriptors, too.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        listener: Callable[[KernelEvent], None],
        as_event: Callable[[Written], OutputWritten],
        *,
        has_console: bool,
        room: Room | None = None,
    ) -> None:
        """``room``: waited for after each `_BETWEEN_LOOKS` characters; what comes waits too."""
        self._loop, self._listener, self._as_event = loop, listener, as_event
        self.output = OutputQueue(self._wake)
        self.tell = listener if has_console else self.output.add
        self._room, self._unlooked = room, 0
        self._waiting: asyncio.Task[None] | None = None

    def _wake(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
            self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        if self._waiting is not None:
            return
        for each in self.output.take():
            if isinstance(each, Written):
                self._unlooked += len(each.text)
            self._listener(self._as_event(each) if isinstance(each, Written) else each)
        if self._room is not None and self._unlooked > _BETWEEN_LOOKS:
            self._unlooked = 0
            self._waiting = self._loop.create_task(self._wait(self._room))

    async def _wait(self, room: Room) -> None:
        try:
            await room()
        finally:
            self._waiting = None
            self._deliver()


def _may_grow(pieces: list[Written]) -> bool:
    """Whether another piece may be joined to these."""
    return len(pieces) < 1000 and len(pieces[0].text) * len(pieces) < _JOINED


def _same_place(one: Written, other: Written) -> bool:
    if one.group or other.group:
        return False
    return one.category == other.category and one.raw == other.raw and one.line == other.line


def _join(pieces: list[Written]) -> Written:
    return replace(pieces[0], text="".join(each.text for each in pieces))
