"""Settings: sent by the client (workspace/didChangeConfiguration), or asked for."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from lsprotocol import types

from lsp_server.files import uri_of
from lsp_server.registry import feature
from lsp_server.settings import SECTION

if TYPE_CHECKING:
    from lsp_server.server import LuaLanguageServer

_log = logging.getLogger(__name__)


@feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
def configure(server: LuaLanguageServer, params: types.DidChangeConfigurationParams) -> None:
    """Other settings hold for the next message; where the client sends none they are asked for."""
    if params.settings:
        server.configure(params.settings)
    if not params.settings or len(server.folders) > 1:
        server.start(ask_for_settings(server))


async def ask_for_settings(server: LuaLanguageServer) -> None:
    """Ask a client that can be asked; without an answer everything stays as it is."""
    workspace = server.client_capabilities.workspace
    if workspace is None or not workspace.configuration:
        return
    folders = server.folders if len(server.folders) > 1 else []
    scopes = [None, *map(uri_of, folders)]
    items = [types.ConfigurationItem(scope_uri=each, section=SECTION) for each in scopes]
    try:
        answer = await server.workspace_configuration_async(types.ConfigurationParams(items))
        given, *given_of = answer
    except Exception:  # a client that says it can and cannot is served all the same
        _log.warning("The client does not tell its settings")
        return
    if any(answer):
        server.configure(given, dict(zip(folders, given_of, strict=False)))
