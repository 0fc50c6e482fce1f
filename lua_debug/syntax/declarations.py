"""Where the variables that a function sees are declared."""

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from lua_debug.syntax.grammar import FUNCTIONS, Syntax, first_line, last_line, syntax_of

Place = tuple[int, int]
"""A line, and a column in UTF-16 code units; both count from 1."""


@dataclass(frozen=True, slots=True)
class _Declaration:
    """A name, and the bytes of the text for which it means this variable."""

    name: Node
    begins: int
    ends: int


def local_declared(
    text: bytes, name: str, function: tuple[int, int], line: int, rank: int
) -> Place | None:
    """The declaration of a local of the function on these lines ((0, 0): the main chunk).

    ``rank`` counts from 0 the locals of this name that are alive at ``line``, the outermost first.
    """
    syntax = syntax_of(text)
    for node in _functions_at(syntax, function):
        there = _alive(syntax, node, name, line)
        if rank < len(there):
            return _place(syntax, there[rank])
        if name == "self" and node.type in FUNCTIONS:
            return _place(syntax, node)
    return None


def upvalue_declared(text: bytes, name: str, function: tuple[int, int]) -> Place | None:
    """The declaration of an upvalue of the function on these lines, in one around it."""
    syntax = syntax_of(text)
    for node in _functions_at(syntax, function):
        found = _declared_around(node, name)
        if found is not None:
            return _place(syntax, found)
    return None


def is_declared_around(text: bytes, name: str, function: tuple[int, int]) -> bool:
    """Whether a function around each of those on these lines has a local of this name for them."""
    functions = _functions_at(syntax_of(text), function)
    return bool(functions) and all(_declared_around(node, name) for node in functions)


def declaration_of(
    text: bytes, name: str, function: tuple[int, int], line: int, rank: int | None
) -> Node | None:
    """The name where it is declared, of a local with this ``rank``; None: of what is no local.

    That is a variable of a function around this one, a constant without a register, or a global.
    """
    syntax = syntax_of(text)
    for node in _functions_at(syntax, function):
        there = _alive(syntax, node, name, line)
        if rank is not None:
            return there[rank] if rank < len(there) else None
        found = there[-1] if there else _declared_around(node, name)
        if found is not None:
            return found
    return None


def _alive(syntax: Syntax, function: Node, name: str, line: int) -> list[Node]:
    """The declarations of a name in a function that count on a line, the outermost first."""
    return [
        each.name
        for each in _declarations(function)
        if _text(each.name) == name
        and syntax.source.line_of(each.begins) <= line <= syntax.source.line_of(each.ends)
    ]


def _declared_around(function: Node, name: str) -> Node | None:
    at, outer = function.start_byte, _around(function)
    while outer is not None:
        there = [
            each
            for each in _declarations(outer)
            if _text(each.name) == name and each.begins <= at < each.ends
        ]
        if there:
            return there[-1].name
        outer = _around(outer)
    return None


def function_defined(text: bytes, function: tuple[int, int]) -> Place | None:
    """Where the first function on these lines begins."""
    syntax = syntax_of(text)
    return next((_place(syntax, node) for node in _functions_at(syntax, function)), None)


def _functions_at(syntax: Syntax, lines: tuple[int, int]) -> list[Node]:
    if lines[0] <= 0:
        return [syntax.root]
    return [node for node in syntax.functions if (first_line(node), last_line(node)) == lines]


def _around(node: Node) -> Node | None:
    outer = node.parent
    while outer is not None and outer.type not in FUNCTIONS and outer.parent is not None:
        outer = outer.parent
    return outer


def _declarations(function: Node) -> Iterator[_Declaration]:
    """What a function or chunk declares, inner functions left out, in the order of the text."""
    left = list(reversed(function.named_children))
    if function.type in FUNCTIONS:
        parameters = function.child_by_field_name("parameters")
        for name in _names(parameters):
            yield _Declaration(name, function.start_byte, function.end_byte)
    while left:
        node = left.pop()
        yield from _declared_by(node)
        if node.type not in FUNCTIONS:
            left.extend(reversed(node.named_children))


def _declared_by(node: Node) -> Iterator[_Declaration]:
    if node.type == "variable_declaration":
        for name in _names(_first(node, "assignment_statement")):
            yield _Declaration(name, node.end_byte, _end_of_block(node))
    elif node.type == "function_declaration" and node.children[0].type == "local":
        called = node.child_by_field_name("name")
        if called is not None:
            yield _Declaration(called, node.start_byte, _end_of_block(node))
    elif node.type == "for_statement":
        clause = node.child_by_field_name("clause")
        if clause is not None and clause.type == "for_generic_clause":
            clause = _first(clause, "")
        for name in _names(clause):
            yield _Declaration(name, node.start_byte, node.end_byte)


def _first(node: Node, wrapper: str) -> Node:
    """The first part of a node; of its first part, if that is a ``wrapper``."""
    part = node.named_children[0]
    return part.named_children[0] if part.type == wrapper else part


def _names(node: Node | None) -> list[Node]:
    if node is None:
        return []
    return [each for each in node.children_by_field_name("name") if each.type == "identifier"]


def _end_of_block(node: Node) -> int:
    """A ``repeat`` block ends behind its condition, which sees its locals."""
    block = node.parent
    if block is None:
        return node.end_byte
    around = block.parent
    return around.end_byte if around is not None and block.type == "block" else block.end_byte


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")


def _place(syntax: Syntax, node: Node) -> Place:
    line, column = syntax.source.position(node.start_byte)
    return line, syntax.source.utf16_column(line, column)
