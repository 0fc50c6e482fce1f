"""Everything in a text that means the same as what stands at a place."""

from __future__ import annotations

from collections.abc import Iterable

from lsp_server.analysis.analysis import Analysis
from lsp_server.analysis.model import Access, Declaration, Field, Kind, Name


def occurrences(analysis: Analysis, offset: int) -> list[Name | Field]:
    """The declaration and every use of the variable, label, global or field at ``offset``."""
    found = analysis.at(offset)
    if isinstance(found, Field):
        return list(fields_like(analysis, found))
    if found is None:
        return []
    if found.declaration is not None and found.declaration.kind is not Kind.GLOBAL:
        return list(names_of(analysis, found.declaration))
    if found.is_label:
        return [found]
    return list(analysis.globals.get(found.name, [found]))


def names_of(analysis: Analysis, declaration: Declaration) -> list[Name]:
    """The name where it is declared, then every use."""
    declared = analysis.at(declaration.start)
    is_there = isinstance(declared, Name) and declared.declaration is declaration
    return [*([declared] if is_there and isinstance(declared, Name) else []), *_real(declaration)]


def fields_like(analysis: Analysis, field: Field) -> list[Field]:
    """Every use of the same field; only itself, where the chain's beginning is unknown."""
    return [field] if field.owner is None else analysis.field_uses(field.owner, field.path)


def definitions(analysis: Analysis, field: Field) -> list[Field]:
    """The places where a field gets a value: where it gets a function, if there are such."""
    return written_places(fields_like(analysis, field))


def written_places(uses: Iterable[Field]) -> list[Field]:
    """Those of the uses of a field that give it a function; without such, any value."""
    written = [each for each in uses if each.access is Access.WRITE]
    functions = [each for each in written if is_function(each)]
    return functions or written


def is_function(found: Field | Declaration) -> bool:
    """Whether it is seen to be given a function."""
    part = found.value_part
    return part is not None and part.type in ("function_definition", "function_declaration")


def _real(declaration: Declaration) -> list[Name]:
    """Uses that are written down; a global's use of a local ``_ENV`` is not."""
    return [each for each in declaration.references if each.name == declaration.name]
