"""What comments say of what stands below them."""

from __future__ import annotations

import re

from tree_sitter import Node

from lsp_server.document import Document

MOST_LINES = 40

_COMMENT = re.compile(rb"\s*--(?!\[=*\[)-*[ \t]?(.*)")
_ANNOTATION = re.compile(r"@(\w+)\s*(.*)")


def comment_above(document: Document, offset: int) -> str:
    """The lines of comment right above the line of a byte, or behind the code on it."""
    number = document.lines.line_of(offset)
    found: list[str] = []
    for line in range(number - 1, max(-1, number - 1 - MOST_LINES), -1):
        match = _COMMENT.fullmatch(document.lines.line(line))
        if match is None:
            break
        found.append(match[1].decode("utf-8", "replace"))
    return _as_markdown(found[::-1]) if found else _comment_behind(document, offset)


def _comment_behind(document: Document, offset: int) -> str:
    """``x = 1 -- what x is``; not what stands in a string."""
    line = document.lines.line_of(offset)
    start = document.lines.starts[line]
    text = document.lines.line(line)
    place = text.rfind(b"--")
    if place < 0 or start + place < offset:
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
