"""From the kernel's words to the protocol's, on the client's terms; `from_dap` is the way back."""

import base64
from collections.abc import Mapping, Sequence
from typing import Literal

from dap_server.client_terms import ClientTerms
from dap_server.protocol import generated as dap
from kernel.core import model as m

_SOURCE_HINTS: Mapping[m.SourceHint, Literal["emphasize", "deemphasize"]] = {
    m.SourceHint.EMPHASIZE: "emphasize",
    m.SourceHint.DEEMPHASIZE: "deemphasize",
}
_FRAME_HINTS: Mapping[m.FrameHint, Literal["label", "subtle"]] = {
    m.FrameHint.LABEL: "label",
    m.FrameHint.SUBTLE: "subtle",
}


def source(client: ClientTerms, it: m.Source) -> dap.Source:
    """A source: its path, or the reference under which its text can be asked for."""
    return dap.Source(
        name=it.name,
        path=client.path_out(it.path) if it.path else None,
        source_reference=it.reference or None,
        origin=it.origin,
        presentation_hint=_SOURCE_HINTS.get(it.hint),
        sources=[source(client, each) for each in it.made_of] or None,
    )


def _source(client: ClientTerms, it: m.Source | None) -> dap.Source | None:
    return source(client, it) if it else None


def _line(client: ClientTerms, line: int | None) -> int | None:
    return None if line is None else client.line_out(line)


def _column(client: ClientTerms, column: int | None) -> int | None:
    return None if column is None else client.column_out(column)


def breakpoint_(client: ClientTerms, shown_id: int, it: m.Breakpoint) -> dap.Breakpoint:
    """A breakpoint under the number this client knows it by."""
    reason = it.reason if it.reason in ("pending", "failed") and not it.verified else None
    return dap.Breakpoint(
        id=shown_id,
        verified=it.verified,
        message=it.message,
        source=_source(client, it.source),
        line=_line(client, it.line),
        column=_column(client, it.column),
        end_line=_line(client, it.end_line),
        end_column=_column(client, it.end_column),
        reason=reason,  # type: ignore[arg-type] # one of the two words, or None
    )


def location(client: ClientTerms, it: m.BreakpointLocation) -> dap.BreakpointLocation:
    """A place where a breakpoint can be."""
    return dap.BreakpointLocation(
        line=client.line_out(it.line),
        column=_column(client, it.column),
        end_line=_line(client, it.end_line),
        end_column=_column(client, it.end_column),
    )


def exception_filter(it: m.ExceptionFilter) -> dap.ExceptionBreakpointsFilter:
    """A kind of error, as the client lists it."""
    return dap.ExceptionBreakpointsFilter(
        filter=it.filter,
        label=it.label,
        description=it.description,
        default=it.default,
        supports_condition=True,
        condition_description=it.condition_description,
    )


def frame(client: ClientTerms, it: m.StackFrame) -> dap.StackFrame:
    """A stack frame."""
    return dap.StackFrame(
        id=it.id,
        name=it.name,
        source=_source(client, it.source),
        line=client.line_out(it.line),
        column=client.column_out(it.column),
        end_line=_line(client, it.end_line),
        end_column=_column(client, it.end_column),
        module_id=it.module,
        presentation_hint=_FRAME_HINTS.get(it.hint),
    )


def scope(client: ClientTerms, it: m.Scope) -> dap.Scope:
    """A scope of a frame."""
    return dap.Scope(
        name=it.name,
        presentation_hint=it.hint,
        variables_reference=it.reference,
        named_variables=_size(client, it.named),
        indexed_variables=_size(client, it.indexed),
        expensive=it.expensive,
        source=_source(client, it.source),
        line=_line(client, it.line),
        end_line=_line(client, it.end_line),
    )


def variable(client: ClientTerms, it: m.Variable) -> dap.Variable:
    """A variable, without what the client did not say it understands."""
    return dap.Variable(
        name=it.name,
        value=it.value,
        type=_type(client, it.type),
        presentation_hint=_hint(it.presentation),
        evaluate_name=it.evaluate_name,
        variables_reference=it.reference,
        named_variables=_size(client, it.named),
        indexed_variables=_size(client, it.indexed),
        memory_reference=_memory(client, it.memory),
        declaration_location_reference=it.declaration,
        value_location_reference=it.value_location,
    )


def evaluated(client: ClientTerms, it: m.EvaluateResult) -> dap.EvaluateResponseBody:
    """The value of an expression."""
    return dap.EvaluateResponseBody(
        result=it.value,
        type=_type(client, it.type),
        presentation_hint=_hint(it.presentation),
        variables_reference=it.reference,
        named_variables=_size(client, it.named),
        indexed_variables=_size(client, it.indexed),
        memory_reference=_memory(client, it.memory),
        value_location_reference=it.value_location,
    )


