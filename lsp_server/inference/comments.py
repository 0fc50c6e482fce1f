"""What comments say of what stands below them."""

from __future__ import annotations

import re

from tree_sitter import Node

from lsp_server.document import Document

MOST_LINES = 40

_COMMENT = re.compile(rb"\s*--(?!\[=*\[)-*[ \t]?(.*)")
_LISTS = frozenset({"block", "chunk", "parameters"})
_ANNOTATION = re.compile(r"@(\w+)\s*(.*)")


def comment_above(document: Document, offset: int) -> str:
    """The lines of comment right above the line of a byte, or behind the code on it.

    Of an entry of a table, a parameter or a statement only where it begins the line: what is above
    or behind a line is about what begins there, and not about what is written inside of that.
    """
    part = _part_around(document, offset)
    if part is not None and not _begins_line(document, part.start_byte):
        return _comment_behind(document, offset, part)
    number = document.lines.line_of(offset)
    found: list[str] = []
    for line in range(number - 1, max(-1, number - 1 - MOST_LINES), -1):
        match = _COMMENT.fullmatch(document.lines.line(line))
        if match is None:
            break
        found.append(match[1].decode("utf-8", "replace"))
    return _as_markdown(found[::-1]) if found else _comment_behind(document, offset, part)


def _part_around(document: Document, offset: int) -> Node | None:
    """The entry, parameter or statement that a byte is part of; None in what is not understood."""
    node = document.root.descendant_for_byte_range(offset, offset + 1)
    while node is not None and node.type != "ERROR" and node.parent is not None:
        if node.type == "field" or node.parent.type in _LISTS:
            return node
        node = node.parent
    return None


def _begins_line(document: Document, offset: int) -> bool:
    start = document.lines.starts[document.lines.line_of(offset)]
    return not document.raw[start:offset].strip()


def _comment_behind(document: Document, offset: int, part: Node | None) -> str:
    """``x = 1 -- what x is``; not what stands in a string, or behind more than the part."""
    line = document.lines.line_of(offset)
    start = document.lines.starts[line]
    text = document.lines.line(line)
    place = text.rfind(b"--")
    if place < 0 or start + place < offset:
        return ""
    if part is not None and document.raw[part.end_byte : start + place].strip(b" \t,;"):
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
