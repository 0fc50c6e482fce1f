"""Looking at a program: threads, frames, variables, sources, modules, memory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import anyio.to_thread

from dap_server import from_dap, to_dap
from dap_server.paging import Run
from dap_server.protocol import generated as dap
from dap_server.protocol.model import Model
from dap_server.registry import handles
from kernel.core.errors import UserError
from kernel.core.ids import FAILED, FrameId, SourceReference, ThreadId

if TYPE_CHECKING:
    from dap_server.client_session import ClientSession

MIME_TYPE = "text/x-lua"


@handles("threads", Model)
async def threads(session: ClientSession, _args: Model) -> dap.ThreadsResponseBody:
    """All threads; none before the program runs and after it has ended."""
    if not session.state.is_live:
        return dap.ThreadsResponseBody(threads=[])
    return to_dap.threads(await session.debuggee.threads())


@handles(
    "stackTrace",
    dap.StackTraceArguments,
    "supports_delayed_stack_trace_loading",
    "supports_value_formatting_options",
    is_cancellable=True,
    title="Reading the stack",
)
async def stack_trace(
    session: ClientSession, args: dap.StackTraceArguments
) -> dap.StackTraceResponseBody:
    """A page of a thread's frames."""
    page = await session.debuggee.stack(
        ThreadId(args.thread_id),
        args.start_frame or 0,
        args.levels or 0,
        from_dap.frame_format(args.format),
    )
    return dap.StackTraceResponseBody(
        stack_frames=[to_dap.frame(session.client, each) for each in page.frames],
        total_frames=page.total,
    )


@handles("scopes", dap.ScopesArguments, is_cancellable=True, title="Reading variables")
async def scopes(session: ClientSession, args: dap.ScopesArguments) -> dap.ScopesResponseBody:
    """The scopes of a frame."""
    found = await session.debuggee.scopes(FrameId(args.frame_id))
    for each in found:
        session.note_size(each.reference, each.named, each.indexed)
    return dap.ScopesResponseBody(scopes=[to_dap.scope(session.client, each) for each in found])


@handles(
    "variables",
    dap.VariablesArguments,
    is_cancellable=True,
    title="Reading variables",
)
async def variables(
    session: ClientSession, args: dap.VariablesArguments
) -> dap.VariablesResponseBody:
    """Children of a container; in nodes for clients that cannot page."""
    shown: list[dap.Variable] = []
    is_page = bool(args.start or args.count)
    for part in session.pager.parts(args.variables_reference, args.filter, is_page):
        if isinstance(part, dap.Variable):
            shown.append(part)
        else:
            shown += await _children(session, args, part)
    return dap.VariablesResponseBody(variables=shown)


async def _children(
    session: ClientSession, args: dap.VariablesArguments, run: Run
) -> list[dap.Variable]:
    is_whole = run.kind is None
    found = await session.debuggee.variables(
        run.reference,
        args.filter if is_whole else run.kind,
        (args.start or 0) if is_whole else run.start,
        (args.count or 0) if is_whole else run.count,
        from_dap.value_format(args.format),
    )
    for each in found:
        session.note_size(each.reference, each.named, each.indexed)
    return [to_dap.variable(session.client, each) for each in found]


@handles(
    "exceptionInfo",
    dap.ExceptionInfoArguments,
    "supports_exception_info_request",
    is_cancellable=True,
    title="Reading the error",
)
async def exception_info(
    session: ClientSession, args: dap.ExceptionInfoArguments
) -> dap.ExceptionInfoResponseBody:
    """The error a thread stopped on."""
    if args.thread_id != FAILED:
        session.coordinator.require_stop("exceptionInfo")
    return to_dap.exception(await session.debuggee.exception_details(ThreadId(args.thread_id)))


@handles("source", dap.SourceArguments, is_cancellable=True, title="Reading a source")
async def source(session: ClientSession, args: dap.SourceArguments) -> dap.SourceResponseBody:
    """The text of a source: of a chunk by its reference, of a file by its path."""
    reference = (args.source and args.source.source_reference) or args.source_reference
    if reference:
        text = await session.debuggee.source_text(SourceReference(reference))
    elif args.source and args.source.path:
        text = await _file(_where_it_runs(session, session.client.path_in(args.source.path)))
    else:
        raise UserError("A source needs a path or a sourceReference.")
    return dap.SourceResponseBody(content=text, mime_type=MIME_TYPE)


def _where_it_runs(session: ClientSession, path: str) -> str:
    """The path of the program's file that the client means."""
    request = session.program.request
    moved = (each.to_remote(path) for each in request.settings.path_mappings) if request else ()
    return next((each for each in moved if each is not None), path)


async def _file(path: str) -> str:
    try:
        data = await anyio.to_thread.run_sync(Path(path).read_bytes)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(f"{path} cannot be read: {reason}.") from error
    return data.decode(errors="replace")


@handles(
    "loadedSources",
    dap.LoadedSourcesArguments,
    "supports_loaded_sources_request",
    is_cancellable=True,
    title="Listing sources",
)
async def loaded_sources(
    session: ClientSession, _args: dap.LoadedSourcesArguments
) -> dap.LoadedSourcesResponseBody:
    """All sources seen so far."""
    found = await session.debuggee.loaded_sources()
    return dap.LoadedSourcesResponseBody(
        sources=[to_dap.source(session.client, each) for each in found]
    )


@handles(
    "modules",
    dap.ModulesArguments,
    "supports_modules_request",
    is_cancellable=True,
    title="Listing modules",
)
async def modules(session: ClientSession, args: dap.ModulesArguments) -> dap.ModulesResponseBody:
    """A page of the modules."""
    found = await session.debuggee.modules()
    start = max(0, args.start_module or 0)
    end = start + args.module_count if args.module_count else None
    return dap.ModulesResponseBody(
        modules=[to_dap.module(session.client, each) for each in found[start:end]],
        total_modules=len(found),
    )


@handles(
    "readMemory",
    dap.ReadMemoryArguments,
    "supports_read_memory_request",
    is_cancellable=True,
    title="Reading memory",
)
async def read_memory(
    session: ClientSession, args: dap.ReadMemoryArguments
) -> dap.ReadMemoryResponseBody:
    """Bytes behind a memory reference."""
    found = await session.debuggee.read_memory(args.memory_reference, args.offset or 0, args.count)
    return to_dap.memory(found)


@handles("locations", dap.LocationsArguments)
async def locations(
    session: ClientSession, args: dap.LocationsArguments
) -> dap.LocationsResponseBody:
    """The place behind a location reference."""
    found = await session.debuggee.location(args.location_reference)
    return to_dap.place(session.client, found)
