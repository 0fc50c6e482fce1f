"""Where in a file names mean local variables, found without analysing it: one query over its tree.

The index asks it of thousands of files, of each once; an `Analysis` would cost many times as much.
Nodes are not asked for their parents, which are searched from the root.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate

from tree_sitter import Node, Query, QueryCursor

from lua_debug.syntax.grammar import LUA

_VARIABLES = Query(
    LUA,
    """
    (block) @block
    (variable_declaration "local" (variable_list name: (_) @name)) @statement
    (variable_declaration "local"
      (assignment_statement (variable_list name: (_) @name))) @statement
    (function_declaration "local" name: (_) @name) @function
    (_ parameters: (parameters name: (_) @name) @head) @whole
    (for_statement clause: (for_numeric_clause name: (_) @name) @head) @whole
    (for_statement clause: (for_generic_clause (variable_list name: (_) @name)) @head) @whole
    """,
)


class LocalNames:
    """The stretches of a text in which each name is a variable's."""

    def __init__(self, root: Node) -> None:
        spans: dict[bytes, list[tuple[int, int]]] = {}
        for name, start, end in _spans(root):
            spans.setdefault(name, []).append((start, end))
        self._spans: dict[bytes, tuple[list[int], list[int]]] = {}
        """By name where they begin, in order, and the furthest end of all that begin until there:
        some stretch holds a place if that lies behind it."""
        for name, each in spans.items():
            each.sort()
            starts = [start for start, _ in each]
            self._spans[name] = starts, [*accumulate((end for _, end in each), max)]

    def cover(self, name: Node) -> bool:
        """Whether a name means a local variable where it stands."""
        starts, furthest = self._spans.get(name.text or b"", ((), ()))
        place = bisect_right(starts, name.start_byte) - 1
        return place >= 0 and name.start_byte < furthest[place]


def _spans(root: Node) -> Iterator[tuple[bytes, int, int]]:
    """Each variable, and from where to where it is visible."""
    blocks: list[tuple[int, int]] = []
    declared: list[tuple[int, int, bytes]] = []
    for _, found in QueryCursor(_VARIABLES).matches(root):
        name = next((each.text or b"" for each in found.get("name", ())), b"")
        if "block" in found:
            blocks.append((found["block"][0].start_byte, found["block"][0].end_byte))
        elif "whole" in found:
            yield name, found["head"][0].end_byte, found["whole"][0].end_byte
        elif "function" in found:  # known inside itself
            at = found["function"][0].start_byte
            declared.append((at, at, name))
        else:
            statement = found["statement"][0]
            declared.append((statement.start_byte, statement.end_byte, name))
    declared.sort()
    ends = _ends_around([at for at, _, _ in declared], blocks, root.end_byte)
    for (_, start, name), end in zip(declared, ends, strict=True):
        yield name, start, end


def _ends_around(places: list[int], blocks: list[tuple[int, int]], last: int) -> Iterator[int]:
    """For each of some places, in order, the end of the innermost block that holds it."""
    left = sorted(blocks, key=lambda each: (-each[0], each[1]))
    around = [last]
    for place in places:
        while left and left[-1][0] <= place:
            start, end = left.pop()
            while around[-1] <= start and len(around) > 1:
                around.pop()
            around.append(end)
        while around[-1] <= place and len(around) > 1:
            around.pop()
        yield around[-1]
