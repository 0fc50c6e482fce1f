"""Selection ranges: what grows around the caret, from the word to the whole file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types
from tree_sitter import Node

from lsp_server.document import Document
from lsp_server.registry import feature

if TYPE_CHECKING:
    from lsp_server.server import LuaLanguageServer


@feature(types.TEXT_DOCUMENT_SELECTION_RANGE)
def selection_ranges(
    server: LuaLanguageServer, params: types.SelectionRangeParams
) -> list[types.SelectionRange]:
    """A chain of ranges for each position."""
    document = server.document(params.text_document.uri)
    return [_chain(document, document.offset(each)) for each in params.positions]


def _chain(document: Document, offset: int) -> types.SelectionRange:
    """Each range is inside its parent; the outermost is the text."""
    node = document.root.descendant_for_byte_range(offset, offset)
    spans: list[tuple[int, int]] = []
    while node is not None:
        span = _span(node)
        if node.start_byte <= offset <= node.end_byte and (not spans or spans[-1] != span):
            spans.append(span)
        node = node.parent
    whole = (0, len(document.raw))
    outer = types.SelectionRange(document.range(*whole))
    for start, end in reversed(spans):
        if (start, end) != whole:
            outer = types.SelectionRange(document.range(start, end), outer)
    return outer


def _span(node: Node) -> tuple[int, int]:
    return node.start_byte, node.end_byte
