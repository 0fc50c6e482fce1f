"""Origins: where the lines of one loaded chunk come from, by its source map; and the way back."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from lua_debug.source_maps.document import SourceMap
from lua_debug.source_maps.mappings import Segment


@dataclass(frozen=True, slots=True)
class OriginalFile:
    """A file that a compiler made Lua from, or the text of it that the map holds.

    ``key`` is what breakpoints in it are filed under; ``is_skipped``: stepping passes over it.
    """

    path: str
    key: str
    content: str | None = None
    is_skipped: bool = False


@dataclass(frozen=True, slots=True)
class Origin:
    """A place in an original; line and column (UTF-16) count from 1."""

    file: OriginalFile
    line: int
    column: int


class Generated(NamedTuple):
    """A place in the chunk's text, and the column of the original that it was made from."""

    line: int
    column: int
    original_column: int


class Origins:
    """One chunk's map. Never changes; used from any thread."""

    def __init__(self, found: SourceMap, files: Sequence[OriginalFile]) -> None:
        """``files``: one for each text of the map."""
        self.files = tuple(files)
        self._map, self._lines = found, found.segments
        self._back: dict[str, dict[int, list[Generated]]] = {}

    def is_of(self, found: SourceMap, files: Sequence[OriginalFile]) -> bool:
        """Whether this is what would be made of a map and its files."""
        return self._map is found and self.files == tuple(files)

    def at(self, line: int, column: int | None = None) -> Origin | None:
        """Where a line of the chunk comes from; without a ``column``, what it begins with."""
        found = None
        for each in self._segments(line):
            if column is not None and each.column >= column and found is not None:
                break
            if each.source >= 0:
                found = each
                if column is None:
                    break
        if found is None:
            return None
        return Origin(self.files[found.source], found.line + 1, found.original_column + 1)

    def _segments(self, line: int) -> Sequence[Segment]:
        return self._lines[line - 1] if 0 < line <= len(self._lines) else ()

    def has(self, key: str) -> bool:
        """Whether an original is filed under a key."""
        return any(each.key == key for each in self.files)

    def keys(self) -> Iterator[str]:
        """The keys of the originals."""
        return iter(dict.fromkeys(each.key for each in self.files))

    def generated(self, key: str) -> Mapping[int, Sequence[Generated]]:
        """For each line of an original, what was made from it, in the order of the chunk's text."""
        found = self._back.get(key)
        if found is None:
            found = self._back[key] = self._made_from(key)
        return found

    def _made_from(self, key: str) -> dict[int, list[Generated]]:
        sources = {number for number, each in enumerate(self.files) if each.key == key}
        found: dict[int, list[Generated]] = {}
        for number, segments in enumerate(self._lines, 1):
            for column, source, line, original_column in segments:
                if source in sources:
                    place = Generated(number, column + 1, original_column + 1)
                    found.setdefault(line + 1, []).append(place)
        return found

    def for_probe(self) -> Mapping[str, object]:
        """The line and the file of each line: what steps and names need.

        Those that come from nowhere, or from what is skipped, are left out.
        """
        lines: dict[int, int] = {}
        files: dict[int, int] = {}
        for line, segments in enumerate(self._lines, 1):
            found = next((each for each in segments if each.source >= 0), None)
            if found is not None and not self.files[found.source].is_skipped:
                lines[line], files[line] = found.line + 1, found.source + 1
        names = [os.path.basename(each.path) for each in self.files]
        return {"lines": lines, "files": files, "names": names}
