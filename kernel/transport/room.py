"""Room: whether there is room for what others read, and a wait for it that has an end."""

import asyncio

PATIENCE = 1.0
"""Seconds that a program waits for a reader; after them it goes on until there was room again."""


class Room:
    """Used on the loop's thread."""

    def __init__(self) -> None:
        self._is_there = asyncio.Event()
        self._is_there.set()
        self._is_slow = False

    def fill(self) -> None:
        """Too much waits."""
        self._is_there.clear()

    def clear(self) -> None:
        """There is room; who waits goes on."""
        self._is_slow = False
        self._is_there.set()

    @property
    def is_congested(self) -> bool:
        """Whether the program had better wait."""
        return not self._is_there.is_set() and not self._is_slow

    async def wait(self) -> None:
        """Wait until there is some, at most `PATIENCE`."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._is_there.wait()
        except TimeoutError:
            self._is_slow = True
