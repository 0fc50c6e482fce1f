"""Places for probes in the middle of statements, on lines where an expression of a list begins.

``(true)(ID) or e`` has exactly the value of ``e`` wherever one value is wanted: for a field with a
name, for all expressions of a list but the last, and for the last unless it is a call or ``...``.
Operands are left alone, because Lua's errors name the variable that an operand comes from.
"""

import re

from tree_sitter import Node, Query, QueryCursor

from lua_debug.syntax.flow import Arrival, Point
from lua_debug.syntax.grammar import LUA, Syntax, first_line, last_line, statements

_LISTED = Query(
    LUA,
    """
    (arguments (_) @expression)
    (expression_list (_) @expression)
    (field value: (_) @expression)
    """,
)
_NOTHING_BEFORE = re.compile(rb"[\s,;]*")
_FIELD_BEFORE = re.compile(rb"""[\s,;]*(\w+|\[\s*("\w*"|'\w*'|\d+)\s*\])\s*=\s*""")
_MANY_VALUES = frozenset({"function_call", "vararg_expression"})
_PATHS = frozenset({"identifier", "dot_index_expression", "method_index_expression"})


def expression_points(syntax: Syntax, line: int) -> list[Point]:
    """The place for a probe in the first expression on a line; none if it cannot have one."""
    cursor = QueryCursor(_LISTED)
    cursor.set_point_range((line - 1, 0), (line, 0))
    found = cursor.captures(syntax.root).get("expression", [])
    begins = [node for node in found if node.type != "comment" and first_line(node) == line]
    if not begins:
        return []
    first = min(begins, key=lambda node: (node.start_byte, -node.end_byte))
    before = syntax.source.raw[syntax.source.line_starts[line - 1] : first.start_byte]
    if not (_NOTHING_BEFORE.fullmatch(before) or _FIELD_BEFORE.fullmatch(before)):
        return []
    place = _place(first)
    if place is None or first_line(place) != line:
        return []
    at = place.start_byte
    return [Point(line, at, at, Arrival.FIRST, in_condition=True)]


def _place(expression: Node) -> Node | None:
    """The expression itself, or the first argument of a call that may give several values."""
    if expression.type == "function_definition" and _is_long(expression):
        return None  # it is made at its end
    if _is_single(expression):
        return expression
    called = expression.child_by_field_name("name")
    arguments = expression.child_by_field_name("arguments")
    if called is None or arguments is None or called.type not in _PATHS:
        return None
    if arguments.children[0].type != "(" or not statements(arguments):
        return None
    return _place(statements(arguments)[0])


def _is_single(expression: Node) -> bool:
    if expression.type not in _MANY_VALUES:
        return True
    holder = expression.parent
    if holder is None:
        return False
    if holder.type == "field":
        if holder.child_by_field_name("name") is not None:
            return True
        expression = holder
        holder = holder.parent
    return holder is not None and statements(holder)[-1] != expression


def _is_long(expression: Node) -> bool:
    return first_line(expression) != last_line(expression)
