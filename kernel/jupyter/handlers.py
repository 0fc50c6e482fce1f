"""What each type of message does: one small function each, and the table of all of them."""

import os
import resource
import socket
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kernel.core.errors import UserError
from kernel.core.script_values import as_json
from kernel.events.model import Display
from kernel.execution.cells import CellRequest, CellResult
from kernel.execution.engine import Completion, ScriptError
from kernel.execution.history import HistoryEntry
from kernel.jupyter import messages as m
from kernel.jupyter.broadcast import EVENT_REQUEST
from kernel.jupyter.calls import Call, Endpoint, Handler, failed
from kernel.jupyter.description import kernel_info_content
from kernel.jupyter.messages import Channel, Content, Message
from kernel.jupyter.progress import PROGRESS, publishing_progress
from kernel.jupyter.router import (
    METADATA,
    CellOutput,
    arguments_of,
    call_of,
    frame_of,
    path_of,
    session_type,
    wants_values,
)

LEAVING = frozenset({"exit", "quit"})
"""What people type who want to leave a console; the client is told so."""


# --- shell ----------------------------------------------------------------------------------------


async def execute(call: Call, request: m.ExecuteRequest) -> Content:
    """Run a cell; its output goes out meanwhile, its result before the reply."""
    manager = call.kernel.manager
    if call.turn is not None and call.turn.is_aborted:
        return {"status": "aborted", "execution_count": manager.count}
    if request.code.strip() in LEAVING:
        leaving = {"source": "ask_exit", "keepkernel": call.kernel.outlives_clients}
        return _succeeded(CellResult(manager.count), [leaving])
    output = call.output = CellOutput(call.kernel, call.message, is_silent=request.silent)
    output.code, output.is_counted = request.code, request.store_history
    call.kernel.comms.parent = call.message.header
    result = await manager.execute(_cell(call.message, request), output)
    if call.is_answered:
        return {}
    _show(output, result)
    if result.outcome.exit_code is not None:
        call.kernel.exit_code = result.outcome.exit_code
        call.afterwards.append(lambda: call.kernel.end("the program ended it"))
    if result.outcome.error is not None:
        return _failed(result)
    return _succeeded(result, _payload(output, result))


def _cell(message: Message, request: m.ExecuteRequest) -> CellRequest:
    return CellRequest(
        request.code,
        client=message.session,
        path=path_of(message),
        is_silent=request.silent,
        stores_history=request.store_history,
        allows_input=request.allow_stdin,
        stops_on_error=request.stop_on_error,
        expressions={name: str(text) for name, text in request.user_expressions.items()},
        session_type=session_type(message),
        arguments=arguments_of(message),
        call=call_of(message),
        tells_values=wants_values(message),
    )


def _show(output: CellOutput, result: CellResult) -> None:
    output.end()
    outcome = result.outcome
    if outcome.error is not None:
        output.show("error", _error(outcome.error))
    elif outcome.result is not None:
        content = {**_bundle(outcome.result), "execution_count": result.number}
        output.show("execute_result", content)


def _payload(output: CellOutput, result: CellResult) -> list[dict[str, Any]]:
    payload: list[dict[str, Any]] = [
        {"source": "page", "data": dict(page.data), "start": 0} for page in output.pages
    ]
    if result.outcome.next_input is not None:
        text = result.outcome.next_input
        payload.append({"source": "set_next_input", "text": text, "replace": False})
    if (code := result.outcome.exit_code) is not None:
        payload.append({"source": "ask_exit", "keepkernel": False, "exit_code": code})
    return payload


def _succeeded(result: CellResult, payload: Sequence[Mapping[str, Any]]) -> Content:
    values = {
        name: {"status": "ok", **_bundle(value)}
        if isinstance(value, Display)
        else {"status": "error", **_error(value)}
        for name, value in result.expressions.items()
    }
    content = {
        "status": "ok",
        "execution_count": result.number,
        "payload": list(payload),
        "user_expressions": values,
    }
    returned = result.outcome.values
    if returned is not None:
        content[METADATA] = {"values": [as_json(each) for each in returned]}
    return content


def _failed(result: CellResult) -> Content:
    assert result.outcome.error is not None
    return {
        "status": "error",
        "execution_count": result.number,
        **_error(result.outcome.error),
    }


def _error(error: ScriptError) -> dict[str, Any]:
    lines = list(error.traceback) or [f"{error.name}: {error.message}"]
    return {"ename": error.name, "evalue": error.message, "traceback": lines}


def _bundle(display: Display) -> dict[str, Any]:
    return {"data": dict(display.data), "metadata": dict(display.metadata)}


