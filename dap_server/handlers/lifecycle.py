"""initialize, launch, attach, configurationDone, restart, terminate, disconnect, cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dap_server.capabilities import capabilities
from dap_server.client_terms import ClientTerms
from dap_server.errors import ErrorId, ProtocolError
from dap_server.launch import LaunchRequest, read_attach, read_launch
from dap_server.protocol import generated as dap
from dap_server.registry import handles
from kernel.core.errors import UserError

if TYPE_CHECKING:
    from dap_server.client_session import ClientSession

PATH_FORMATS = (None, "path", "uri")


@handles("initialize", dap.InitializeRequestArguments, "supports_ansi_styling")
async def initialize(
    session: ClientSession, args: dap.InitializeRequestArguments
) -> dap.Capabilities:
    """Agree on how to talk; configuration may begin at once."""
    if args.path_format not in PATH_FORMATS:
        raise ProtocolError(
            ErrorId.BAD_ARGUMENTS,
            f"initialize: arguments.pathFormat is {args.path_format!r}; it must be path or uri.",
        )
    session.client = ClientTerms(args)
    session.is_initialized = True
    session.answer_first()
    session.outbox.event("initialized", {})
    return capabilities(session.host)


@handles("launch", dap.LaunchRequestArguments, is_cancellable=True)
async def launch(session: ClientSession, _args: dap.LaunchRequestArguments) -> None:
    """Start a program; answered when it runs, which is after configurationDone."""
    await session.program.launch(read_launch(session.dispatcher.sent))


@handles("attach", dap.AttachRequestArguments, is_cancellable=True)
async def attach(session: ClientSession, _args: dap.AttachRequestArguments) -> None:
    """Debug a program that runs; answered as soon as it can be debugged.

    Some clients never send configurationDone and would wait for this answer for ever.
    """
    await session.program.attach(read_attach(session.dispatcher.sent))


@handles(
    "configurationDone",
    dap.ConfigurationDoneArguments,
    "supports_configuration_done_request",
    in_order=True,
)
async def configuration_done(session: ClientSession, _args: dap.ConfigurationDoneArguments) -> None:
    """All breakpoints are set: the program may run."""
    await session.program.configure()


@handles("restart", dap.RestartArguments, "supports_restart_request", overrides_after=0)
async def restart(session: ClientSession, args: dap.RestartArguments) -> None:
    """Run the program again, with new launch arguments if the client sends some."""
    request = session.program.request
    if not isinstance(request, LaunchRequest):
        raise UserError("A program that was attached to cannot be restarted.")
    if not session.host.can_restart:
        raise UserError(
            f"{request.program.path} cannot be restarted: its process ends with it. "
            "End it, and start `llmspell debug` again."
        )
    await session.program.restart(read_launch(args.arguments) if args.arguments else request)


@handles(
    "terminate",
    dap.TerminateArguments,
    "supports_terminate_request",
    title="Ending the program",
    overrides_after=0,
)
async def terminate(session: ClientSession, _args: dap.TerminateArguments) -> None:
    """End the program; ``exited`` and ``terminated`` follow."""
    if session.program.ended.is_set():
        return
    if session.program.coordinator is None:
        session.dispatcher.cancel_all()
        session.send_event("terminated", None)
        return
    session.answer_first()
    await session.program.terminate()


@handles(
    "disconnect", dap.DisconnectArguments, "support_terminate_debuggee", title="Leaving the program"
)
async def disconnect(session: ClientSession, args: dap.DisconnectArguments) -> None:
    """End the session: what was launched ends, what was attached to runs on, unless told so.

    A client that restarts by itself (``restart``) leaves in the same way and comes again.
    """
    session.close_after_answer()
    await session.program.leave(args.terminate_debuggee, suspend=bool(args.suspend_debuggee))


@handles("cancel", dap.CancelArguments, "supports_cancel_request")
async def cancel(session: ClientSession, args: dap.CancelArguments) -> None:
    """Take back a request, by its number or by its progress."""
    session.dispatcher.cancel(args.request_id, args.progress_id)
