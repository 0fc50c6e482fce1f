"""What a file defines, found without analysing it: one query over its tree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lsprotocol import types
from tree_sitter import Node, Parser, Query, QueryCursor

from lsp_server.positions import Encoding, LineIndex
from lua_debug.syntax.grammar import LUA
from lua_debug.syntax.source_text import SourceText

_DEFINITIONS = Query(
    LUA,
    """
    (function_declaration name: (_) @function)
    (chunk (variable_declaration (assignment_statement (variable_list name: (_) @local))))
    (chunk (assignment_statement (variable_list name: (_) @assigned)))
    (function_declaration body: (block (assignment_statement (variable_list
      name: (identifier) @inner))))
    """,
)
_PARSER = Parser(LUA)


@dataclass(frozen=True, slots=True)
class FileSymbol:
    """One definition, placed for the client."""

    name: str
    kind: types.SymbolKind
    range: types.Range
    is_global: bool


def file_symbols(raw: bytes, encoding: Encoding) -> Iterator[FileSymbol]:
    """Functions, and the variables and fields that the chunk gives a value."""
    root = _PARSER.parse(SourceText(raw).for_parser()).root_node
    lines = LineIndex(raw, encoding)
    captured = QueryCursor(_DEFINITIONS).captures(root)
    locals_ = {_text(raw, node) for node in captured.get("local", [])}
    for group, nodes in captured.items():
        for node in nodes:
            name = _text(raw, node)
            is_plain = node.type == "identifier"
            is_global = is_plain and group != "local" and not _is_local(node)
            if is_global and name in locals_:
                is_global = False
            if group == "inner" and not is_global:
                continue
            place = lines.range(node.start_byte, node.end_byte)
            yield FileSymbol(name, _kind(group, node), place, is_global)


def _is_local(name: Node) -> bool:
    declaration = name.parent
    return declaration is not None and declaration.children[0].type == "local"


def _kind(group: str, node: Node) -> types.SymbolKind:
    if group == "function":
        is_method = node.type == "method_index_expression"
        return types.SymbolKind.Method if is_method else types.SymbolKind.Function
    return types.SymbolKind.Variable if node.type == "identifier" else types.SymbolKind.Field


def _text(raw: bytes, node: Node) -> str:
    text = raw[node.start_byte : node.end_byte].decode("utf-8", "replace")
    return "".join(text.split())
