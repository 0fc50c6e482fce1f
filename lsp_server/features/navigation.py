"""Definition, references, highlights: from a name to the other places that mean the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from lsp_server.analysis.model import Access, Declaration, Field, Name
from lsp_server.analysis.occurrences import definitions, occurrences
from lsp_server.document import Document
from lsp_server.inference.places import defining_places
from lsp_server.modules import required_name, string_content
from lsp_server.registry import feature

if TYPE_CHECKING:
    from lsp_server.server import LuaLanguageServer


@feature(types.TEXT_DOCUMENT_DEFINITION)
def definition(server: LuaLanguageServer, params: types.DefinitionParams) -> list[types.Location]:
    """Where a variable is declared, a field or global gets its value, a module is."""
    document = server.document(params.text_document.uri)
    offset = document.offset(params.position)
    found = document.analysis.at(offset)
    if isinstance(found, Field):
        return _of_field(server, document, found)
    if found is None:
        return _required(server, document, offset)
    if found.declaration is not None:
        return [_location(document, found.declaration)]
    if found.is_label:
        return []
    written = [
        each
        for each in document.analysis.globals.get(found.name, [])
        if each.access is not Access.READ
    ]
    if written:
        return [_location(document, each) for each in written]
    return server.index.definitions_of_global(found.name)


@feature(types.TEXT_DOCUMENT_REFERENCES)
def references(server: LuaLanguageServer, params: types.ReferenceParams) -> list[types.Location]:
    """Every place in the file that means the same."""
    document = server.document(params.text_document.uri)
    return [
        _location(document, each)
        for each in occurrences(document.analysis, document.offset(params.position))
        if params.context.include_declaration or each.access is not Access.DECLARE
    ]


@feature(types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT)
def highlight(
    server: LuaLanguageServer, params: types.DocumentHighlightParams
) -> list[types.DocumentHighlight]:
    """Every place in the file that means the same, told apart by whether it reads or writes."""
    document = server.document(params.text_document.uri)
    return [
        types.DocumentHighlight(
            document.range(each.start, each.end),
            types.DocumentHighlightKind.Read
            if each.access is Access.READ
            else types.DocumentHighlightKind.Write,
        )
        for each in occurrences(document.analysis, document.offset(params.position))
    ]


def _location(document: Document, found: Name | Field | Declaration) -> types.Location:
    return types.Location(document.uri, document.range(found.start, found.end))


def _of_field(server: LuaLanguageServer, document: Document, field: Field) -> list[types.Location]:
    """Where a field gets its value: in a module, in this text, in another file of the workspace."""
    places = defining_places(server.insight.inference(document), document, field)
    here = [(document, each.start, each.end) for each in definitions(document.analysis, field)]
    is_elsewhere = any(there is not document for there, _, _ in places)
    chosen = places if is_elsewhere else here or places
    if not chosen and isinstance(field.owner, str):
        return server.index.definitions_of_field(field.owner, field.path)
    return [types.Location(there.uri, there.range(start, end)) for there, start, end in chosen]


def _required(server: LuaLanguageServer, document: Document, offset: int) -> list[types.Location]:
    """The file of the module whose name, in a call of ``require``, is at ``offset``."""
    node = document.root.descendant_for_byte_range(offset, offset)
    if node is not None and node.type != "string":
        node = node.parent
    if node is None or node.type != "string" or node.parent is None:
        return []
    name = string_content(document, node)
    if name is None or required_name(document, node.parent.parent) != name:
        return []
    module = server.insight.modules.find(name, document)
    start = types.Position(0, 0)
    return [] if module is None else [types.Location(module.uri, types.Range(start, start))]
