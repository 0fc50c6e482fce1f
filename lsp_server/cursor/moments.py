"""What is known at the cursor at this moment, although the text is unfinished there."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lsp_server.cursor.calls import unclosed_from
from lsp_server.cursor.place import Cursor
from lsp_server.cursor.tokens import Sort, Token
from lsp_server.document import Document
from lsp_server.parsing import change
from lua_debug.syntax.grammar import FUNCTIONS

ANALYSED_AT_ONCE = 60_000
"""Bytes of a text that is analysed while the client waits: some 20 ms."""

A_KEYSTROKE = 200
"""Bytes of a change after which an older analysis still holds, if nothing is declared in it."""

_BLOCKS = re.compile(rb"\b(?:local|global|function|for|do|then|else|repeat|until|end)\b")
_DECLARES = re.compile(rb"%b|[={}]" % _BLOCKS.pattern)

_STATEMENTS_IN = frozenset({"block", "chunk", "ERROR", *FUNCTIONS})


@dataclass(frozen=True, slots=True)
class Moment:
    """A document whose analysis can be asked, and the place in it that the cursor stands for."""

    document: Document
    offset: int


class Moments:
    """Finds for the text under somebody's fingers a text that makes sense.

    In a small text, what is being typed is taken out, and the rest is analysed. In a large one
    that would take too long: there the last version that was analysed counts, as long as only
    a few letters have changed since that declare nothing; else the text as it is.
    """

    def __init__(self) -> None:
        self._latest: dict[str, Document] = {}
        self._analysed: dict[str, Document] = {}

    def changed(self, document: Document) -> None:
        """There is another version."""
        before = self._latest.get(document.uri)
        if before is not None and before.has_analysis:
            self._analysed[document.uri] = before
        self._latest[document.uri] = document

    def closed(self, document: Document) -> None:
        """Nobody types into it any more."""
        self._latest.pop(document.uri, None)
        self._analysed.pop(document.uri, None)

    def at(self, cursor: Cursor) -> Moment:
        """What is known where something is being typed."""
        document, typed = cursor.document, cursor.typed
        if len(document.raw) <= ANALYSED_AT_ONCE:
            return Moment(_without(cursor), typed.start)
        older = self._analysed.get(document.uri)
        if older is None or document.has_analysis or not older.has_analysis:
            return Moment(document, typed.start)
        place = _place_in(older, document.raw, typed.start)
        return Moment(document, typed.start) if place is None else Moment(older, place)


def _without(cursor: Cursor) -> Document:
    """The document with what is being typed taken out: blank as a statement, else a number.

    What is being typed is the chain before the cursor, and the calls and tables around it that
    nobody has closed.
    """
    document, typed = cursor.document, cursor.typed
    start = typed.chain.start if typed.chain is not None else typed.start
    before = typed.before
    index = unclosed_from(cursor.tokens)
    if index < len(cursor.tokens) and cursor.tokens[index].start < start:
        start = cursor.tokens[index].start
        before = cursor.tokens[index - 1] if index else None
    if start == cursor.offset:
        return document
    blank = bytearray(b" " * (cursor.offset - start))
    for place in range(start, cursor.offset):
        if document.raw[place] in b"\r\n":
            blank[place - start] = document.raw[place]
    if _is_operand_expected(before):
        blank[0:1] = b"0"
    return document.patched(document.raw[:start] + bytes(blank) + document.raw[cursor.offset :])


def _is_operand_expected(before: Token | None) -> bool:
    """Whether behind this token an expression has to come."""
    if before is None:
        return False
    if before.sort is Sort.KEYWORD:
        return before.text in _EXPECTING
    return before.sort is Sort.SYMBOL and before.text not in (")", "]", "}", ";", "::", "...")


_EXPECTING = frozenset(
    ["and", "or", "not", "return", "if", "elseif", "while", "until", "in"],
)


def _place_in(older: Document, new: bytes, offset: int) -> int | None:
    """Where a byte of the new text lies in the old one; None if too much is different."""
    old = older.raw
    start, old_end, new_end = change(old, new)
    changed = (old[start:old_end], new[start:new_end])
    declares = _BLOCKS if _is_in_table(older, start) else _DECLARES
    if any(len(each) > A_KEYSTROKE or declares.search(each) for each in changed):
        return None
    if offset <= start:
        return offset
    return start if offset <= new_end else offset - len(new) + len(old)


def _is_in_table(document: Document, offset: int) -> bool:
    """Whether the byte is part of a table's entries, where nothing but fields can be declared."""
    node = document.root.descendant_for_byte_range(offset, offset)
    while node is not None and node.type not in _STATEMENTS_IN:
        if node.type == "table_constructor":
            return node.start_byte < offset < node.end_byte
        node = node.parent
    return False
