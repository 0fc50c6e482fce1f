"""What a file defines, as a tree: functions, methods, tables with their fields, variables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tree_sitter import Node

from lsp_server.analysis.model import Access, Declaration, Field, Function, Kind, Name
from lsp_server.analysis.occurrences import is_function
from lsp_server.document import Document
from lsp_server.modules import required_name


@dataclass(slots=True)
class Entry:
    """One thing that a file defines. ``what`` is a word of `WORDS`."""

    name: str
    what: str
    start: int
    end: int
    name_start: int
    name_end: int
    detail: str = ""
    value_start: int | None = None
    """Where that begins which others can lie inside; it ends where this does."""
    children: list[Entry] = field(default_factory=list)


WORDS = ("function", "method", "module", "table", "field", "variable", "constant")


def outline_of(document: Document) -> list[Entry]:
    """The entries of the chunk, each with what is inside."""
    found = [
        *_functions(document),
        *_variables(document),
        *_fields(document),
        *_globals(document),
    ]
    return _nested(sorted(found, key=lambda each: (each.start, -each.end)))


def flattened(entries: list[Entry], inside: str = "") -> Iterator[tuple[Entry, str]]:
    """Every entry with the name of the one around it."""
    for each in entries:
        yield each, inside
        yield from flattened(each.children, each.name)


def _nested(entries: list[Entry]) -> list[Entry]:
    """By what lies within the value of what: of ``local a, b = {}`` neither is inside the other."""
    top: list[Entry] = []
    around: list[Entry] = []
    with_value = [(each.value_start, each) for each in entries if each.value_start is not None]
    left = sorted(with_value, key=lambda each: -each[0])
    for each in entries:
        while left and left[-1][0] < each.start:
            value_start, holder = left.pop()
            while around and around[-1].end <= value_start:
                around.pop()
            around.append(holder)
        while around and around[-1].end <= each.start:
            around.pop()
        (around[-1].children if around else top).append(each)
    return top


def _functions(document: Document) -> Iterator[Entry]:
    for each in document.analysis.functions[1:]:
        if each.name is None:
            continue
        start, end = _name_place(each)
        is_method = ":" in each.name
        in_table = each.node.parent is not None and each.node.parent.type == "field"
        name = each.name.rpartition(".")[2] if in_table else each.name
        yield Entry(
            name,
            "method" if is_method else "function",
            min(start, each.start),
            each.end,
            start,
            end,
            _signature(each),
            each.start,
        )


def _name_place(function: Function) -> tuple[int, int]:
    """Where its name is: in its head, or on the left of what it is assigned to."""
    name = function.node.child_by_field_name("name")
    if name is not None:
        return name.start_byte, name.end_byte
    holder = function.node.parent
    if holder is not None and holder.type == "field":
        key = holder.child_by_field_name("name")
        if key is not None:
            return key.start_byte, key.end_byte
    target = _target(function.node)
    if target is not None:
        return target.start_byte, target.end_byte
    return function.start, function.start + len("function")


def _target(value: Node) -> Node | None:
    """The place an expression is assigned to."""
    listed = value.parent
    assignment = None if listed is None else listed.parent
    if listed is None or assignment is None or assignment.type != "assignment_statement":
        return None
    places = assignment.children[0].children_by_field_name("name")
    index = listed.named_children.index(value)
    return places[index] if index < len(places) else None


def _signature(function: Function) -> str:
    names = [each.name for each in function.parameters if each.kind is not Kind.SELF]
    return f"({', '.join([*names, *(['...'] if function.is_vararg else [])])})"


def _variables(document: Document) -> Iterator[Entry]:
    """Locals of the chunk; functions are there already."""
    for each in document.analysis.chunk.declarations:
        if each.kind is Kind.LOCAL and not is_function(each):
            yield _variable(document, each)


def _variable(document: Document, declaration: Declaration) -> Entry:
    what = "constant" if declaration.attribute else "variable"
    detail, value = "", declaration.value
    module = required_name(document, value)
    if module is not None:
        what, detail = "module", f'require "{module}"'
    elif value is not None and value.type == "table_constructor":
        what = "table"
    end = declaration.end if value is None else value.end_byte
    start = declaration.start
    inside = None if value is None else value.start_byte
    return Entry(declaration.name, what, start, end, start, declaration.end, detail, inside)


def _fields(document: Document) -> Iterator[Entry]:
    """Fields that the chunk itself writes; those that functions write are their own affair."""
    main = document.analysis.functions[0]
    for each in document.analysis.fields:
        if each.access is not Access.WRITE or each.owner is None or is_function(each):
            continue
        in_table = each.node.type == "field"
        if document.analysis.function_at(each.start) is main:
            start = each.start if in_table else each.node.start_byte
            yield _field(document, each, start)


def _field(document: Document, found: Field, start: int) -> Entry:
    value = found.value
    is_table = value is not None and value.type == "table_constructor"
    end = found.end if value is None else max(found.end, value.end_byte)
    name = found.name if start == found.start else document.text(start, found.end)
    what = "table" if is_table else "field"
    inside = None if value is None else value.start_byte
    return Entry(name, what, start, end, found.start, found.end, value_start=inside)


def _globals(document: Document) -> Iterator[Entry]:
    """Globals, where the chunk first gives them a value."""
    main = document.analysis.functions[0]
    for name, uses in document.analysis.globals.items():
        first = next((each for each in uses if each.access is not Access.READ), None)
        if first is None or first.function is not main or _gives_function(document, first):
            continue
        value = _value(document, first)
        end = first.end if value is None else value.end_byte
        is_table = value is not None and value.type == "table_constructor"
        what = "table" if is_table else "variable"
        inside = None if value is None else value.start_byte
        yield Entry(name, what, first.start, end, first.start, first.end, value_start=inside)


def _gives_function(document: Document, name: Name) -> bool:
    node = document.root.descendant_for_byte_range(name.start, name.end)
    parent = None if node is None else node.parent
    if parent is not None and parent.type == "function_declaration":
        return True
    value = _value(document, name)
    return value is not None and value.type == "function_definition"


def _value(document: Document, name: Name) -> Node | None:
    """What an assignment gives a name."""
    node = document.root.descendant_for_byte_range(name.start, name.end)
    listed = None if node is None else node.parent
    if node is None or listed is None or listed.type != "variable_list" or listed.parent is None:
        return None
    places = listed.children_by_field_name("name")
    values = next((c for c in listed.parent.named_children if c.type == "expression_list"), None)
    index = places.index(node) if node in places else len(places)
    given = [] if values is None else values.named_children
    return given[index] if index < len(given) else None
