"""LoadedOnce: what takes long to load is loaded in a thread, once, and the loop goes on meanwhile.

An import or a parsed file may take a hundred milliseconds. On the loop's thread that would hold up
everybody: an interrupt, say, is to be heard within a hundred.
"""

import asyncio
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class LoadedOnce(Generic[T]):
    """Used from any thread; whoever asks while it is being loaded waits for the same."""

    def __init__(self, load: Callable[[], T]) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._found: list[T] = []

    @property
    def is_loaded(self) -> bool:
        """Whether nobody has to wait any more."""
        return bool(self._found)

    def load(self) -> T:
        """The thing, loaded in this thread if it is not yet there; raises what loading raises."""
        with self._lock:
            if not self._found:
                self._found.append(self._load())
        return self._found[0]

    async def get(self) -> T:
        """The same, for the loop's thread, which loads nothing."""
        if self._found:
            return self._found[0]
        return await asyncio.to_thread(self.load)
