"""Names that a script must not assign to, and what Lua knew of their values.

Lua keeps no mark of them, and a constant with a value known to the compiler has no register at all
(Lua manual, section on local declarations; lparser.c, ``localstat``).
"""

import re

from tree_sitter import Node

from lua_debug.syntax.declarations import declaration_of

_MARKS = re.compile(rb"<\s*(?:const|close)\s*>")
_LITERALS = frozenset({"number", "string", "nil", "true", "false"})
_OPERATORS = frozenset({"unary_expression", "binary_expression", "parenthesized_expression"})


def constant(
    text: bytes, name: str, function: tuple[int, int], line: int, rank: int, *, loops: bool
) -> str:
    """``const:``, ``close:`` or ``loop:`` and the text of the value, if Lua knew it; "" if neither.

    ``rank`` is as for `local_declared`, -1 for what is no local of the function. ``loops``: the
    variables of loops are constant, too.
    """
    if not loops and not _MARKS.search(text):
        return ""
    node = declaration_of(text, name, function, line, None if rank < 0 else rank)
    if node is None:
        return ""
    attribute = _attribute(node)
    if attribute == "const":
        return f"const:{_value(node) or ''}"
    if attribute == "close":
        return "close:"
    return "loop:" if loops and _is_control_variable(node) else ""


def _attribute(name: Node) -> str:
    mark = name.next_named_sibling
    if mark is None or mark.type != "attribute":
        return ""
    return (mark.text or b"").strip(b"<> \t\r\n").decode("latin-1")


def _is_control_variable(name: Node) -> bool:
    """The first name of a ``for``: the others are variables like any."""
    around = name.parent
    if around is not None and around.type == "variable_list":
        is_first = around.named_children[0] == name
        around = around.parent if is_first else None
    return around is not None and around.type in ("for_numeric_clause", "for_generic_clause")


def _value(name: Node) -> str | None:
    """What the last of as many names as values was given, if it is made of literals."""
    names = name.parent
    statement = names.parent if names is not None else None
    if names is None or statement is None or statement.type != "assignment_statement":
        return None
    values = statement.named_children[-1].named_children
    listed = [each for each in names.named_children if each.type != "attribute"]
    if len(values) != len(listed) or listed[-1] != name or not _is_known(values[-1]):
        return None
    return (values[-1].text or b"").decode("latin-1")


def _is_known(node: Node) -> bool:
    if node.type in _OPERATORS:
        return all(_is_known(each) for each in node.named_children)
    return node.type in _LITERALS
