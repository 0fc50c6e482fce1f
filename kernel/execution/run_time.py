"""RunTime: how long a program has run, without what it stood in the debugger."""

import asyncio
import contextlib
from collections.abc import Callable

from kernel.events.model import KernelEvent, Resumed, Stopped


class RunTime:
    """A stopwatch that begins when it is made. Used on the loop's thread."""

    def __init__(self, clock: Callable[[], float], *, is_standing: bool = False) -> None:
        """``clock``: seconds."""
        self._clock = clock
        self._ran = 0.0
        self._since: float | None = None if is_standing else clock()
        self._news = asyncio.Event()

    def hear(self, event: KernelEvent) -> None:
        """Take that the program stands or goes on; any other event is not for us."""
        match event:
            case Stopped() if self._since is not None:
                self._ran, self._since = self.seconds(), None
                self._news.set()
            case Resumed() if self._since is None:
                self._since = self._clock()
                self._news.set()

    def seconds(self) -> float:
        """How long it has run so far."""
        return self._ran + (self._clock() - self._since if self._since is not None else 0.0)

    async def reaches(self, seconds: float) -> None:
        """Wait until it has run so long."""
        while (left := seconds - self.seconds()) > 0 or self._since is None:
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if self._since is None else left):
                    await self._news.wait()
