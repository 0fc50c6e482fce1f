"""Where a breakpoint of an original lies in the Lua that was made from it."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from kernel.core.model import BreakpointLocation, BreakpointSpec
from lua_debug.origins import Generated, Origins
from lua_debug.places import Place, Shown, TextPlaces
from lua_debug.syntax.active_lines import FunctionLines
from lua_debug.syntax.outline import parse
from lua_debug.syntax.placement import bare_lines, locations

Lines = Mapping[int, Sequence[Generated]]


def original_places(
    spec: BreakpointSpec, key: str, origins: Origins, places: TextPlaces
) -> list[Place]:
    """The places of a breakpoint on a line of the original ``key``; none if it holds no code.

    A line of which several functions were made has one in each, where that comes to it first. A
    line without code has those of the next one that has some, as a breakpoint in Lua has.
    """
    lines = origins.generated(key)
    with_code = _with_code(key, origins, places)
    for line in _candidates(spec.line, with_code):
        found = [] if spec.column is None or line != spec.line else _at_column(spec, lines, places)
        found = found or _first_of_each(with_code[line], places.functions)
        if found:
            return [_shown(each, spec.line, line) for each in found]
    return []


def original_locations(
    within: BreakpointLocation, key: str, origins: Origins, places: TextPlaces
) -> list[BreakpointLocation]:
    """Where breakpoints can stand in a range of an original."""
    lines, last = origins.generated(key), within.end_line or within.line
    made = {each.line for line in range(within.line, last + 1) for each in lines.get(line, ())}
    if not made:
        return []
    around = BreakpointLocation(min(made), end_line=max(made))
    starts = locations(around, parse(places.text), places.functions)
    found = {(at.line, at.column or 1) for at in _origins_of(starts, key, origins)}
    begin = within.line, within.column or 0
    end = last, within.end_column or math.inf
    return [BreakpointLocation(*each) for each in sorted(found) if begin <= each <= end]


def _origins_of(
    starts: Iterable[BreakpointLocation], key: str, origins: Origins
) -> Iterator[BreakpointLocation]:
    for start in starts:
        origin = origins.at(start.line, start.column)
        if origin is not None and origin.file.key == key:
            yield BreakpointLocation(origin.line, origin.column)


@lru_cache(maxsize=64)
def _with_code(key: str, origins: Origins, text: TextPlaces) -> dict[int, list[int]]:
    """For each line of the original the lines with code that were made from it.

    Where a function only begins or ends, nobody expects to stop: compilers say that both come from
    the head of the original's function.
    """
    active = frozenset().union(*(function.lines for function in text.functions))
    active -= bare_lines(text.text, text.functions)
    found: dict[int, list[int]] = {}
    for line, places in origins.generated(key).items():
        made = sorted({each.line for each in places} & active)
        if made:
            found[line] = made
    return found


def _candidates(line: int, with_code: Mapping[int, object]) -> Iterator[int]:
    """The line, those behind it, and at last the one nearest before."""
    if line in with_code:
        yield line
    yield from sorted(each for each in with_code if each > line)
    before = [each for each in with_code if each < line]
    if before:
        yield max(before)


def _at_column(spec: BreakpointSpec, lines: Lines, places: TextPlaces) -> list[Place]:
    """The statement that was made from what begins at or before the column."""
    made = lines.get(spec.line, ())
    before = [each for each in made if each.original_column <= (spec.column or 1)]
    for at in sorted(before, key=lambda each: -each.original_column):
        place = places.of(BreakpointSpec(spec.id, at.line, at.column))
        if place is not None and place.line == at.line:
            return [replace(place, shown=Shown(spec.line, at.original_column))]
    return []


def _first_of_each(lines: Sequence[int], functions: Sequence[FunctionLines]) -> list[Place]:
    """The first line of each function; one that begins on a line of another is stopped at there."""
    found: dict[int, None] = {}
    for function in functions:
        own = [line for line in lines if line in function.lines]
        if own:
            found[own[0]] = None
    return [Place(line, line) for line in found]


def _shown(place: Place, wanted: int, line: int) -> Place:
    message = None
    if line != wanted:
        message = f"Line {wanted} holds no code; moved to line {line}."
    return replace(place, shown=place.shown or Shown(line), message=message)
