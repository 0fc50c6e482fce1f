"""workspace/symbol, and the notices that keep the index current."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from lsprotocol import types

from lsp_server.features.configuration import ask_for_settings
from lsp_server.files import path_of
from lsp_server.registry import feature

if TYPE_CHECKING:
    from lsp_server.server import LuaLanguageServer

_log = logging.getLogger(__name__)


@feature(types.WORKSPACE_SYMBOL)
async def workspace_symbols(
    server: LuaLanguageServer, params: types.WorkspaceSymbolParams
) -> list[types.WorkspaceSymbol]:
    """What the files of the workspace define; waits for those that were not read yet."""
    await server.index.settled()
    return server.index.search(params.query)


@feature(types.INITIALIZED)
async def initialized(server: LuaLanguageServer, _: types.InitializedParams) -> None:
    """The index begins to read the workspace, and asks to hear of files that change."""
    server.index.encoding = server.documents.encoding
    for folder in server.folders:
        server.index.add_folder(folder)
    await ask_for_settings(server)
    workspace = server.client_capabilities.workspace
    watching = None if workspace is None else workspace.did_change_watched_files
    if watching is None or not watching.dynamic_registration:
        return
    options = types.DidChangeWatchedFilesRegistrationOptions(
        [types.FileSystemWatcher(glob_pattern="**/*.lua")]
    )
    what = types.Registration("watched-files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
    try:
        await server.client_register_capability_async(types.RegistrationParams([what]))
    except Exception:  # a client that says it can and cannot is served all the same
        _log.warning("The client does not tell of files that change")


@feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
def watched_files_changed(
    server: LuaLanguageServer, params: types.DidChangeWatchedFilesParams
) -> None:
    """The index reads files that changed again, and forgets those that are gone."""
    for change in params.changes:
        path = path_of(change.uri)
        if path is None:
            continue
        if change.type is types.FileChangeType.Deleted:
            server.index.file_gone(path)
        elif path.endswith(".lua"):
            server.index.file_changed(path)


@feature(types.TEXT_DOCUMENT_DID_SAVE, takes_huge=True)
def saved(server: LuaLanguageServer, params: types.DidSaveTextDocumentParams) -> None:
    """The index reads the file again, for clients that do not watch files."""
    path = path_of(params.text_document.uri)
    if path is not None and path.endswith(".lua"):
        server.index.file_changed(path)


@feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
def folders_changed(
    server: LuaLanguageServer, params: types.DidChangeWorkspaceFoldersParams
) -> None:
    """The index reads folders that are new, and forgets the others; each has its settings."""
    for folder in params.event.added:
        if (path := path_of(folder.uri)) is not None:
            server.index.add_folder(path)
    for folder in params.event.removed:
        if (path := path_of(folder.uri)) is not None:
            server.index.remove_folder(path)
    server.folders_changed()
    server.start(ask_for_settings(server))
