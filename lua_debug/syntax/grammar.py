"""The Lua grammar (tree-sitter-lua) and the shape of its statements."""

from functools import lru_cache

import tree_sitter_lua
from tree_sitter import Language, Node, Parser, Query, QueryCursor, Tree

from lua_debug.syntax.source_text import SourceText

LUA = Language(tree_sitter_lua.language())

FUNCTIONS = frozenset({"function_definition", "function_declaration"})
"""The nodes that stand for a function's text."""

_FUNCTIONS = Query(LUA, "[(function_definition) (function_declaration)] @function")


class Syntax:
    """A parsed text: its tree, and its functions in the order of their beginnings."""

    def __init__(self, text: bytes) -> None:
        self.source = SourceText(text)
        self.tree: Tree = Parser(LUA).parse(self.source.for_parser())
        self.has_error = self.tree.root_node.has_error
        self._functions: list[Node] | None = None

    @property
    def root(self) -> Node:
        """The chunk."""
        return self.tree.root_node

    @property
    def functions(self) -> list[Node]:
        """Every ``function … end`` of the text, outer ones first."""
        if self._functions is None:
            found = QueryCursor(_FUNCTIONS).captures(self.root).get("function", [])
            self._functions = sorted(found, key=lambda node: node.start_byte)
        return self._functions


@lru_cache(maxsize=32)
def syntax_of(text: bytes) -> Syntax:
    """The text parsed, once for everybody who asks about it."""
    return Syntax(text)


def first_line(node: Node) -> int:
    """The line a node begins on, from 1."""
    return node.start_point[0] + 1


def last_line(node: Node) -> int:
    """The line a node ends on, from 1."""
    return node.end_point[0] + 1


def statements(block: Node | None) -> list[Node]:
    """The statements of a block, function or chunk body; none for an empty one."""
    if block is None:
        return []
    return [node for node in block.named_children if node.type != "comment"]


def body(node: Node) -> list[Node]:
    """The statements in a function's, loop's or do block's body."""
    return statements(node.child_by_field_name("body"))


def condition(node: Node) -> Node:
    """The condition of an ``if``, ``elseif``, ``while`` or ``repeat``."""
    found = node.child_by_field_name("condition")
    assert found is not None
    return found


def token(node: Node, text: str) -> Node:
    """The keyword ``text`` of a statement, the last one if there are several."""
    return next(child for child in reversed(node.children) if child.type == text)


def values(node: Node) -> list[Node]:
    """The expressions on the right of an assignment or a local declaration."""
    if node.type == "variable_declaration":
        inner = next((c for c in node.named_children if c.type == "assignment_statement"), None)
        return [] if inner is None else values(inner)
    listed = next((c for c in node.named_children if c.type == "expression_list"), None)
    return [] if listed is None else statements(listed)
