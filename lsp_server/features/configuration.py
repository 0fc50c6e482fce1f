"""Settings: sent by the client (workspace/didChangeConfiguration), or asked for."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from lsprotocol import types

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
    else:
        server.start(ask_for_settings(server))


async def ask_for_settings(server: LuaLanguageServer) -> None:
    """Ask a client that can be asked; without an answer everything stays as it is."""
    workspace = server.client_capabilities.workspace
    if workspace is None or not workspace.configuration:
        return
    wanted = types.ConfigurationParams([types.ConfigurationItem(section=SECTION)])
    try:
        (given,) = await server.workspace_configuration_async(wanted)
    except Exception:  # a client that says it can and cannot is served all the same
        _log.warning("The client does not tell its settings")
        return
    if given:
        server.configure(given)
