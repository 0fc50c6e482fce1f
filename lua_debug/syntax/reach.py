"""Code that control cannot come to, as far as its place in the text shows it."""

from tree_sitter import Node

from lua_debug.syntax.grammar import body, first_line, last_line, statements, syntax_of

_BLOCKS = frozenset({"chunk", "block"})
_LEAVING = frozenset({"return_statement", "break_statement", "goto_statement"})


def barrier_before(text: bytes, line: int) -> int | None:
    """The line of a ``return``, ``break`` or ``goto`` behind which ``line`` is never reached.

    None where nothing in the text speaks against reaching it.
    """
    waiting = [syntax_of(text).root]
    while waiting:
        node = waiting.pop()
        if node.type in _BLOCKS and (barrier := _barrier(statements(node), line)):
            return barrier
        waiting += [child for child in node.children if first_line(child) <= line]
    return None


def _barrier(block: list[Node], line: int) -> int | None:
    barrier: Node | None = None
    for statement in block:
        if statement.type == "label_statement":
            barrier = None
        elif barrier is not None and first_line(statement) <= line <= last_line(statement):
            return first_line(barrier)
        elif barrier is None:
            barrier = _leaving(statement)
    return None


def _leaving(statement: Node) -> Node | None:
    """The statement by which control always leaves the block, in this statement."""
    if statement.type in _LEAVING:
        return statement
    inner = body(statement) if statement.type == "do_statement" else []
    return _leaving(inner[-1]) if inner else None
