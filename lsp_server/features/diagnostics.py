"""Diagnostics: pulled by the client (textDocument/diagnostic), or pushed to it after typing."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from lsp_server.document import Document
from lsp_server.registry import feature

if TYPE_CHECKING:
    from lsp_server.server import LuaLanguageServer

DELAY = 0.05
"""Seconds of rest after a keystroke before a text is diagnosed."""


@feature(
    types.TEXT_DOCUMENT_DIAGNOSTIC,
    types.DiagnosticOptions(inter_file_dependencies=True, workspace_diagnostics=False),
    takes_huge=True,
)
async def pull(
    server: LuaLanguageServer, params: types.DocumentDiagnosticParams
) -> types.DocumentDiagnosticReport:
    """What the compiler and the rules say; to be asked again where the text changed meanwhile."""
    items = await server.diagnosed(server.document(params.text_document.uri))
    if items is None:
        raise JsonRpcException(
            "The text has changed.",
            types.LSPErrorCodes.ServerCancelled.value,
            {"retriggerRequest": True},
        )
    result = hashlib.sha256(repr(items).encode("utf-8", "replace")).hexdigest()[:16]
    if result == params.previous_result_id:
        return types.RelatedUnchangedDocumentDiagnosticReport(result_id=result)
    return types.RelatedFullDocumentDiagnosticReport(items=items, result_id=result)


class Publisher:
    """Pushes diagnostics to a client that does not pull: those of the newest version only."""

    def __init__(self, server: LuaLanguageServer) -> None:
        self._server = server
        self._waiting: dict[str, asyncio.TimerHandle] = {}
        self._working: set[asyncio.Task[None]] = set()

    def changed(self, document: Document) -> None:
        """Diagnose it soon, unless it changes again before that."""
        if not self._server.pulls_diagnostics:
            self._cancel(document.uri)
            loop = asyncio.get_running_loop()
            self._waiting[document.uri] = loop.call_later(DELAY, self._publish, document.uri)

    def changed_all(self) -> None:
        """Diagnose everything that is open again."""
        if self._server.pulls_diagnostics:
            self._server.refresh_diagnostics()
        for each in self._server.documents.opened:
            self.changed(each)

    def closed(self, document: Document) -> None:
        """What is not open has no diagnostics."""
        self._cancel(document.uri)
        if not self._server.pulls_diagnostics:
            self._send(types.PublishDiagnosticsParams(document.uri, []))

    def end(self) -> None:
        """Nothing more will be sent."""
        for uri in list(self._waiting):
            self._cancel(uri)
        for task in self._working:
            task.cancel()

    def _publish(self, uri: str) -> None:
        self._waiting.pop(uri, None)
        document = self._server.documents.find(uri)
        if document is not None:
            task = asyncio.create_task(self._diagnose(document))
            self._working.add(task)
            task.add_done_callback(self._working.discard)

    async def _diagnose(self, document: Document) -> None:
        items = await self._server.diagnosed(document)
        if items is not None and self._server.documents.is_open(document.uri):
            self._send(types.PublishDiagnosticsParams(document.uri, items, document.version))

    def _send(self, params: types.PublishDiagnosticsParams) -> None:
        self._server.text_document_publish_diagnostics(params)

    def _cancel(self, uri: str) -> None:
        if waiting := self._waiting.pop(uri, None):
            waiting.cancel()


def install(server: LuaLanguageServer) -> None:
    """Publish whenever something changes."""
    publisher = Publisher(server)
    server.on_change.append(publisher.changed)
    server.on_close.append(publisher.closed)
    server.on_settings.append(publisher.changed_all)
    server.on_end.append(publisher.end)
