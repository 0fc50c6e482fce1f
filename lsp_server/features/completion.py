"""textDocument/completion and completionItem/resolve: what can stand at the cursor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from lsprotocol import types

from kernel.core.catalogue import Catalogue
from lsp_server.completion import fields, names, paths, snippets
from lsp_server.completion.candidates import Candidate, fitting_best
from lsp_server.completion.live import with_live_values
from lsp_server.cursor.chains import Typed, chain_ending
from lsp_server.cursor.place import Cursor
from lsp_server.cursor.tokens import Sort
from lsp_server.inference.live_expressions import live_prefix
from lsp_server.insight import Insight
from lsp_server.live_values import LiveMember
from lsp_server.registry import feature

if TYPE_CHECKING:
    from lsp_server.server import LuaLanguageServer


@feature(
    types.TEXT_DOCUMENT_COMPLETION,
    types.CompletionOptions(trigger_characters=[".", ":", '"', "'"], resolve_provider=True),
)
async def complete(
    server: LuaLanguageServer, params: types.CompletionParams
) -> types.CompletionList:
    """Variables, fields, methods, keywords, modules, keys of tables: what can stand there."""
    document = server.document(params.text_document.uri)
    cursor = server.insight.cursor(document, document.offset(params.position))
    by_character = (
        params.context is not None
        and params.context.trigger_kind is types.CompletionTriggerKind.TriggerCharacter
    )
    found = list(_unique(_candidates(server, cursor, by_character=by_character)))
    if found or cursor.typed.chain is not None:
        found = with_live_values(found, await _live(server, cursor))
    fitting = fitting_best(found, cursor.typed.prefix)
    return types.CompletionList(
        is_incomplete=len(fitting) < len(found),
        items=server.insight.listed.items(fitting, cursor),
    )


@feature(types.COMPLETION_ITEM_RESOLVE)
def resolve(server: LuaLanguageServer, item: types.CompletionItem) -> types.CompletionItem:
    """The documentation of one of the items that were listed last."""
    doc = server.insight.listed.doc(item.data)
    if doc:
        item.documentation = types.MarkupContent(types.MarkupKind.Markdown, doc)
    return item


async def _live(server: LuaLanguageServer, cursor: Cursor) -> list[LiveMember]:
    """What the stopped program has there."""
    uri, typed = cursor.document.uri, cursor.typed
    line = server.live_values.stopped_line(uri)
    if line is None or (cursor.tokens and cursor.tokens[-1].is_open):
        return []
    document = server.insight.moment(cursor).document
    text = live_prefix(document, typed.chain, typed.prefix, line)
    return [] if text is None else await server.live_values.completions(uri, line, text)


def _candidates(
    server: LuaLanguageServer, cursor: Cursor, *, by_character: bool
) -> Iterator[Candidate]:
    insight, tokens, typed = server.insight, cursor.tokens, cursor.typed
    last = tokens[-1] if tokens else None
    catalogue = insight.catalogue(cursor.document)
    if last is not None and last.is_open:
        if last.sort is Sort.STRING:
            yield from _in_string(insight, cursor, catalogue)
        return
    if last is not None and last.sort is Sort.NUMBER and last.end == cursor.offset:
        return
    if typed.chain is None and by_character:
        return
    moment = insight.moment(cursor)
    inference = insight.inference(moment.document)
    if typed.chain is not None:
        yield from fields.fields(inference, cursor, moment)
        is_statement = names.place_of(tokens, typed.before) is not names.Place.OPERAND
        if is_statement and server.has_snippets:
            yield from snippets.postfixes(cursor)
        return
    place = names.place_of(tokens, typed.before)
    if place is names.Place.LABEL:
        yield from names.labels(moment)
        return
    if place is names.Place.ATTRIBUTE:
        yield from names.attributes(cursor.document.lua)
        return
    if place in _EXPRESSIONS:
        yield from fields.keys(inference, cursor, moment)
        yield from names.variables(moment)
        others = server.index.globals
        yield from names.globals_(inference, moment, catalogue, others, typed.prefix)
    yield from names.keywords(place, catalogue)
    if place in (names.Place.STATEMENT, names.Place.AFTER) and server.has_snippets:
        yield from snippets.statements()


def _in_string(insight: Insight, cursor: Cursor, catalogue: Catalogue) -> Iterator[Candidate]:
    """A module's name, a key in brackets, or one of the few texts that a function takes."""
    tokens, string = cursor.tokens, cursor.tokens[-1]
    if paths.is_required(tokens):
        yield from paths.module_names(string, cursor.document, insight.modules, catalogue)
    elif len(tokens) > 2 and tokens[-2].text == "[":
        _, chain = chain_ending(tokens, len(tokens) - 3)
        typed = Typed(string.value, string.start + 1, chain=chain)
        moment = insight.moment(replace(cursor, typed=typed))
        inference = insight.inference(moment.document)
        yield from fields.bracketed(inference, cursor, moment, chain)
    else:
        moment = insight.moment(cursor)
        yield from fields.choices(insight.inference(moment.document), cursor, moment)


_EXPRESSIONS = frozenset(
    {names.Place.STATEMENT, names.Place.OPERAND, names.Place.AFTER, names.Place.FUNCTION}
)


def _unique(found: Iterator[Candidate]) -> Iterator[Candidate]:
    """The first candidate of each name; a snippet may be called like a keyword."""
    seen: set[tuple[str, bool]] = set()
    for each in found:
        key = (each.label, each.is_snippet)
        if key not in seen:
            seen.add(key)
            yield each
