"""Formatting, by StyLua where it is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from lsp_server.document import Document
from lsp_server.registry import feature
from lsp_server.stylua import find_stylua, run_stylua

if TYPE_CHECKING:
    from lsp_server.server import LuaLanguageServer


@feature(types.TEXT_DOCUMENT_FORMATTING, takes_huge=True)
async def formatting(
    server: LuaLanguageServer, params: types.DocumentFormattingParams
) -> list[types.TextEdit]:
    """The whole file as StyLua formats it, with its own configuration files."""
    return await _format(server, server.document(params.text_document.uri), None)


@feature(types.TEXT_DOCUMENT_RANGE_FORMATTING, takes_huge=True)
async def range_formatting(
    server: LuaLanguageServer, params: types.DocumentRangeFormattingParams
) -> list[types.TextEdit]:
    """The statements within a range, as StyLua formats them."""
    document = server.document(params.text_document.uri)
    span = document.offset(params.range.start), document.offset(params.range.end)
    return await _format(server, document, span)


async def _format(
    server: LuaLanguageServer, document: Document, span: tuple[int, int] | None
) -> list[types.TextEdit]:
    program = find_stylua(server.settings.of(document.uri).stylua, server.folders)
    return _edits(document, await run_stylua(program, document, span))


def _edits(document: Document, after: bytes) -> list[types.TextEdit]:
    """One edit of the lines that have changed, so that the caret elsewhere stays where it is."""
    before = document.raw
    if before == after:
        return []
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    same = 0
    while same < min(len(old), len(new)) and old[same] == new[same]:
        same += 1
    tail = 0
    while tail < min(len(old), len(new)) - same and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    start = sum(map(len, old[:same]))
    end = len(before) - sum(map(len, old[len(old) - tail :]))
    text = b"".join(new[same : len(new) - tail]).decode("utf-8", "replace")
    return [types.TextEdit(document.range(start, end), text)]
