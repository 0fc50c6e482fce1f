"""The heads of ``for`` loops, for whoever has to tell their first visit from their turns.

Lua's line hook speaks of a loop's first line when the loop begins and again at every turn. At a
turn the loop's control variables are there, which the debug library can see; how many of them
belong to loops around this one is read off the text.
"""

from dataclasses import dataclass

from tree_sitter import Node, Query, QueryCursor

from lua_debug.syntax.grammar import FUNCTIONS, LUA, first_line, last_line, syntax_of

_LOOPS = Query(LUA, "(for_statement) @loop")


@dataclass(frozen=True, slots=True)
class ForHead:
    """A line on which one ``for`` begins.

    ``numeric`` and ``generic`` count the loops around it in its function. ``is_numeric`` is the
    kind of its own, ``is_whole`` says that the loop ends on the line, too.
    """

    numeric: int
    generic: int
    is_numeric: bool
    is_whole: bool


def for_head(text: bytes, line: int) -> ForHead | None:
    """The loop that begins on a line; None if there is none, or several."""
    syntax = syntax_of(text)
    cursor = QueryCursor(_LOOPS)
    cursor.set_point_range((line - 1, 0), (line, 0))
    found = cursor.captures(syntax.root).get("loop", [])
    begins = [node for node in found if first_line(node) == line]
    if len(begins) != 1:
        return None
    loop = begins[0]
    around = _loops_around(loop)
    numeric = sum(map(_is_numeric, around))
    return ForHead(numeric, len(around) - numeric, _is_numeric(loop), last_line(loop) == line)


def _loops_around(loop: Node) -> list[Node]:
    found = []
    inner, outer = loop, loop.parent
    while outer is not None and outer.type not in FUNCTIONS:
        if outer.type == "for_statement" and inner == outer.child_by_field_name("body"):
            found.append(outer)
        inner, outer = outer, outer.parent
    return found


def _is_numeric(loop: Node) -> bool:
    clause = loop.child_by_field_name("clause")
    return clause is not None and clause.type == "for_numeric_clause"