async def complete(call: Call, request: m.CompleteRequest) -> Content:
    """How the code could go on; all matches take the place of the same text."""
    cursor = _cursor(request.code, request.cursor_pos)
    found = await call.kernel.manager.engine.complete(request.code, cursor)
    start = min((each.start for each in found), default=cursor)
    end = max((each.end for each in found), default=cursor)

    def whole(each: Completion) -> str:
        return request.code[start : each.start] + each.text + request.code[each.end : end]

    kinds = [
        {
            "text": whole(each),
            "type": each.kind,
            "start": start,
            "end": end,
            "signature": each.detail,
        }
        for each in found
    ]
    return {
        "status": "ok",
        "matches": [whole(each) for each in found],
        "cursor_start": start,
        "cursor_end": end,
        "metadata": {"_jupyter_types_experimental": kinds},
    }


async def inspect(call: Call, request: m.InspectRequest) -> Content:
    """What is known of the thing at the cursor."""
    cursor = _cursor(request.code, request.cursor_pos)
    engine, frame = call.kernel.manager.engine, frame_of(call.message)
    found = await engine.inspect(request.code, cursor, request.detail_level, frame)
    bundle = {"data": {}, "metadata": {}} if found is None else _bundle(found)
    return {"status": "ok", "found": found is not None, **bundle}


def _cursor(code: str, said: int | None) -> int:
    return len(code) if said is None else max(0, min(said, len(code)))


async def is_complete(call: Call, request: m.IsCompleteRequest) -> Content:
    """Whether the code is whole."""
    answer = call.kernel.manager.engine.check_completeness(request.code)
    content = {"status": answer.status.value}
    if answer.status == "incomplete":
        content["indent"] = answer.indent
    return content


async def history(call: Call, request: m.HistoryRequest) -> Content:
    """Cells of this kernel and of those before it."""
    past, count = call.kernel.manager.history, request.n or 0
    match request.hist_access_type:
        case "tail":
            found = await past.tail(count)
        case "range":
            found = await past.range(request.session, request.start, request.stop)
        case "search":
            pattern = "*" if request.pattern is None else request.pattern
            found = await past.search(pattern, count, is_unique=request.unique)
        case "clear":  # ours
            await past.clear()
            found = []
        case other:
            raise m.BadMessage(
                f"content.hist_access_type is {other!r}; it must be 'range', 'tail' or 'search'."
            )
    return {"status": "ok", "history": [_entry(each, request.output) for each in found]}


def _entry(entry: HistoryEntry, with_output: bool) -> list[Any]:
    code = [entry.code, entry.output] if with_output else entry.code
    return [entry.session, entry.line, code]


async def kernel_info(call: Call, _request: m.EmptyRequest) -> Content:
    """What the kernel is and can do; asked on shell and on control."""
    kernel = call.kernel
    language = kernel.manager.engine.language
    can_debug = kernel.debuggers.can_debug
    return kernel_info_content(kernel.description, language, has_debugger=can_debug)


async def connect(call: Call, _request: m.EmptyRequest) -> Content:
    """Where the sockets are; deprecated since 5.1, but some ask."""
    if not call.kernel.ports:
        raise UserError("This kernel is not served over ZeroMQ; it has no ports.")
    return {"status": "ok", **call.kernel.ports}


# --- comms ----------------------------------------------------------------------------------------


async def comm_info(call: Call, request: m.CommInfoRequest) -> Content:
    """The comms there are."""
    return {"status": "ok", "comms": call.kernel.comms.describe(request.target_name)}


async def comm_open(call: Call, request: m.CommOpen) -> None:
    """A client opens a comm; where nobody waits for its target, it is closed again."""
    await call.kernel.comms.opened(call.message, request)


async def comm_msg(call: Call, request: m.CommMessage) -> None:
    """A client says something over a comm."""
    await call.kernel.comms.received(call.message, request)


async def comm_close(call: Call, request: m.CommMessage) -> None:
    """A client closes a comm."""
    await call.kernel.comms.closed(call.message, request)


# --- control --------------------------------------------------------------------------------------


async def interrupt(call: Call, _request: m.EmptyRequest) -> Content:
    """End the cell that runs; answered at once. One who insists does not wait for it to agree."""
    if call.message.content.get("force") is True:
        call.kernel.manager.kill()
    else:
        call.kernel.manager.interrupt()
    return {"status": "ok"}


async def shutdown(call: Call, request: m.ShutdownRequest) -> Content:
    """End the kernel; everybody hears it."""
    content = {"status": "ok", "restart": request.restart}
    call.kernel.publish("shutdown_reply", content, call.message.header)
    if request.restart:
        call.kernel.when_restarting()
    reason = "a client begins it anew" if request.restart else "a client shut it down"
    call.afterwards.append(lambda: call.kernel.end(reason))
    return content


