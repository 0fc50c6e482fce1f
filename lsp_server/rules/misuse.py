"""Members that are not there and arguments that are wrong, of what the catalogue describes."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from kernel.core.catalogue import Function, Table
from lsp_server.analysis.model import Access, Field, Name, Owner
from lsp_server.document import Document
from lsp_server.inference.certainty import Certainty
from lsp_server.inference.links import arguments_of
from lsp_server.inference.model import Known
from lsp_server.inference.signatures import form_called
from lsp_server.rules.arguments import guess_of, wrong_values
from lsp_server.rules.calls import fits, wrong_colon, wrong_count
from lsp_server.rules.registry import Context, Finding, rule


@rule("unknown-member", "warning", "A member that something of the library or the API has not.")
def unknown_members(document: Document, context: Context) -> Iterator[Finding]:
    """Only where it is certain what the thing is; fields of global tables are undefined-field's."""
    certainty = Certainty(document, context.inference)
    for field in document.analysis.fields:
        if field.access is Access.WRITE or _is_global_field(field, context):
            continue
        known = certainty.of_table(field)
        owner = _closed_table(known)
        if owner is None or owner.find(field.name) or certainty.is_written(field.owner, field.path):
            continue
        guess = guess_of(field.name, [each.name for each in owner.members])
        # Others may add to the standard library, and programs for several Luas try what is there:
        # there only what looks like a slip is told.
        is_slip = guess and not context.library.others_with(f"{owner.name}.{field.name}")
        if is_slip or owner.name not in context.library.globals:
            yield Finding(
                field.start, field.end, f"{owner.name} has no member '{field.name}'.{guess}"
            )


@rule("wrong-argument", "warning", "A call of the library or the API with arguments it refuses.")
def wrong_arguments(document: Document, context: Context) -> Iterator[Finding]:
    """How many there are, what literals are, and the keys of tables that are written out."""
    certainty = Certainty(document, context.inference)
    for known, callee in _callees(document, certainty):
        functions = [each for each in known.functions if isinstance(each, Function)]
        call = callee.parent
        if call is None or call.type != "function_call" or len(functions) != len(known.functions):
            continue
        yield from _call_findings(document, context, call, callee, functions)


def _callees(document: Document, certainty: Certainty) -> Iterator[tuple[Known, Node]]:
    """What is called of which is certain what it is, and where it stands."""
    for name in document.analysis.names:
        if name.is_called:
            known = certainty.of_owner(_owner(name))
            if known.functions:
                node = document.root.descendant_for_byte_range(name.start, name.end)
                if node is not None:
                    yield known, node
    for field in document.analysis.fields:
        if field.is_called:
            known = certainty.of_field(field)
            if known.functions:
                yield known, field.node


def _owner(name: Name) -> Owner:
    return name.name if name.is_global or name.declaration is None else name.declaration


def _call_findings(
    document: Document, context: Context, call: Node, callee: Node, functions: list[Function]
) -> Iterator[Finding]:
    given = arguments_of(call)
    with_colon = callee.type == "method_index_expression"
    if with_colon and (slip := wrong_colon(document, callee, functions, given)):
        yield slip
        return
    forms = [form_called(each, with_colon=with_colon) for each in functions]
    fitting = [n for n, form in enumerate(forms) if fits(form, given)]
    if not fitting:
        yield wrong_count(document, callee, forms[-1], given)
        return
    answers = [list(wrong_values(document, context.inference, forms[n], given)) for n in fitting]
    if all(answers):
        yield from answers[0]


def _is_global_field(field: Field, context: Context) -> bool:
    """Whether the rule undefined-field speaks of it."""
    return field.part.type == "field" or (
        len(field.path) == 1
        and isinstance(field.owner, str)
        and field.owner in context.library.globals
    )


def _closed_table(known: Known) -> Table | None:
    """The entry of the catalogue that says what there is, if it says all."""
    tables = [each for each in known.sources if isinstance(each, Table)]
    is_closed = len(tables) == len(known.sources) == 1
    return tables[0] if is_closed and tables[0].members and not tables[0].is_open else None
