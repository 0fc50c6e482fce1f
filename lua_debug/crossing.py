r"""How values cross between Lua and Python: as text, in JSON with a few tags of our own.

A packed text is one byte of form and a JSON array of values, each character standing for a byte.
Form ``p`` holds plain JSON only; form ``s`` holds tags, objects with one key that begins with
``\0``: ``m`` a table with other keys than texts (a list of keys and values), ``f`` a function (its
number), ``o`` a host object (its number; towards Lua also its type and fields), ``n`` the null that
is kept apart from nil, ``d`` what is no data (its text and type). Texts are bytes to Lua: what is
no UTF-8 comes as `bytes`. Integers and floats stay apart where Lua keeps them apart.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from pathlib import PurePath
from typing import Any

from kernel.core.functions import HostObject
from kernel.core.octets import octets
from kernel.core.script_values import NULL, Opaque

PLAIN, SPECIAL = "p", "s"

DEEPEST = 200
"""Levels of tables in tables that cross; the same stands in ``probe/crossing.lua``."""

_scan: Callable[[str, int], tuple[Any, int]] = vars(json.JSONDecoder(strict=False))["scan_once"]
_write = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


class NotData(TypeError):
    """A value of Python that is none of a script; a fault of the function that gave it."""


class Unpacker:
    """Reads what Lua sent; tags become callbacks and objects."""

    def __init__(
        self, callback: Callable[[int], Any], find_object: Callable[[int], HostObject | Opaque]
    ) -> None:
        self._callback = callback
        self._find_object = find_object

    def unpack(self, packed: str) -> list[Any]:
        """The values of a packed text."""
        is_tagged = packed[0] == SPECIAL
        if not packed.isascii():
            packed = packed.encode("latin-1").decode("utf-8", "surrogateescape")
            try:
                packed.encode("utf-8")
            except UnicodeEncodeError:
                is_tagged = True  # some text is none
        values: list[Any] = _scan(packed, 1)[0]
        return [self._value(each) for each in values] if is_tagged else values

    def _value(self, value: Any) -> Any:
        if isinstance(value, str):
            return _text_or_bytes(value)
        if isinstance(value, list):
            return [self._value(each) for each in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            [(tag, content)] = value.items()
            if tag[:1] == "\0":
                return self._tagged(tag[1:], content)
        return {_text_or_bytes(key): self._value(each) for key, each in value.items()}

    def _tagged(self, tag: str, content: Any) -> Any:
        match tag:
            case "m":
                pairs = [self._value(each) for each in content]
                return dict(zip(pairs[::2], pairs[1::2], strict=True))
            case "f":
                return self._callback(content)
            case "o":
                return self._find_object(content)
            case "n":
                return None
            case "d":
                return Opaque(str(content[0]), content[1])
        raise ValueError(f"no value has the tag {tag!r}")


def read_results(packed: str) -> list[Any]:
    """What a script returned: data, and `Opaque` for what is none."""
    return Unpacker(lambda _: Opaque("function", "function"), _shown_object).unpack(packed)


def _shown_object(number: int) -> Opaque:
    return Opaque(f"object {number}", "object")


def _text_or_bytes(text: str) -> str | bytes:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape")
    return text


class Packer:
    """Writes what goes to Lua; objects are given numbers by ``keep``."""

    def __init__(self, keep: Callable[[HostObject], list[Any]]) -> None:
        self._keep = keep

    def pack(self, values: Sequence[Any]) -> str:
        """A packed text; raises `NotData` for what is no data."""
        text = PLAIN + _write([self._plain(each, 0) for each in values])
        if text.isascii():
            return text
        return octets(text).decode("latin-1")

    def _plain(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if kind in _SCALARS:
            return value
        if depth > DEEPEST:
            raise NotData(f"tables are nested more than {DEEPEST} levels deep")
        if kind is dict:
            return self._mapping(value, depth + 1)
        if kind is list or kind is tuple:
            return [self._plain(each, depth + 1) for each in value]
        return self._other(value, depth)

    def _mapping(self, value: Mapping[Any, Any], depth: int) -> Any:
        if all(type(key) is str and key[:1] != "\0" for key in value):
            plain = self._plain
            return {key: plain(each, depth) for key, each in value.items() if each is not None}
        pairs = []
        for key, each in value.items():
            if isinstance(key, bool) or not isinstance(key, str | bytes | int):
                raise NotData(f"{key!r} cannot be a key")
            if each is not None:
                pairs += [self._plain(key, depth), self._plain(each, depth)]
        return {"\0m": pairs}

    def _other(self, value: Any, depth: int) -> Any:
        if value is NULL:
            return {"\0n": 1}
        if isinstance(value, bytes):
            return value.decode("utf-8", "surrogateescape")
        if isinstance(value, HostObject):
            number, name, values = self._keep(value)
            shown = None if values is None else self._plain(values, depth)
            return {"\0o": [number, name, shown]}
        if isinstance(value, Enum):
            return self._plain(value.value, depth)
        if isinstance(value, Opaque):
            return value.text
        if is_dataclass(value) and not isinstance(value, type):
            named = {each.name: getattr(value, each.name) for each in fields(value)}
            return self._mapping(named, depth + 1)
        if isinstance(value, Mapping):
            return self._mapping(value, depth + 1)
        if isinstance(value, date):
            return value.isoformat()
        if isinstance(value, PurePath):
            return str(value)
        if isinstance(value, str | int | float):
            return kind_of_base(value)
        if isinstance(value, Sequence):
            return [self._plain(each, depth + 1) for each in value]
        raise NotData(f"{type(value).__name__} is no value of a script")


def kind_of_base(value: Any) -> Any:
    """A value of a derived type (``NewType`` has none, `StrEnum` has) as one of the base."""
    base = next(each for each in (bool, int, float, str) if isinstance(value, each))
    return base(value)


_SCALARS = frozenset({str, int, float, bool, type(None)})
