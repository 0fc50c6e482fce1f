"""Where ``break`` and ``goto`` stand.

Lua 5.2 and 5.3 count the jump to the line before it (lparser.c, ``luaK_jump`` in ``statement``), so
that such a line holds no code, unless a probe stands on it. Lua 5.4 does so with a ``break`` that
is all of an ``if`` (``test_then_block``).
"""

from tree_sitter import Query, QueryCursor

from lua_debug.syntax.grammar import LUA, first_line, syntax_of

_JUMPS = Query(LUA, "[(break_statement) (goto_statement)] @jump")


def jumps_on(text: bytes, line: int) -> bool:
    """Whether a jump begins on a line."""
    cursor = QueryCursor(_JUMPS)
    cursor.set_point_range((line - 1, 0), (line, 0))
    found = cursor.captures(syntax_of(text).root).get("jump", [])
    return any(first_line(node) == line for node in found)
