"""Renaming variables and labels, where the new name means nothing else."""

from __future__ import annotations

import re

from kernel.core.errors import UserError
from lsp_server.analysis.analysis import Analysis
from lsp_server.analysis.model import Access, Declaration, Field, Kind, Name
from lsp_server.analysis.occurrences import names_of
from lsp_server.cursor.tokens import KEYWORDS
from lsp_server.document import Document
from lsp_server.inference.declared_types import place_of_parameter
from lsp_server.library import full_name

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_JIT_IDENTIFIER = re.compile(r"[A-Za-z_\u0080-\U0010ffff][A-Za-z0-9_\u0080-\U0010ffff]*")


def keywords_of(lua: str) -> frozenset[str]:
    """The words that are no names in a version."""
    words = KEYWORDS - {"goto"} if lua == "5.1" else KEYWORDS
    return words | {"global"} if lua == "5.5" else words


def renamable(document: Document, offset: int) -> Name:
    """The name at a place, if it can be renamed; raises `UserError` saying why not."""
    found = document.analysis.at(offset)
    if found is None:
        raise UserError("There is no name here that can be renamed.")
    if isinstance(found, Field):
        raise UserError(
            f"'{found.name}' is a field; other files may use it, so only variables and labels "
            "are renamed."
        )
    if found.is_label and found.declaration is None:
        raise UserError(f"There is no label '{found.name}'.")
    if found.declaration is None or found.declaration.kind is Kind.GLOBAL:
        raise UserError(
            f"'{found.name}' is a global; other files may use it, so only local variables and "
            "labels are renamed."
        )
    if found.declaration.kind is Kind.SELF:
        raise UserError("'self' is declared by the colon of its method and has no other name.")
    if found.name == "_ENV":
        raise UserError("'_ENV' is a name that Lua itself looks for.")
    return found


def renamed(document: Document, offset: int, new: str) -> list[tuple[int, int]]:
    """The places that are to read ``new``; raises `UserError` where that would change a meaning.

    A parameter is also named in the comment that declares its type.
    """
    found = renamable(document, offset)
    declaration = found.declaration
    assert declaration is not None
    name = _JIT_IDENTIFIER if document.lua.startswith("luajit") else _IDENTIFIER
    if not name.fullmatch(new):
        raise UserError(f"{new!r} is no name: letters, digits and _ make one.")
    if new in keywords_of(document.lua) or new == "_ENV":
        raise UserError(f"'{new}' is a word of {full_name(document.lua)} and no name.")
    obstacle = _obstacle(document.analysis, declaration, new)
    if obstacle is not None and new != declaration.name:
        line = document.position(obstacle.start).line + 1
        raise UserError(
            f"'{declaration.name}' cannot be called '{new}': on line {line} that name would mean "
            "something else than it does now."
        )
    places = [(each.start, each.end) for each in names_of(document.analysis, declaration)]
    if declaration.kind is Kind.PARAMETER:
        function = declaration.function.node
        annotated = place_of_parameter(document, function, declaration.name)
        places += [] if annotated is None else [annotated]
    return sorted(places)


def _obstacle(analysis: Analysis, renaming: Declaration, new: str) -> Name | Declaration | None:
    """A name that would change its meaning."""
    if renaming.kind is Kind.LABEL:
        return next((each for each in _labels(analysis, renaming) if each.name == new), None)
    others = [each for each in analysis.declarations if each.name == new]
    for use in renaming.references:
        for other in others:
            if _is_visible(other, use.start) and _is_inside(other, renaming):
                return use
    for use in analysis.names:
        if use.name != new or use.is_label or use.access is Access.DECLARE:
            continue
        around = use.declaration
        if _is_visible(renaming, use.start) and (
            around is None or around.kind is Kind.GLOBAL or _is_inside(renaming, around)
        ):
            return use
    return None


def _labels(analysis: Analysis, label: Declaration) -> list[Declaration]:
    return [
        each
        for each in analysis.declarations
        if each.kind is Kind.LABEL and each.function is label.function and each is not label
    ]


def _is_visible(declaration: Declaration, offset: int) -> bool:
    return (
        declaration.kind is not Kind.LABEL
        and declaration.visible_from < offset <= declaration.visible_to
    )


def _is_inside(inner: Declaration, outer: Declaration) -> bool:
    """Whether, where both are visible, ``inner`` is the one that a name means."""
    if inner.scope is outer.scope:
        return inner.start > outer.start
    scope = inner.scope.parent
    while scope is not None and scope is not outer.scope:
        scope = scope.parent
    return scope is not None
