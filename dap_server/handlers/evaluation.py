"""Computing and changing: evaluate, setVariable, setExpression, completions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dap_server import from_dap, to_dap
from dap_server.protocol import generated as dap
from dap_server.registry import handles
from kernel.core.ids import FrameId, VariablesReference

if TYPE_CHECKING:
    from dap_server.client_session import ClientSession

FRAMES_SEARCHED = 50
"""How far up the stack the frame of a place is looked for."""

_MAY_CHANGE = re.compile(r"(?<![=~<>])=(?!=)|\(")
"""What assignments and most calls have in them, and reading a value has not."""


@handles(
    "evaluate",
    dap.EvaluateArguments,
    "supports_evaluate_for_hovers",
    "supports_clipboard_context",
    is_cancellable=True,
    title="Evaluating",
)
async def evaluate(session: ClientSession, args: dap.EvaluateArguments) -> dap.EvaluateResponseBody:
    """The value of an expression; in the debug console also statements, and lines of input."""
    if args.context == "repl" and session.debuggee.feed_input(f"{args.expression}\n"):
        return dap.EvaluateResponseBody(result="", variables_reference=0)
    result = await session.debuggee.evaluate(
        args.expression,
        await _frame(session, args),
        args.context,
        from_dap.value_format(args.format),
    )
    session.note_size(result.reference, result.named, result.indexed)
    if args.context == "repl" and _MAY_CHANGE.search(args.expression):
        session.invalidate_variables()
    return to_dap.evaluated(session.client, result)


async def _frame(session: ClientSession, args: dap.EvaluateArguments) -> FrameId | None:
    """The frame meant: the one given, or the innermost that holds the place given."""
    if args.frame_id is not None:
        return FrameId(args.frame_id)
    stop = session.coordinator.stop
    if stop is None or args.source is None or args.line is None:
        return None
    source = from_dap.source(session.client, args.source)
    line = session.client.line_in(args.line)
    page = await session.debuggee.stack(stop.thread, 0, FRAMES_SEARCHED)
    here = [
        frame
        for frame in page.frames
        if frame.source is not None
        and (frame.source.path, frame.source.reference) == (source.path, source.reference)
    ]
    exact = (frame.id for frame in here if frame.line <= line <= (frame.end_line or frame.line))
    return next(exact, here[0].id if here else None)


@handles(
    "setVariable",
    dap.SetVariableArguments,
    "supports_set_variable",
    is_cancellable=True,
    title="Assigning",
)
async def set_variable(
    session: ClientSession, args: dap.SetVariableArguments
) -> dap.SetVariableResponseBody:
    """Give a variable a value."""
    container = session.pager.container(args.variables_reference)
    result = await session.debuggee.set_variable(
        VariablesReference(container), args.name, args.value, from_dap.value_format(args.format)
    )
    session.note_size(result.reference, result.named, result.indexed)
    session.invalidate_variables()
    return to_dap.variable_set(session.client, result)


@handles(
    "setExpression",
    dap.SetExpressionArguments,
    "supports_set_expression",
    is_cancellable=True,
    title="Assigning",
)
async def set_expression(
    session: ClientSession, args: dap.SetExpressionArguments
) -> dap.SetExpressionResponseBody:
    """Assign to an expression."""
    frame = None if args.frame_id is None else FrameId(args.frame_id)
    result = await session.debuggee.set_expression(
        args.expression, args.value, frame, from_dap.value_format(args.format)
    )
    session.note_size(result.reference, result.named, result.indexed)
    session.invalidate_variables()
    return to_dap.expression_set(session.client, result)


@handles(
    "completions",
    dap.CompletionsArguments,
    "supports_completions_request",
    is_cancellable=True,
    title="Completing",
)
async def completions(
    session: ClientSession, args: dap.CompletionsArguments
) -> dap.CompletionsResponseBody:
    """Ways to go on typing at the caret."""
    line_start, caret = from_dap.caret(session.client, args)
    frame = None if args.frame_id is None else FrameId(args.frame_id)
    found = await session.debuggee.complete(args.text, caret, frame)
    return dap.CompletionsResponseBody(
        targets=[to_dap.completion(session.client, args.text, line_start, each) for each in found]
    )
