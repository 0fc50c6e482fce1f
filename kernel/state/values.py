"""Values of state: what JSON can say, and how it is kept as bytes."""

import json
from math import isfinite
from typing import TypeAlias

from kernel.core.errors import UserError

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

DEEPEST = 200
"""How many lists and objects may lie inside each other."""


class NotStorable(UserError):
    """A value that JSON cannot say without loss; the text names the place in it."""


def encode(value: object) -> bytes:
    """A value as JSON; tuples become lists. Raises `NotStorable` where something would be lost."""
    _check(value, "the value", 0)
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode()


def decode(data: bytes) -> Json:
    """The value; raises `NotStorable` if the bytes are no JSON, of another writer for example."""
    try:
        value: Json = json.loads(data)
    except ValueError as error:
        raise NotStorable(f"The entry holds bytes that are no JSON ({error}).") from error
    return value


def is_same(one: object, other: object) -> bool:
    """Whether two values are equal as JSON: true is not 1, but 1 is 1.0."""
    match one, other:
        case (bool(), _) | (_, bool()):
            return one is other
        case (list() | tuple(), list() | tuple()):
            return len(one) == len(other) and all(map(is_same, one, other))
        case dict(), dict():
            return one.keys() == other.keys() and all(is_same(one[key], other[key]) for key in one)
        case _:
            return one == other


def _check(value: object, place: str, depth: int) -> None:
    if depth > DEEPEST:
        raise NotStorable(f"The value is nested deeper than {DEEPEST} levels, or contains itself.")
    match value:
        case None | bool() | int():
            pass
        case str():
            _check_text(value, place)
        case float():
            if not isfinite(value):
                raise NotStorable(f"{place} is {value}; JSON has only finite numbers.")
        case list() | tuple():
            for index, item in enumerate(value):
                _check(item, f"{place}[{index}]" if depth < 9 else place, depth + 1)
        case dict():
            for key, item in value.items():
                if not isinstance(key, str):
                    raise NotStorable(f"{place} has the key {key!r}; keys must be strings.")
                _check_text(key, place)
                _check(item, f"{place}.{key}" if depth < 9 else place, depth + 1)
        case _:
            kind = type(value).__name__
            raise NotStorable(f"{place} is of type {kind}; only what JSON can say is kept.")


def _check_text(text: str, place: str) -> None:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise NotStorable(f"{place} has half a character (a lone surrogate) in it.") from None
