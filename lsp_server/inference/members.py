"""The members of a value, one by one: what completion lists and misspelt names are compared to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from tree_sitter import Node

from kernel.core.catalogue import Field, Function, Table
from lsp_server.analysis.model import Access
from lsp_server.document import Document
from lsp_server.inference.comments import comment_above
from lsp_server.inference.inference import entries
from lsp_server.inference.model import (
    Annotated,
    Callee,
    Constructed,
    Known,
    ScriptFunction,
    Source,
    Written,
)
from lsp_server.inference.signatures import signature_of
from lua_debug.syntax.grammar import FUNCTIONS

LONGEST_DETAIL = 60

METHOD = "method"
"""What is said of what the text only calls with a colon."""


class Sort(Enum):
    """What a member is."""

    FUNCTION = "function"
    METHOD = "method"
    FIELD = "field"
    MENTIONED = "mentioned"  # only read in the text, so that nobody knows what it is


@dataclass(frozen=True, slots=True)
class MemberItem:
    """A member, and where to look for more about it."""

    name: str
    sort: Sort
    says: str = ""
    """What it is, where that is known at once."""
    deprecated: bool = False
    catalogued: Function | Field | None = None
    place: tuple[Document, int] | None = None
    """Where the text defines it."""
    function: Callee | None = None
    value: Node | None = None

    @property
    def detail(self) -> str:
        """What it is, in a few words."""
        if self.says or self.place is None:
            return self.says
        if isinstance(self.function, ScriptFunction):
            return f"{self.name}{signature_of(self.function).label}"
        return _detail(self.place[0], self.value)

    @property
    def is_called_as_method(self) -> bool:
        """Whether it is called with a colon, as far as one can know."""
        is_mentioned = self.sort is Sort.MENTIONED and self.says == METHOD
        return self.sort is Sort.METHOD or is_mentioned

    @property
    def doc(self) -> str:
        """What is said of it."""
        if self.catalogued is not None:
            return documentation(self.catalogued)
        return comment_above(*self.place) if self.place is not None else ""


def members_of(known: Known) -> dict[str, MemberItem]:
    """All members by name, its own ones before those it has through others."""
    found: dict[str, MemberItem] = {}
    for source in known.sources:
        for each in _of_source(source):
            before = found.get(each.name)
            if before is None or before.sort is Sort.MENTIONED:
                found[each.name] = each
    return found


def documentation(member: Function | Field) -> str:
    """What the catalogue says of a member."""
    said = [member.doc]
    if isinstance(member, Function):
        said += [f"- `{each.name}` {each.doc}" for each in member.parameters if each.doc]
    if member.alias_of:
        said.append(f"The same as `{member.alias_of}`.")
    if member.deprecated:
        said.append(f"*Deprecated:* {member.deprecated}.")
    if member.versions:
        said.append(f"*Lua {', '.join(sorted(member.versions))}*".replace("luajit", "LuaJIT "))
    return "\n\n".join(said)


def catalogue_item(member: Function | Field) -> MemberItem:
    """A member of the catalogue."""
    sort = Sort.FIELD
    if isinstance(member, Function):
        sort = Sort.METHOD if member.is_method else Sort.FUNCTION
    return MemberItem(
        member.name,
        sort,
        member.label,
        bool(member.deprecated),
        member,
        function=member if isinstance(member, Function) else None,
    )


def value_item(name: str, document: Document, offset: int, value: Node | None) -> MemberItem:
    """Something of a text with its value, as far as that is written there."""
    is_function = value is not None and value.type in FUNCTIONS
    function = ScriptFunction(document, value) if value is not None and is_function else None
    sort = Sort.FUNCTION if is_function else Sort.FIELD
    return MemberItem(name, sort, place=(document, offset), function=function, value=value)


def _of_source(source: Source) -> Iterator[MemberItem]:
    match source:
        case Table():
            yield from (catalogue_item(each) for each in source.members)
        case Annotated(_, table):
            yield from (catalogue_item(each) for each in table.members)
        case Constructed(document, node):
            for entry, name in entries(document, node):
                value = entry.child_by_field_name("value")
                yield value_item(name, document, entry.start_byte, value)
        case Written(document, owner, path):
            for name, uses in document.analysis.fields_of(owner, path).items():
                written = [each for each in uses if each.access is Access.WRITE]
                if not written:
                    is_method = any(each.is_method for each in uses)
                    yield MemberItem(name, Sort.MENTIONED, METHOD if is_method else "")
                    continue
                best = next((each for each in written if each.value is not None), written[0])
                yield value_item(name, document, best.start, best.value)


def _detail(document: Document, value: Node | None) -> str:
    if value is None:
        return ""
    if value.type == "table_constructor":
        return "table"
    text = " ".join(document.text(value.start_byte, value.start_byte + 2000).split("\n")[0:1])
    text = text[: value.end_byte - value.start_byte]
    return text if len(text) <= LONGEST_DETAIL else f"{text[:LONGEST_DETAIL]}…"
