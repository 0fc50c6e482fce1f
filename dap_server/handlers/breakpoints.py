"""Everything that makes a program stop. Pipelined requests are answered in their order."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from dap_server import from_dap, to_dap
from dap_server.protocol import generated as dap
from dap_server.registry import handles
from dap_server.requested_breakpoints import Wish
from kernel.core import model as m
from kernel.core.errors import DebuggeeGone
from kernel.core.ids import FrameId, VariablesReference

if TYPE_CHECKING:
    from dap_server.client_session import ClientSession

NOT_YET = "The program has not been started yet."
ENDED = "The program has ended."
NO_ADDRESSES = "Values have no addresses that could be watched; name a variable or a field."
NOT_DEBUGGED = "The program runs without the debugger (noDebug)."


@handles(
    "setBreakpoints",
    dap.SetBreakpointsArguments,
    "supports_conditional_breakpoints",
    "supports_hit_conditional_breakpoints",
    "supports_log_points",
    in_order=True,
)
async def set_breakpoints(
    session: ClientSession, args: dap.SetBreakpointsArguments
) -> dap.SetBreakpointsResponseBody:
    """Replace the breakpoints of one source."""
    source = from_dap.source(session.client, args.source)
    key = ("line", source.path or f"#{source.reference}")
    wish = Wish(key, from_dap.breakpoints(session.client, args), source)
    return dap.SetBreakpointsResponseBody(breakpoints=await _set(session, wish))


@handles(
    "setFunctionBreakpoints",
    dap.SetFunctionBreakpointsArguments,
    "supports_function_breakpoints",
    in_order=True,
)
async def set_function_breakpoints(
    session: ClientSession, args: dap.SetFunctionBreakpointsArguments
) -> dap.SetFunctionBreakpointsResponseBody:
    """Replace the breakpoints on functions."""
    wish = Wish(("function",), from_dap.function_breakpoints(args.breakpoints))
    return dap.SetFunctionBreakpointsResponseBody(breakpoints=await _set(session, wish))


@handles(
    "setDataBreakpoints",
    dap.SetDataBreakpointsArguments,
    "supports_data_breakpoints",
    in_order=True,
)
async def set_data_breakpoints(
    session: ClientSession, args: dap.SetDataBreakpointsArguments
) -> dap.SetDataBreakpointsResponseBody:
    """Replace the breakpoints on values."""
    wish = Wish(("data",), from_dap.data_breakpoints(args.breakpoints))
    return dap.SetDataBreakpointsResponseBody(breakpoints=await _set(session, wish))


@handles(
    "setExceptionBreakpoints",
    dap.SetExceptionBreakpointsArguments,
    "supports_exception_filter_options",
    in_order=True,
)
async def set_exception_breakpoints(
    session: ClientSession, args: dap.SetExceptionBreakpointsArguments
) -> dap.SetExceptionBreakpointsResponseBody:
    """Choose the errors to stop on."""
    wish = Wish(("exception",), errors=from_dap.exception_breakpoints(args))
    return dap.SetExceptionBreakpointsResponseBody(breakpoints=await _set(session, wish))


@handles("dataBreakpointInfo", dap.DataBreakpointInfoArguments, "supports_data_breakpoints")
async def data_breakpoint_info(
    session: ClientSession, args: dap.DataBreakpointInfoArguments
) -> dap.DataBreakpointInfoResponseBody:
    """Whether a value can be watched."""
    # A frame only counts for an expression, which is what a name without a container is.
    container = VariablesReference(args.variables_reference) if args.variables_reference else None
    frame = None if args.frame_id is None or container else FrameId(args.frame_id)
    if args.as_address or args.bytes is not None:
        info = m.DataBreakpointInfo(None, NO_ADDRESSES)
    else:
        info = await session.debuggee.data_breakpoint_info(args.name, container, frame)
    return dap.DataBreakpointInfoResponseBody(
        data_id=info.data_id,
        description=info.description,
        access_types=list(info.access_types) or None,  # type: ignore[arg-type] # checked here
        can_persist=info.can_persist,
    )


@handles(
    "breakpointLocations",
    dap.BreakpointLocationsArguments,
    "supports_breakpoint_locations_request",
)
async def breakpoint_locations(
    session: ClientSession, args: dap.BreakpointLocationsArguments
) -> dap.BreakpointLocationsResponseBody:
    """Where breakpoints can be."""
    found = await session.debuggee.breakpoint_locations(
        from_dap.source(session.client, args.source), from_dap.range_(session.client, args)
    )
    return dap.BreakpointLocationsResponseBody(
        breakpoints=[to_dap.location(session.client, each) for each in found]
    )


def _why_not(session: ClientSession) -> str:
    if session.program.ended.is_set():
        return ENDED
    return NOT_YET if session.program.is_debugged else NOT_DEBUGGED


async def _set(session: ClientSession, wish: Wish) -> list[dap.Breakpoint]:
    """Put a wish to the coordinator, or keep it until there is one."""
    requested = session.breakpoints
    requested.remember(wish)
    coordinator = await session.program.ready()
    answers: list[m.Breakpoint] | None = None
    if coordinator is not None:
        # A program that ends while it is asked is as good as none.
        with suppress(DebuggeeGone):
            answers = await wish.put_to(coordinator)
            requested.met(wish, answers)
    if answers is None:
        answers = requested.pending(wish, _why_not(session))
    return [
        to_dap.breakpoint_(session.client, shown, answer)
        for shown, answer in zip(wish.shown, answers, strict=True)
    ]
