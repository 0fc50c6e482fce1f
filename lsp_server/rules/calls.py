"""How functions of the catalogue are called: how many arguments, with a dot or a colon."""

from __future__ import annotations

from collections.abc import Sequence

from tree_sitter import Node

from kernel.core.catalogue import Function
from lsp_server.document import Document
from lsp_server.inference.signatures import Signature, form_called
from lsp_server.rules.arguments import takes_table
from lsp_server.rules.registry import Finding

LONGEST = 40
"""Letters of what is called that a message repeats; of more, only the end."""


def fits(form: Signature, given: list[Node]) -> bool:
    """Whether there can be as many arguments: a last one that is a call can be any number."""
    is_open = bool(given) and given[-1].type in ("function_call", "vararg_expression")
    too_few = len(given) < form.least and not is_open
    most = len(form.parameters) + (1 if is_open else 0)
    return not too_few and (not form.is_exact or len(given) <= most)


def wrong_count(document: Document, callee: Node, form: Signature, given: list[Node]) -> Finding:
    """There are too few arguments, or too many."""
    name = _short(document.text(callee.start_byte, callee.end_byte))
    if len(given) < form.least:
        is_fixed = form.is_exact and form.least == len(form.parameters)
        least = "" if is_fixed else "at least "
        words = f"needs {least}{_arguments(form.least)}; {_are(len(given))} given."
        return Finding(callee.start_byte, callee.end_byte, f"{name} {words}")
    first = given[len(form.parameters)]
    words = f"takes {_arguments(len(form.parameters))}; {_are(len(given))} given."
    return Finding(first.start_byte, given[-1].end_byte, f"{name} {words}")


def wrong_colon(
    document: Document, callee: Node, functions: Sequence[Function], given: list[Node]
) -> Finding | None:
    """A colon before a function of a table, to which the table itself means nothing.

    That is so where the first argument cannot be a table, and where there are as many arguments as
    a call with a dot takes.
    """
    table = callee.child_by_field_name("table")
    if table is None or any(each.is_method or not each.parameters for each in functions):
        return None
    is_refused = not any(takes_table(each.parameters[0].type) for each in functions)
    dotted = any(fits(form_called(each, with_colon=False), given) for each in functions)
    with_colon = any(fits(form_called(each, with_colon=True), given) for each in functions)
    if not is_refused and (with_colon or not dotted):
        return None
    owner = document.text(table.start_byte, table.end_byte)
    name = _short(owner + "." + document.text(table.end_byte, callee.end_byte).strip(" \t\n:"))
    parameter = functions[-1].parameters[0].name
    place = "an argument" if parameter == "..." else f"'{parameter}'"
    words = f"must be called with a dot; the colon passes {_short(owner)} as {place}."
    return Finding(callee.start_byte, callee.end_byte, f"{name} {words}")


def _short(name: str) -> str:
    is_short = len(name) <= LONGEST and "\n" not in name
    return name if is_short else f"…{name[-30:].split(chr(10))[-1]}"


def _arguments(count: int) -> str:
    return "no arguments" if count == 0 else f"{count} argument{'s' * (count != 1)}"


def _are(count: int) -> str:
    return {0: "none is", 1: "1 is"}.get(count, f"{count} are")
