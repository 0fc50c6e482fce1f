"""Into which statements a text is taken apart: each becomes a piece.

These are the statements of the chunk, and of a long one those of its body, too: somebody who types
in a function of a thousand lines changes one of its statements, and a block that is not closed yet
has everything behind it as its body.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tree_sitter import Node

from lsp_server.analysis.pieces import Piece
from lua_debug.syntax.grammar import FUNCTIONS

LONG = 8_000
"""Bytes beyond which the body of a statement is taken apart, which has some milliseconds of work
otherwise."""

DEEPEST = 20
"""How many bodies in each other are taken apart."""

_BLOCKS = frozenset({"do_statement", "while_statement", "for_statement", "if_statement"})
_BRANCHES = frozenset({"elseif_statement", "else_statement"})


class Statement:
    """A statement on its way to be a piece."""

    __slots__ = ("body", "inner", "key", "node", "piece")

    def __init__(self, node: Node, raw: bytes, *, is_known: bool, depth: int = 0) -> None:
        self.node = node
        self.body = _long_body(node) if is_known and depth < DEEPEST and _is_long(node) else None
        """The block whose statements are pieces of their own."""
        self.inner: list[Statement] = []
        if self.body is not None:
            self.inner = statements_of(_parts(self.body), raw, depth + 1)
        # Where the scope of a block ends that stands in an error lies outside of it.
        is_known = is_known and not (self.body or node.has_error or node.type == "block")
        self.key = (node.type, raw[node.start_byte : node.end_byte]) if is_known else None
        """By what it is known again."""
        self.piece: Piece | None = None


def statements_of(nodes: Iterable[Node], raw: bytes, depth: int = 0) -> list[Statement]:
    """The statements among some nodes, and what the parser could not put together."""
    return [Statement(each, raw, is_known=True, depth=depth) for each in _flat(nodes, DEEPEST)]


def _flat(nodes: Iterable[Node], depth: int) -> Iterator[Node]:
    """Nodes without comments; long stretches of errors, which have no scope, are their parts."""
    for each in nodes:
        if each.type == "ERROR" and depth and _is_long(each):
            yield from _flat(_parts(each), depth - 1)
        elif each.type != "comment":
            yield each


def _parts(node: Node) -> list[Node]:
    """What is visited of a node; ``global`` is a name where it begins no declaration."""
    return [each for each in node.children if each.is_named or each.type == "global"]


def _is_long(node: Node) -> bool:
    return node.end_byte - node.start_byte > LONG


def _long_body(statement: Node) -> Node | None:
    """The block that most of a statement is: its own, or that of a function somewhere in it."""
    around, node = statement, statement
    is_direct = True
    while True:
        if node.type == "block" and (is_direct or around.type in FUNCTIONS):
            return None if _is_method_of_field(around) else node
        if node.type in FUNCTIONS and _is_method_of_field(node):
            return None
        is_direct = is_direct and (node.type in _BLOCKS or node.type in _BRANCHES)
        longest = max(node.named_children, key=_length, default=None)
        if longest is None or not _is_long(longest):
            return None
        around, node = node, longest


def _length(node: Node) -> int:
    return node.end_byte - node.start_byte


def _is_method_of_field(function: Node) -> bool:
    """Whether it is ``function a.b:m()``: what ``self`` stands for is no variable then."""
    name = function.child_by_field_name("name")
    if name is None or name.type != "method_index_expression":
        return False
    table = name.child_by_field_name("table")
    return table is None or table.type != "identifier"
