"""Lines that Lua's line hook speaks of again while a statement that begins there is under way.

A probe before a statement is passed when the statement begins. The line hook tells the statement's
first line also when control comes back to it: to a call whose arguments are on further lines, to
the head of a ``for`` at every turn.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache

from tree_sitter import Node

from lua_debug.syntax.flow import SILENT
from lua_debug.syntax.grammar import Syntax, body, condition, first_line, last_line, syntax_of

_NO_CODE = SILENT | {"comment", "do_statement"}


def revisits_of(text: bytes) -> Mapping[int, int]:
    """First line -> last line: coming from behind the first, up to the last, is no beginning.

    Lines on which several statements begin are left out.
    """
    return _revisits(syntax_of(text))


@lru_cache(maxsize=32)
def _revisits(syntax: Syntax) -> Mapping[int, int]:
    begun: Counter[int] = Counter()
    reaches: dict[int, int] = {}
    for node, last in _ranges(syntax.root):
        line = first_line(node)
        begun[line] += 1
        if last > line:
            reaches[line] = last
    return {line: last for line, last in reaches.items() if begun[line] == 1}


def _ranges(node: Node) -> Iterator[tuple[Node, int]]:
    """Each statement or condition with code of its own, and the last line of that code."""
    cursor = [node]
    while cursor:
        node = cursor.pop()
        cursor += node.named_children
        parent = node.parent
        if node.type in ("if_statement", "elseif_statement", "while_statement"):
            yield node, last_line(condition(node))
        elif node.type == "repeat_statement":
            yield condition(node), last_line(condition(node))
        elif node.type == "for_statement":
            yield node, last_line(node) if body(node) else first_line(node)
        elif parent is not None and parent.type in ("block", "chunk") and node.type not in _NO_CODE:
            yield node, last_line(node)
