"""Breakpoints in code that is loaded already: its functions are given bodies with more probes.

It is done under LuaJIT, which hears no hooks in compiled code. Everything in here is called on the
Lua thread.
"""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lua_debug.chunks import Chunk, Chunks
from lua_debug.syntax.probes import Instrumented, Spot

LATER = "later"
"""The outcome of an exchange that a function on a stack is in the way of, for the moment."""
DONE = "done"


@dataclass(frozen=True, slots=True)
class _Offer:
    chunk: Chunk
    spots: frozenset[Spot]
    result: Instrumented


class Exchanges:
    """Which chunks could do with more probes, and what became of it."""

    def __init__(self, chunks: Chunks) -> None:
        self._chunks = chunks
        self._offers: dict[int, _Offer] = {}
        self._numbers = itertools.count(1)

    def begin(self, wanted: Iterable[tuple[Chunk, frozenset[Spot]]]) -> list[dict[str, Any]]:
        """What the probe has to compile and exchange for these; earlier offers are void."""
        self._offers.clear()
        offers = []
        for chunk, spots in wanted:
            first, result = self._chunks.with_more(chunk, spots)
            if result.text == chunk.compiled:  # there is none that could stand there
                _settle(_Offer(chunk, spots, result), DONE)
                continue
            number = next(self._numbers)
            self._offers[number] = _Offer(chunk, spots, result)
            offers.append(
                {
                    "number": number,
                    "raw": chunk.raw.encode("latin-1"),
                    "before": chunk.compiled,
                    "after": result.text,
                    "first": first,
                }
            )
        return offers

    def end(self, number: int, outcome: str) -> Chunk | None:
        """Tell the outcome: `DONE`, `LATER` or a reason. The chunk, if it changed."""
        offer = self._offers.pop(number)
        return _settle(offer, outcome)


def _settle(offer: _Offer, outcome: str) -> Chunk | None:
    chunk, result = offer.chunk, offer.result
    if outcome == LATER:
        return None
    chunk.asked |= offer.spots  # hooks will do where it did not succeed
    if outcome != DONE:
        return None
    chunk.late |= offer.spots
    chunk.compiled, chunk.probes = result.text, dict(result.ids)
    chunk.single, chunk.marks = result.single, result.marks
    return chunk


def missing(chunk: Chunk, spots: Iterable[Spot]) -> frozenset[Spot]:
    """Those of the spots that nobody has tried to get a probe for, though it may be possible."""
    return frozenset() if chunk.compiled is None else frozenset(spots) - chunk.asked
