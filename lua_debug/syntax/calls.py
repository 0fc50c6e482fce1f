"""The calls that a line is about to make, in the order Lua makes them."""

from collections.abc import Iterator

from tree_sitter import Node, Query, QueryCursor

from lua_debug.syntax.grammar import FUNCTIONS, LUA, Syntax, first_line

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


def statements_at(syntax: Syntax, line: int) -> list[Node]:
    """Every statement or condition that begins on the line, or above it and reaches it."""
    cursor = QueryCursor(_STATEMENTS)
    cursor.set_point_range((line - 1, 0), (line, 0))
    found = cursor.captures(syntax.root).get("run", [])
    reaching = [node for node in found if first_line(node) <= line <= node.end_point[0] + 1]
    return sorted(reaching, key=lambda node: node.start_byte)


def calls_in(root: Node) -> Iterator[Node]:
    """The call expressions of a statement.

    Arguments come before the call they are for; bodies of functions are left out.
    No recursion: a sum of a thousand terms is a thousand levels deep.
    """
    left = [(root, False)]
    while left:
        node, is_done = left.pop()
        if is_done:
            yield node
            continue
        if node.type == "function_call":
            left.append((node, True))
        parts = (child for child in node.named_children if child.type not in FUNCTIONS)
        left.extend((part, False) for part in reversed(list(parts)))


def all_calls(function: Node) -> Iterator[Node]:
    """The call expressions of a function or a chunk, without those of inner functions."""
    for part in function.named_children:
        if part.type not in FUNCTIONS:
            yield from calls_in(part)
