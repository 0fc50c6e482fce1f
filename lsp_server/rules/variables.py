"""Variables that hide others, and constants that are assigned to."""

from __future__ import annotations

from collections.abc import Iterator

from lsp_server.analysis.model import Access, Declaration, Kind
from lsp_server.document import Document
from lsp_server.rules.registry import Context, Finding, rule


@rule(
    "shadowing",
    "hint",
    "A variable with the name of another one that is alive there.",
    also=("redefined-local",),
)
def shadowing(document: Document, _: Context) -> Iterator[Finding]:
    """From here on nobody can reach the other one by its name."""
    for each in document.analysis.declarations:
        hidden = each.shadows
        if hidden is None or each.name.startswith("_") or each.kind in _SILENT:
            continue
        if hidden.kind in _SILENT and each.kind is not Kind.PARAMETER:
            continue
        what = f"'{each.name}' hides the {hidden.kind.value} of line {_line(document, hidden)}."
        related = ((hidden.start, hidden.end, f"The other '{hidden.name}'."),)
        yield Finding(each.start, each.end, what, related=related)


@rule("const-assign", "error", "An assignment to a variable that is declared constant.")
def const_assign(document: Document, _: Context) -> Iterator[Finding]:
    """``<const>``, ``<close>``, and from Lua 5.5 on the variables of for loops."""
    are_loops_constant = document.lua == "5.5"
    for each in document.analysis.declarations:
        is_constant = each.attribute in ("const", "close") or (
            are_loops_constant and each.kind is Kind.LOOP and _is_control(each)
        )
        for use in each.references if is_constant else ():
            if use.access is Access.WRITE:
                related = ((each.start, each.end, "It is declared here."),)
                message = f"'{each.name}' is a constant and cannot be assigned to."
                yield Finding(use.start, use.end, message, related=related)


_SILENT = (Kind.SELF, Kind.GLOBAL)
"""``self`` in a method inside a method is what one means; globals are declared again at will."""


def _is_control(variable: Declaration) -> bool:
    """The first variable of a loop; the others can be assigned to."""
    return variable.scope.declarations[0] is variable


def _line(document: Document, declaration: Declaration) -> int:
    return document.position(declaration.start).line + 1
