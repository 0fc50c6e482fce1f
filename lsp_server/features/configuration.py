"""workspace/didChangeConfiguration: other settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from lsp_server.registry import feature

if TYPE_CHECKING:
    from lsp_server.server import LuaLanguageServer


@feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
def configure(server: LuaLanguageServer, params: types.DidChangeConfigurationParams) -> None:
    """Take them over at once."""
    server.configure(params.settings)
