"""Listed: the items a client was given last, whose documentation it may ask for."""

from __future__ import annotations

from collections.abc import Sequence

from lsprotocol import types

from lsp_server.completion.candidates import Candidate
from lsp_server.cursor.place import Cursor


class Listed:
    """Keeps one list: a client asks only about what it shows."""

    def __init__(self) -> None:
        self._number = 0
        self._candidates: Sequence[Candidate] = ()

    def items(self, candidates: Sequence[Candidate], cursor: Cursor) -> list[types.CompletionItem]:
        """The candidates as the protocol has them, each with what `doc` needs."""
        self._number += 1
        self._candidates = candidates
        document, typed = cursor.document, cursor.typed
        usual = document.range(typed.start, cursor.offset)
        before = document.range(typed.start - 1, typed.start) if typed.separator else None
        found = []
        for index, each in enumerate(candidates):
            place, filter_text = usual, None
            if each.start is not None:
                place = document.range(each.start, cursor.offset)
                filter_text = _filter_text(each, cursor)
            item = each.item(place, filter_text, before)
            item.data = [self._number, index]
            found.append(item)
        return found

    def doc(self, data: object) -> str:
        """What is said of an item of the last list."""
        match data:
            case [int(number), int(index)] if number == self._number:
                if 0 <= index < len(self._candidates):
                    return self._candidates[index].doc()
        return ""


def _filter_text(candidate: Candidate, cursor: Cursor) -> str | None:
    """What the client compares with the text that is replaced."""
    if not candidate.is_snippet or candidate.start is None:
        return None
    return cursor.document.text(candidate.start, cursor.typed.start) + candidate.label
