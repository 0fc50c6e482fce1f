"""textDocument/documentSymbol: the outline of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from lsp_server.document import Document
from lsp_server.outline import Entry, outline_of
from lsp_server.registry import feature

if TYPE_CHECKING:
    from lsp_server.server import LuaLanguageServer

KINDS = {
    "function": types.SymbolKind.Function,
    "method": types.SymbolKind.Method,
    "module": types.SymbolKind.Module,
    "table": types.SymbolKind.Object,
    "field": types.SymbolKind.Field,
    "variable": types.SymbolKind.Variable,
    "constant": types.SymbolKind.Constant,
}
"""The protocol's word for each word of an outline."""


@feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
def document_symbols(
    server: LuaLanguageServer, params: types.DocumentSymbolParams
) -> list[types.DocumentSymbol]:
    """Functions with their parameters, methods, tables, fields, variables: what is inside what."""
    document = server.document(params.text_document.uri)
    return [_symbol(document, each) for each in outline_of(document)]


def _symbol(document: Document, entry: Entry) -> types.DocumentSymbol:
    return types.DocumentSymbol(
        name=entry.name,
        kind=KINDS[entry.what],
        range=document.range(entry.start, entry.end),
        selection_range=document.range(entry.name_start, entry.name_end),
        detail=entry.detail or None,
        children=[_symbol(document, each) for each in entry.children],
    )
