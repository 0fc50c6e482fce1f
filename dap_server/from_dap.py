"""From the protocol's words to the kernel's; `to_dap` is the way back. Nothing else knows both."""

from collections.abc import Sequence

from dap_server.client_terms import ClientTerms
from dap_server.protocol import generated as dap
from dap_server.texts import PLAIN, is_plain
from kernel.core import model as m
from kernel.core.errors import UserError
from kernel.core.ids import SourceReference, ThreadId
from kernel.debug.coordinator import BreakpointRequest


def source(client: ClientTerms, sent: dap.Source) -> m.Source:
    """A source by path or reference; raises `UserError` when it has neither."""
    reference = SourceReference(sent.source_reference or 0)
    path = client.path_in(sent.path) if sent.path else None
    if path is not None and not is_plain(path):
        raise UserError(f"source.path is {sent.path!r}; it must be {PLAIN}.")
    if path is None and not reference:
        raise UserError("A source needs a path or a sourceReference.")
    name = sent.name or (path or "").replace("\\", "/").rpartition("/")[2] or f"#{reference}"
    return m.Source(name, None if reference else path, reference)


def breakpoints(
    client: ClientTerms, sent: dap.SetBreakpointsArguments
) -> tuple[BreakpointRequest, ...]:
    """Line breakpoints; old clients give bare ``lines``."""
    if sent.breakpoints is None:
        return tuple(BreakpointRequest(client.line_in(line)) for line in sent.lines or ())
    return tuple(
        BreakpointRequest(
            client.line_in(each.line),
            None if each.column is None else client.column_in(each.column),
            condition=_text(each.condition),
            hit_condition=_text(each.hit_condition),
            log_message=each.log_message or None,
        )
        for each in sent.breakpoints
    )


def function_breakpoints(
    sent: Sequence[dap.FunctionBreakpoint],
) -> tuple[BreakpointRequest, ...]:
    """Breakpoints on functions by name."""
    return tuple(
        BreakpointRequest(
            name=each.name.strip(),
            condition=_text(each.condition),
            hit_condition=_text(each.hit_condition),
        )
        for each in sent
    )


def data_breakpoints(sent: Sequence[dap.DataBreakpoint]) -> tuple[BreakpointRequest, ...]:
    """Breakpoints on values by data id."""
    return tuple(
        BreakpointRequest(
            name=each.data_id,
            access=each.access_type or "write",
            condition=_text(each.condition),
            hit_condition=_text(each.hit_condition),
        )
        for each in sent
    )


def exception_breakpoints(
    sent: dap.SetExceptionBreakpointsArguments,
) -> tuple[m.ExceptionBreakpointSpec, ...]:
    """The plain filters and after them those with options, as the answer is ordered."""
    plain = [m.ExceptionBreakpointSpec(each) for each in sent.filters]
    options = [
        m.ExceptionBreakpointSpec(each.filter_id, _text(each.condition))
        for each in sent.filter_options or ()
    ]
    return (*plain, *options)


def range_(client: ClientTerms, sent: dap.BreakpointLocationsArguments) -> m.BreakpointLocation:
    """The range to look for breakpoint places in; its end is never open."""
    line = client.line_in(sent.line)
    return m.BreakpointLocation(
        line,
        None if sent.column is None else client.column_in(sent.column),
        line if sent.end_line is None else client.line_in(sent.end_line),
        None if sent.end_column is None else client.column_in(sent.end_column),
    )


def value_format(sent: dap.ValueFormat | None) -> m.ValueFormat | None:
    """How values shall be shown."""
    return m.ValueFormat(bool(sent.hex)) if sent else None


def frame_format(sent: dap.StackFrameFormat | None) -> m.FrameFormat | None:
    """What frame names shall hold."""
    if sent is None:
        return None
    return m.FrameFormat(
        hex=bool(sent.hex),
        parameters=bool(sent.parameters),
        parameter_types=bool(sent.parameter_types),
        parameter_names=bool(sent.parameter_names),
        parameter_values=bool(sent.parameter_values),
        line=bool(sent.line),
        module=bool(sent.module),
        include_all=bool(sent.include_all),
    )


def resume(
    kind: m.StepKind,
    sent: dap.ContinueArguments | dap.NextArguments | dap.StepInArguments | dap.StepOutArguments,
) -> m.Resume:
    """How to go on."""
    return m.Resume(
        kind,
        ThreadId(sent.thread_id),
        single_thread=bool(sent.single_thread),
        target=getattr(sent, "target_id", None),
        granularity=getattr(sent, "granularity", None) or "statement",
    )


def caret(client: ClientTerms, sent: dap.CompletionsArguments) -> tuple[int, int]:
    """Where the caret's line starts in the text, and the caret in the text, both in characters."""
    lines = sent.text.split("\n")
    line = 0 if sent.line is None else client.line_in(sent.line) - 1
    line = min(max(0, line), len(lines) - 1)
    units = max(0, sent.column - client.first_column)
    start = sum(len(each) + 1 for each in lines[:line])
    return start, start + characters(lines[line], units)


def characters(text: str, units: int) -> int:
    """How many characters the first ``units`` UTF-16 code units of a text are."""
    for place, char in enumerate(text):
        units -= 2 if ord(char) > 0xFFFF else 1
        if units < 0:
            return place
    return len(text)


def _text(condition: str | None) -> str | None:
    """Editors send a condition that was cleared as an empty one."""
    return condition if condition and condition.strip() else None
