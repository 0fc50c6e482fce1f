"""Progress: what takes more than a second says on stderr how far it is, on terminals only."""

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import TextIO

from kernel.core.progress import Progress, watched

PATIENCE = 1.0
"""Seconds before anything is said."""

PERIOD = 0.1
"""Seconds between two drawings."""

WIDTH = 30

_UNKNOWN = Progress(0, 0)


class ProgressBar:
    """A line that is drawn over itself; used by any thread."""

    def __init__(
        self, label: str, stream: TextIO | None = None, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._label = label
        self._stream = stream or sys.stderr
        self._now, self._begun = now, now()
        self._drawn = 0.0
        self._progress = _UNKNOWN
        self._drawing = threading.Lock()
        self.is_shown = self._stream.isatty()

    def hear(self, progress: Progress) -> None:
        """Implements `Watch`."""
        self._progress = progress
        self.draw()

    def draw(self) -> None:
        """Draw it, unless that was done just now or it is too early."""
        now = self._now()
        with self._drawing:
            is_early = now - self._begun < PATIENCE or now - self._drawn < PERIOD
            if not self.is_shown or is_early:
                return
            self._drawn = now
            self._stream.write(f"\r{self._text(now)}\033[K")
            self._stream.flush()

    def say(self, text: str) -> None:
        """Write a line about what goes on, above the bar."""
        with self._drawing:
            self._take_away()
            self._stream.write(f"{text}\n")
            self._stream.flush()

    def clear(self) -> None:
        """Take the line away, if there is one; it is over."""
        with self._drawing:
            self._take_away()
            self.is_shown = False

    def _take_away(self) -> None:
        if self._drawn:
            self._stream.write("\r\033[K")
            self._stream.flush()
            self._drawn = 0.0

    def _text(self, now: float) -> str:
        seconds, progress = f"{now - self._begun:.0f} s", self._progress
        if not progress.total:
            place = int((now - self._begun) / PERIOD) % WIDTH
            return f"{self._label} [{' ' * place}·{' ' * (WIDTH - place - 1)}] {seconds}"
        share = min(progress.done / progress.total, 1.0)
        filled = int(share * WIDTH)
        bar = f"[{'#' * filled}{' ' * (WIDTH - filled)}]"
        return f"{self._label} {bar} {share:4.0%}{_items(progress)} {seconds}"


def _items(progress: Progress) -> str:
    """How many of how many; of bytes the share says enough."""
    if progress.unit in ("", "bytes"):
        return ""
    return f" {progress.done} of {progress.total} {progress.unit}"


@contextlib.contextmanager
def progress(label: str) -> Iterator[ProgressBar]:
    """Around what may take long: a bar is drawn while it goes on, also if it says nothing.

    It shows what is reported inside, by work in this process or in a kernel that is asked.
    """
    bar = ProgressBar(label)
    if not bar.is_shown:
        yield bar
        return
    is_over = threading.Event()

    def keep_drawing() -> None:
        while not is_over.wait(PERIOD):
            bar.draw()

    thread = threading.Thread(target=keep_drawing, name="progress", daemon=True)
    thread.start()
    try:
        with watched(bar.hear):
            yield bar
    finally:
        is_over.set()
        thread.join()
        bar.clear()
