"""Inline values: what an editor shows beside the code while a program is stopped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lsprotocol import types

from lsp_server.analysis.model import Declaration, Field, Function, Kind
from lsp_server.document import Document
from lsp_server.registry import feature

if TYPE_CHECKING:
    from lsp_server.server import LuaLanguageServer

LONGEST = 3
"""Names of the longest chain that is evaluated: ``a.b.c``."""


@feature(types.TEXT_DOCUMENT_INLINE_VALUE)
def inline_values(
    server: LuaLanguageServer, params: types.InlineValueParams
) -> list[types.InlineValue]:
    """The variables of the stopped function that have a value by now, and short chains of fields.

    A name counts only where it means the variable that the debugger would find under it.
    """
    document = server.document(params.text_document.uri)
    line = params.context.stopped_location.start.line
    stop = document.offset(types.Position(line, 0))
    end = document.offset(types.Position(line + 1, 0))
    inside = document.offset(types.Position(line, _indent(document, line)))
    function = document.analysis.function_at(inside)
    alive = {
        each.name: each
        for each in document.analysis.visible_at(inside)
        if each.visible_from <= stop or each.kind in (Kind.PARAMETER, Kind.SELF)
    }
    first = document.offset(params.range.start)
    last = min(end, document.offset(params.range.end))
    found = [
        *_variables(document, function, alive, first, last),
        *_chains(document, function, alive, first, last),
    ]
    return sorted(found, key=lambda each: (each.range.start.line, each.range.start.character))


def _variables(
    document: Document, function: Function, alive: dict[str, Declaration], first: int, last: int
) -> Iterator[types.InlineValue]:
    seen: set[tuple[int, str]] = set()
    for each in document.analysis.names:
        if each.function is not function or not first <= each.start < last or each.is_label:
            continue
        if each.declaration is None or alive.get(each.name) is not each.declaration:
            continue
        if each.is_called or each.declaration.kind is Kind.FUNCTION:
            continue  # that it is a function is no news
        place = document.range(each.start, each.end)
        if (place.start.line, each.name) not in seen:
            seen.add((place.start.line, each.name))
            yield types.InlineValueVariableLookup(place, True, each.name)


def _chains(
    document: Document, function: Function, alive: dict[str, Declaration], first: int, last: int
) -> Iterator[types.InlineValue]:
    seen: set[tuple[int, str]] = set()
    for each in document.analysis.fields:
        if not first <= each.start < last or not _is_short(each):
            continue
        node = each.node
        text = document.text(node.start_byte, node.end_byte)
        root = text.partition(".")[0]
        if not _is_plain(text) or root not in alive:
            continue
        if document.analysis.function_at(each.start) is not function:
            continue
        place = document.range(node.start_byte, node.end_byte)
        if (place.start.line, text) not in seen:
            seen.add((place.start.line, text))
            yield types.InlineValueEvaluatableExpression(place, text)


def _is_short(field: Field) -> bool:
    is_read = field.part.type == "dot_index_expression" and not field.is_called
    return is_read and not field.is_method and field.owner is not None


def _is_plain(text: str) -> bool:
    """``a.b`` or ``a.b.c``, so that evaluating it calls nothing that is written there."""
    parts = text.split(".")
    return len(parts) <= LONGEST and all(each.isidentifier() for each in parts)


def _indent(document: Document, line: int) -> int:
    if line >= len(document.lines.starts):
        return 0
    text = document.lines.line(line)
    return len(text) - len(text.lstrip())
