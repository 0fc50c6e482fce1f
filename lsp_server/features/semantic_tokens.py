"""Semantic tokens: what each name is, in five numbers a token, as the protocol wants it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING

from lsprotocol import types

from lsp_server.analysis.model import Access, Declaration, Field, Kind, Name
from lsp_server.analysis.occurrences import is_function
from lsp_server.document import Document
from lsp_server.library import Library
from lsp_server.registry import feature

if TYPE_CHECKING:
    from lsp_server.server import LuaLanguageServer

TYPES = ("variable", "parameter", "function", "method", "property", "namespace", "label")
MODIFIERS = ("declaration", "readonly", "modification", "defaultLibrary", "upvalue", "global")
"""``upvalue`` and ``global`` are ours; clients ignore what they do not know."""

LEGEND = types.SemanticTokensLegend(TYPES, MODIFIERS)

KEPT = 8
"""Answers of which a client may ask for the difference."""

_TYPE = {name: index for index, name in enumerate(TYPES)}
_BIT = {name: 1 << index for index, name in enumerate(MODIFIERS)}

Token = tuple[int, int, int, int]
"""Start and end (bytes), type, modifiers."""


@feature(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, LEGEND)
def full(server: LuaLanguageServer, params: types.SemanticTokensParams) -> types.SemanticTokens:
    """Locals, upvalues, parameters, functions, methods, fields, and what the library has."""
    data = _encoded(server, server.document(params.text_document.uri))
    return types.SemanticTokens(data, server.token_answers.keep(data))


@feature(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL_DELTA)
def delta(
    server: LuaLanguageServer, params: types.SemanticTokensDeltaParams
) -> types.SemanticTokens | types.SemanticTokensDelta:
    """What has changed since an earlier answer: one stretch of numbers."""
    data = _encoded(server, server.document(params.text_document.uri))
    before = server.token_answers.get(params.previous_result_id)
    result = server.token_answers.keep(data)
    if before is None:
        return types.SemanticTokens(data, result)
    return types.SemanticTokensDelta(_edits(before, data), result)


@feature(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_RANGE)
def in_range(
    server: LuaLanguageServer, params: types.SemanticTokensRangeParams
) -> types.SemanticTokens:
    """The tokens an editor shows."""
    document = server.document(params.text_document.uri)
    start, end = document.offset(params.range.start), document.offset(params.range.end)
    return types.SemanticTokens(_encoded(server, document, start, end))


class TokenAnswers:
    """The last answers to a client."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._kept: dict[str, list[int]] = {}

    def keep(self, data: list[int]) -> str:
        """Remember an answer; the id under which it is known."""
        number = str(next(self._numbers))
        self._kept[number] = data
        while len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]
        return number

    def get(self, number: str) -> list[int] | None:
        """An answer that is still known."""
        return self._kept.get(number)


def _encoded(
    server: LuaLanguageServer, document: Document, start: int = 0, end: int | None = None
) -> list[int]:
    """Lines and columns relative to the token before, as the protocol counts them."""
    library = Library(server.compiler, document.lua)
    stop = len(document.raw) if end is None else end
    data: list[int] = []
    starts, measure = document.lines.starts, document.lines.width
    row = line = column = 0
    for first, last, kind, modifiers in _tokens(document, library, start, stop):
        while row + 1 < len(starts) and starts[row + 1] <= first:
            row += 1
        place = measure(starts[row], first)
        step = row - line
        data += (step, place - (0 if step else column), measure(first, last), kind, modifiers)
        line, column = row, place
    return data


def _tokens(document: Document, library: Library, start: int, stop: int) -> list[Token]:
    analysis = document.analysis
    functions = _functions(document)
    found = [_name(each, library) for each in analysis.names if start <= each.start < stop]
    found += [
        _field(each, library, functions)
        for each in analysis.fields
        if start <= each.start < stop and document.raw[each.start : each.start + 1] not in b"\"'["
    ]
    found.sort()
    return found


def _functions(document: Document) -> set[tuple[object, tuple[str, ...]]]:
    """The fields that are given a function somewhere in the file."""
    return {
        (each.owner, each.path)
        for each in document.analysis.fields
        if each.owner is not None and is_function(each)
    }


def _name(name: Name, library: Library) -> Token:
    found = name.declaration
    modifiers = _BIT["declaration"] if name.access is Access.DECLARE else 0
    if name.access is Access.WRITE:
        modifiers |= _BIT["modification"]
    if name.is_label:
        return name.start, name.end, _TYPE["label"], modifiers
    if found is None or found.kind is Kind.GLOBAL:
        return _global(name, library, modifiers | _BIT["global"])
    if found.attribute is not None:
        modifiers |= _BIT["readonly"]
    if name.is_upvalue:
        modifiers |= _BIT["upvalue"]
    return name.start, name.end, _TYPE[_kind(found)], modifiers


def _kind(declaration: Declaration) -> str:
    if declaration.kind in (Kind.PARAMETER, Kind.SELF):
        return "parameter"
    return "function" if is_function(declaration) else "variable"


def _global(name: Name, library: Library, modifiers: int) -> Token:
    kind = "function" if name.is_called else "variable"
    if library.has(name.name):
        modifiers |= _BIT["defaultLibrary"]
        kind = "namespace" if library.fields(name.name) else kind
    return name.start, name.end, _TYPE[kind], modifiers


def _field(field: Field, library: Library, functions: set[tuple[object, tuple[str, ...]]]) -> Token:
    modifiers = _BIT["modification"] if field.access is Access.WRITE else 0
    kind = "property"
    if field.is_method:
        kind = "method"
    elif field.is_called or (field.owner, field.path) in functions:
        kind = "function"
    is_standard = isinstance(field.owner, str) and len(field.path) == 1
    if is_standard and field.name in library.fields(str(field.owner)):
        modifiers |= _BIT["defaultLibrary"]
    return field.start, field.end, _TYPE[kind], modifiers


def _edits(before: list[int], after: list[int]) -> list[types.SemanticTokensEdit]:
    """One edit: what is left when the common beginning and end are taken away."""
    if before == after:
        return []
    start = next(
        (i for i, (one, other) in enumerate(zip(before, after, strict=False)) if one != other),
        min(len(before), len(after)),
    )
    end = _common_end(before, after, start)
    return [
        types.SemanticTokensEdit(start, len(before) - start - end, after[start : len(after) - end])
    ]


def _common_end(before: list[int], after: list[int], start: int) -> int:
    limit = min(len(before), len(after)) - start
    pairs: Iterator[tuple[int, int]] = zip(reversed(before), reversed(after), strict=False)
    same = next((i for i, (one, other) in enumerate(pairs) if one != other), limit)
    return min(same, limit)
