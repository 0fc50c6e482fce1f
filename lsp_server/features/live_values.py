"""llmspell/stopped and llmspell/continued: whether there are live values to ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsp_server.live_values import CONTINUED, STOPPED, plain
from lsp_server.registry import feature

if TYPE_CHECKING:
    from lsp_server.server import LuaLanguageServer


@feature(STOPPED)
def stopped(server: LuaLanguageServer, params: Any) -> None:  # noqa: ANN401
    """A debug session is stopped: there are live values. What makes no sense is passed over."""
    told = plain(params)
    uri, line = told.get("uri"), told.get("line")
    if isinstance(uri, str) and isinstance(line, int) and line >= 0:
        server.live_values.stopped(uri, line)


@feature(CONTINUED)
def continued(server: LuaLanguageServer, _: Any) -> None:  # noqa: ANN401
    """The debug session goes on, or has ended: there are no live values."""
    server.live_values.continued()
