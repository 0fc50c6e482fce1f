"""A source map as a document: its JSON, with sections and sources, made into one map by lines."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lua_debug.source_maps.errors import BadSourceMap
from lua_debug.source_maps.mappings import Segment, decode_mappings


@dataclass(frozen=True, slots=True)
class OriginalText:
    """A source as the map names it, ``sourceRoot`` before it; ``content`` where it is in the map.

    ``is_ignored``: the map says that it is none of the user's own (``ignoreList``).
    """

    url: str
    content: str | None = None
    is_ignored: bool = False


@dataclass(frozen=True, slots=True)
class SourceMap:
    """``segments`` of each generated line; their sources are indices into ``texts``."""

    texts: tuple[OriginalText, ...]
    segments: Sequence[Sequence[Segment]]


@lru_cache(maxsize=64)
def read_source_map(data: bytes) -> SourceMap:
    """The map in a JSON text. Raises `BadSourceMap`."""
    try:
        found = json.loads(_without_guard(data))
    except ValueError as error:
        raise BadSourceMap(f"it is no JSON ({error})") from error
    except RecursionError as error:
        raise BadSourceMap("it is nested too deep") from error
    return _index_map(found) if "sections" in _object(found) else _plain_map(found)


def _without_guard(data: bytes) -> bytes:
    """Servers put ``)]}'`` before a map, so that no browser runs it as a script (ECMA-426)."""
    return data.partition(b"\n")[2] if data.startswith(b")]}'") else data


def _plain_map(found: Mapping[str, Any]) -> SourceMap:
    if found.get("version") != 3:
        raise BadSourceMap(f"its version is {found.get('version')!r}; 3 can be read")
    texts = _texts(found)
    segments = decode_mappings(_field(found, "mappings", str, None), len(texts))
    return SourceMap(tuple(each or OriginalText("") for each in texts), _known(segments, texts))


def _known(
    lines: list[list[Segment]], texts: Sequence[OriginalText | None]
) -> Sequence[Sequence[Segment]]:
    """What comes from a source without a name comes from nowhere."""
    if None not in texts:
        return lines
    return [
        [each._replace(source=-1) if texts[each.source] is None else each for each in line]
        for line in lines
    ]


def _texts(found: Mapping[str, Any]) -> list[OriginalText | None]:
    root = _field(found, "sourceRoot", str, "")
    names = _field(found, "sources", list, None)
    contents = _field(found, "sourcesContent", list, [])
    ignored = _field(found, "ignoreList", list, found.get("x_google_ignoreList") or [])
    texts: list[OriginalText | None] = []
    for number, name in enumerate(names):
        if name is not None and not isinstance(name, str):
            raise BadSourceMap(f"its source {name!r} is no text")
        content = contents[number] if number < len(contents) else None
        shown = content if isinstance(content, str) else None
        url = None if name is None else _below(root, name)
        texts.append(None if url is None else OriginalText(url, shown, number in ignored))
    return texts


def _below(root: str, name: str) -> str:
    if not root or name.startswith("/") or "://" in name:
        return name
    return root.rstrip("/") + "/" + name


def _index_map(found: Mapping[str, Any]) -> SourceMap:
    """Maps one behind the other, each from its offset on."""
    texts: list[OriginalText] = []
    lines: list[list[Segment]] = []
    for section in _field(found, "sections", list, None):
        offset = _field(_object(section), "offset", dict, None)
        first, column = _field(offset, "line", int, None), _field(offset, "column", int, None)
        if "map" not in section:
            raise BadSourceMap("a section has no map of its own; a url is not followed")
        inner = _plain_map(_object(section["map"]))
        if first < 0 or column < 0 or first + 1 < len(lines):
            raise BadSourceMap("its sections are not in the order of their offsets")
        while len(lines) <= first:
            lines.append([])
        _append(lines, first, column, inner, len(texts))
        texts += inner.texts
    return SourceMap(tuple(texts), lines)


def _append(
    lines: list[list[Segment]], first: int, column: int, inner: SourceMap, before: int
) -> None:
    for number, segments in enumerate(inner.segments):
        moved = [
            each._replace(
                column=each.column + (column if number == 0 else 0),
                source=each.source + before if each.source >= 0 else -1,
            )
            for each in segments
        ]
        if number == 0:
            lines[first] += moved
        else:
            lines.append(moved)


def _object(found: object) -> Mapping[str, Any]:
    if not isinstance(found, dict):
        raise BadSourceMap("it is no JSON object")
    return found


def _field(found: Mapping[str, Any], name: str, kind: type, default: Any) -> Any:
    value = found.get(name)
    if value is None:
        value = default
    if not isinstance(value, kind):
        raise BadSourceMap(f"its {name} is {'missing' if value is None else 'of the wrong type'}")
    return value