async def debug(call: Call, _request: m.EmptyRequest) -> Content:
    """A request of the Debug Adapter Protocol, one after the other for each debugger."""
    return await call.kernel.debuggers.handle(call.message, call.client)


async def events(call: Call, _request: m.EmptyRequest) -> Content:
    """Which events its client wants to hear of."""
    if call.kernel.broadcast is None:
        raise UserError("This kernel tells no events.")
    return {"status": "ok", **call.kernel.broadcast.ask(call.message, call.client)}


async def usage(_call: Call, _request: m.EmptyRequest) -> Content:
    """What the kernel's process uses, for the panels that show it (bytes, seconds)."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "status": "ok",
        "hostname": socket.gethostname(),
        "pid": os.getpid(),
        "kernel_memory": _resident(used.ru_maxrss),
        "kernel_cpu": 100 * (used.ru_utime + used.ru_stime) / max(time.monotonic() - _BEGAN, 0.001),
        "cpu_count": os.cpu_count(),
    }


_BEGAN = time.monotonic()


def _resident(most: int) -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):  # not Linux: the most it ever was, in KiB
        return most * 1024
    return pages * resource.getpagesize()


# --- the tables -----------------------------------------------------------------------------------

SHELL = frozenset({str(Channel.SHELL)})
CONTROL = frozenset({str(Channel.CONTROL)})
BOTH = SHELL | CONTROL

HANDLERS: Mapping[str, Handler] = {
    "execute_request": Handler(m.ExecuteRequest, execute, SHELL, in_turn=True),
    "complete_request": Handler(m.CompleteRequest, complete, SHELL),
    "inspect_request": Handler(m.InspectRequest, inspect, SHELL),
    "is_complete_request": Handler(m.IsCompleteRequest, is_complete, SHELL),
    "history_request": Handler(m.HistoryRequest, history, SHELL),
    "kernel_info_request": Handler(m.EmptyRequest, kernel_info, BOTH),
    "connect_request": Handler(m.EmptyRequest, connect, BOTH),
    "comm_info_request": Handler(m.CommInfoRequest, comm_info, SHELL),
    "comm_open": Handler(m.CommOpen, comm_open, SHELL, in_turn=True),
    "comm_msg": Handler(m.CommMessage, comm_msg, SHELL, in_turn=True),
    "comm_close": Handler(m.CommMessage, comm_close, SHELL, in_turn=True),
    "interrupt_request": Handler(m.EmptyRequest, interrupt, BOTH),
    "shutdown_request": Handler(m.ShutdownRequest, shutdown, BOTH),
    "debug_request": Handler(m.EmptyRequest, debug, CONTROL),
    EVENT_REQUEST: Handler(m.EmptyRequest, events, BOTH),
    "usage_request": Handler(m.EmptyRequest, usage, CONTROL),
}


def find_handler(endpoints: Mapping[str, Endpoint], message: Message) -> Handler:
    """How a message is served here; what is not served is refused by name."""
    handler = HANDLERS.get(message.type)
    if handler is not None and message.channel in handler.channels:
        return handler
    if message.type in endpoints and message.channel in BOTH:
        return Handler(m.EmptyRequest, _serving(endpoints[message.type]), BOTH)
    return Handler(m.EmptyRequest, _refuse, BOTH)


def _serving(endpoint: Endpoint) -> Any:  # noqa: ANN401 - a `Function`
    async def serve(call: Call, _request: m.EmptyRequest) -> Content:
        def tell(progress: Content) -> None:
            call.kernel.publish(PROGRESS, progress, call.message.header)

        with publishing_progress(tell):
            return {"status": "ok", **await endpoint(call.message.content)}

    return serve


def refusing(error: UserError) -> Handler:
    """Serves a message that is not let in; who reads only what is published hears why as well."""

    async def refuse(call: Call, _request: m.EmptyRequest) -> Content:
        content = failed(type(error).__name__, str(error))
        if call.message.type == "execute_request":
            said = {name: content[name] for name in ("ename", "evalue", "traceback")}
            call.kernel.publish("error", said, call.message.header)
        raise error

    return Handler(m.EmptyRequest, refuse, BOTH)


async def _refuse(call: Call, _request: m.EmptyRequest) -> Content:
    kind, channel = call.message.type, call.message.channel
    if kind in HANDLERS:
        where = " or ".join(sorted(HANDLERS[kind].channels))
        return failed("WrongChannel", f"{kind} belongs on {where}, not on {channel}.")
    return failed("NotSupported", f"This kernel does not serve {kind}.")
