"""NotebookDebugger: the debug protocol of Jupyter, by a session of the adapter and a few requests.

A notebook sends DAP requests one by one and reads answers and events as decoded messages (Jupyter
messaging, "Debug request"). A `ClientSession` serves them, as it serves an editor. Here is what
Jupyter adds (``debugInfo``, ``dumpCell``, ``inspectVariables``, ``richInspectVariables`` and
``copyToGlobals``) and what JupyterLab expects beyond DAP (its handler.ts and session.ts).
"""

import asyncio
import contextlib
import itertools
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import anyio

from dap_server import errors
from dap_server.shared_host import SharedHost
from dap_server.wire import Wire, WireError, encode
from kernel.core.errors import Cancelled, UserError
from kernel.core.ids import FrameId
from kernel.debug.coordinator import BreakpointRequest
from kernel.debug.debuggee import Debuggee
from kernel.execution.cell_files import HASH_METHOD, HASH_SEED, SUFFIX, CellFiles
from kernel.transport.memory import MemoryTransport, memory_pair

Body = dict[str, Any]
TellEvent = Callable[[dict[str, Any]], None]
RichDisplay = Callable[[str, FrameId | None, Mapping[str, int]], Awaitable[Mapping[str, Any]]]
"""The forms of an expression's value, by media type; raises `UserError`.

The last: how much of it, as ``entries`` of a table and ``depth`` of tables in tables.
"""
CopyToGlobals = Callable[[str, str, FrameId | None], Awaitable[None]]
"""Give a global the value of an expression in a frame; raises `UserError`."""

_RESUMING = frozenset({"continue", "next", "stepIn", "stepOut"})

_RESULT = re.compile(r"_+|_\d+")

BLANK = "The debugger has not begun; send initialize first."
ALONE = "The debugger is not attached; send initialize and attach first."


