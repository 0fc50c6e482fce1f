"""Originals: the source maps of all chunks, found when they are loaded."""

import os
from collections.abc import Callable

from lua_debug.origins import OriginalFile, Origins
from lua_debug.source_maps.document import OriginalText
from lua_debug.source_maps.errors import BadSourceMap
from lua_debug.source_maps.search import FoundMap, find_source_map, original_path

Describe = Callable[[str, OriginalText], OriginalFile]
"""Makes an original of its path and of what the map says of it."""


class Originals:
    """The maps by chunk, each under a number as well. Used from any thread.

    ``is_known`` says of a path that is not on disk whether the client may have it.
    """

    def __init__(
        self,
        *,
        describe: Describe,
        is_known: Callable[[str], bool],
        warn: Callable[[str], None],
        are_wanted: bool = True,
    ) -> None:
        self._describe = describe
        self._is_known = is_known
        self._warn = warn
        self.are_wanted = are_wanted
        self._of: dict[str, Origins | None] = {}
        self._numbers: dict[str, int] = {}
        self._by_number: list[str] = []
        self._warned: set[str] = set()
        self._last: dict[str | None, Origins] = {}
        """What was read last for each path; it remembers what was asked of it."""

    def load(self, raw: str, path: str | None, text: bytes) -> Origins | None:
        """A chunk is being loaded: read its map, if it has one; a broken one costs a warning."""
        if not self.are_wanted:
            return None
        try:
            origins = self.read(path, text)
        except BadSourceMap as error:
            origins = None
            if str(error) not in self._warned:
                self._warned.add(str(error))
                self._warn(f"{error} The generated file is shown.")
        if origins is not None or raw in self._of:
            self._of[raw] = origins
        return origins

    def read(self, path: str | None, text: bytes) -> Origins | None:
        """The map of a text. Raises `BadSourceMap`."""
        found = find_source_map(text, path) if self.are_wanted else None
        if found is None or not found.map.texts:
            return None
        paths = [original_path(each, found.folder) for each in found.map.texts]
        self._check(found, paths)
        files = tuple(map(self._describe, paths, found.map.texts))
        last = self._last.get(path)
        if last is None or not last.is_of(found.map, files):
            last = self._last[path] = Origins(found.map, files)
        return last

    def _check(self, found: FoundMap, paths: list[str]) -> None:
        for path, text in zip(paths, found.map.texts, strict=True):
            if text.content is not None or os.path.exists(path) or self._is_known(path):
                return
        raise BadSourceMap(f"{found.name} names {', '.join(paths)}, which cannot be found.")

    def of(self, raw: str) -> Origins | None:
        """The map of a chunk that was loaded; None if it is no compiler's work."""
        return self._of.get(raw)

    def number(self, raw: str) -> int | None:
        """A number for a chunk with a map, as the probe tells it."""
        if self._of.get(raw) is None:
            return None
        if raw not in self._numbers:
            self._by_number.append(raw)
            self._numbers[raw] = len(self._by_number)
        return self._numbers[raw]

    def numbered(self, number: int) -> Origins | None:
        """The map of the chunk of that number."""
        return self.of(self._by_number[number - 1])
