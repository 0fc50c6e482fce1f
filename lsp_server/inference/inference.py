"""Inference: what the expressions of a text are, as far as the text itself says it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from tree_sitter import Node

from kernel.core.catalogue import Field, Function, Table
from lsp_server.analysis.chains import bracketed_name
from lsp_server.analysis.model import Declaration, Kind, Owner
from lsp_server.document import Document
from lsp_server.inference import declared_types, links
from lsp_server.inference.catalogued import Catalogued
from lsp_server.inference.model import (
    UNKNOWN,
    Annotated,
    Arguments,
    Constructed,
    FindModule,
    Known,
    ScriptFunction,
    Source,
    Written,
)

DEPTH = 40
"""How many steps are followed: from a name to its value, from there to a module, and so on."""

MOST_WRITES = 4
"""Of how many assignments to the same thing something is learnt."""


class Inference:
    """Answers about one moment: documents do not change while it is used."""

    def __init__(self, catalogued: Catalogued, find_module: FindModule) -> None:
        self.catalogued = catalogued
        self._find_module = find_module
        self._depth = 0
        self._owners: dict[tuple[Document, Owner, tuple[str, ...]], Known] = {}
        self._results: dict[tuple[Document, int], Known] = {}

    # --- expressions ----------------------------------------------------------------------------

    def of_node(self, document: Document, node: Node | None) -> Known:
        """An expression of a text."""
        if node is None or self._depth >= DEPTH:
            return UNKNOWN
        self._depth += 1
        try:
            return self._of_node(document, node)
        finally:
            self._depth -= 1

    def _of_node(self, document: Document, node: Node) -> Known:
        match node.type:
            case "identifier":
                return self.of_owner(document, links.owner_at(document, node))
            case "string":
                text = document.text(node.start_byte, node.end_byte)
                return self.catalogued.of_type("string").or_else(Known(constant=text))
            case "number" | "true" | "false" | "nil":
                kinds = {"true": "boolean", "false": "boolean"}
                text = document.text(node.start_byte, node.end_byte)
                return Known(kinds.get(node.type, node.type), constant=text)
            case "table_constructor":
                return Known("table", (Constructed(document, node),))
            case "function_definition" | "function_declaration":
                return Known("function", functions=(ScriptFunction(document, node),))
            case "dot_index_expression" | "method_index_expression" | "bracket_index_expression":
                return self._of_index(document, node)
            case "function_call":
                callee = self.of_node(document, node.child_by_field_name("name"))
                given = links.arguments_of(node)
                return self.of_call(
                    document,
                    callee,
                    lambda n: self.of_node(document, given[n] if n < len(given) else None),
                )
            case "parenthesized_expression":
                return self.of_node(document, next(iter(node.named_children), None))
            case "binary_expression":
                return self._of_operation(document, node)
        return UNKNOWN

    def _of_index(self, document: Document, node: Node) -> Known:
        table = self.of_node(document, node.child_by_field_name("table"))
        place = node.child_by_field_name("field") or node.child_by_field_name("method")
        if place is None:
            return UNKNOWN
        name = bracketed_name(node, place, lambda n: document.text(n.start_byte, n.end_byte))
        return self.of_member(table, name)

    def _of_operation(self, document: Document, node: Node) -> Known:
        """``a or b`` and ``a and b``; the results of others are of one type."""
        operator = next((each.type for each in node.children if not each.is_named), "")
        sides = [self.of_node(document, each) for each in node.named_children]
        if operator == "or" and len(sides) == 2:
            return sides[0].or_else(sides[1])
        if operator == "and" and len(sides) == 2:
            return sides[1]
        if operator == "..":
            return self.catalogued.of_type("string")
        if operator in ("==", "~=", "<", "<=", ">", ">="):
            return Known("boolean")
        return Known("number") if operator in ("+", "-", "*", "/", "%", "^", "//") else UNKNOWN

    # --- names ----------------------------------------------------------------------------------

    def of_owner(self, document: Document, owner: Owner, path: tuple[str, ...] = ()) -> Known:
        """A variable or global, or a field below it."""
        key = (document, owner, path)
        if key not in self._owners:
            self._owners[key] = UNKNOWN  # who asks again meanwhile goes in a circle
            self._owners[key] = self._of_owner(document, owner, path)
        return self._owners[key]

    def _of_owner(self, document: Document, owner: Owner, path: tuple[str, ...]) -> Known:
        if path:
            return self._of_written_field(document, owner, path)
        if isinstance(owner, Declaration) and owner.kind is Kind.SELF:
            table = owner.function.table
            return UNKNOWN if table is None else self.of_owner(document, *table)
        if isinstance(owner, Declaration) and owner.kind is Kind.PARAMETER:
            known = Known("", (Written(document, owner),))
            type_ = declared_types.type_of_parameter(document, owner.function.node, owner.name)
            known = known.or_else(self._of_annotation(document, type_))
            return known.or_else(self.of_node(document, links.table_of_self(owner)))
        if isinstance(owner, Declaration) and owner.kind is Kind.LOOP:
            return Known("", (Written(document, owner),)).or_else(self._of_turn(document, owner))
        values: Iterable[Node]
        known = UNKNOWN
        if isinstance(owner, Declaration):
            type_ = declared_types.type_of_variable(document, owner.start)
            known = self._of_annotation(document, type_)
            values = chain(_initial(owner), links.values_written(document, owner.references))
        else:
            known = self.catalogued.of_global(owner)
            values = links.values_written(document, document.analysis.globals.get(owner, []))
        return self._of_values(document, Written(document, owner), values).or_else(known)

    def _of_annotation(self, document: Document, type_: str | None) -> Known:
        """A value of a type that a comment names: of the catalogue, or a class of the text."""
        if type_ is None:
            return UNKNOWN
        for choice in (each.strip().rstrip("?") for each in type_.split("|")):
            made = declared_types.declared_class(document, choice)
            if made is None:
                continue
            known = Known(choice, (Annotated(document, made.fields),))
            return known.or_else(
                UNKNOWN if made.owner is None else self.of_owner(document, made.owner)
            )
        return self.catalogued.of_type(type_.replace("?", "|nil"))

    def _of_turn(self, document: Document, variable: Declaration) -> Known:
        """What a loop variable is in each turn, as far as the iterator is one of the library."""
        iterator, given, index = links.loop_of(document, variable)
        match iterator, index:
            case "ipairs" | "pairs", 1:
                type_ = self.of_node(document, given).type
                is_list = type_.endswith("[]")
                return self._of_annotation(document, type_[:-2] if is_list else None)
            case "ipairs", 0:
                return Known("integer")
            case "lines" | "gmatch", _:
                return self.catalogued.of_type("string")
        return UNKNOWN

    def _of_written_field(self, document: Document, owner: Owner, path: tuple[str, ...]) -> Known:
        uses = document.analysis.field_uses(owner, path)
        values = [each.value for each in uses if each.value is not None]
        return self._of_values(document, Written(document, owner, path), values)

    def _of_values(self, document: Document, place: Written, values: Iterable[Node]) -> Known:
        """What is known of a place by what is assigned to it."""
        known = UNKNOWN
        for _, value in zip(range(MOST_WRITES), values, strict=False):
            if value.type == "table_constructor":  # its keys are fields of the place
                known = known.or_else(Known("table"))
            else:
                known = known.or_else(self.of_node(document, value))
        has_fields = known.type not in ("string", "number", "boolean", "nil")
        own: tuple[Source, ...] = (place,) if has_fields else ()
        known = Known("", own).or_else(known)
        for node in links.metatables_of(document, place.owner) if not place.path else []:
            known = known.or_else(self._of_metatable(self.of_node(document, node)))
        return known

    # --- fields and calls -----------------------------------------------------------------------

    def of_member(self, known: Known, name: str | None) -> Known:
        """A field of a value; None: the key is computed."""
        if name is None:
            return self.catalogued.of_element(known.type)
        if self._depth >= DEPTH:
            return UNKNOWN
        self._depth += 1
        try:
            found = UNKNOWN
            for source in known.sources:
                found = found.or_else(self._of_source(source, name))
                if found.type:
                    break
            return found
        finally:
            self._depth -= 1

    def _of_source(self, source: Source, name: str) -> Known:
        match source:
            case Written(document, owner, path):
                if not document.analysis.field_uses(owner, (*path, name)):
                    return UNKNOWN
                return self.of_owner(document, owner, (*path, name))
            case Constructed(document, node):
                for entry, key in entries(document, node):
                    if key == name:
                        return self.of_node(document, entry.child_by_field_name("value"))
                return UNKNOWN
            case Annotated(document, table):
                found = next(iter(table.find(name)), None)
                type_ = found.type if isinstance(found, Field) else None
                return self._of_annotation(document, type_)
            case Table(name="_G"):
                return self.catalogued.of_global(name)
            case Table():
                return self.catalogued.of_members(source.find(name))

    def of_call(self, document: Document, callee: Known, arguments: Arguments) -> Known:
        """What a call in a document gives first."""
        for function in callee.functions:
            if isinstance(function, ScriptFunction):
                return self._of_result(function)
            return self._of_library_call(document, function, arguments)
        return UNKNOWN

    def _of_result(self, function: ScriptFunction) -> Known:
        key = (function.document, function.node.start_byte)
        if key not in self._results:
            self._results[key] = UNKNOWN  # it may call itself
            type_ = declared_types.type_of_result(function.document, function.node)
            known = self._of_annotation(function.document, type_)
            node = links.returned(function.node)
            self._results[key] = known.or_else(self.of_node(function.document, node))
        return self._results[key]

    def _of_library_call(
        self, document: Document, function: Function, arguments: Arguments
    ) -> Known:
        match function.name:
            case "setmetatable":
                return arguments(0).or_else(self._of_metatable(arguments(1)))
            case "require":
                return self._of_module(document, arguments(0))
            case "assert":
                return arguments(0)
        return self.catalogued.of_result(function)

    def _of_metatable(self, metatable: Known) -> Known:
        """What a value with this metatable has from ``__index``."""
        index = self.of_member(metatable, "__index")
        return Known(index.type if index.type == "table" else "", index.sources)

    def _of_module(self, document: Document, name: Known) -> Known:
        wanted = (name.constant or "").strip("\"'[]=")
        built_in = self.catalogued.of_module(wanted)
        found = self._find_module(wanted, document) if wanted and not built_in.type else None
        return built_in if found is None else self.of_node(found, links.module_value(found))


def _initial(declaration: Declaration) -> list[Node]:
    return [] if declaration.value is None else [declaration.value]


def entries(document: Document, constructor: Node) -> Iterable[tuple[Node, str]]:
    """The entries of a table constructor that have names, and the names."""
    for entry in constructor.named_children:
        key = entry.child_by_field_name("name") if entry.type == "field" else None
        if key is None:
            continue
        name = bracketed_name(entry, key, lambda n: document.text(n.start_byte, n.end_byte))
        if name is not None:
            yield entry, name
