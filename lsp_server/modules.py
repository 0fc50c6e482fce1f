"""``require``: from the name of a module to its file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from itertools import product

from tree_sitter import Node

from lsp_server.document import Document

FOLDERS = ("", "lua", "src")
"""Where modules are, below the folder of the file that requires and those of the workspace."""

TEMPLATES = ("{}.lua", "{}/init.lua")
"""What the file of a module is called there."""


def module_file(
    name: str, beside: str | None, folders: Iterable[str], is_there: Callable[[str], bool]
) -> str | None:
    """The file that ``require(name)`` in the file ``beside`` would load, as far as one can know."""
    where = name.replace(".", os.sep)
    if not name or "\0" in name:
        return None
    bases = [*([os.path.dirname(beside)] if beside else []), *folders]
    for base, folder, template in product(bases, FOLDERS, TEMPLATES):
        path = os.path.normpath(os.path.join(base, folder, template.format(where)))
        if is_there(path):
            return path
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
    if node.type != "string":
        return None
    content = node.child_by_field_name("content")
    if content is None:
        return ""
    if content.named_child_count:
        return None
    return document.text(content.start_byte, content.end_byte)
