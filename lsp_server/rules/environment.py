"""What a text does with the table of its globals, so that names need not be what they seem."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tree_sitter import Node

from lsp_server.analysis.model import Access, Field, Name, Owner
from lsp_server.document import Document
from lsp_server.inference.links import arguments_of, call_of, metatables_of, owner_at
from lsp_server.modules import string_content

TABLES = frozenset({"_G", "_ENV"})
"""The names of the table of globals."""

OF_MODULE = frozenset({"_M", "_NAME", "_PACKAGE"})
"""Globals that ``module`` makes."""

_TESTS = frozenset({"and", "or", "not", "==", "~="})


def is_replaced(document: Document, has_setfenv: bool) -> bool:
    """Whether nobody can say what globals there are.

    The text takes another table for them, or puts something there by a name that it computes.
    """
    names = document.analysis.globals
    has_other = any(each.access is Access.WRITE for each in names.get("_ENV", ()))
    calls = any(each.is_called for each in names.get("setfenv", ()))
    return (
        has_other
        or (has_setfenv and calls)
        or any(metatables_of(document, each) for each in TABLES)
        or any(_is_written_by_computed_name(document, each) for each in _uses_of_tables(document))
    )


def _uses_of_tables(document: Document) -> Iterator[Name]:
    for each in TABLES:
        yield from document.analysis.globals.get(each, ())


def _is_written_by_computed_name(document: Document, table: Name) -> bool:
    """``_G[name] = value``."""
    node = _node_of(document, table)
    place = None if node is None else node.parent
    if place is None or place.type != "bracket_index_expression" or place.parent is None:
        return False
    key = place.child_by_field_name("field")
    is_computed = key is not None and key.type not in ("string", "number") and key != node
    return is_computed and place.parent.type == "variable_list"


def added_globals(document: Document) -> Iterator[str]:
    """The globals that are written as fields of their table, or made by ``module``."""
    for field in document.analysis.fields:
        if field.access is Access.WRITE and len(field.path) == 1 and _is_table(field.owner):
            yield field.name
    for name in document.analysis.globals.get("rawset", ()):
        table, key = [*arguments_of(call_of(document, name)), None, None][:2]
        if table is None or key is None or table.type != "identifier":
            continue
        if _is_table(owner_at(document, table)):
            yield string_content(document, key) or ""
    if any(each.is_called for each in document.analysis.globals.get("module", ())):
        yield from OF_MODULE


def _is_table(owner: Owner | None) -> bool:
    """Whether it is the table of globals, or a variable that holds it: ``local _G = _G``."""
    if owner is None or isinstance(owner, str):
        return owner in TABLES
    value = owner.value
    return value is not None and value.text in (b"_G", b"_ENV")


def are_tried(document: Document, uses: Iterable[Name | Field]) -> bool:
    """Whether the text looks if it is there, or which Lua runs, as programs for several Luas do."""
    if _looks_at_version(document):
        return True
    nodes = [(_node_of(document, each), each.name.encode()) for each in uses]
    return any(_is_tested(node) or _is_below_a_test(node, name) for node, name in nodes)


def _looks_at_version(document: Document) -> bool:
    """Whether something depends on ``_VERSION``; to print it is no reason to trust a text."""
    for each in document.analysis.globals.get("_VERSION", ()):
        node = _node_of(document, each)
        around = None if node is None else node.parent
        call = around.parent if around is not None and around.type == "arguments" else None
        called = None if call is None else call.child_by_field_name("name")
        if called is None or called.text != b"print":
            return True
    return False


def _node_of(document: Document, use: Name | Field) -> Node | None:
    if isinstance(use, Field):
        return use.node
    return document.root.descendant_for_byte_range(use.start, use.end)


def _is_tested(node: Node | None) -> bool:
    """An operand of ``or`` and the like, a condition, or what ``type`` is asked about."""
    around = None if node is None else node.parent
    while around is not None and around.type == "parenthesized_expression":
        node, around = around, around.parent
    if node is None or around is None:
        return False
    if around.type in ("binary_expression", "unary_expression"):
        return any(each.type in _TESTS for each in around.children)
    if around.type == "arguments" and around.parent is not None:
        called = around.parent.child_by_field_name("name")
        return called is not None and called.text == b"type"
    return around.child_by_field_name("condition") == node


def _is_below_a_test(node: Node | None, name: bytes) -> bool:
    """``if not table.unpack then table.unpack = unpack end``: the condition has the same word."""
    while node is not None:
        condition = node.child_by_field_name("condition")
        if condition is not None and name in re.findall(rb"\w+", condition.text or b""):
            return True
        node = node.parent
    return False
