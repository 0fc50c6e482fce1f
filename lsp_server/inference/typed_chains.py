"""What a chain of tokens before the cursor stands for."""

from __future__ import annotations

from collections.abc import Sequence

from lsp_server.analysis.model import Declaration, Kind, Owner
from lsp_server.cursor.chains import CallStep, Chain, FieldStep, chain_ending
from lsp_server.cursor.tokens import Sort, Token
from lsp_server.document import Document
from lsp_server.inference.inference import Inference
from lsp_server.inference.model import UNKNOWN, Known


def of_chain(inference: Inference, document: Document, offset: int, chain: Chain) -> Known:
    """The value of a chain that stands at ``offset`` of a document (or would)."""
    known = _of_root(inference, document, offset, chain.root)
    for step in chain.steps:
        if isinstance(step, FieldStep):
            known = inference.of_member(known, step.name)
        else:
            given = _arguments(step)
            known = inference.of_call(
                document,
                known,
                lambda n, given=given: _of_argument(inference, document, offset, given, n),  # type: ignore[misc]
            )
    return known


def _of_root(inference: Inference, document: Document, offset: int, root: Token | None) -> Known:
    if root is None:
        return UNKNOWN
    if root.sort is Sort.STRING:
        return inference.catalogued.of_type("string").or_else(Known(constant=root.text))
    return inference.of_owner(document, owner_named(document, offset, root.text))


def owner_named(document: Document, offset: int, name: str) -> Owner:
    """The variable that a name would mean at ``offset``, or the name of a global."""
    for each in document.analysis.visible_at(offset):
        if each.name == name and each.kind is not Kind.GLOBAL:
            found: Declaration = each
            return found
    return name


def _arguments(step: CallStep) -> list[Sequence[Token]]:
    """The tokens of each argument."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in step.arguments:
        if token.sort is Sort.SYMBOL:
            depth += token.text in ("(", "{", "[")
            depth -= token.text in (")", "}", "]")
            if token.text == "," and depth == 0:
                parts.append([])
                continue
        parts[-1].append(token)
    return list(parts)


def _of_argument(
    inference: Inference,
    document: Document,
    offset: int,
    given: list[Sequence[Token]],
    number: int,
) -> Known:
    if number >= len(given) or not given[number]:
        return UNKNOWN
    first, chain = chain_ending(given[number], len(given[number]) - 1)
    return of_chain(inference, document, offset, chain) if first == 0 else UNKNOWN
