"""Folding: blocks, tables, long strings, comments, and regions between marks in comments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lsprotocol import types
from tree_sitter import Node, Query, QueryCursor

from lsp_server.document import Document
from lsp_server.registry import feature
from lua_debug.syntax.grammar import LUA

if TYPE_CHECKING:
    from lsp_server.server import LuaLanguageServer

_FOLDED = Query(
    LUA,
    """[(function_declaration) (function_definition) (if_statement) (elseif_statement)
        (else_statement) (for_statement) (while_statement) (repeat_statement) (do_statement)
        (table_constructor) (arguments) (string)] @fold
       (comment) @comment""",
)
_REGION = re.compile(rb"--+[ \t]*#?(end)?region\b", re.IGNORECASE)


@feature(types.TEXT_DOCUMENT_FOLDING_RANGE)
def folding_ranges(
    server: LuaLanguageServer, params: types.FoldingRangeParams
) -> list[types.FoldingRange]:
    """Blocks, tables, long strings, comments and regions; the line with the ``end`` stays."""
    document = server.document(params.text_document.uri)
    captured = QueryCursor(_FOLDED).captures(document.root)
    comments = sorted(captured.get("comment", []), key=lambda node: node.start_byte)
    found: dict[int, types.FoldingRange] = {}
    ranges = (*_blocks(document, captured.get("fold", [])), *_comments(document, comments))
    for each in (*ranges, *_regions(document, comments)):
        there = found.get(each.start_line)
        if there is None or there.end_line < each.end_line:
            found[each.start_line] = each
    return sorted(found.values(), key=lambda each: each.start_line)


def _blocks(document: Document, nodes: list[Node]) -> Iterator[types.FoldingRange]:
    for node in nodes:
        start, end = document.position(node.start_byte).line, _last_line(document, node)
        is_open = node.type in ("if_statement", "elseif_statement", "else_statement")
        if is_open and (following := _next_branch(node)) is not None:
            end = document.position(following.start_byte).line
        elif node.type in ("elseif_statement", "else_statement"):
            end += 1
        if end - 1 > start:
            yield types.FoldingRange(start, end - 1)


def _next_branch(node: Node) -> Node | None:
    if node.type == "if_statement":
        return node.child_by_field_name("alternative")
    following = node.next_named_sibling
    is_branch = following is not None and following.type in ("elseif_statement", "else_statement")
    return following if is_branch else None


def _comments(document: Document, comments: list[Node]) -> Iterator[types.FoldingRange]:
    """Long comments, and line comments that follow each other with nothing in between."""
    first = last = -2
    for node in comments:
        start, end = document.position(node.start_byte).line, _last_line(document, node)
        if start != last + 1 or not _is_alone(document, node) or _REGION.match(_text(node)):
            if last > first >= 0:
                yield types.FoldingRange(first, last, kind=types.FoldingRangeKind.Comment)
            first = start
        last = end
    if last > first >= 0:
        yield types.FoldingRange(first, last, kind=types.FoldingRangeKind.Comment)


def _regions(document: Document, comments: list[Node]) -> Iterator[types.FoldingRange]:
    begun: list[int] = []
    for node in comments:
        mark = _REGION.match(_text(node))
        line = document.position(node.start_byte).line
        if mark and not mark[1]:
            begun.append(line)
        elif mark and begun:
            yield types.FoldingRange(begun.pop(), line, kind=types.FoldingRangeKind.Region)


def _is_alone(document: Document, node: Node) -> bool:
    start = document.raw.rfind(b"\n", 0, node.start_byte) + 1
    return not document.raw[start : node.start_byte].strip()


def _last_line(document: Document, node: Node) -> int:
    return document.position(max(node.start_byte, node.end_byte - 1)).line


def _text(node: Node) -> bytes:
    return node.text or b""
