"""What a file defines, found without analysing it: one query over its tree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lsprotocol import types
from tree_sitter import Node, Query, QueryCursor

from lsp_server.analysis.field_uses import NAMES
from lsp_server.document import Document
from lsp_server.local_names import LocalNames
from lua_debug.syntax.grammar import LUA

_DEFINITIONS = Query(
    LUA,
    """
    (function_declaration name: (_) @function)
    (function_declaration "local" name: (_) @local)
    (chunk (variable_declaration (assignment_statement (variable_list name: (_) @declared))))
    (variable_declaration "local" (assignment_statement (variable_list name: (_) @local)))
    (chunk (assignment_statement (variable_list name: (_) @assigned)))
    (assignment_statement (variable_list name: (_) @inner))
    ((function_call name: (identifier) @called arguments: (arguments
      . (identifier) @table . (string content: (string_content) @set)))
      (#eq? @called "rawset") (#any-of? @table "_G" "_ENV"))
    """,
)
_GROUPS = ("function", "declared", "assigned", "inner", "set")
"""The captures that are definitions. Of the last two only what other files see counts, and once."""

LIBRARY = frozenset(
    {
        *("bit", "bit32", "coroutine", "debug", "io", "jit"),
        *("math", "os", "package", "string", "table", "utf8"),
    }
)
"""The tables of the library, whichever Lua has them, to which files add functions of their own."""


@dataclass(frozen=True, slots=True)
class FileSymbol:
    """One definition, placed for the client."""

    name: str
    kind: types.SymbolKind
    range: types.Range
    is_global: bool


def file_symbols(document: Document) -> Iterator[FileSymbol]:
    """Functions, the variables and fields that the chunk gives a value, and all globals."""
    root = document.root
    captured = QueryCursor(_DEFINITIONS).captures(root)
    variables = LocalNames(root)
    locals_ = {node.start_byte for node in captured.get("local", ())}
    told: set[str] = set()
    for group in _GROUPS:
        for node in captured.get(group, ()):
            place = _field_of_globals(node) or node
            name = _text(document.raw, place)
            is_variable = node.start_byte in locals_ or node.type not in NAMES
            is_global = place != node or group == "set"
            is_global = is_global or not (is_variable or variables.cover(node))
            counts = is_global or added_to_library(name) is not None
            if group in ("inner", "set") and (not counts or name in told):
                continue
            if counts:
                told.add(name)
            where = document.range(place.start_byte, place.end_byte)
            yield FileSymbol(name, _kind(group, place), where, is_global)


def added_to_library(name: str) -> str | None:
    """``string.trim`` of ``string.trim`` and ``string:trim``; None for what is none of the sort."""
    table, _, key = name.replace(":", ".").partition(".")
    return f"{table}.{key}" if table in LIBRARY and key.isidentifier() else None


def _field_of_globals(node: Node) -> Node | None:
    """``x`` of ``_G.x``, ``_G["x"]`` and ``_ENV.x``, which is a global; None for all others."""
    table = node.child_by_field_name("table")
    key = node.child_by_field_name("field")
    if table is None or key is None or table.text not in (b"_G", b"_ENV"):
        return None
    if node.type == "dot_index_expression":
        return key
    return key.child_by_field_name("content") if key.type == "string" else None


def _kind(group: str, node: Node) -> types.SymbolKind:
    if group == "function":
        is_method = node.type == "method_index_expression"
        return types.SymbolKind.Method if is_method else types.SymbolKind.Function
    is_name = node.type in ("identifier", "string_content")
    return types.SymbolKind.Variable if is_name else types.SymbolKind.Field


def _text(raw: bytes, node: Node) -> str:
    text = raw[node.start_byte : node.end_byte].decode("utf-8", "replace")
    return "".join(text.split())
