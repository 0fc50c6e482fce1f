"""TurnQueue: who may use the program next. First come, first served; a turn can be aborted."""

import asyncio
from collections import deque
from types import TracebackType


class Turn:
    """A place in the queue, from the moment it was asked for; an asynchronous context manager."""

    def __init__(self, queue: "TurnQueue", client: str) -> None:
        self.client = client
        self.is_aborted = False
        """Whether an error before it says that it shall not be used."""
        self._queue = queue
        self._called: asyncio.Event | None = None

    async def __aenter__(self) -> "Turn":
        if not self._queue.is_first(self):
            self._called = asyncio.Event()
            try:
                await self._called.wait()
            except BaseException:
                self._queue.leave(self)
                raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._queue.leave(self)

    def call(self) -> None:
        """It is first now."""
        if self._called is not None:
            self._called.set()


class TurnQueue:
    """Turns in their order. Used on the loop's thread."""

    def __init__(self) -> None:
        self._turns: deque[Turn] = deque()

    def join(self, client: str) -> Turn:
        """A place behind all that are there."""
        turn = Turn(self, client)
        self._turns.append(turn)
        return turn

    def is_first(self, turn: Turn) -> bool:
        """Whether it is this one's turn."""
        return bool(self._turns) and self._turns[0] is turn

    def leave(self, turn: Turn) -> None:
        """Give the place up, used or not."""
        was_first = self.is_first(turn)
        if turn in self._turns:
            self._turns.remove(turn)
        if was_first and self._turns:
            self._turns[0].call()

    def abort(self, client: str) -> None:
        """What waits of this client shall not be used."""
        for turn in list(self._turns)[1:]:
            if turn.client == client:
                turn.is_aborted = True

    def abort_all(self) -> None:
        """None of what is there shall be used, nor go on."""
        for turn in self._turns:
            turn.is_aborted = True
