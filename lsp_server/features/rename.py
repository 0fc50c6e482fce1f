"""Rename, and what a client asks before it lets users type a new name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from lsp_server.registry import feature
from lsp_server.rename import renamable, renamed

if TYPE_CHECKING:
    from lsp_server.server import LuaLanguageServer


@feature(types.TEXT_DOCUMENT_PREPARE_RENAME)
def prepare_rename(
    server: LuaLanguageServer, params: types.PrepareRenameParams
) -> types.PrepareRenamePlaceholder:
    """The name that would be renamed."""
    document = server.document(params.text_document.uri)
    found = renamable(document, document.offset(params.position))
    return types.PrepareRenamePlaceholder(document.range(found.start, found.end), found.name)


@feature(types.TEXT_DOCUMENT_RENAME)
def rename(server: LuaLanguageServer, params: types.RenameParams) -> types.WorkspaceEdit:
    """Every place gets the new name; refused where a name would mean something else then."""
    document = server.document(params.text_document.uri)
    places = renamed(document, document.offset(params.position), params.new_name)
    edits = [types.TextEdit(document.range(*each), params.new_name) for each in places]
    return types.WorkspaceEdit(changes={document.uri: edits})
