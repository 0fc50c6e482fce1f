"""Probes compiled into a text: calls of ``true`` on the lines that carry breakpoints.

A probe is ``(true)(ID)`` or ``(true)(ID, FORM)``; the metatable of booleans has a ``__call`` that
handles it and returns nil. It uses no local, upvalue or global of the script, stands on the line
it is about, and changes no line number, scope or value.

``FORM`` is for a line that a loop shares with its body, which is visited once a turn: the head
counts the first visit, the body the others. The handler keeps, for each ID, whether the head
has just been passed (*entered*):

======  ============================================================
none    hit
1       hit; now entered
2       hit, unless entered; no longer entered
3       hit, unless entered; now entered (a loop within a loop)
4       no hit; now entered (a loop after something else on its line)
======  ============================================================
"""

from bisect import bisect_left
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tree_sitter import Node

from lua_debug.syntax.expressions import expression_points
from lua_debug.syntax.flow import Arrival, Point, points_of
from lua_debug.syntax.grammar import Syntax, first_line, last_line, syntax_of
from lua_debug.syntax.safepoints import SAFEPOINT, TESTED, Safepoint, safepoints_of

Spot = int | tuple[int, int] | Safepoint
"""A line, or a line and a byte column, both counted from 1; or the entry of a function."""

_HIT = 0
_FORMS: Mapping[tuple[Arrival, bool], tuple[int, ...]] = {
    (Arrival.FIRST, False): (_HIT,),
    (Arrival.FIRST, True): (1,),
    (Arrival.LOOPED, False): (2,),
    (Arrival.LOOPED, True): (3,),
    (Arrival.CONTINUED, False): (),
    (Arrival.CONTINUED, True): (4,),
    (Arrival.LEAVING, False): (4, 2),  # no longer entered, without a hit
}
_UNUSABLE = (Arrival.UNKNOWN, Arrival.BARRED)


@dataclass(frozen=True, slots=True)
class Instrumented:
    """A text with probes, the spots that have theirs, and those where none can stand.

    An unplaced spot holds code in the middle of a statement, or is reached in ways that
    a probe cannot tell apart; a hook has to watch it. ``single`` spots have a probe in one place;
    two of these share it (``ids``) if it is the same place. ``marks``: the first lines of functions
    that a safepoint tells to be entered, and the line it is on.
    """

    text: bytes
    placed: frozenset[Spot]
    unplaced: frozenset[Spot]
    single: frozenset[Spot] = frozenset()
    ids: Mapping[Spot, int] = field(default_factory=dict)
    marks: Mapping[int, int] = field(default_factory=dict)


def instrument(
    text: bytes,
    wanted: Mapping[Spot, int],
    *,
    safepoints: bool = False,
    skip: Container[int] = (),
    late: Container[Spot] = (),
) -> Instrumented:
    """Put a probe at each wanted spot, so that a visit calls it once before the line does anything.

    ``wanted`` maps lines to probe ids; a (line, column) stands for the statement that begins
    nearest at or before the column, whenever it is executed; a `Safepoint` for itself. With
    ``safepoints``, every function and every turn of a loop calls a probe, with the id `SAFEPOINT`
    where no other stands; at a function's entry its ``FORM`` is the function's first line, in a
    condition `TESTED`.
    Lines in ``skip`` get nothing at all. Probes of ``late`` spots change nothing else: without
    them the text would be the same as if they had not been wanted. A text with a syntax error is
    returned as it is. Whether the result compiles (registers and jumps are limited) is for the
    caller to check.
    """
    syntax = syntax_of(text)
    spots = {spot: id for spot, id in wanted.items() if line_of(spot) not in skip}
    if syntax.has_error:
        return Instrumented(text, frozenset(), frozenset(wanted))
    insertions = _Insertions()
    points = _points_by_line(syntax, sorted({line_of(spot) for spot in spots}))
    ids: dict[Spot, int] = {}
    single: set[Spot] = set()
    for spot in sorted(spots, key=lambda spot: (spot in late, not isinstance(spot, int))):
        found = _places_of(spot, syntax, points)
        if len(found) == 1:
            single.add(spot)
            ids[spot] = insertions.share(found[0], spots[spot])
        elif found:
            ids[spot] = spots[spot]
            for point, form in found:
                insertions.add(point, ids[spot], form)
    early = frozenset(id for spot, id in spots.items() if spot not in late)
    marks = _add_safepoints(syntax, insertions, skip, early) if safepoints else {}
    return Instrumented(
        insertions.apply(text),
        frozenset(ids),
        frozenset(wanted.keys() - ids.keys()),
        frozenset(single),
        ids,
        marks,
    )


