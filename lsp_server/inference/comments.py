"""What comments say of what stands below them."""

from __future__ import annotations

import re

from tree_sitter import Node

from lsp_server.document import Document

MOST_LINES = 40

_COMMENT = re.compile(rb"\s*--(?!\[=*\[)-*[ \t]?(.*)")
_ANNOTATION = re.compile(r"@(\w+)\s*(.*)")


def comment_above(document: Document, offset: int) -> str:
    """The lines of comment right above the line of a byte, or behind the code on it.

    Of an entry of a table only where it is that entry's line: what is above or behind a table that
    is written on one line is about the table.
    """
    entry = _entry_around(document, offset)
    if entry is not None and not _begins_line(document, entry.start_byte):
        return _comment_behind(document, offset, entry)
    number = document.lines.line_of(offset)
    found: list[str] = []
    for line in range(number - 1, max(-1, number - 1 - MOST_LINES), -1):
        match = _COMMENT.fullmatch(document.lines.line(line))
        if match is None:
            break
        found.append(match[1].decode("utf-8", "replace"))
    return _as_markdown(found[::-1]) if found else _comment_behind(document, offset, entry)


def _entry_around(document: Document, offset: int) -> Node | None:
    """The entry of a table constructor that a byte is part of; not of one around its function."""
    node = document.root.descendant_for_byte_range(offset, offset + 1)
    while node is not None and node.type not in ("field", "block", "chunk"):
        node = node.parent
    return node if node is not None and node.type == "field" else None


def _begins_line(document: Document, offset: int) -> bool:
    start = document.lines.starts[document.lines.line_of(offset)]
    return not document.raw[start:offset].strip()


def _comment_behind(document: Document, offset: int, entry: Node | None) -> str:
    """``x = 1 -- what x is``; not what stands in a string, or behind more than the entry."""
    line = document.lines.line_of(offset)
    start = document.lines.starts[line]
    text = document.lines.line(line)
    place = text.rfind(b"--")
    if place < 0 or start + place < offset:
        return ""
    if entry is not None and document.raw[entry.end_byte : start + place].strip(b" \t,;"):
        return ""
    node: Node | None = document.root.descendant_for_byte_range(start + place, start + place + 1)
    while node is not None and node.type != "comment" and node.start_byte == start + place:
        node = node.parent
    if node is None or node.type != "comment":
        return ""
    match = _COMMENT.fullmatch(text[place:])
    return "" if match is None else match[1].decode("utf-8", "replace").strip()


def _as_markdown(lines: list[str]) -> str:
    """The text; ``@param x what`` and the like become lines of a list."""
    said = []
    for line in lines:
        annotation = _ANNOTATION.fullmatch(line.strip())
        if annotation is None:
            said.append(line.rstrip())
        else:
            said.append(f"- *{annotation[1]}* {annotation[2]}".rstrip())
    return "\n".join(said).strip()
