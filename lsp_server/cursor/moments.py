"""What is known at the cursor at this moment, although the text is unfinished there."""

from __future__ import annotations

from dataclasses import dataclass

from lsp_server.cursor.chains import Typed
from lsp_server.cursor.tokens import Sort
from lsp_server.document import Document, common_prefix

ANALYSED_AT_ONCE = 60_000
"""Bytes of a text that is analysed while the client waits: some 20 ms."""

A_KEYSTROKE = 200
"""Bytes of a change on one line after which an older analysis still holds."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A document whose analysis can be asked, and the place in it that the cursor stands for."""

    document: Document
    offset: int


class Moments:
    """Finds for the text under somebody's fingers a text that makes sense.

    In a small text, what is being typed is taken out, and the rest is analysed. In a large one
    that would take too long: there the last version that was analysed counts, as long as nothing
    but a bit of one line has changed since.
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

    def at(self, document: Document, offset: int, typed: Typed) -> Moment:
        """The moment at which a name is typed at ``offset``."""
        if len(document.raw) > ANALYSED_AT_ONCE:
            older = document if document.has_analysis else self._analysed.get(document.uri)
            place = None if older is None else _place_in(older.raw, document.raw, typed.start)
            if older is not None and place is not None:
                return Moment(older, place)
        patched = _without(document, offset, typed)
        self._analysed[document.uri] = patched
        return Moment(patched, typed.start)


def _without(document: Document, offset: int, typed: Typed) -> Document:
    """The document with what is being typed taken out: blank as a statement, else a number."""
    start = typed.chain.start if typed.chain is not None else typed.start
    if start == offset:
        return document
    blank = bytearray(b" " * (offset - start))
    for index in range(start, offset):
        if document.raw[index] in b"\r\n":
            blank[index - start] = document.raw[index]
    if _is_operand(typed):
        blank[0:1] = b"0"
    raw = document.raw[:start] + bytes(blank) + document.raw[offset:]
    return document.patched(raw)


def _is_operand(typed: Typed) -> bool:
    """Whether an expression is expected where the chain begins."""
    before = typed.before
    if before is None:
        return False
    if before.sort is Sort.KEYWORD:
        return before.text in _EXPECTING
    return before.sort is Sort.SYMBOL and before.text not in (")", "]", "}", ";", "::", "...")


_EXPECTING = frozenset(
    ["and", "or", "not", "return", "if", "elseif", "while", "until", "in"],
)


def _place_in(old: bytes, new: bytes, offset: int) -> int | None:
    """Where a byte of the new text lies in the old one; None if too much is different."""
    start = common_prefix(old, new)
    rest = min(len(old), len(new)) - start
    same = common_prefix(old[: -rest - 1 : -1], new[: -rest - 1 : -1]) if rest else 0
    changed = (old[start : len(old) - same], new[start : len(new) - same])
    if any(b"\n" in each or len(each) > A_KEYSTROKE for each in changed):
        return None
    if offset <= start:
        return offset
    return start if offset <= len(new) - same else offset - len(new) + len(old)
