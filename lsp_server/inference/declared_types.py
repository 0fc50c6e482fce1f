"""Types that comments declare with ``---@type`` and the like, as LuaLS and EmmyLua read them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from tree_sitter import Node

from kernel.core.catalogue import Field, Table
from lsp_server.analysis.analysis import Analysis
from lsp_server.analysis.model import Access, Kind, Name, Owner
from lsp_server.document import Document

MOST_LINES = 60
"""How many lines of comment are looked at above a declaration."""

_LINE = re.compile(rb"\s*---+\s*@(\w+)\s+(.*)")
_COMMENT = re.compile(rb"\s*--")
_TYPE = re.compile(r"fun\(.*|[\w.]+(?:<[^>]*>)?(?:\[\]|\?)*(?:\s*\|\s*[\w.]+(?:\[\]|\?)*)*")
_CLASS = re.compile(rb"^[ \t]*---+[ \t]*@class[ \t]+(?:\([^)]*\)[ \t]*)?([\w.]+)", re.MULTILINE)


@dataclass(slots=True)
class DeclaredClass:
    """``---@class``: its fields, and the variable that stands below it."""

    fields: Table
    owner: Owner | None = None


@dataclass(slots=True)
class _Classes:
    by_name: dict[str, DeclaredClass] = field(default_factory=dict)


_classes: WeakKeyDictionary[Analysis, _Classes] = WeakKeyDictionary()


def type_of_variable(document: Document, offset: int) -> str | None:
    """``T`` of ``---@type T`` above a declaration, or behind it on its line."""
    if b"@type" not in document.raw:
        return None
    line = document.lines.line(document.lines.line_of(offset))
    behind = re.search(rb"---+\s*@type\s+(.*)", line)
    if behind is not None:
        return _type(behind[1])
    found = (rest for word, rest, _ in _above(document, offset) if word == "type")
    return next(map(_type, found), None)


def type_of_parameter(document: Document, function: Node, name: str) -> str | None:
    """``T`` of ``---@param name T``."""
    found = _about_parameter(document, function, name)
    return None if found is None else _type(found[1])


def said_of_parameter(document: Document, function: Node, name: str) -> str:
    """What ``---@param name T what it is`` says behind the type."""
    found = _about_parameter(document, function, name)
    return "" if found is None else _behind_type(found[1].decode("utf-8", "replace"))


def place_of_parameter(document: Document, function: Node, name: str) -> tuple[int, int] | None:
    """The bytes of ``name`` in ``---@param name T``."""
    found = _about_parameter(document, function, name)
    return None if found is None else (found[0], found[0] + len(name.encode()))


def _about_parameter(document: Document, function: Node, name: str) -> tuple[int, bytes] | None:
    """Where a comment names a parameter, and what it says behind the name."""
    for word, rest, place in _above(document, function.start_byte):
        named, _, said = rest.partition(b" ")
        if word == "param" and named.rstrip(b"?") == name.encode():
            return place, said
    return None


def type_of_result(document: Document, function: Node) -> str | None:
    """``T`` of the first ``---@return T``."""
    found = [rest for word, rest, _ in _above(document, function.start_byte) if word == "return"]
    return _type(found[-1]) if found else None  # they come from below


def declared_class(document: Document, name: str) -> DeclaredClass | None:
    """The class of that name that the text declares."""
    if b"@class" not in document.raw:
        return None
    found = _classes.get(document.analysis)
    if found is None:
        found = _classes[document.analysis] = _Classes()
        for match in _CLASS.finditer(document.raw):
            made = _declared(document, match.end(), match[1].decode("utf-8", "replace"))
            found.by_name.setdefault(made.fields.name, made)
    return found.by_name.get(name)


def _declared(document: Document, offset: int, name: str) -> DeclaredClass:
    """The lines of comment below, and what the first line of code declares or assigns."""
    members = []
    line = document.lines.line_of(offset) + 1
    while line < len(document.lines.starts):
        text = document.lines.line(line)
        found = _LINE.fullmatch(text)
        if found is not None and found[1] == b"field":
            members.append(_field(found[2]))
        elif not _COMMENT.match(text):
            break
        line += 1
    table = Table(name, "", tuple(each for each in members if each is not None))
    return DeclaredClass(table, _owner_on(document, line))


def _field(text: bytes) -> Field | None:
    """``public name? T what it is``."""
    words = text.decode("utf-8", "replace").split(None, 1)
    if words and words[0] in ("public", "private", "protected", "package") and len(words) > 1:
        words = words[1].split(None, 1)
    if not words or not words[0].rstrip("?").isidentifier():
        return None
    rest = words[1] if len(words) > 1 else ""
    type_, doc = _TYPE.match(rest), _behind_type(rest)
    is_optional = words[0].endswith("?")
    return Field(words[0].rstrip("?"), type_[0] if type_ else "any", doc, is_optional=is_optional)


def _owner_on(document: Document, line: int) -> Owner | None:
    starts = document.lines.starts
    if line >= len(starts):
        return None
    end = starts[line + 1] if line + 1 < len(starts) else len(document.raw)
    for place in range(starts[line], end):
        one = document.analysis.at(place)
        if isinstance(one, Name) and one.start >= starts[line] and one.access is not Access.READ:
            is_local = one.declaration is not None and one.declaration.kind is not Kind.GLOBAL
            return one.declaration if is_local else one.name
    return None


def _above(document: Document, offset: int) -> Iterator[tuple[str, bytes, int]]:
    """The annotations in the comment above a line, the nearest first: word, rest, where that is."""
    number = document.lines.line_of(offset)
    for line in range(number - 1, max(-1, number - 1 - MOST_LINES), -1):
        text = document.lines.line(line)
        found = _LINE.fullmatch(text)
        if found is not None:
            rest_start = document.lines.starts[line] + found.start(2)
            yield found[1].decode("ascii", "replace"), found[2], rest_start
        elif not _COMMENT.match(text):
            return


def _type(text: bytes) -> str | None:
    found = _TYPE.match(text.decode("utf-8", "replace").strip())
    return found[0] if found else None


def _behind_type(text: str) -> str:
    """``what it is`` of ``T what it is``."""
    found = _TYPE.match(text)
    return text[found.end() if found else 0 :].strip(" #@")
