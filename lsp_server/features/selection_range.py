"""Selection ranges: what grows around the caret, from the word to the whole file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types
from tree_sitter import Node

from lsp_server.document import Document
from lsp_server.registry import feature

if TYPE_CHECKING:
    from lsp_server.server import LuaLanguageServer

DEEPEST = 100
"""Ranges of a chain; nobody grows a selection more often, and answers must not be nested deeper."""


@feature(types.TEXT_DOCUMENT_SELECTION_RANGE)
def selection_ranges(
    server: LuaLanguageServer, params: types.SelectionRangeParams
) -> list[types.SelectionRange]:
    """From the word at a position to the expression, the statement, the function, the file."""
    document = server.document(params.text_document.uri)
    return [_chain(document, document.offset(each)) for each in params.positions]


def _chain(document: Document, offset: int) -> types.SelectionRange:
    """Each range is inside its parent; the outermost is the text."""
    whole = (0, len(document.raw))
    outer = types.SelectionRange(document.range(*whole))
    last = whole
    for start, end in _spans(document.root, offset)[-DEEPEST:]:
        if (start, end) != last and start <= offset <= end:
            outer = types.SelectionRange(document.range(start, end), outer)
            last = (start, end)
    return outer


def _spans(root: Node, offset: int) -> list[tuple[int, int]]:
    """The bytes of each node around an offset, the outermost first.

    From the root down, because finding a node's parent takes the parser a walk of its own.
    """
    innermost = root.descendant_for_byte_range(offset, offset)
    found: list[tuple[int, int]] = []
    node: Node | None = root
    while node is not None and innermost is not None:
        found.append((node.start_byte, node.end_byte))
        node = None if node == innermost else node.child_with_descendant(innermost)
    return found
