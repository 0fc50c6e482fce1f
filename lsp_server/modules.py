"""``require``: from the name of a module to its file, and to what the file returns."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from tree_sitter import Node

from lsp_server.analysis.model import Field, Name, Owner
from lsp_server.document import Document
from lua_debug.syntax.grammar import statements

TEMPLATES = ("{}.lua", "{}/init.lua", "lua/{}.lua", "lua/{}/init.lua", "src/{}.lua")
"""Where modules are looked for, below the folder of the file and those of the workspace."""


def module_file(name: str, beside: str | None, folders: Iterable[str]) -> str | None:
    """The file that ``require(name)`` in the file ``beside`` would load, as far as one can know."""
    where = name.replace(".", os.sep)
    if not name or "\0" in name:
        return None
    for folder in [*([os.path.dirname(beside)] if beside else []), *folders]:
        for template in TEMPLATES:
            path = os.path.join(folder, template.format(where))
            if os.path.isfile(path):
                return os.path.normpath(path)
    return None


def required_name(document: Document, value: Node | None) -> str | None:
    """``m`` of the expression ``require "m"``; None for every other expression."""
    if value is None or value.type != "function_call":
        return None
    called, arguments = value.child_by_field_name("name"), value.child_by_field_name("arguments")
    if called is None or arguments is None or not arguments.named_children:
        return None
    if document.text(called.start_byte, called.end_byte) != "require":
        return None
    return string_content(document, arguments.named_children[0])


def string_content(document: Document, node: Node) -> str | None:
    """What a string says that is written without escapes."""
    content = node.child_by_field_name("content") if node.type == "string" else None
    if content is None or content.named_child_count:
        return None
    return document.text(content.start_byte, content.end_byte)


def returned_table(document: Document) -> tuple[Owner, tuple[str, ...]] | None:
    """Owner and path of the table that a module returns by its name: ``return M``."""
    value = _returned(document)
    if value is None:
        return None
    found = document.analysis.at(value.start_byte)
    if isinstance(found, Name) and value.type == "identifier":
        return (found.declaration or found.name), ()
    return None


def exported(document: Document, path: tuple[str, ...]) -> list[tuple[int, int]]:
    """Where a module gives the field ``path`` of what it returns a value."""
    table = returned_table(document)
    if table is not None:
        owner, start = table
        uses = document.analysis.field_uses(owner, (*start, *path))
        return [(each.start, each.end) for each in _written(uses)]
    value = _returned(document)
    if value is None or value.type != "table_constructor" or len(path) != 1:
        return []
    return [
        (key.start_byte, key.end_byte)
        for entry in value.named_children
        if (key := entry.child_by_field_name("name")) is not None
        and document.text(key.start_byte, key.end_byte) == path[0]
    ]


def _written(uses: Iterable[Field]) -> Iterator[Field]:
    return (each for each in uses if each.access.value == "write")


def _returned(document: Document) -> Node | None:
    """The expression behind the chunk's last ``return``."""
    last = statements(document.root)[-1:]
    if not last or last[0].type != "return_statement" or not last[0].named_children:
        return None
    listed = last[0].named_children[0]
    return listed.named_children[0] if listed.named_child_count == 1 else None
