"""LuaLanguageServer: one client's documents and settings, and the features that serve it."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from kernel.core.errors import UserError
from lsp_server.catalogues import Catalogues
from lsp_server.compiler import Compiler
from lsp_server.document import Document
from lsp_server.documents import Documents
from lsp_server.features import FEATURES
from lsp_server.insight import Insight
from lsp_server.live_values import LiveValues
from lsp_server.protocol import LuaProtocol
from lsp_server.registry import Feature
from lsp_server.rules import RULES
from lsp_server.settings import Settings, read_settings

_log = logging.getLogger(__name__)


class LuaLanguageServer(LanguageServer):
    """Serves one client. Everything happens on the loop's thread unless it says otherwise."""

    protocol: LuaProtocol

    def __init__(self, compiler: Compiler, lua: str, catalogues: Catalogues) -> None:
        super().__init__(
            name="llmspell",
            version=version("llmspell"),
            text_document_sync_kind=types.TextDocumentSyncKind.Incremental,
            protocol_cls=LuaProtocol,
        )
        self.compiler = compiler
        self.default_lua = lua
        self.settings = Settings(lua=lua)
        self.documents = Documents(lua)
        self.insight = Insight(
            catalogues, self.documents, lambda: self.settings, self.workspace_paths
        )
        self.on_settings: list[Callable[[], None]] = []
        """Called when other settings hold."""
        self.on_change: list[Callable[[Document], None]] = []
        """Called with each new version of an open document."""
        self.on_close: list[Callable[[Document], None]] = []
        """Called with each document that is open no longer."""
        self.on_end: list[Callable[[], None]] = []
        """Called when the client is gone."""
        self.live_values = LiveValues(self)
        self.on_change.append(self.insight.moments.changed)
        self.on_close.append(self.insight.moments.closed)
        for each in FEATURES.values():
            self.feature(each.method, each.options)(_guarded(self, each))

    @property
    def has_snippets(self) -> bool:
        """Whether the client can fill in snippets."""
        texts = self.client_capabilities.text_document
        item = texts and texts.completion and texts.completion.completion_item
        return bool(item and item.snippet_support)

    async def ask(self, method: str, params: Mapping[str, Any]) -> Any:
        """Ask the client something that is not in the protocol; its answer."""
        return await self.protocol.send_request_async(method, params)

    def workspace_paths(self) -> list[str]:
        """The folders of the workspace that are on this machine."""
        paths = [to_fs_path(each.uri) for each in self.workspace.folders.values()]
        return [each for each in paths if each is not None]

    def document(self, uri: str) -> Document:
        """The document as the client has it, or the file; raises `UserError` without either."""
        return self.documents.get(uri)

    def configure(self, given: Any) -> None:
        """Take over what a client sent as settings; it is told what is wrong with them."""
        settings, problems = read_settings(given, self.default_lua, self.compiler.full_name, RULES)
        if problems:
            self.tell("llmspell settings: " + " ".join(problems))
        if settings != self.settings:
            self.settings = settings
            self.documents.set_lua(settings.lua)
            for listener in self.on_settings:
                listener()

    def tell(self, message: str) -> None:
        """Show the user a warning."""
        what = types.ShowMessageParams(types.MessageType.Warning, message)
        self.window_show_message(what)

    def end(self) -> None:
        """The client is gone: nothing is left to be done for it."""
        for listener in self.on_end:
            listener()

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Bugs go to the log: nobody who edits a text can do anything about them."""
        _log.error("%s: %s", getattr(source, "__name__", source), error)


def _guarded(server: LuaLanguageServer, row: Feature) -> Callable[[Any], Any]:
    """The feature as pygls wants it: what it refuses is the answer, with the text for the user."""
    if inspect.iscoroutinefunction(row.function):

        async def answer_later(params: Any) -> Any:
            try:
                return await row.function(server, params)
            except UserError as error:
                raise refusal(error) from error

        return answer_later

    def answer(params: Any) -> Any:
        try:
            return row.function(server, params)
        except UserError as error:
            raise refusal(error) from error

    return answer


def refusal(error: UserError) -> JsonRpcException:
    """The answer to a request that cannot be served."""
    return JsonRpcException(str(error), types.LSPErrorCodes.RequestFailed.value)
