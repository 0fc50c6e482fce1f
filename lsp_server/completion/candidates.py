"""Candidate: something that can stand at the cursor, and how a client is told of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from heapq import nsmallest

from lsprotocol import types

from lsp_server.inference.members import MemberItem, Sort

Kind = types.CompletionItemKind

_KINDS = {
    Sort.FUNCTION: Kind.Function,
    Sort.METHOD: Kind.Method,
    Sort.FIELD: Kind.Field,
    Sort.MENTIONED: Kind.Text,
}


def saying(text: str) -> Callable[[], str]:
    """What is said, where it is known at once."""
    return partial(str, text)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that can stand at the cursor."""

    label: str
    kind: Kind
    detail: Callable[[], str] = str
    """Asked when it is sent: of thousands of candidates only some are."""
    doc: Callable[[], str] = str
    """Asked when the client shows it."""
    rank: int = 5
    """Lower ones come first."""
    insert: str = ""
    """What is put there if it is not the label."""
    is_snippet: bool = False
    start: int | None = None
    """The byte from which on text is replaced; None: where the name being typed begins."""
    is_deprecated: bool = False
    separator: str = ""
    """What the dot or the colon before it has to become."""
    value: str = ""
    """What it is worth in the stopped program."""

    def item(
        self, place: types.Range, filter_text: str | None, before: types.Range | None
    ) -> types.CompletionItem:
        """As the protocol has it."""
        more = [types.TextEdit(before, self.separator)] if self.separator and before else None
        return types.CompletionItem(
            label=self.label,
            label_details=_beside(self.value),
            kind=self.kind,
            detail=self.detail() or None,
            sort_text=f"{self.rank}{self.label}",
            filter_text=filter_text,
            text_edit=types.TextEdit(place, self.insert or self.label),
            insert_text_format=types.InsertTextFormat.Snippet if self.is_snippet else None,
            tags=[types.CompletionItemTag.Deprecated] if self.is_deprecated else None,
            additional_text_edits=more,
        )


def _beside(value: str) -> types.CompletionItemLabelDetails | None:
    """Clients show it of every item, and the detail only of the one that is chosen."""
    return types.CompletionItemLabelDetails(description=value) if value else None


def of_member(item: MemberItem, rank: int = 1, *, separator: str = "") -> Candidate:
    """A member of a value, or a variable that is described in the same way."""
    is_method = separator == ":" or item.sort is Sort.METHOD
    return Candidate(
        item.name,
        Kind.Method if is_method else _KINDS[item.sort],
        lambda: item.detail,
        lambda: item.doc,
        rank=4 if item.sort is Sort.MENTIONED else rank,
        is_deprecated=item.deprecated,
        separator=separator,
    )


MOST = 300
"""How many items are sent; who wants others types another letter, and is asked for again."""


def best_names(names: Collection[str], prefix: str) -> Collection[str]:
    """All of them, or, where these are too many, as many as are sent, those that fit first."""
    if len(names) <= MOST:
        return names
    wanted = prefix.lower()

    def place(name: str) -> tuple[bool, bool, int, str]:
        lower = name.lower()
        is_other = not lower.startswith(wanted)
        return is_other and not _has_letters(lower, wanted), is_other, len(name), name

    return nsmallest(MOST, names, key=place)


def fitting_best(found: Sequence[Candidate], prefix: str) -> Sequence[Candidate]:
    """All of them, or, where these are too many, the best of those that fit what is typed."""
    if len(found) <= MOST:
        return found
    wanted = prefix.lower()
    fitting = [each for each in found if _has_letters(each.label.lower(), wanted)]

    def place(each: Candidate) -> tuple[int, bool, int, str]:
        is_other = not each.label.lower().startswith(wanted)
        return each.rank, is_other, len(each.label), each.label

    return sorted(fitting, key=place)[:MOST]


def _has_letters(label: str, wanted: str) -> bool:
    """Whether the letters come in this order, as clients match them."""
    letters = iter(label)
    return all(each in letters for each in wanted)
