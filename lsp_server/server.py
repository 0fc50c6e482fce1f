"""LuaLanguageServer: one client's documents and settings, and the features that serve it."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable, Coroutine, Mapping
from importlib.metadata import version
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInternalError
from pygls.lsp.server import LanguageServer

from kernel.core.errors import UserError
from lsp_server.catalogues import Catalogues
from lsp_server.compiler import Compiler
from lsp_server.diagnostics import Diagnoser
from lsp_server.document import Document
from lsp_server.documents import Documents, is_huge
from lsp_server.features import FEATURES, INSTALLERS
from lsp_server.features.semantic_tokens import TokenAnswers
from lsp_server.files import path_of
from lsp_server.folder_settings import FolderSettings
from lsp_server.index import WorkspaceIndex
from lsp_server.insight import Insight
from lsp_server.live_values import LiveValues
from lsp_server.protocol import LuaProtocol
from lsp_server.registry import Feature

_log = logging.getLogger(__name__)

TURNS = 4
"""Turns of the loop between the steps of a diagnosis: enough to read a request that has come."""

_REFUSED = types.LSPErrorCodes.RequestFailed.value


class LuaLanguageServer(LanguageServer):
    """Serves one client. Everything happens on the loop's thread unless it says otherwise."""

    protocol: LuaProtocol

    def __init__(
        self, compiler: Compiler, lua_of: Callable[[str | None], str], catalogues: Catalogues
    ) -> None:
        """``lua_of``: the Lua that files are written for where the client names none.

        It is asked once the client has named its folder (None: it has none), and may raise
        `UserError`, which the client is told; files are read as the compiler's usual Lua then.
        """
        super().__init__(
            name="llmspell",
            version=version("llmspell"),
            text_document_sync_kind=types.TextDocumentSyncKind.Incremental,
            protocol_cls=LuaProtocol,
        )
        logging.getLogger("pygls.protocol.json_rpc").addFilter(_is_worth_telling)
        self.compiler = compiler
        self.settings = FolderSettings(compiler, lua_of, self.tell)
        self.documents = Documents(lambda uri: self.settings.of(uri).lua)
        self.insight = Insight(catalogues, self.documents, self.settings.of, lambda: self.folders)
        self.on_settings: list[Callable[[], None]] = []
        """Called when other settings hold or other globals are there: diagnostics may differ."""
        self.on_change: list[Callable[[Document], None]] = []
        """Called with each new version of an open document."""
        self.on_close: list[Callable[[Document], None]] = []
        """Called with each document that is open no longer."""
        self.on_end: list[Callable[[], None]] = []
        """Called when the client is gone."""
        self.live_values = LiveValues(self)
        self.on_change.append(self.insight.moments.changed)
        self.on_close.append(self.insight.moments.closed)
        self.index = WorkspaceIndex(self._names_changed)
        self.on_change.append(self.index.text_changed)
        self.on_close.append(self.index.text_closed)
        self.on_end.append(self.index.end)
        self.token_answers = TokenAnswers()
        self._diagnoser = Diagnoser(compiler, self.insight)
        self.on_settings.append(self._diagnoser.forget)
        self._tasks: set[asyncio.Task[None]] = set()
        for install in INSTALLERS:
            install(self)
        for each in FEATURES.values():
            self.feature(each.method, each.options)(_guarded(self, each))

    @property
    def has_snippets(self) -> bool:
        """Whether the client can fill in snippets."""
        texts = self.client_capabilities.text_document
        item = texts and texts.completion and texts.completion.completion_item
        return bool(item and item.snippet_support)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Have something done while messages are served."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def ask(self, method: str, params: Mapping[str, Any]) -> Any:
        """Ask the client something that is not in the protocol; its answer."""
        return await self.protocol.send_request_async(method, params)

    def document(self, uri: str) -> Document:
        """The document as the client has it, or the file; raises `UserError` without either."""
        return self.documents.get(uri)

    def settle_in(self) -> None:
        """Find out which Lua is meant where the client is at work and names none."""
        self.settings.settle_in(self.folders)

    def configure(self, given: object, given_of: Mapping[str, object] | None = None) -> None:
        """Take over what a client sent as settings, and what it said of single folders."""
        if self.settings.take(given, given_of):
            self._settings_changed()

    def folders_changed(self) -> None:
        """The workspace has other folders, with settings of their own."""
        if self.settings.folders_changed(self.folders):
            self._settings_changed()

    def _settings_changed(self) -> None:
        self.documents.settings_changed()
        for listener in self.on_settings:
            listener()

    def diagnose(self, document: Document) -> list[types.Diagnostic]:
        """Everything that is wrong with a document."""
        names = self.index.names_beside(document.uri)
        return self._diagnoser.diagnose(document, self.settings.of(document.uri), names)

    async def diagnosed(self, document: Document) -> list[types.Diagnostic] | None:
        """The same bit by bit: other requests come first. None if the text changes meanwhile."""
        settings = self.settings.of(document.uri)
        names = self.index.names_beside(document.uri)
        steps = self._diagnoser.diagnosing(document, settings, names)
        for _ in steps:
            for _turn in range(TURNS):
                await asyncio.sleep(0)
            if not self.documents.is_current(document):
                return None
        return self.diagnose(document)

    @property
    def pulls_diagnostics(self) -> bool:
        """Whether the client asks for diagnostics, so that it need not be told."""
        texts = self.client_capabilities.text_document
        return texts is not None and texts.diagnostic is not None

    def refresh_diagnostics(self) -> None:
        """Ask the client to ask again, if it can be asked."""
        workspace = self.client_capabilities.workspace
        if workspace and workspace.diagnostics and workspace.diagnostics.refresh_support:
            self.workspace_diagnostic_refresh(None)

    @property
    def folders(self) -> list[str]:
        """The folders of the workspace."""
        paths = (path_of(each.uri) for each in self.workspace.folders.values())
        return [each for each in paths if each is not None]

    def _names_changed(self) -> None:
        """Files define other names than before, which some diagnostics depend on."""
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
        if is_refusal(error):
            return
        _log.error("%s: %s", getattr(source, "__name__", source), error)


def _guarded(server: LuaLanguageServer, row: Feature) -> Callable[[Any], Any]:
    """The feature as pygls wants it: what it refuses is the answer, with the text for the user."""
    if inspect.iscoroutinefunction(row.function):

        async def answer_later(params: Any) -> Any:
            try:
                if _is_beyond(server, row, params):
                    return None
                return await row.function(server, params)
            except UserError as error:
                raise refusal(error) from error

        return answer_later

    def answer(params: Any) -> Any:
        try:
            return None if _is_beyond(server, row, params) else row.function(server, params)
        except UserError as error:
            raise refusal(error) from error

    return answer


def _is_beyond(server: LuaLanguageServer, row: Feature, params: Any) -> bool:
    """Whether it is asked about a text that is too long for it."""
    identifier = getattr(params, "text_document", None)
    if row.takes_huge or identifier is None:
        return False
    return is_huge(server.document(identifier.uri))


def refusal(error: UserError) -> JsonRpcException:
    """The answer to a request that cannot be served."""
    return JsonRpcException(str(error), _REFUSED)


def is_refusal(error: BaseException | None) -> bool:
    """Whether this is an answer to a request, and no bug."""
    return isinstance(error, JsonRpcException) and not isinstance(error, JsonRpcInternalError)


def _is_worth_telling(record: logging.LogRecord) -> bool:
    """Requests that are refused have told their client; there is nothing to be mended."""
    is_refused = record.exc_info and is_refusal(record.exc_info[1])
    return not is_refused and not str(record.msg).startswith("Unable to deserialize message")
