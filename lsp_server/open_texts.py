"""OpenTexts: the files whose text the client has, which counts in place of what is on disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from lsp_server.document import Document

REST = 0.5
"""Seconds of rest after a keystroke before a text is read again, which may take a tenth of one."""


class OpenTexts:
    """The newest version of each, by path, and which of them are being typed into."""

    def __init__(self, on_rest: Callable[[str], None]) -> None:
        """``on_rest`` is told the path of a text that has changed, once it is left alone."""
        self._on_rest = on_rest
        self._newest: dict[str, Document] = {}
        self._typed: dict[str, asyncio.TimerHandle] = {}

    def __contains__(self, path: str) -> bool:
        return path in self._newest

    def get(self, path: str) -> Document | None:
        """The text; None if the file is not open."""
        return self._newest.get(path)

    def changed(self, path: str, document: Document) -> None:
        """There is another version; the first one is told of at once."""
        is_new = path not in self._newest
        self._newest[path] = document
        self._stop(path)
        delay = 0 if is_new else REST
        self._typed[path] = asyncio.get_running_loop().call_later(delay, self._rests, path)

    def closed(self, path: str) -> None:
        """The file counts again."""
        self._newest.pop(path, None)
        self._stop(path)

    def take_typed(self) -> list[str]:
        """The paths that ``on_rest`` would be told of later; it is not any more."""
        found = [*self._typed]
        for path in found:
            self._stop(path)
        return found

    def _rests(self, path: str) -> None:
        del self._typed[path]
        self._on_rest(path)

    def _stop(self, path: str) -> None:
        if timer := self._typed.pop(path, None):
            timer.cancel()
