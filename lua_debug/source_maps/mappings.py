"""The ``mappings`` of a source map: numbers in base 64, each relative to the one before."""

from operator import itemgetter
from typing import NamedTuple

from lua_debug.source_maps.errors import BadSourceMap

_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_VALUE_OF = {digit: value for value, digit in enumerate(_DIGITS)}
_CONTINUES = 32
_LARGEST = 2**31
"""Fields are numbers of 32 bits."""


class Segment(NamedTuple):
    """From ``column`` of a generated line on, code comes from this place; all count from 0.

    ``source`` is an index into the map's sources; -1: from nowhere.
    """

    column: int
    source: int
    line: int
    original_column: int


def decode_mappings(text: str, sources: int) -> list[list[Segment]]:
    """The segments of each generated line, in the order of their columns.

    ``sources`` is how many sources the map has. Raises `BadSourceMap`.
    """
    lines: list[list[Segment]] = []
    known: dict[str, tuple[int, ...]] = {}  # most pieces come again and again
    source = line = original_column = 0
    for number, group in enumerate(text.split(";"), 1):
        segments: list[Segment] = []
        column = 0
        for piece in filter(None, group.split(",")):
            fields = known.get(piece)
            if fields is None:
                fields = known[piece] = _numbers(piece)
            column += fields[0]
            if len(fields) == 1:
                segments.append(Segment(column, -1, 0, 0))
                continue
            source += fields[1]
            line += fields[2]
            original_column += fields[3]
            if column < 0 or line < 0 or original_column < 0 or not 0 <= source < sources:
                raise BadSourceMap(f"line {number} has a mapping to where nothing is")
            segments.append(Segment(column, source, line, original_column))
        segments.sort(key=itemgetter(0))
        lines.append(segments)
    return lines


def _numbers(piece: str) -> tuple[int, ...]:
    """The numbers of a segment: base 64 digits, the lowest first, and the sign in the last bit."""
    numbers: list[int] = []
    value = shift = 0
    for character in piece:
        digit = _VALUE_OF.get(character)
        if digit is None:
            raise BadSourceMap(f"{character!r} is no digit of a mapping")
        value |= (digit & 31) << shift
        if digit & _CONTINUES:
            shift += 5
            continue
        if value >> 1 >= _LARGEST:
            raise BadSourceMap(f"{piece!r} holds a number that is too large")
        numbers.append(-(value >> 1) if value & 1 else value >> 1)
        value = shift = 0
    if shift:
        raise BadSourceMap(f"{piece!r} ends in the middle of a number")
    if len(numbers) not in (1, 4, 5):
        raise BadSourceMap(f"{piece!r} has {len(numbers)} fields")
    return tuple(numbers)
