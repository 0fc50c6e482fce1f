"""Shapes of results, as `tools.pages.results` writes them, and what of a result does not fit."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Kind:
    """What a field holds, as far as it is said."""

    is_list: bool
    may_be_null: bool
    objects: Sequence["Shape"] = ()
    """The objects it may hold, or its items be; none: it holds something else."""


@dataclass(frozen=True)
class Shape:
    """The fields of an object."""

    required: frozenset[str]
    optional: frozenset[str]
    is_open: bool
    """Whether there may be others."""
    kinds: Mapping[str, Kind] = field(default_factory=dict)


def shapes(text: str) -> list[Shape]:
    """The objects that a shape allows: what stands in the outermost braces, of each pair."""
    return [_shape(each) for each in _objects(text)]


def misfits(value: object, allowed: Sequence[Shape], path: str = "") -> Iterator[str]:
    """What of a value fits none of the shapes, by its path; of several, what the first misses."""
    if not isinstance(value, Mapping):
        yield f"{path}: no object"
        return
    found = [[*_misfits(value, each, path)] for each in allowed]
    if found and all(found):
        yield from found[0]


def _misfits(value: Mapping[str, Any], shape: Shape, path: str) -> Iterator[str]:
    yield from (f"{path}.{name} is missing" for name in sorted(shape.required - value.keys()))
    if not shape.is_open:
        unknown = value.keys() - shape.required - shape.optional
        yield from (f"{path}.{name} is not told" for name in sorted(unknown))
    for name in value.keys() & shape.kinds.keys():
        yield from _inside(value[name], shape.kinds[name], f"{path}.{name}")


def _inside(value: object, kind: Kind, path: str) -> Iterator[str]:
    if value is None and kind.may_be_null:
        return
    if not kind.is_list:
        yield from misfits(value, kind.objects, path)
    elif not isinstance(value, list):
        yield f"{path}: no list"
    elif kind.objects:
        for place, each in enumerate(value):
            yield from misfits(each, kind.objects, f"{path}[{place}]")


def _shape(inside: str) -> Shape:
    required, optional = set[str](), set[str]()
    kinds: dict[str, Kind] = {}
    parts = [each.strip() for each in _split(inside, ",")]
    for part in parts:
        name, _, said = part.partition(":")
        names = [each.strip() for each in name.split("|")]
        for each in names:
            word = each.removesuffix("?")
            if word.isidentifier():
                (optional if len(names) > 1 or each.endswith("?") else required).add(word)
                kinds |= _kind(word, said.strip())
    return Shape(frozenset(required), frozenset(optional), "…" in parts, kinds)


def _kind(name: str, said: str) -> dict[str, Kind]:
    if not re.match(r"[\[{]", said):
        return {}
    return {name: Kind(said.startswith("["), said.endswith("|null"), shapes(said))}


def _objects(text: str) -> Iterator[str]:
    depth = begun = 0
    for place, letter in enumerate(text):
        depth += (letter == "{") - (letter == "}")
        if letter == "{" and depth == 1:
            begun = place + 1
        elif letter == "}" and depth == 0:
            yield text[begun:place]


def _split(text: str, mark: str) -> Iterator[str]:
    """The parts between marks that stand in no bracket."""
    depth = begun = 0
    for place, letter in enumerate(text):
        depth += (letter in "{[") - (letter in "}]")
        if letter == mark and depth == 0:
            yield text[begun:place]
            begun = place + 1
    yield text[begun:]
