"""What the script writes, on its way to the listener: in order, joined, and never without bound."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

_JOINED = 64 * 1024
"""Characters up to which writes from one line are joined into one event."""

_HIGH_WATER = 4 * 1024 * 1024
"""Characters that may wait for the listener before the script has to wait, too."""


@dataclass(frozen=True, slots=True)
class Written:
    """A piece of output and where it was written; ``raw`` is empty where that is not known."""

    text: str
    category: str
    raw: str
    line: int


class OutputQueue:
    """Takes pieces from the Lua thread, gives them to the loop in order.

    ``wake`` is called on the Lua thread once for each batch; the loop then calls `take`.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._pieces: deque[list[Written]] = deque()
        self._size = 0
        self._changed = threading.Condition()
        self._is_open = True

    def put(self, piece: Written) -> None:
        """Add a piece; waits while too much is under way."""
        with self._changed:
            while self._size > _HIGH_WATER and self._is_open:
                self._changed.wait()
            must_wake = not self._pieces
            last = self._pieces[-1] if self._pieces else None
            self._size += len(piece.text)
            if last and _same_place(last[0], piece) and _may_grow(last):
                last.append(piece)
            else:
                self._pieces.append([piece])
        if must_wake:
            self._wake()

    def take(self) -> list[Written]:
        """All that waits, joined; called on the loop's thread."""
        with self._changed:
            taken = [_join(pieces) for pieces in self._pieces]
            self._pieces.clear()
            self._size = 0
            self._changed.notify_all()
        return taken

    def close(self) -> None:
        """Nobody takes any more: let the script run on."""
        with self._changed:
            self._is_open = False
            self._changed.notify_all()


def _may_grow(pieces: list[Written]) -> bool:
    """Whether another piece may be joined to these."""
    return len(pieces) < 1000 and len(pieces[0].text) * len(pieces) < _JOINED


def _same_place(one: Written, other: Written) -> bool:
    return one.category == other.category and one.raw == other.raw and one.line == other.line


def _join(pieces: list[Written]) -> Written:
    first = pieces[0]
    return Written("".join(each.text for each in pieces), first.category, first.raw, first.line)
