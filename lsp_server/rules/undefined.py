"""Globals and fields of the library that this Lua has not."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from lsp_server.analysis.model import Access, Field
from lsp_server.document import Document
from lsp_server.library import PROVIDED, Library, full_name, spoken
from lsp_server.rules import environment
from lsp_server.rules.arguments import guess_of
from lsp_server.rules.registry import Context, Finding, rule


@rule("undefined-global", "warning", "A global that is read, and that nobody defines.")
def undefined_globals(document: Document, context: Context) -> Iterator[Finding]:
    """Defined is what the version's library has, a setting names, or a file assigns.

    Nothing is told where the text has another table for its globals, and of names that only other
    versions have nothing where it looks if they are there.
    """
    analysis, library = document.analysis, context.library
    if environment.is_replaced(document, library.has("setfenv")):
        return
    known = library.globals | PROVIDED | context.settings.globals
    added = {*environment.added_globals(document)}
    for name, uses in analysis.globals.items():
        is_assigned = any(each.access is not Access.READ for each in uses)
        if name in known or is_assigned or name in added or name in context.other_names:
            continue
        if library.others_with(name) and environment.are_tried(document, uses):
            continue
        message = _message("global", name, library, _candidates(document, known, uses[0].start))
        for each in uses:
            if each.declaration is None:
                yield Finding(each.start, each.end, message)


@rule("undefined-field", "warning", "A field that the standard library of this version has not.")
def undefined_fields(document: Document, context: Context) -> Iterator[Finding]:
    """Only what is read: scripts may add to the library, and then it is there."""
    library = context.library
    for (table, name), uses in _fields_of_globals(document).items():
        fields = library.fields(table)
        is_lacking = fields and table not in _OPEN and name not in fields
        if not is_lacking or any(each.access is Access.WRITE for each in uses):
            continue
        full_name = f"{table}.{name}"
        if full_name in context.other_names:
            continue
        if library.others_with(full_name) and environment.are_tried(document, uses):
            continue
        message = _message("field", full_name, library, fields)
        for each in uses:
            yield Finding(each.start, each.end, message)


@rule("deprecated", "hint", "A name of the standard library that the manual advises against.")
def deprecated_names(document: Document, context: Context) -> Iterator[Finding]:
    """It is there, but another version will not have it."""
    library = context.library
    for name, uses in document.analysis.globals.items():
        if library.is_deprecated(name) and library.has(name):
            for use in uses:
                if use.access is Access.READ:
                    yield _deprecated(name, use.start, use.end, library)
    for each in document.analysis.fields:
        if not isinstance(each.owner, str) or len(each.path) != 1:
            continue
        name = f"{each.owner}.{each.name}"
        if library.is_deprecated(name) and library.has(name):
            yield _deprecated(name, each.start, each.end, library)


def _fields_of_globals(document: Document) -> dict[tuple[str, str], list[Field]]:
    """Every use of ``table.unpack`` and the like, by the names of the global and the field."""
    found: dict[tuple[str, str], list[Field]] = {}
    for each in document.analysis.fields:
        if isinstance(each.owner, str) and len(each.path) == 1:
            found.setdefault((each.owner, each.name), []).append(each)
    return found


_OPEN = frozenset({"_G", "package", "arg"})
"""Tables of the library that are there to be added to."""


def _deprecated(name: str, start: int, end: int, library: Library) -> Finding:
    instead = library.instead_of(name)
    advice = f"; use {instead}" if instead else ""
    message = f"'{name}' is deprecated in {full_name(library.version)}{advice}."
    return Finding(start, end, message, is_deprecated=True)


def _candidates(document: Document, known: Collection[str], offset: int) -> set[str]:
    return {*known, *(each.name for each in document.analysis.visible_at(offset))}


def _message(what: str, name: str, library: Library, candidates: Collection[str]) -> str:
    """What is missing, where it is, and what to use."""
    others = library.others_with(name)
    instead = library.instead_of(name)
    advice = f" Use {instead}." if instead else ""
    if others:
        there = f"it is there in {spoken(others)}"
        return f"{full_name(library.version)} has no '{name}'; {there}.{advice}"
    if advice:
        return f"{full_name(library.version)} has no '{name}'.{advice}"
    guess = guess_of(name.rpartition(".")[2], candidates, 0.75)
    return f"Undefined {what} '{name}'.{guess}"
