"""textDocument/hover: what a name is, where it comes from, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lsprotocol import types

from kernel.core.catalogue import Catalogue, Table
from lsp_server.analysis.model import Access, Declaration, Kind, Name
from lsp_server.analysis.model import Field as FieldUse
from lsp_server.document import Document
from lsp_server.inference.comments import comment_above
from lsp_server.inference.declared_types import said_of_parameter
from lsp_server.inference.inference import Inference
from lsp_server.inference.live_expressions import live_expression
from lsp_server.inference.members import (
    MemberItem,
    Sort,
    catalogue_item,
    documentation,
    members_of,
)
from lsp_server.inference.model import Known, ScriptFunction
from lsp_server.inference.signatures import signature_of
from lsp_server.registry import feature
from lua_debug.syntax.grammar import FUNCTIONS

if TYPE_CHECKING:
    from lsp_server.server import LuaLanguageServer

LONGEST_VALUE = 200


@feature(types.TEXT_DOCUMENT_HOVER)
async def hover(server: LuaLanguageServer, params: types.HoverParams) -> types.Hover | None:
    """What is known of the name at this place, its live value first."""
    document = server.document(params.text_document.uri)
    offset = document.offset(params.position)
    found = describe(server, document, offset)
    if found is None:
        return None
    start, end, text = found
    live = await _live(server, document, offset)
    text = f"{live}\n\n---\n\n{text}" if live else text
    return types.Hover(
        types.MarkupContent(types.MarkupKind.Markdown, text), document.range(start, end)
    )


async def _live(server: LuaLanguageServer, document: Document, offset: int) -> str | None:
    """The value that the stopped program has there."""
    line, one = server.live_values.stopped_line(document.uri), document.analysis.at(offset)
    if line is None or one is None:
        return None
    expression = live_expression(document, one, line)
    if expression is None:
        return None
    value = await server.live_values.evaluate(document.uri, line, expression)
    if value is None:
        return None
    return _code(f"{expression} = {value.text}" + (f"  -- {value.type}" if value.type else ""))


def describe(
    server: LuaLanguageServer, document: Document, offset: int
) -> tuple[int, int, str] | None:
    """Begin and end of what is described, and the description in Markdown."""
    catalogue = server.insight.catalogue(document)
    one = document.analysis.at(offset)
    if one is None:
        return _keyword(document, offset, catalogue)
    inference = server.insight.inference(document)
    if isinstance(one, FieldUse):
        text = "\n\n".join(_field(inference, document, one))
    else:
        text = "\n\n".join(_name(inference, document, one))
    return (one.start, one.end, text) if text else None


# --- names --------------------------------------------------------------------------------------


def _name(inference: Inference, document: Document, name: Name) -> Iterator[str]:
    declared = name.declaration
    if name.is_label:
        yield _code(f"::{name.name}::")
    elif declared is not None and declared.kind is not Kind.GLOBAL:
        yield from _variable(inference, document, declared)
    else:
        yield from _global(inference, document, name.name)


_WORDS = {
    Kind.PARAMETER: "(parameter) ",
    Kind.LOOP: "(loop variable) ",
    Kind.SELF: "(self) ",
}


def _variable(inference: Inference, document: Document, declared: Declaration) -> Iterator[str]:
    known = inference.of_owner(document, declared)
    node = declared.value
    if node is not None and node.type in FUNCTIONS:
        yield _code(f"local function {declared.name}{_form(ScriptFunction(document, node))}")
    else:
        word = _WORDS.get(declared.kind, "local ")
        attribute = f" <{declared.attribute}>" if declared.attribute else ""
        yield _code(f"{word}{declared.name}{attribute}{_type(known)}{_value(declared, known)}")
    if doc := _said_of_variable(document, declared):
        yield doc


def _said_of_variable(document: Document, declared: Declaration) -> str:
    doc = comment_above(document, declared.start)
    if doc or declared.kind is not Kind.PARAMETER:
        return doc
    return said_of_parameter(document, declared.function.node, declared.name)


def _value(declared: Declaration, known: Known) -> str:
    """The value of a variable that nothing else is assigned to."""
    is_constant = not any(each.access.value == "write" for each in declared.references)
    if known.constant is None or not is_constant or declared.kind is not Kind.LOCAL:
        return ""
    return f" = {known.constant[:LONGEST_VALUE]}"


def _type(known: Known) -> str:
    return f": {known.type}" if known.type not in ("", "nil") and known.constant is None else ""


def _global(inference: Inference, document: Document, name: str) -> Iterator[str]:
    catalogue = inference.catalogued.catalogue
    if found := catalogue.find(name):
        yield _code("\n".join(f"{_kind(catalogue_item(each))}{each.label}" for each in found))
        yield documentation(found[0])
        return
    if table := catalogue.tables.get(name):
        yield _code(f"(library) {name}")
        yield table.doc
        return
    known = inference.of_owner(document, name)
    uses = document.analysis.globals.get(name, [])
    written = [each for each in uses if each.access.value != "read"]
    function = next((f for f in known.functions if isinstance(f, ScriptFunction)), None)
    if function is not None:
        yield _code(f"function {name}{_form(function)}")
    else:
        yield _code(f"(global) {name}{_type(known)}")
    if written and (doc := comment_above(document, written[0].start)):
        yield doc


# --- fields -------------------------------------------------------------------------------------


def _field(inference: Inference, document: Document, field: FieldUse) -> Iterator[str]:
    table = inference.of_node(document, field.node.child_by_field_name("table"))
    if field.node.type == "field" and field.owner is not None:  # a key of a table constructor
        table = inference.of_owner(document, field.owner, field.path[:-1])
    item = members_of(table).get(field.name)
    if item is None:
        yield _code(f"(field) {field.name}")
        return
    yield _code(_item(item, document, field, inference, table))
    if item.doc:
        yield item.doc


def _item(
    item: MemberItem, document: Document, field: FieldUse, inference: Inference, table: Known
) -> str:
    if item.catalogued is not None:
        return _catalogued(item, table)
    separator = ":" if field.is_method else "."
    if isinstance(item.function, ScriptFunction):
        before = document.text(field.node.start_byte, field.start).rstrip(".:\"'[ \n")
        is_long = field.node.type == "field" or "\n" in before or len(before) > LONGEST_VALUE
        owner = "" if is_long else f"{before}{separator}"
        return f"function {owner}{field.name}{_form(item.function)}"
    known = inference.of_member(table, field.name)
    uses = [] if field.owner is None else document.analysis.field_uses(field.owner, field.path)
    is_constant = sum(each.access is Access.WRITE for each in uses) <= 1
    constant = known.constant if is_constant else None
    value = "" if constant is None else f" = {constant[:LONGEST_VALUE]}"
    return f"(field) {field.name}{_type(known)}{value}"


# --- the rest -----------------------------------------------------------------------------------


def _keyword(document: Document, offset: int, catalogue: Catalogue) -> tuple[int, int, str] | None:
    node = document.root.descendant_for_byte_range(offset, offset)
    if node is None or node.is_named:
        return None
    found = next((each for each in catalogue.keywords if each.name == node.type), None)
    if found is None:
        return None
    return node.start_byte, node.end_byte, f"{_code(found.name)}\n\n{found.doc}"


def _form(function: ScriptFunction) -> str:
    return signature_of(function).label


def _catalogued(item: MemberItem, table: Known) -> str:
    """All forms of a member of the catalogue."""
    tables = [each for each in table.sources if isinstance(each, Table)]
    owner = next(each for each in tables if item.catalogued in each.members)
    before = f"{_kind(item)}{owner.name}{':' if item.sort is Sort.METHOD else '.'}"
    return "\n".join(f"{before}{each.label}" for each in owner.find(item.name))


def _kind(item: MemberItem) -> str:
    return "(field) " if item.sort is Sort.FIELD else "function "


def _code(text: str) -> str:
    return f"```lua\n{text}\n```"
