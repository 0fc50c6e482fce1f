"""Where a field of a value is defined, in whichever text that is."""

from __future__ import annotations

from collections.abc import Iterator

from lsp_server.analysis.model import Field
from lsp_server.analysis.occurrences import written_places
from lsp_server.document import Document
from lsp_server.inference.inference import Inference, entries
from lsp_server.inference.model import Constructed, Source, Written

Place = tuple[Document, int, int]
"""A text, and two bytes of it."""


def defining_places(inference: Inference, document: Document, field: Field) -> list[Place]:
    """Where the field gets its value; what another file says of a module comes first."""
    if field.node.type == "field":  # a key of a table that is written out
        return []
    table = inference.of_node(document, field.node.child_by_field_name("table"))
    sources = sorted(table.sources, key=lambda each: _document_of(each) in (document, None))
    for source in sources:
        if places := [*_places_in(source, field.name)]:
            return places
    return []


def _document_of(source: Source) -> Document | None:
    return source.document if isinstance(source, Written | Constructed) else None


def _places_in(source: Source, name: str) -> Iterator[Place]:
    match source:
        case Written(document, owner, path):
            uses = document.analysis.field_uses(owner, (*path, name))
            for each in written_places(uses):
                yield document, each.start, each.end
        case Constructed(document, node):
            for entry, key in entries(document, node):
                if key == name:
                    place = entry.child_by_field_name("name") or entry
                    yield document, place.start_byte, place.end_byte
