"""Heartbeat: whether the kernel of others is still there, while somebody waits for it.

Over ZeroMQ nobody hears that a peer is gone, so it is asked again and again.
"""

import asyncio
from typing import Protocol

from kernel.jupyter.links import KernelLost, Link

EVERY = 0.5
"""Seconds between two questions."""

ANSWER = 1.0
"""Seconds an answer may take; a thread that waits for nobody gives it."""

MISSED = 3
"""Answers that may be missing before the kernel counts as gone: a machine may have slept."""

GONE = "The kernel does not answer any more; it has ended, or nothing leads to it."


class Waiter(Protocol):
    """Whoever is told when the kernel is gone."""

    @property
    def is_waiting(self) -> bool:
        """Whether it needs the kernel to be there."""

    @property
    def is_settled(self) -> bool:
        """Whether no kernel is just being started anew, which does not answer meanwhile."""

    def lose(self, reason: KernelLost) -> None:
        """Whoever waits will wait in vain."""


class Heartbeat:
    """Looks after one kernel. Used on the loop's thread."""

    def __init__(self, link: Link, waiter: Waiter) -> None:
        self._link, self._waiter = link, waiter
        self._timer: asyncio.TimerHandle | None = None
        self._asking: asyncio.Task[None] | None = None
        self._has_beaten = False
        """A kernel that is just being started has not, and one that has no heartbeat never will."""
        self._missed = 0

    def begin(self, *, for_a_listener: bool = False) -> None:
        """Somebody waits from now on; harmless when that is known.

        ``for_a_listener``: for nothing that the kernel would answer.
        """
        is_needed = for_a_listener or not self._link.tells_end
        if is_needed and self._timer is None and self._asking is None:
            self._ask_in(EVERY if self._has_beaten else 0)

    def end(self) -> None:
        """Nobody waits any more, nor will."""
        if self._timer is not None:
            self._timer.cancel()
        if self._asking is not None:
            self._asking.cancel()

    def _ask_in(self, seconds: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, self._ask)

    def _ask(self) -> None:
        self._timer = None
        if self._waiter.is_waiting:
            self._asking = asyncio.ensure_future(self._listen())
        else:
            self._missed = 0

    async def _listen(self) -> None:
        is_there = await self._answers()
        self._asking = None
        self._has_beaten = self._has_beaten or is_there
        is_missed = self._has_beaten and not is_there and self._waiter.is_settled
        self._missed = self._missed + 1 if is_missed else 0
        if self._missed < MISSED:
            self._ask_in(EVERY)
        else:
            self._waiter.lose(KernelLost(GONE))

    async def _answers(self) -> bool:
        try:
            async with asyncio.timeout(ANSWER):
                return await self._link.is_alive()
        except TimeoutError:
            return False
