"""How alike two pieces of plain data are, and where they differ."""

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

MAX_TEXT = 4_000
"""Characters up to which texts are compared in detail; longer ones are the same or different."""

MAX_DIFFERENCES = 100
"""Differences that are listed; all of them count for the score."""

_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where they differ."""

    path: str
    """``value.rows[2].name``; "" is the whole."""
    description: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of comparing."""

    is_identical: bool
    similarity: float
    """From 0 (nothing in common) to 1 (identical): the mean over all leaves of both."""
    differences: tuple[Difference, ...] = ()

    @property
    def summary(self) -> str:
        """In one line."""
        if self.is_identical:
            return "identical"
        count = len(self.differences)
        more = " or more" if count == MAX_DIFFERENCES else ""
        places = "place" if count == 1 else "places"
        return f"{self.similarity:.1%} alike, different in {count}{more} {places}"


@dataclass(frozen=True, slots=True)
class _Leaf:
    """One place of either side, and how alike both are there."""

    path: str
    similarity: float
    description: str = ""


def compare(old: JsonValue, new: JsonValue) -> Comparison:
    """Compare two JSON values. Objects are compared by their keys, arrays place by place."""
    leaves = list(_leaves("", old, new))
    different = [leaf for leaf in leaves if leaf.description]
    return Comparison(
        is_identical=not different,
        similarity=sum(leaf.similarity for leaf in leaves) / len(leaves),
        differences=tuple(
            Difference(leaf.path, leaf.description) for leaf in different[:MAX_DIFFERENCES]
        ),
    )


def _leaves(path: str, old: JsonValue, new: JsonValue) -> Iterator[_Leaf]:
    match old, new:
        case (dict(), dict()) if old or new:
            for key in [*old, *(key for key in new if key not in old)]:
                yield from _member(f"{path}.{key}" if path else key, key, old, new)
        case (list(), list()) if old or new:
            for place in range(max(len(old), len(new))):
                yield from _element(f"{path}[{place}]", place, old, new)
        case (str(), str()) if old != new:
            alike = _alike(old, new)
            yield _Leaf(path, alike, f"{_shown(old)} became {_shown(new)}")
        case _ if _kind(old) != _kind(new):
            yield _Leaf(path, 0.0, f"{_typed(old)} became {_typed(new)}")
        case _ if old != new:
            yield _Leaf(path, 0.0, f"{_shown(old)} became {_shown(new)}")
        case _:
            yield _Leaf(path, 1.0)


def _member(
    path: str, key: str, old: Mapping[str, JsonValue], new: Mapping[str, JsonValue]
) -> Iterator[_Leaf]:
    if key not in new:
        yield _Leaf(path, 0.0, f"{_shown(old[key])} is gone")
    elif key not in old:
        yield _Leaf(path, 0.0, f"{_shown(new[key])} was added")
    else:
        yield from _leaves(path, old[key], new[key])


def _element(path: str, place: int, old: list[JsonValue], new: list[JsonValue]) -> Iterator[_Leaf]:
    if place >= len(new):
        yield _Leaf(path, 0.0, f"{_shown(old[place])} is gone")
    elif place >= len(old):
        yield _Leaf(path, 0.0, f"{_shown(new[place])} was added")
    else:
        yield from _leaves(path, old[place], new[place])


def _alike(old: str, new: str) -> float:
    if max(len(old), len(new)) > MAX_TEXT:
        return 0.0
    return difflib.SequenceMatcher(None, old, new, autojunk=False).ratio()


def _kind(value: JsonValue) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def _typed(value: JsonValue) -> str:
    return _shown(value) if value is None else f"{_shown(value)} ({_kind(value)})"


def _shown(value: JsonValue) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
