"""LuaProtocol: pygls' protocol with our own documents, and ends that end one client only."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInvalidRequest,
    JsonRpcRequestCancelled,
    JsonRpcServerNotInitialized,
)
from pygls.protocol import LanguageServerProtocol, lsp_method

from lsp_server.inbox import Inbox
from lsp_server.live_values import plain
from lsp_server.messages import message_of, told_of

if TYPE_CHECKING:
    from lsp_server.server import LuaLanguageServer

_log = logging.getLogger(__name__)


class LuaProtocol(LanguageServerProtocol):
    """What pygls does by itself, where we do it otherwise."""

    _server: LuaLanguageServer

    def __init__(self, server: LuaLanguageServer, converter: Any) -> None:
        super().__init__(server, converter)
        self.has_exited = asyncio.Event()
        self._is_introduced = False

    @property
    def exit_status(self) -> int:
        """What the process should say in the end: 0 only after a shutdown request."""
        return 0 if self._shutdown else 1

    # --- the client's life ----------------------------------------------------------------------

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> Any:
        """As pygls does; then the encoding is known, and the first settings."""
        result = yield from super().lsp_initialize(params)
        self._is_introduced = True
        self._server.documents.encoding = result.capabilities.position_encoding or "utf-16"
        experimental = plain(plain(params.capabilities.experimental).get("llmspell"))
        self._server.live_values.is_supported = experimental.get("liveValues") is True
        self._server.settle_in()
        self._server.configure(params.initialization_options)
        return result

    @lsp_method(types.EXIT)
    def lsp_exit(self, *_: Any) -> None:  # type: ignore[override]
        """The client goes; others of this process stay."""
        self.has_exited.set()

    # --- documents ------------------------------------------------------------------------------

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        """The client has a text from now on."""
        document = self._server.documents.open(params.text_document)
        for listener in self._server.on_change:
            listener(document)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        """A text has another version."""
        after = self._server.documents.change(params.text_document, params.content_changes)
        if after is None:
            _log.warning("%s was changed and never opened", params.text_document.uri)
            return
        for listener in self._server.on_change:
            listener(after)

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        """The file counts again."""
        closed = self._server.documents.close(params.text_document.uri)
        if closed is not None:
            for listener in self._server.on_close:
                listener(closed)

    # --- messages -------------------------------------------------------------------------------

    def receive(self, content: bytes, inbox: Inbox) -> None:
        """Take in a message, or refuse what is none. A request it cancels has its answer then."""
        try:
            cancelled = inbox.put(message_of(content))
        except JsonRpcException as error:
            self._refuse(None, error)
            return
        if cancelled is not None:
            self._refuse(cancelled["id"], JsonRpcRequestCancelled())

    def serve(self, data: dict[str, Any]) -> None:
        """Serve a message; what makes no sense or comes out of turn is refused as JSON-RPC says."""
        try:
            if self._is_in_turn(data):
                self.handle_message(self.structure_message(data))
        except JsonRpcException as error:
            if "id" in data and "method" in data:
                self._refuse(data["id"], error)
            else:
                _log.warning("%s was not understood: %s", data.get("method", "An answer"), error)

    def handle_message(self, message: Any) -> None:
        """Delegated, but for a request to forget one that has its answer: they often cross."""
        is_late = (
            isinstance(message, types.CancelNotification)
            and message.params.id not in self._request_futures
        )
        if not is_late:
            super().handle_message(message)

    def structure_message(self, data: dict[str, Any]) -> Any:
        """Typed; raises `JsonRpcException`, which says what is wrong."""
        if "method" in data and self.get_message_type(data["method"]) is None:
            data = {"params": None, **data}
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            raise told_of(error) from error

    def _refuse(self, number: object, error: JsonRpcException) -> None:
        # Not `_send_response`: it leaves out an id that is null, and that of no message must be.
        told = {"code": error.code, "message": str(error)}
        self._send_data({"jsonrpc": self.VERSION, "id": number, "error": told})

    def _is_in_turn(self, data: dict[str, Any]) -> bool:
        """Whether a message may come now; raises where a request may not, whose client waits."""
        refusal = self._refusal(data.get("method"))
        if refusal is not None and "id" in data and "method" in data:
            raise refusal
        return refusal is None

    def _refusal(self, method: str | None) -> JsonRpcException | None:
        if method == types.EXIT:
            return None
        if self._shutdown:
            return JsonRpcInvalidRequest(f"{method} came after shutdown.")
        if not self._is_introduced and method != types.INITIALIZE:
            return JsonRpcServerNotInitialized(f"{method} came before initialize.")
        if self._is_introduced and method == types.INITIALIZE:
            return JsonRpcInvalidRequest("initialize came a second time.")
        return None
