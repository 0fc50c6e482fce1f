"""The calls that a line is about to make, in the order Lua makes them."""

from collections.abc import Iterator

from tree_sitter import Node, Query, QueryCursor

from lua_debug.syntax.grammar import LUA, Syntax, first_line

_STATEMENTS = Query(
    LUA,
    """
    (block [(assignment_statement) (variable_declaration) (function_call) (return_statement)] @run)
    (chunk [(assignment_statement) (variable_declaration) (function_call) (return_statement)] @run)
    (if_statement condition: (_) @run)
    (elseif_statement condition: (_) @run)
    (while_statement condition: (_) @run)
    (repeat_statement condition: (_) @run)
    (for_statement clause: (_) @run)
    """,
)


def call_nodes(syntax: Syntax, line: int) -> Iterator[Node]:
    """The call expressions of every statement or condition that begins on the line.

    Arguments come before the call they are for; bodies of functions are left out.
    """
    cursor = QueryCursor(_STATEMENTS)
    cursor.set_point_range((line - 1, 0), (line, 0))
    found = cursor.captures(syntax.root).get("run", [])
    for node in sorted(found, key=lambda node: node.start_byte):
        if first_line(node) == line:
            yield from _calls_in(node)


def _calls_in(root: Node) -> Iterator[Node]:
    """Inner calls first. No recursion: a sum of a thousand terms is a thousand levels deep."""
    left = [(root, False)]
    while left:
        node, is_done = left.pop()
        if is_done:
            yield node
            continue
        if node.type == "function_call":
            left.append((node, True))
        parts = (child for child in node.named_children if child.type != "function_definition")
        left.extend((part, False) for part in reversed(list(parts)))
