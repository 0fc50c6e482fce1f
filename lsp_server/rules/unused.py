"""Variables and labels that nobody uses."""

from __future__ import annotations

from collections.abc import Iterator

from lsp_server.analysis.model import Access, Declaration, Kind
from lsp_server.document import Document
from lsp_server.rules.registry import Context, Finding, rule


@rule("unused-local", "warning", "A local variable or function whose value nobody reads.")
def unused_locals(document: Document, _: Context) -> Iterator[Finding]:
    """Names that begin with an underscore say that they are unused; so does ``<close>``."""
    for each in document.analysis.declarations:
        if each.kind in (Kind.LOCAL, Kind.FUNCTION) and _is_unused(each):
            what = "function" if each.kind is Kind.FUNCTION else "variable"
            is_assigned = each.references and each.kind is not Kind.FUNCTION
            how = "assigned, but never read" if is_assigned else "never used"
            yield Finding(each.start, each.end, f"Local {what} '{each.name}' is {how}.", True)


@rule("unused-loop-variable", "off", "A variable of a for loop that the loop does not read.")
def unused_loop_variables(document: Document, _: Context) -> Iterator[Finding]:
    """Off, because counting needs a variable that nobody reads."""
    for each in document.analysis.declarations:
        if each.kind is Kind.LOOP and _is_unused(each):
            yield Finding(each.start, each.end, f"Loop variable '{each.name}' is never used.", True)


@rule(
    "unused-parameter",
    "off",
    "A parameter that its function does not read.",
    also=("unused-local",),
)
def unused_parameters(document: Document, _: Context) -> Iterator[Finding]:
    """Off, because callers may give more than a function needs."""
    for each in document.analysis.declarations:
        if each.kind is Kind.PARAMETER and _is_unused(each):
            yield Finding(each.start, each.end, f"Parameter '{each.name}' is never used.", True)


@rule("unused-label", "hint", "A label that no goto names.")
def unused_labels(document: Document, _: Context) -> Iterator[Finding]:
    """A label without a goto does nothing."""
    for each in document.analysis.declarations:
        if each.kind is Kind.LABEL and not each.references:
            yield Finding(each.start, each.end, f"No goto leads to label '{each.name}'.", True)


def _is_unused(declaration: Declaration) -> bool:
    if declaration.name.startswith("_") or declaration.attribute == "close":
        return False
    if not declaration.references:
        return True
    body = declaration.value if declaration.kind is Kind.FUNCTION else None
    return all(
        each.access is Access.WRITE
        or (body is not None and body.start_byte <= each.start < body.end_byte)
        for each in declaration.references
    )
