"""What in a text gives tables their metatables and functions their results."""

from __future__ import annotations

from collections.abc import Iterator
from weakref import WeakKeyDictionary

from tree_sitter import Node

from lsp_server.analysis.analysis import Analysis
from lsp_server.analysis.model import Access, Declaration, Kind, Name, Owner
from lsp_server.document import Document
from lua_debug.syntax.grammar import FUNCTIONS

MOST_NODES = 20_000
"""How much of a function is looked through for what it returns."""

_metatables: WeakKeyDictionary[Analysis, dict[Owner, list[Node]]] = WeakKeyDictionary()


def metatables_of(document: Document, owner: Owner) -> list[Node]:
    """The second arguments of ``setmetatable(owner, …)``, wherever the text calls it."""
    found = _metatables.get(document.analysis)
    if found is None:
        found = _metatables[document.analysis] = {}
        for name in document.analysis.globals.get("setmetatable", []):
            arguments = arguments_of(call_of(document, name))
            if len(arguments) > 1 and arguments[0].type == "identifier":
                found.setdefault(owner_at(document, arguments[0]), []).append(arguments[1])
    return found.get(owner, [])


def owner_at(document: Document, node: Node) -> Owner:
    """The variable, or the name of the global, that an identifier means."""
    name = document.analysis.at(node.start_byte + 1)
    if isinstance(name, Name) and name.declaration and name.declaration.kind is not Kind.GLOBAL:
        return name.declaration
    return document.text(node.start_byte, node.end_byte)


def arguments_of(call: Node | None) -> list[Node]:
    """What a call is given."""
    given = call.child_by_field_name("arguments") if call is not None else None
    if given is None:
        return []
    if given.type in ("string", "table_constructor"):
        return [given]
    return [each for each in given.named_children if each.type != "comment"]


def call_of(document: Document, name: Name) -> Node | None:
    """The call of what a name stands for; None where it is not called."""
    node = document.root.descendant_for_byte_range(name.start, name.end)
    parent = node.parent if node is not None else None
    return parent if parent is not None and parent.type == "function_call" else None


def values_written(document: Document, uses: list[Name]) -> Iterator[Node]:
    """The expressions that are assigned to a variable or a global."""
    for each in uses:
        if each.access is Access.WRITE:
            value = _value_written(document, each)
            if value is not None:
                yield value


def loop_of(document: Document, variable: Declaration) -> tuple[str, Node | None, int]:
    """Of ``for a, b in f(x)`` the name of ``f``, ``x``, and which variable it is."""
    name = document.root.descendant_for_byte_range(variable.start, variable.end)
    clause = name.parent.parent if name is not None and name.parent is not None else None
    if name is None or clause is None or clause.type != "for_generic_clause":
        return "", None, 0
    index = sum(each.start_byte < name.start_byte for each in name.parent.named_children)  # type: ignore[union-attr]
    listed = clause.named_children[-1]
    call = listed.named_children[0] if listed.named_children else None
    callee = call.child_by_field_name("name") if call is not None else None
    if call is None or callee is None:
        return "", None, index
    last = document.text(callee.start_byte, callee.end_byte).replace(":", ".").rpartition(".")[2]
    return last, next(iter(arguments_of(call)), None), index


def table_of_self(parameter: Declaration) -> Node | None:
    """``M`` of ``function M.f(self)``; None for every other parameter."""
    function = parameter.function
    name = function.node.child_by_field_name("name")
    if parameter.name != "self" or parameter not in function.parameters[:1] or name is None:
        return None
    return name.child_by_field_name("table") if name.type == "dot_index_expression" else None


def returned(function: Node) -> Node | None:
    """The first expression of the first ``return`` with one."""
    left = [function.child_by_field_name("body") or function]
    for _ in range(MOST_NODES):
        if not left:
            return None
        node = left.pop()
        if node.type == "return_statement":
            listed = next((c for c in node.named_children if c.type == "expression_list"), None)
            if listed is not None and listed.named_children:
                return listed.named_children[0]
        elif node.type not in FUNCTIONS or node == function:
            left.extend(reversed(node.named_children))
    return None


def module_value(document: Document) -> Node | None:
    """What a file returns, in the last statement of it that does."""
    for node in reversed(document.root.named_children):
        if node.type == "return_statement":
            listed = next((c for c in node.named_children if c.type == "expression_list"), None)
            return listed.named_children[0] if listed and listed.named_children else None
    return None


def _value_written(document: Document, name: Name) -> Node | None:
    node = document.root.descendant_for_byte_range(name.start, name.end)
    listed = node.parent if node is not None else None
    if node is None or listed is None:
        return None
    if listed.type in FUNCTIONS:
        return listed
    statement = listed.parent
    if listed.type != "variable_list" or statement is None:
        return None
    values = next((c for c in statement.named_children if c.type == "expression_list"), None)
    index = listed.named_children.index(node)
    if values is None or index >= len(values.named_children):
        return None
    return values.named_children[index]