def variable_set(client: ClientTerms, it: m.EvaluateResult) -> dap.SetVariableResponseBody:
    """The value a variable has now."""
    return dap.SetVariableResponseBody(
        value=it.value,
        type=_type(client, it.type),
        variables_reference=it.reference,
        named_variables=_size(client, it.named),
        indexed_variables=_size(client, it.indexed),
        memory_reference=_memory(client, it.memory),
        value_location_reference=it.value_location,
    )


def expression_set(client: ClientTerms, it: m.EvaluateResult) -> dap.SetExpressionResponseBody:
    """The value an expression has now."""
    return dap.SetExpressionResponseBody(
        value=it.value,
        type=_type(client, it.type),
        presentation_hint=_hint(it.presentation),
        variables_reference=it.reference,
        named_variables=_size(client, it.named),
        indexed_variables=_size(client, it.indexed),
        memory_reference=_memory(client, it.memory),
        value_location_reference=it.value_location,
    )


def completion(
    client: ClientTerms, text: str, line_start: int, it: m.Completion
) -> dap.CompletionItem:
    """A way to go on; places are in the caret's line, in UTF-16 code units."""
    start, length = None, None
    if it.start is not None:
        first = max(it.start, line_start)
        end = max(first, it.start + (it.length or 0))
        start = units(text[line_start:first]) + client.first_column
        length = units(text[first:end])
    return dap.CompletionItem(
        label=it.label,
        text=it.text,
        type=it.kind,  # type: ignore[arg-type] # checked when the item is made
        detail=it.detail,
        sort_text=it.sort_text,
        start=start,
        length=length,
        **_selection(it),
    )


def _selection(it: m.Completion) -> dict[str, int]:
    if it.selection_start is None:
        return {}
    text, start = it.text or it.label, it.selection_start
    chosen = text[start : start + (it.selection_length or 0)]
    return {"selection_start": units(text[:start]), "selection_length": units(chosen)}


def units(text: str) -> int:
    """The length of a text in UTF-16 code units."""
    return len(text) + sum(ord(char) > 0xFFFF for char in text)


def exception(it: m.ExceptionDetails) -> dap.ExceptionInfoResponseBody:
    """The error a thread stopped on."""
    return dap.ExceptionInfoResponseBody(
        exception_id=it.id,
        description=it.description,
        break_mode=it.mode,  # type: ignore[arg-type] # checked when the body is made
        details=dap.ExceptionDetails(
            message=it.description,
            type_name=it.type_name,
            full_type_name=it.type_name,
            evaluate_name=it.evaluate_name,
            stack_trace=it.traceback,
        ),
    )


def step_in_target(client: ClientTerms, it: m.StepInTarget) -> dap.StepInTarget:
    """A call that can be stepped into."""
    return dap.StepInTarget(
        id=it.id,
        label=it.label,
        line=_line(client, it.line),
        column=_column(client, it.column),
        end_line=_line(client, it.end_line),
        end_column=_column(client, it.end_column),
    )


def module(client: ClientTerms, it: m.Module) -> dap.Module:
    """A module."""
    return dap.Module(
        id=it.id,
        name=it.name,
        path=client.path_out(it.path) if it.path else None,
        is_user_code=it.is_user_code,
    )


def place(client: ClientTerms, it: m.Location) -> dap.LocationsResponseBody:
    """Where something is defined."""
    return dap.LocationsResponseBody(
        source=source(client, it.source),
        line=client.line_out(it.line),
        column=_column(client, it.column),
    )


def memory(it: m.Memory) -> dap.ReadMemoryResponseBody:
    """Bytes, in base64; nothing at all where none can be read."""
    return dap.ReadMemoryResponseBody(
        address=it.address,
        unreadable_bytes=it.unreadable or None,
        data=base64.b64encode(it.data).decode() if it.data else None,
    )


def threads(them: Sequence[m.Thread]) -> dap.ThreadsResponseBody:
    """All threads."""
    return dap.ThreadsResponseBody(
        threads=[dap.Thread(id=each.id, name=each.name) for each in them]
    )


def _hint(it: m.Presentation | None) -> dap.VariablePresentationHint | None:
    if it is None:
        return None
    return dap.VariablePresentationHint(
        kind=it.kind,
        attributes=list(it.attributes) or None,
        visibility=it.visibility,
        lazy=it.lazy or None,
    )


def _type(client: ClientTerms, type_: str) -> str | None:
    return type_ if client.said.supports_variable_type else None


def _size(client: ClientTerms, size: int | None) -> int | None:
    """Sizes invite a client to ask for pages; those that cannot are not tempted."""
    return size if client.said.supports_variable_paging else None


def _memory(client: ClientTerms, reference: str | None) -> str | None:
    return reference if client.said.supports_memory_references else None
