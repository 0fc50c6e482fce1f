"""textDocument/signatureHelp: how the function is called that is being called."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lsprotocol import types

from lsp_server.completion.fields import expected_keys, shape_of
from lsp_server.cursor.calls import OpenCall, open_call
from lsp_server.cursor.chains import FieldStep, Typed
from lsp_server.cursor.place import Cursor
from lsp_server.cursor.tokens import Token
from lsp_server.inference.inference import Inference
from lsp_server.inference.model import Callee, Known, ScriptFunction
from lsp_server.inference.signatures import Signature, SignatureParameter, signature_of
from lsp_server.inference.typed_chains import of_chain
from lsp_server.registry import feature

if TYPE_CHECKING:
    from lsp_server.server import LuaLanguageServer


@feature(
    types.TEXT_DOCUMENT_SIGNATURE_HELP,
    types.SignatureHelpOptions(trigger_characters=["(", ",", "{"], retrigger_characters=[")"]),
)
def signature_help(
    server: LuaLanguageServer, params: types.SignatureHelpParams
) -> types.SignatureHelp | None:
    """The forms of the call the cursor is in, which parameter it is at, keys of its table."""
    document = server.document(params.text_document.uri)
    cursor = server.insight.cursor(document, document.offset(params.position))
    if cursor.tokens and cursor.tokens[-1].is_open and cursor.tokens[-1].text.startswith("--"):
        return None
    call = open_call(cursor.tokens)
    if call is None:
        return None
    typed = Typed("", cursor.offset, chain=call.callee, before=_before(cursor, call))
    moment = server.insight.moment(Cursor(document, cursor.offset, cursor.tokens, typed))
    inference = server.insight.inference(moment.document)
    callee = of_chain(inference, moment.document, moment.offset, call.callee)
    if not callee.functions:
        return None
    return _help(inference, callee, call)


def _before(cursor: Cursor, call: OpenCall) -> Token | None:
    earlier = [each for each in cursor.tokens if each.end <= call.callee.start]
    return earlier[-1] if earlier else None


def _help(inference: Inference, callee: Known, call: OpenCall) -> types.SignatureHelp:
    name = _name(call)
    forms = [
        (each, signature_of(each).called(with_colon=call.is_method)) for each in callee.functions
    ]
    active = next(
        (n for n, (_, form) in enumerate(forms) if _takes(form, call.argument)), len(forms) - 1
    )
    return types.SignatureHelp(
        signatures=[_signature(inference, name, each, form, call) for each, form in forms],
        active_signature=active,
        active_parameter=_active(forms[active][1], call.argument),
    )


def _takes(form: Signature, argument: int) -> bool:
    return argument < max(1, len(form.parameters)) or _is_open(form)


def _is_open(form: Signature) -> bool:
    return bool(form.parameters) and form.parameters[-1].name == "..."


def _active(form: Signature, argument: int) -> int:
    """The parameter that is being given; what is one too many highlights none."""
    last = len(form.parameters) - 1
    return last if argument > last and _is_open(form) else argument


def _signature(
    inference: Inference, name: str, callee: Callee, form: Signature, call: OpenCall
) -> types.SignatureInformation:
    label, places = f"{name}(", []
    for number, each in enumerate(form.parameters):
        label += ", " if number else ""
        places.append((len(label), len(label) + len(each.label)))
        label += each.label
    parameters = [
        types.ParameterInformation(
            label=place, documentation=_markdown(_about(inference, callee, each, number, call))
        )
        for number, (each, place) in enumerate(zip(form.parameters, places, strict=True))
    ]
    return types.SignatureInformation(
        label=f"{label}){form.returns}",
        documentation=_markdown(form.doc),
        parameters=parameters,
    )


def _about(
    inference: Inference, callee: Callee, parameter: SignatureParameter, number: int, call: OpenCall
) -> str:
    """What a parameter means, and the keys of the table that it is."""
    lines = [parameter.doc] if parameter.doc else []
    if number == call.argument:
        lines += _keys(inference, callee, call)
    return "\n".join(lines)


def _keys(inference: Inference, callee: Callee, call: OpenCall) -> Iterator[str]:
    if not isinstance(callee, ScriptFunction):
        shape = shape_of(inference, callee, call.argument, call.keys)
        if not shape.sources or shape.type not in inference.catalogued.catalogue.types:
            return
    known = Known("function", functions=(callee,))
    for name, detail, field in expected_keys(inference, known, call):
        label = f"`{name}{detail[:1] if detail.startswith('?') else ''}`"
        yield f"- {label} {field.doc}" if field is not None else f"- {label}"


def _name(call: OpenCall) -> str:
    """What the call looks like before its parenthesis, as far as it is made of names."""
    last = call.callee.steps[-1] if call.callee.steps else None
    if isinstance(last, FieldStep):
        return last.name or "…"
    root = call.callee.root
    return root.text if root is not None and last is None else "…"


def _markdown(text: str) -> types.MarkupContent | None:
    return types.MarkupContent(types.MarkupKind.Markdown, text) if text else None
