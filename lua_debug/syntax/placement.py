"""Where a breakpoint comes to stand."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kernel.core.model import BreakpointLocation
from lua_debug.syntax.active_lines import FunctionLines
from lua_debug.syntax.called_names import functions_by_name
from lua_debug.syntax.grammar import first_line, last_line, syntax_of
from lua_debug.syntax.outline import Outline
from lua_debug.syntax.safepoints import Safepoint, entry_of


@dataclass(frozen=True, slots=True)
class Placement:
    """The line a breakpoint stands on, None if none can; ``message`` tells of a difference."""

    line: int | None
    message: str | None = None


def place(line: int, functions: Sequence[FunctionLines]) -> Placement:
    """The line itself if it holds code, otherwise the next one that does in the same function.

    ``functions`` is what `ActiveLines.functions` returns, the main chunk first. The last line of a
    function is its ``end``, where it returns. Behind a function's last code, its last line counts.
    """
    everything = _active(functions)
    if line in everything:
        return Placement(line)
    if not everything:
        return Placement(None, "This file holds no code.")
    around = [function for function in functions if function.first <= line <= function.last]
    own = min(around, key=_extent, default=functions[0])
    moved = _nearest(line, own, functions) or max(everything)
    return Placement(moved, f"Line {line} holds no code; moved to line {moved}.")


def locations(
    within: BreakpointLocation, outline: Outline, functions: Sequence[FunctionLines]
) -> list[BreakpointLocation]:
    """Where breakpoints can stand in a range: each statement on a line that holds code.

    Columns count UTF-16 code units. The range is that of its lines, from the beginning of the first
    to the end of the last where it has no columns.
    A line with code but no beginning of a statement has one location, where its text begins.
    """
    last = within.end_line or within.line
    active = _active(functions).intersection(range(within.line, last + 1))
    source = outline.source
    found = {
        (statement.line, source.utf16_column(statement.line, statement.column))
        for statement in outline.statements
        if statement.line in active
    }
    for line in active.difference(line for line, _ in found):
        text = source.line_bytes(line)
        found.add((line, 1 + len(text) - len(text.lstrip())))
    begin = within.line, within.column or 0
    end = last, within.end_column or math.inf
    return [BreakpointLocation(*place) for place in sorted(found) if begin <= place <= end]


def function_entries(text: bytes, names: Iterable[str]) -> list[tuple[int, Safepoint]]:
    """The first line and the entry of each function with one of these names (`spelled`)."""
    known = functions_by_name(text)
    found = {function.start_byte: function for name in names for function in known.get(name, ())}
    return [(first_line(found[at]), entry_of(found[at])) for at in sorted(found)]


def _active(functions: Sequence[FunctionLines]) -> frozenset[int]:
    return frozenset().union(*(function.lines for function in functions))


def _extent(function: FunctionLines) -> int:
    return function.last - function.first


def _nearest(line: int, own: FunctionLines, functions: Sequence[FunctionLines]) -> int | None:
    """The next line of a function's own; its last one if none follows.

    Lines that belong to an inner function as well come second: where the outer one makes an inner
    function, at the ``end`` of that, nobody expects to stop.
    """
    inner = [other for other in functions if own.first < other.first and other.last <= own.last]
    below = sorted(active for active in own.lines if active > line)
    for active in below:
        if not any(other.first < active <= other.last for other in inner):
            return active
    return next(iter(below), None) or max(own.lines, default=None)


def bare_lines(text: bytes, functions: Sequence[FunctionLines]) -> frozenset[int]:
    """Lines on which functions only begin or end: what is done inside is done on others."""
    ends = {each.last for each in functions if each.first and each.lines - {each.first, each.last}}
    return frozenset(
        line
        for node in syntax_of(text).functions
        if last_line(node) in ends
        for line in (first_line(node), last_line(node))
        if line == last_line(node) or node.type == "function_declaration"
    )


def owners(
    line: int, outline: Outline, functions: Sequence[FunctionLines]
) -> frozenset[int] | None:
    """The first lines of the functions in which statements begin on a line; 0 is the main chunk's.

    Other code on the line belongs to statements that began above: it makes an inner function, at
    the ``end`` of that, or goes on with a call. None if no statement begins there, or if the
    compiler counts the lines of functions otherwise.
    """
    found = frozenset(each.function_line for each in outline.statements if each.line == line)
    return found if found and found <= {each.first for each in functions} else None