class NotebookDebugger:
    """One notebook's debugger. Made and used on the loop's thread."""

    def __init__(
        self,
        host: SharedHost,
        debuggee: Debuggee,
        cells: CellFiles,
        tell: TellEvent,
        display: RichDisplay,
        copy: CopyToGlobals,
    ) -> None:
        self._host, self._debuggee, self._cells, self._tell = host, debuggee, cells, tell
        self._display, self._copy = display, copy
        self._seq = itertools.count(1)
        self._link: _Link | None = None
        self._is_started = False
        self._initialized: dict[str, Any] | None = None
        self._breakpoints: dict[str, list[dict[str, Any]]] = {}
        self._stopped: set[int] = set()
        self._filters: list[str] = []
        self._under_way: tuple[object, anyio.CancelScope | None] | None = None
        """The number of the request that is served, and what breaks it off if it is our own."""
        self._own: Mapping[str, Callable[[Mapping[str, Any]], Awaitable[Body]]] = {
            "debugInfo": self._debug_info,
            "dumpCell": self._dump_cell,
            "inspectVariables": self._inspect_variables,
            "richInspectVariables": self._rich_inspect,
            "copyToGlobals": self._copy_to_globals,
            "modules": self._modules,
            "source": self._source,
        }

    async def handle(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """The DAP response to a DAP request; what fails is a response, too."""
        command = str(content.get("command", ""))
        arguments = content.get("arguments") or {}
        if command == "cancel":
            answer = await self._cancel(arguments)
        else:
            answer = await self._serve(content, command, arguments)
        return {
            "seq": next(self._seq),
            "type": "response",
            "request_seq": content.get("seq", 0),
            "command": command,
            **answer,
        }

    async def _serve(
        self, content: Mapping[str, Any], command: str, arguments: Mapping[str, Any]
    ) -> Body:
        own = self._own.get(command)
        scope = anyio.CancelScope()
        self._under_way = content.get("seq"), scope if own is not None else None
        try:
            if own is None:
                return await self._forward(content, command, arguments)
            with scope:
                return {"success": True, "body": await own(arguments)}
            said = errors.failure(command, Cancelled())
            return {"success": False, "message": said.short, "body": said.body().wire()}
        except UserError as error:
            return {"success": False, "message": str(error), "body": {}}
        finally:
            self._under_way = None

    async def _cancel(self, arguments: Mapping[str, Any]) -> Body:
        """Break off the request under way, if that is meant; it overtakes those that wait."""
        number, scope = self._under_way or (None, None)
        if number is not None and number == arguments.get("requestId"):
            if scope is not None:
                scope.cancel()
            elif self._link is not None:
                await self._link.break_off()
        return {"success": True, "body": {}}

    async def close(self) -> None:
        """The notebook is gone, or the kernel is."""
        link, self._link = self._link, None
        self._is_started = False
        self._stopped.clear()
        if link is not None:
            await link.close()

    # --- DAP --------------------------------------------------------------------------------------

    async def _forward(
        self, content: Mapping[str, Any], command: str, arguments: Mapping[str, Any]
    ) -> dict[str, Any]:
        if command == "initialize":
            await self.close()
            self._link = _Link(self._host, self._hear)
            # JupyterLab shows a value that has a type by that alone, unless it is Python's.
            content = {**content, "arguments": {**arguments, "supportsVariableType": False}}
        if self._link is None:
            message = BLANK if command == "attach" else ALONE
            return {"success": False, "message": message, "body": {}}
        if command == "attach" and self._initialized is not None:
            # Events overtake answers here, and this one is about the answer to initialize: with it
            # JupyterLab lists the filters of errors that it has read there.
            self._tell(self._initialized)
            self._initialized = None
        if command == "configurationDone" and self._is_started:
            return {"success": True, "body": {}}
        if command == "continue" and not self._host.is_stopped:  # a click more than there are stops
            return {"success": True, "body": {"allThreadsContinued": True}}
        response = await self._link.ask(command, content.get("arguments"))
        if response.get("success"):
            self._note(command, arguments)
        if command == "attach" and self._is_started:  # most notebooks do not say that themselves
            await self._link.ask("configurationDone", {})
        if command == "disconnect":
            await self.close()
            self._breakpoints.clear()
        answer: dict[str, Any] = {"success": bool(response.get("success"))}
        if "message" in response:
            answer["message"] = response["message"]
        body = response.get("body") or {}
        if command == "setBreakpoints":  # JupyterLab lists none without its source
            for each in body.get("breakpoints", []):
                each.setdefault("source", dict(arguments.get("source") or {}))
        if command == "stackTrace":  # and shows no stack at all if one frame has no source
            for each in body.get("stackFrames", []):
                each.setdefault("source", _source_of_none(each))
        return {**answer, "body": body}

    def _note(self, command: str, arguments: Mapping[str, Any]) -> None:
        match command:
            case "attach":
                self._is_started = True
            case "setBreakpoints":
                path = str((arguments.get("source") or {}).get("path"))
                self._breakpoints[path] = list(arguments.get("breakpoints") or [])
            case "setExceptionBreakpoints":
                self._filters = list(arguments.get("filters") or [])

    def _hear(self, event: dict[str, Any]) -> None:
        body = event.get("body") or {}
        match event.get("event"):
            case "stopped":
                self._stopped.add(int(body.get("threadId") or 0))
            case "continued" | "terminated":
                self._stopped.clear()
            case "output":
                return  # the notebook has it already, as a stream
            case "initialized":
                self._initialized = event
                return
        self._tell(event)

    # --- what Jupyter adds ------------------------------------------------------------------------

    async def _debug_info(self, _: Mapping[str, Any]) -> Body:
        """What a notebook needs to begin, and to find its way back after a reload."""
        return {
            "isStarted": self._is_started,
            "hashMethod": HASH_METHOD,
            "hashSeed": HASH_SEED,
            "tmpFilePrefix": self._cells.prefix,
            "tmpFileSuffix": SUFFIX,
            "breakpoints": [
                {"source": path, "breakpoints": found}
                for path, found in {**self._remembered(), **self._breakpoints}.items()
                if found
            ],
            "stoppedThreads": sorted(self._stopped),
            "richRendering": True,
            "exceptionPaths": [*(self._filters or self._host.remembered_filters)],
            "copyToGlobals": True,
        }

    def _remembered(self) -> dict[str, list[dict[str, Any]]]:
        """Those that count since an earlier run, until the notebook sets its own in their file."""
        return {
            each.path: [_as_asked(request) for request in each.requests]
            for each in self._host.remembered_lines
        }

    async def _dump_cell(self, arguments: Mapping[str, Any]) -> Body:
        return {"sourcePath": self._cells.write(_text(arguments, "code"))}

    async def _inspect_variables(self, _: Mapping[str, Any]) -> Body:
        """The globals of the program, without the library."""
        if self._link is None or not self._is_started:
            return {"variables": []}
        scope = await self._debuggee.global_scope()
        response = await self._link.ask("variables", {"variablesReference": scope.reference})
        found = (response.get("body") or {}).get("variables", [])
        return {"variables": [each for each in found if not _is_for_others(each)]}

    async def _rich_inspect(self, arguments: Mapping[str, Any]) -> Body:
        frame = arguments.get("frameId")
        name = str(arguments.get("variableName", ""))
        said = arguments.get("limits") or {}
        limits = {key: int(said[key]) for key in ("entries", "depth") if key in said}
        data = await self._display(name, None if frame is None else FrameId(int(frame)), limits)
        return {"data": dict(data), "metadata": {}}

    async def _copy_to_globals(self, arguments: Mapping[str, Any]) -> Body:
        frame = arguments.get("srcFrameId")
        await self._copy(
            _text(arguments, "srcVariableName"),
            _text(arguments, "dstVariableName"),
            None if frame is None else FrameId(int(frame)),
        )
        return {}

    async def _modules(self, _: Mapping[str, Any]) -> Body:
        """Asked for also where the capability says no (JupyterLab, after ``continue``)."""
        if self._link is None or not self._is_started:
            return {"modules": [], "totalModules": 0}
        response = await self._link.ask("modules", {})
        return response.get("body") or {"modules": [], "totalModules": 0}

    async def _source(self, arguments: Mapping[str, Any]) -> Body:
        """A notebook asks by path, also for cells."""
        path = str((arguments.get("source") or {}).get("path") or "")
        text = self._cells.read(path)
        if text is not None:
            return {"content": text, "mimeType": "text/x-lua"}
        if self._link is None:
            raise UserError(ALONE)
        reference = arguments.get("sourceReference", 0)
        response = await self._link.ask("source", {"sourceReference": reference, **arguments})
        if not response.get("success"):
            raise UserError(str(response.get("message") or f"There is no source {path}."))
        return dict(response["body"])


def _text(arguments: Mapping[str, Any], name: str) -> str:
    """An argument that has to be there; raises `UserError`."""
    said = arguments.get(name)
    if not isinstance(said, str):
        raise UserError(f"{name} is {'missing' if said is None else repr(said)}; it is a text.")
    return said


def _as_asked(request: BreakpointRequest) -> dict[str, Any]:
    """A breakpoint in the words of ``setBreakpoints``."""
    said = {
        "line": request.line,
        "column": request.column,
        "condition": request.condition,
        "hitCondition": request.hit_condition,
        "logMessage": request.log_message,
    }
    return {name: value for name, value in said.items() if value is not None}


def _source_of_none(frame: Mapping[str, Any]) -> dict[str, str]:
    """What stands for the source of a function that is not written in Lua, or of no function."""
    is_function = frame.get("presentationHint") != "label"
    return {"path": "[C]" if is_function else ""}


def _is_for_others(variable: Mapping[str, Any]) -> bool:
    """The library, and the results of cells (``_``, ``_3``), which the notebook shows itself."""
    is_internal = (variable.get("presentationHint") or {}).get("visibility") == "internal"
    return is_internal or _RESULT.fullmatch(str(variable.get("name"))) is not None


def _continued(response: Mapping[str, Any]) -> dict[str, Any]:
    """DAP spares the client that resumed this event; of notebooks there may be several."""
    body = {"threadId": 1, "allThreadsContinued": True}
    return {"type": "event", "seq": response["seq"], "event": "continued", "body": body}


class _Link:
    """Requests to a `ClientSession` in this process."""

    def __init__(self, host: SharedHost, hear: TellEvent) -> None:
        self._hear = hear
        self._end, other = memory_pair()
        self._numbers = itertools.count(1)
        self._waiting: dict[int, tuple[str, asyncio.Future[dict[str, Any]]]] = {}
        self._session = asyncio.ensure_future(host.serve(other))
        self._reading = asyncio.ensure_future(self._read(self._end))

    async def ask(self, command: str, arguments: Mapping[str, Any] | None) -> dict[str, Any]:
        """The response; a failure where the session has ended."""
        number = next(self._numbers)
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = command, future
        request = {"seq": number, "type": "request", "command": command}
        if arguments is not None:
            request["arguments"] = arguments
        await self._end.send(encode(request))
        if self._reading.done():
            return {"success": False, "message": ALONE}
        return await future

    async def break_off(self) -> None:
        """Cancel what has not been answered, as far as it can be."""
        for number in list(self._waiting):
            await self.ask("cancel", {"requestId": number})

    async def _read(self, end: MemoryTransport) -> None:
        wire = Wire()
        try:
            while data := await end.receive():
                for message in wire.feed(data):
                    if not isinstance(message, WireError):
                        self._receive(message)
        finally:
            for _, future in self._waiting.values():
                if not future.done():
                    future.set_result({"success": False, "message": ALONE})

    def _receive(self, message: dict[str, Any]) -> None:
        if message.get("type") == "event":
            self._hear(message)
        elif message.get("type") == "response":
            command, future = self._waiting.pop(message["request_seq"])
            if not future.done():
                future.set_result(message)
            if command in _RESUMING and message.get("success"):
                self._hear(_continued(message))

    async def close(self) -> None:
        """Hang up; the session takes its breakpoints away."""
        await self._end.close()
        with contextlib.suppress(Exception):
            await self._session
        await self._reading
