"""Running, stepping, pausing, and ending threads."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from dap_server import from_dap, to_dap
from dap_server.protocol import generated as dap
from dap_server.registry import handles
from kernel.core import model as m
from kernel.core.errors import UserError
from kernel.core.ids import FrameId, ThreadId

if TYPE_CHECKING:
    from dap_server.client_session import ClientSession

SINGLE = "supports_single_thread_execution_requests"
GRANULARITY = "supports_stepping_granularity"

PATIENCE = 1.0
"""Seconds evaluations have to end that stand before an order, see `Handler.overrides_after`."""

_resumes = partial(handles, in_order=True, is_cancellable=True, overrides_after=PATIENCE)
"""Lets the program go on; until that has happened the client can take it back."""


@_resumes("continue", dap.ContinueArguments, SINGLE)
async def continue_(
    session: ClientSession, args: dap.ContinueArguments
) -> dap.ContinueResponseBody:
    """Let the program run."""
    await _resume(session, from_dap.resume(m.StepKind.CONTINUE, args))
    return dap.ContinueResponseBody(all_threads_continued=not args.single_thread)


@_resumes("next", dap.NextArguments, SINGLE, GRANULARITY)
async def next_(session: ClientSession, args: dap.NextArguments) -> None:
    """Step over."""
    await _resume(session, from_dap.resume(m.StepKind.OVER, args))


@_resumes("stepIn", dap.StepInArguments, SINGLE, GRANULARITY)
async def step_in(session: ClientSession, args: dap.StepInArguments) -> None:
    """Step in, into a chosen call if ``targetId`` says so."""
    await _resume(session, from_dap.resume(m.StepKind.IN, args))


@_resumes("stepOut", dap.StepOutArguments, SINGLE, GRANULARITY)
async def step_out(session: ClientSession, args: dap.StepOutArguments) -> None:
    """Step out."""
    await _resume(session, from_dap.resume(m.StepKind.OUT, args))


@handles("stepInTargets", dap.StepInTargetsArguments, "supports_step_in_targets_request")
async def step_in_targets(
    session: ClientSession, args: dap.StepInTargetsArguments
) -> dap.StepInTargetsResponseBody:
    """The calls on the current line."""
    found = await session.debuggee.step_in_targets(FrameId(args.frame_id))
    return dap.StepInTargetsResponseBody(
        targets=[to_dap.step_in_target(session.client, each) for each in found]
    )


@handles("pause", dap.PauseArguments, overrides_after=PATIENCE)
async def pause(session: ClientSession, args: dap.PauseArguments) -> None:
    """Stop soon; a ``stopped`` event says when."""
    session.answer_first()
    await session.coordinator.pause(ThreadId(args.thread_id) if args.thread_id > 0 else None)


@handles(
    "terminateThreads",
    dap.TerminateThreadsArguments,
    "supports_terminate_threads_request",
    overrides_after=PATIENCE,
)
async def terminate_threads(session: ClientSession, args: dap.TerminateThreadsArguments) -> None:
    """End these threads and no others."""
    await session.debuggee.terminate_threads([ThreadId(each) for each in args.thread_ids or ()])


async def _resume(session: ClientSession, how: m.Resume) -> None:
    session.answer_first()
    session.is_resuming, session.resumed_meanwhile = True, None
    try:
        await session.coordinator.resume(how)
    except (UserError, asyncio.CancelledError):
        session.is_resuming = False
        if session.resumed_meanwhile is not None:  # and no answer of ours tells of it
            session.hear(session.resumed_meanwhile)
        raise
    finally:
        session.is_resuming = False