def _add_safepoints(
    syntax: Syntax, insertions: "_Insertions", skip: Container[int], early: Container[int]
) -> Mapping[int, int]:
    """Put in those that no early probe stands for; answers which functions' entries they tell."""
    marks: dict[int, int] = {}
    unmarked: set[int] = set()
    for safe in safepoints_of(syntax):
        if safe.line in skip or insertions.has(safe.offset, early):
            unmarked.add(safe.function)
            continue
        insertions.add(safe, SAFEPOINT, safe.function or (TESTED if safe.in_condition else _HIT))
        if safe.function:
            marks[safe.function] = max(safe.line, marks.get(safe.function, 0))
    return {function: line for function, line in marks.items() if function not in unmarked}


def _places_of(
    spot: Spot, syntax: Syntax, points: Mapping[int, list[Point]]
) -> Sequence[tuple[Point | Safepoint, int]]:
    """Where the probe of a spot goes, and in which form."""
    if isinstance(spot, Safepoint):
        return [(spot, _HIT)]
    here = points[line_of(spot)] or expression_points(syntax, line_of(spot))
    here = [point for point in here if not point.minor] or here
    return _whole_line(here) if isinstance(spot, int) else _column(syntax, here, spot)


def line_of(spot: Spot) -> int:
    """The line a spot is on."""
    if isinstance(spot, Safepoint):
        return spot.line
    return spot if isinstance(spot, int) else spot[0]


def _points_by_line(syntax: Syntax, lines: list[int]) -> dict[int, list[Point]]:
    """The points on these lines, of every function that touches one of them."""
    by_line: dict[int, list[Point]] = {line: [] for line in lines}
    for function in _touching(syntax, lines):
        for point in points_of(function):
            if point.line in by_line:
                by_line[point.line].append(point)
    return by_line


def _touching(syntax: Syntax, lines: list[int]) -> Iterable[Node]:
    if lines:
        yield syntax.root
    for function in syntax.functions:
        index = bisect_left(lines, first_line(function))
        if index < len(lines) and lines[index] <= last_line(function):
            yield function


def _whole_line(points: list[Point]) -> list[tuple[Point, int]]:
    if any(point.arrival in _UNUSABLE for point in points):
        return []
    return [(point, form) for point in points for form in _FORMS[point.arrival, point.arms]]


def _column(syntax: Syntax, points: list[Point], spot: tuple[int, int]) -> list[tuple[Point, int]]:
    line, column = spot
    starts = {
        point.start: point
        for point in points
        if point.start is not None and point.arrival is not Arrival.BARRED
    }
    if not starts:
        return []
    offset = syntax.source.line_starts[line - 1] + column - 1
    before = [start for start in starts if start <= offset]
    return [(starts[max(before) if before else min(starts)], _HIT)]


class _Insertions:
    """What goes where; several probes at one place become one piece of text."""

    def __init__(self) -> None:
        self._at: dict[int, list[tuple[int, str]]] = {}
        self._single: dict[tuple[int, int], int] = {}
        self._in_condition: set[int] = set()

    def has(self, offset: int, ids: Container[int]) -> bool:
        """Whether a probe of these ids stands there."""
        return any(id in ids for id, _ in self._at.get(offset, ()))

    def add(self, point: Point | Safepoint, id: int, form: int) -> None:
        calls = self._at.setdefault(point.offset, [])
        call = f"(true)({id})" if form == _HIT else f"(true)({id},{form})"
        if (id, call) not in calls:
            calls.append((id, call))
        if point.in_condition:
            self._in_condition.add(point.offset)

    def share(self, found: tuple[Point | Safepoint, int], id: int) -> int:
        """Add the only probe of a spot, unless another spot's is there; the id of the one there."""
        point, form = found
        id = self._single.setdefault((point.offset, form), id)
        self.add(point, id, form)
        return id

    def apply(self, text: bytes) -> bytes:
        pieces = []
        done = 0
        for offset, found in sorted(self._at.items()):
            # The newest comes first: whoever waits in an older one is behind it.
            calls = [call for _, call in sorted(found, key=lambda each: -each[0])]
            if offset in self._in_condition:
                probe = "".join(f" {call} or " for call in calls)
            else:
                probe = f" do {';'.join(calls)} end "
            pieces += [text[done:offset], probe.encode()]
            done = offset
        return b"".join([*pieces, text[done:]])
