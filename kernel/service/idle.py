"""IdleWatch: ends a kernel that nobody has used for a while."""

import asyncio
import time
from collections.abc import Awaitable, Callable

Sleep = Callable[[float], Awaitable[None]]


class IdleWatch:
    """Knows how long nothing has happened; a running cell or a stopped debugger is something."""

    def __init__(
        self,
        timeout: float,
        last_request: Callable[[], float],
        is_working: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``timeout`` in seconds, 0: never; the two functions are asked when it may be over."""
        self.timeout = timeout
        self._last_request, self._is_working, self._clock = last_request, is_working, clock
        self._last_work = clock()

    def idle_for(self) -> float:
        """Seconds since something happened."""
        now = self._clock()
        if self._is_working():
            self._last_work = now
        return now - max(self._last_work, self._last_request())

    def remaining(self) -> float:
        """Seconds until it is over, if nothing happens; 0: it is, infinity: never."""
        if self.timeout <= 0:
            return float("inf")
        return max(0.0, self.timeout - self.idle_for())

    def note_work(self) -> None:
        """A cell has ended just now."""
        self._last_work = self._clock()

    async def wait(self, sleep: Sleep = asyncio.sleep) -> None:
        """Return when the kernel has been idle for the whole time; never without a timeout."""
        if self.timeout <= 0:
            await asyncio.Event().wait()
        while (left := self.remaining()) > 0:
            await sleep(left)
