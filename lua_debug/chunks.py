"""The loaded chunks: which text was compiled with which probes in it, under which name."""

import itertools
from collections import OrderedDict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from lua_debug.origins import Origins
from lua_debug.places import TextPlaces
from lua_debug.syntax.active_lines import ActiveLines
from lua_debug.syntax.probes import Instrumented, Spot, instrument
from lua_debug.syntax.safepoints import SAFEPOINT

_KEPT_VERSIONS = 50
"""Texts, or sets of probes in them, that are kept for one name; the oldest fall silent."""

_KEPT_PASSING = 2000
"""Chunks without a file, and cells, that are kept while nothing is set in them."""


class Form(IntEnum):
    """How a chunk comes."""

    PROBED = 0
    """A text, to be compiled with probes."""
    PLAIN = 1
    """A text that is compiled as it is, so that hooks must do."""
    BINARY = 2
    """Compiled already, of this text as far as one knows."""


@dataclass(slots=True)
class Chunk:
    """A text as it was compiled; ``probes`` stand in it, ``asked`` is where some were wanted.

    ``single`` probes have one place. One text may be compiled several times with different probes,
    and functions of all of these may be alive at once. ``marks``: as `Instrumented` has them.
    ``compiled``: the text with its probes, if functions of it could be given more of them; ``late``
    are the spots of those that were.
    """

    raw: str
    key: str
    places: TextPlaces
    asked: frozenset[Spot] = frozenset()
    probes: dict[Spot, int] = field(default_factory=dict)
    single: frozenset[Spot] = frozenset()
    marks: Mapping[int, int] = field(default_factory=dict)
    is_compiled: bool = False
    compiled: bytes | None = None
    late: frozenset[Spot] = frozenset()
    origins: Origins | None = None
    is_binary: bool = False

    def marks_around(self, line: int) -> frozenset[int] | None:
        """The marks that tell the entry of every function with code on a line, before that code.

        None if there are not enough.
        """
        around = [each.first for each in self.places.functions if line in each.lines]
        if any(self.marks.get(first, line + 1) > line for first in around):
            return None
        return frozenset(around)


class Chunks:
    """All chunks by key, in the order they were compiled. Not safe for threads."""

    def __init__(
        self, lines: ActiveLines, *, safepoints: bool, is_passing: Callable[[str], bool]
    ) -> None:
        """``is_passing``: whether a key is one of many, each of which is loaded once or so."""
        self._lines = lines
        self._safepoints = safepoints
        self._is_passing = is_passing
        self._passing: OrderedDict[str, None] = OrderedDict()
        self._by_key: OrderedDict[str, list[Chunk]] = OrderedDict()
        self._probe_ids = itertools.count(SAFEPOINT + 1)

    def of(self, key: str) -> list[Chunk]:
        """The chunks of a key, the newest last."""
        return self._by_key.get(key, [])

    def __iter__(self) -> Iterator[list[Chunk]]:
        """The chunks of each raw source, so that all that one line hook reaches is together."""
        for chunks in self._by_key.values():
            by_raw: dict[str, list[Chunk]] = {}
            for chunk in chunks:
                by_raw.setdefault(chunk.raw, []).append(chunk)
            yield from by_raw.values()

    def newest_first(self) -> Iterator[list[Chunk]]:
        """The chunks of each key, those compiled last first."""
        return reversed(self._by_key.values())

    def enter(self, raw: str, key: str, text: bytes, *, is_binary: bool = False) -> Chunk:
        """The chunk for a text, the newest of its key from now on; new if the text is."""
        known = self._by_key.setdefault(key, [])
        self._by_key.move_to_end(key)
        if self._is_passing(key):
            self._passing[key] = None
            self._passing.move_to_end(key)
        for chunk in reversed(known):
            is_form = chunk.is_binary == is_binary
            if is_form and chunk.raw == raw and chunk.places.text == text:
                known.remove(chunk)
                known.append(chunk)
                return chunk
        chunk = Chunk(raw, key, TextPlaces(self._lines, text), is_binary=is_binary)
        self._append(known, chunk)
        return chunk

    def probed(self, chunk: Chunk, spots: Iterable[Spot]) -> bytes | None:
        """The chunk's text with probes at these spots at least; None if there are none in it.

        A chunk that was compiled with fewer probes stays as it is, beside a new one.
        """
        wanted = frozenset(spots)
        is_new, chunk.is_compiled = not chunk.is_compiled, True
        if wanted <= chunk.asked:
            if chunk.compiled is not None:
                return chunk.compiled
            if not chunk.probes and not self._safepoints:
                return None
            again = instrument(chunk.places.text, chunk.probes, safepoints=self._safepoints)
            chunk.marks = again.marks
            chunk.compiled = again.text if self._safepoints else None
            return again.text
        wanted |= chunk.asked
        ids = {spot: chunk.probes.get(spot) or next(self._probe_ids) for spot in wanted}
        result = instrument(chunk.places.text, ids, safepoints=self._safepoints)
        if not is_new:
            origins = chunk.origins
            chunk = Chunk(chunk.raw, chunk.key, chunk.places, is_compiled=True, origins=origins)
            self._append(self._by_key[chunk.key], chunk)
        chunk.asked, chunk.probes, chunk.single = wanted, dict(result.ids), result.single
        chunk.marks = result.marks
        chunk.compiled = result.text if self._safepoints else None
        return result.text if result.ids or self._safepoints else None

    def with_more(self, chunk: Chunk, spots: Iterable[Spot]) -> tuple[int, Instrumented]:
        """A compiled chunk's text with probes at these spots besides its own.

        And the first id of the new ones; those of the old are lower.
        """
        first = next(self._probe_ids)
        added = frozenset(spots) - chunk.asked
        ids = {**chunk.probes, **{spot: next(self._probe_ids) for spot in added}}
        return first, instrument(
            chunk.places.text, ids, safepoints=self._safepoints, late=chunk.late | added
        )

    def _append(self, known: list[Chunk], chunk: Chunk) -> None:
        known.append(chunk)
        del known[:-_KEPT_VERSIONS]

    def trim(self, in_use: Container[str]) -> Iterator[str]:
        """Forget the oldest passing chunks in which nothing is set, if there are too many.

        The raw names of those.
        """
        for _ in range(len(self._passing) - _KEPT_PASSING):
            key = next(iter(self._passing))
            if key in in_use:
                self._passing.move_to_end(key)
                continue
            del self._passing[key]
            yield from {chunk.raw for chunk in self._by_key.pop(key)}
