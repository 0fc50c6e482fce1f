"""Which expressions a stopped program may be asked for: those that run no code of it."""

from __future__ import annotations

from tree_sitter import Node

from lsp_server.analysis.chains import links_of
from lsp_server.analysis.model import Declaration, Kind, Name
from lsp_server.analysis.model import Field as FieldUse
from lsp_server.cursor.chains import Chain, FieldStep
from lsp_server.cursor.tokens import Sort
from lsp_server.document import Document

LONGEST = 300


def live_expression(document: Document, one: Name | FieldUse, line: int) -> str | None:
    """The text to evaluate for a name where it stands, if the line sees the same variable."""
    if isinstance(one, Name):
        if one.is_label or not _is_seen(document, one.declaration, line):
            return None
        return one.name
    if one.node.type == "field":
        return None
    root, links = links_of(one.node)
    name = document.analysis.at(root.start_byte + 1) if root is not None else None
    if root is None or root.type != "identifier" or not isinstance(name, Name):
        return None
    if not _is_seen(document, name.declaration, line):
        return None
    if not all(_is_plain(each) for each in links) or one.end - root.start_byte > LONGEST:
        return None
    end = one.node.end_byte
    text = document.text(root.start_byte, end)
    return text.replace(":", ".") if one.is_method else text


def live_prefix(document: Document, chain: Chain | None, prefix: str, line: int) -> str | None:
    """What completion may be asked for: names and dots, as far as they are typed."""
    if chain is None:
        return prefix
    if chain.root is None or chain.root.sort is not Sort.NAME:
        return None
    names = [chain.root.text]
    for step in chain.steps:
        if not isinstance(step, FieldStep) or step.name is None or not step.name.isidentifier():
            return None
        names.append(step.name)
    visible = {each.name: each for each in document.analysis.visible_at(chain.start)}
    if not _is_seen(document, visible.get(names[0]), line):
        return None
    return ".".join([*names, prefix])


def _is_seen(document: Document, declared: Declaration | None, line: int) -> bool:
    """Whether a variable can be reached from a line; a global can always."""
    if declared is None or declared.kind is Kind.GLOBAL:
        return True
    starts = document.lines.starts
    end = starts[line + 1] if line + 1 < len(starts) else len(document.raw)
    scope = declared.scope
    return line < len(starts) and scope.start <= end and starts[line] <= scope.end


def _is_plain(link: Node) -> bool:
    if link.type != "bracket_index_expression":
        return True
    key = link.child_by_field_name("field")
    return key is not None and key.type in ("string", "number")
