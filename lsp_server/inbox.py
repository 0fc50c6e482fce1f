"""Inbox: messages that have come and wait for their turn."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from lsprotocol import types


class Inbox:
    """Gives messages in the order in which they came, but for requests that were cancelled."""

    def __init__(self) -> None:
        self._waiting: deque[dict[str, Any]] = deque()
        self._news = asyncio.Event()
        self._is_over = False

    def put(self, message: dict[str, Any]) -> dict[str, Any] | None:
        """Take a message in; the request that it cancels, which is given to nobody any more."""
        if message.get("method") == types.CANCEL_REQUEST:
            params = message.get("params")
            number = params.get("id") if isinstance(params, dict) else None
            for each in self._waiting:
                if "method" in each and number is not None and each.get("id") == number:
                    self._waiting.remove(each)
                    return each
        self._waiting.append(message)
        self._news.set()
        return None

    def end(self) -> None:
        """Nothing more will come."""
        self._is_over = True
        self._news.set()

    async def next(self) -> dict[str, Any] | None:
        """The next message; None behind the last one."""
        while not self._waiting and not self._is_over:
            self._news.clear()
            await self._news.wait()
        return self._waiting.popleft() if self._waiting else None
