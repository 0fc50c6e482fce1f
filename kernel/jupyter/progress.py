"""How far a request is, published while it is served: ``progress`` on iopub."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from kernel.core.progress import Progress, watched

PATIENCE = 0.5
"""Seconds before the first message; what is quick says nothing."""

PERIOD = 0.2
"""Seconds between two of them."""

PROGRESS = "progress"
"""The type of the message; its content is ``{done, total, unit}``."""

Tell = Callable[[Mapping[str, Any]], None]


class ProgressNews:
    """Takes reports from any thread and tells the latest on the loop's, not too often."""

    def __init__(self, tell: Tell, patience: float = PATIENCE, period: float = PERIOD) -> None:
        """Made on the loop's thread, where ``tell`` is given contents."""
        self._tell, self._patience, self._period = tell, patience, period
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._latest: Progress | None = None
        self._is_awaited = False
        """Whether the loop will look at the latest report by itself."""
        self._is_over = False
        self._timer: asyncio.TimerHandle | None = None

    def hear(self, progress: Progress) -> None:
        """Implements `Watch`."""
        with self._lock:
            self._latest = progress
            wakes, self._is_awaited = not self._is_awaited, True
            if wakes and not self._is_over:
                self._loop.call_soon_threadsafe(self._look_after, self._patience)

    def end(self) -> None:
        """Tell no more: who asked is being answered. Tasks that go on may still report."""
        with self._lock:
            self._is_over = self._is_awaited = True
        if self._timer is not None:
            self._timer.cancel()

    def _look_after(self, seconds: float) -> None:
        if not self._is_over:
            self._timer = self._loop.call_later(seconds, self._look)

    def _look(self) -> None:
        with self._lock:
            latest, self._latest = self._latest, None
            self._is_awaited = latest is not None
            self._patience = 0.0  # it has been long already
        if latest is not None:
            self._tell({"done": latest.done, "total": latest.total, "unit": latest.unit})
            self._look_after(self._period)


@contextmanager
def publishing_progress(tell: Tell) -> Iterator[None]:
    """What is done inside is told of while it lasts."""
    news = ProgressNews(tell)
    try:
        with watched(news.hear):
            yield
    finally:
        news.end()
