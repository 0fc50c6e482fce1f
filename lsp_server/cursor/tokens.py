"""Tokens of a piece of text, as Lua's lexer would see them, also where they are not finished."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from lsp_server.document import Document

_TOKEN = re.compile(
    rb"""
      (?P<comment> --\[(?P<c>=*)\[ .*? (?: \](?P=c)\] | \Z ) | --[^\n]* )
    | (?P<string> "(?:\\.|[^"\\\n])*"? | '(?:\\.|[^'\\\n])*'?
                | \[(?P<s>=*)\[ .*? (?: \](?P=s)\] | \Z ) )
    | (?P<name> [A-Za-z_\x80-\xff][\w\x80-\xff]* )
    | (?P<number> 0[xX][\da-fA-F.]*(?:[pP][+-]?\d+)?\w* | \d(?:[eE][+-]|[\w.])* | \.\d\w* )
    | (?P<symbol> \.\.\. | \.\. | :: | [<>=~]= | << | >> | // | \S )
    """,
    re.VERBOSE | re.DOTALL,
)

LINES_BACK = 150
"""How far before the cursor the beginning of a call or a chain is looked for."""

BYTES_BACK = 50_000
"""The same where lines are endless."""

KEYWORDS = frozenset(
    [
        *("and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto"),
        *("if", "in", "local", "nil", "not", "or", "repeat", "return", "then", "true"),
        *("until", "while"),
    ]
)
"""The words that are no names, in Lua 5.2; 5.1 has no ``goto``, 5.5 has ``global`` besides."""


class Sort(Enum):
    """What a token is."""

    COMMENT = "comment"
    STRING = "string"
    NAME = "name"
    KEYWORD = "keyword"
    NUMBER = "number"
    SYMBOL = "symbol"


@dataclass(frozen=True, slots=True)
class Token:
    """A token and its place in the whole text."""

    sort: Sort
    text: str
    start: int
    end: int

    @property
    def is_open(self) -> bool:
        """Whether a string or comment goes on where the token ends."""
        if self.sort is Sort.COMMENT:
            return not (_is_long(self.text[2:]) and _long_end(self.text[2:]))
        if self.sort is Sort.STRING:
            if self.text[0] == "[":
                return not _long_end(self.text)
            return len(self.text) < 2 or not _is_closed(self.text)
        return False

    @property
    def value(self) -> str:
        """What a string without escapes says."""
        if self.text[0] == "[":
            return self.text.strip("[]=")
        return self.text[1:-1] if _is_closed(self.text) else self.text[1:]


def tokens_of(raw: bytes, start: int, end: int) -> list[Token]:
    """The tokens of a stretch of text that begins outside of strings and comments."""
    found = []
    for match in _TOKEN.finditer(raw, start, end):
        sort = Sort(str(match.lastgroup))
        text = match[0].decode("utf-8", "replace")
        if sort is Sort.NAME and text in KEYWORDS:
            sort = Sort.KEYWORD
        found.append(Token(sort, text, match.start(), match.end()))
    return found


def tokens_before(document: Document, offset: int) -> list[Token]:
    """The tokens of the lines before the cursor; the last one ends there at the latest."""
    return tokens_of(document.raw, _beginning(document, offset), offset)


def _beginning(document: Document, offset: int) -> int:
    """A place before the cursor where a token begins: of an earlier line, if lines are usual."""
    starts = document.lines.starts
    start = starts[max(0, document.lines.line_of(offset) - LINES_BACK)]
    start = max(start, offset - BYTES_BACK)
    node = document.root.descendant_for_byte_range(start, start)
    if node is not None and not node.child_count and node.start_byte < start:
        start = min(node.end_byte, offset)
    while node is not None:
        if node.type in ("string", "comment") and node.start_byte < start < node.end_byte:
            start = node.start_byte
        node = node.parent
    return start


def _is_long(text: str) -> bool:
    return re.match(r"\[=*\[", text) is not None


def _long_end(text: str) -> bool:
    opening = re.match(r"\[(=*)\[", text)
    return opening is not None and text[opening.end() :].endswith(f"]{opening[1]}]")


def _is_closed(text: str) -> bool:
    """Whether a quoted string has its last quote, which no backslash takes away."""
    if len(text) < 2 or text[-1] != text[0]:
        return False
    before = text[1:-1]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 0
