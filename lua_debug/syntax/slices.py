"""A function's text on its own, so that it can be compiled without what is around it."""

from collections.abc import Sequence

from tree_sitter import Node

from lua_debug.syntax.grammar import first_line, last_line, statements, syntax_of, token


def function_slice(
    text: bytes, first: int, last: int, parameters: int, upvalues: Sequence[bytes]
) -> bytes | None:
    """A chunk that returns a function as the text has it from line ``first`` to line ``last``.

    Compiled and called, it gives a function with the same code and lines; its upvalues have the
    names given, and no values. ``parameters`` chooses among several functions on the same lines.
    None if the text has no such function.
    """
    found = [
        node
        for node in syntax_of(text).functions
        if (first_line(token(node, "function")), last_line(node)) == (first, last)
    ]
    exact = [node for node in found if len(_parameters(node)) == parameters]
    node = next(iter(exact or found), None)
    listed = None if node is None else node.child_by_field_name("parameters")
    if node is None or listed is None:
        return None
    names = b", ".join(dict.fromkeys(name for name in upvalues if name not in (b"", b"_ENV")))
    head = b"\n" * (first - 1) + (b"local %b " % names if names else b"") + b"return function"
    gap = b"\n" * (first_line(listed) - first)
    own = text[listed.start_byte : node.end_byte]
    if _is_method(node):
        comma = b", " if statements(listed) else b""
        own = b"(self" + comma + own[1:]
    return head + gap + own


def _parameters(node: Node) -> list[str]:
    listed = statements(node.child_by_field_name("parameters"))
    named = [each.type for each in listed if each.type != "vararg_expression"]
    return [*named, "self"] if _is_method(node) else named


def _is_method(node: Node) -> bool:
    name = node.child_by_field_name("name")
    return name is not None and name.type == "method_index_expression"
