"""textDocument/documentSymbol: the outline of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from lsp_server.registry import feature

if TYPE_CHECKING:
    from lsp_server.server import LuaLanguageServer


@feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
def document_symbols(
    server: LuaLanguageServer, params: types.DocumentSymbolParams
) -> list[types.DocumentSymbol]:
    """What the file defines, what is inside what."""
    document = server.document(params.text_document.uri)
    return [
        types.DocumentSymbol(
            name=each.name or "?",
            kind=types.SymbolKind.Function,
            range=document.range(each.start, each.end),
            selection_range=document.range(each.start, each.end),
        )
        for each in document.analysis.functions[1:]
    ]
