"""KernelHandle: a kernel as an object, wherever it runs; every method is one request."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kernel.core.language import LanguageInfo
from kernel.events.model import Display
from kernel.execution.engine import (
    Call,
    Completeness,
    CompletenessStatus,
    Completion,
    ScriptError,
)
from kernel.execution.history import HistoryEntry
from kernel.jupyter.client import KernelClient, RequestFailed
from kernel.jupyter.connection import ConnectionInfo
from kernel.jupyter.debugger import KernelDebugger, body_of
from kernel.jupyter.kernel import JupyterKernel
from kernel.jupyter.messages import Channel, Message, as_dictionary
from kernel.jupyter.router import METADATA

IDLE = 5.0
"""Seconds the end of a cell's output may come after its reply."""

AnswerInput = Callable[[str, bool], Awaitable[str | None]]
"""Given the prompt and whether the answer is secret; the line, or None for the end of input."""


@dataclass(slots=True)
class Execution:
    """What became of a cell."""

    status: str = ""
    """``ok``, ``error``, or ``aborted``."""
    number: int = 0
    stdout: str = ""
    stderr: str = ""
    result: Display | None = None
    values: list[Any] | None = None
    """What it returned, as JSON has it; None where nobody asked, or the kernel does not tell."""
    displays: list[Display] = field(default_factory=list)
    error: ScriptError | None = None
    expressions: dict[str, Display | ScriptError] = field(default_factory=dict)
    payload: list[dict[str, Any]] = field(default_factory=list)
    reply: dict[str, Any] = field(default_factory=dict)
    """The ``execute_reply``, as jupyter_client gives it; ``execution["content"]`` works, too."""

    def __getitem__(self, name: str) -> Any:
        """A part of the reply, for code that was written for jupyter_client."""
        return self.reply[name]

    @property
    def exit_code(self) -> int | None:
        """The status of ``os.exit``, after which the kernel ends; None if the cell ended."""
        return next((int(each["exit_code"]) for each in self.payload if "exit_code" in each), None)


__all__ = ("AnswerInput", "Execution", "KernelHandle", "RequestFailed", "opened")


class KernelHandle:
    """A client of one kernel. Used on the loop's thread; to be closed, or used ``async with``."""

    def __init__(
        self,
        client: KernelClient,
        language: LanguageInfo,
        when_closed: Callable[[], Awaitable[None]] | None = None,
        kernel: JupyterKernel | None = None,
        connection: ConnectionInfo | None = None,
    ) -> None:
        self.client, self.language = client, language
        self.kernel = kernel
        """The kernel itself, where it runs in this process."""
        self.connection = connection
        """Where others find the kernel, if it is served to them from here."""
        self._when_closed = when_closed

    # --- running --------------------------------------------------------------------------------

    async def execute(
        self,
        code: str,
        *,
        silent: bool = False,
        store_history: bool = True,
        expressions: Mapping[str, str] | None = None,
        stop_on_error: bool = True,
        answer_input: AnswerInput | None = None,
        hear: Callable[[Message], None] | None = None,
        session_type: str | None = None,
        path: str | None = None,
        arguments: Sequence[str] | None = None,
        call: Call | None = None,
        tells_values: bool = False,
    ) -> Execution:
        """Run a cell to its end; an error of the code is part of what is returned.

        ``hear`` is called with each message about the cell as it comes. Without ``answer_input``
        code that asks for input gets an error. ``arguments`` are what a script finds as its own,
        and ``call`` what it finds in globals besides.
        ``tells_values``: what it returns is wanted as data as well, which kernels of ours tell.
        Raises `KernelLost`.
        """
        content = {
            "code": code,
            "silent": silent,
            "store_history": store_history,
            "user_expressions": dict(expressions or {}),
            "allow_stdin": answer_input is not None,
            "stop_on_error": stop_on_error,
        }
        words = None if arguments is None else [*arguments]
        said: dict[str, Any] = {"session_type": session_type, "path": path, "arguments": words}
        said["values"] = tells_values or None
        if call is not None:
            said |= {"script": call.script, "before": [*call.before]}
        own = {name: value for name, value in said.items() if value is not None}
        metadata = {METADATA: own} if own else None
        message = self.client.write(Channel.SHELL, "execute_request", content, metadata=metadata)
        return await _Run(self.client, message, answer_input, hear).run()

    async def interrupt(self, *, force: bool = False) -> None:
        """End the cell that runs; returns when the kernel has understood.

        ``force``: at once; a cell that hears no interrupt costs the program its variables.
        """
        content = {"force": True} if force else {}
        await self._ask(Channel.CONTROL, "interrupt_request", content)

    # --- looking --------------------------------------------------------------------------------

    async def complete(self, code: str, cursor: int | None = None) -> list[Completion]:
        """Ways to go on at ``cursor`` (code points; the end of the code by default)."""
        content = {"code": code, "cursor_pos": len(code) if cursor is None else cursor}
        said = await self._ask(Channel.SHELL, "complete_request", content)
        start, end = int(said["cursor_start"]), int(said["cursor_end"])
        kinds = said.get("metadata", {}).get("_jupyter_types_experimental", [])
        more = {each.get("text"): each for each in kinds}
        return [
            Completion(
                text,
                start,
                end,
                str(more.get(text, {}).get("type", "")),
                str(more.get(text, {}).get("signature", "")),
            )
            for text in said["matches"]
        ]

    async def inspect(
        self, code: str, cursor: int | None = None, detail: int = 0, *, frame: int | None = None
    ) -> Display | None:
        """What is known of the thing at ``cursor``; None if nothing is.

        ``frame``: the number of the one in which names are looked up (`debugger`), in a kernel of
        ours that stands.
        """
        position = len(code) if cursor is None else cursor
        content = {"code": code, "cursor_pos": position, "detail_level": detail}
        metadata = None if frame is None else {METADATA: {"frame": frame}}
        said = await self._ask(Channel.SHELL, "inspect_request", content, metadata)
        return Display(said["data"], said["metadata"]) if said["found"] else None

    async def is_complete(self, code: str) -> Completeness:
        """Whether the code is whole."""
        said = await self._ask(Channel.SHELL, "is_complete_request", {"code": code})
        with contextlib.suppress(ValueError):
            return Completeness(CompletenessStatus(said["status"]), said.get("indent", ""))
        return Completeness(CompletenessStatus.COMPLETE)  # a kernel that does not know

    async def history(
        self,
        kind: str = "tail",
        *,
        count: int | None = None,
        session: int = 0,
        start: int = 0,
        stop: int | None = None,
        pattern: str = "*",
        unique: bool = False,
    ) -> list[HistoryEntry]:
        """Cells that were run: the last (``tail``), of a ``range``, or those a ``search`` finds."""
        content = {
            "hist_access_type": kind,
            "output": True,
            "raw": True,
            "session": session,
            "start": start,
            "stop": stop,
            "n": count,
            "pattern": pattern,
            "unique": unique,
        }
        said = await self._ask(
            Channel.SHELL,
            "history_request",
            {name: value for name, value in content.items() if value is not None},
        )
        return [HistoryEntry(number, line, *code) for number, line, code in said["history"]]

    async def clear_history(self) -> None:
        """Forget all cells that were run, also those of earlier kernels with this history."""
        await self._ask(Channel.SHELL, "history_request", {"hist_access_type": "clear"})

    async def info(self) -> Mapping[str, Any]:
        """What the kernel says of itself (the content of ``kernel_info_reply``)."""
        return await self._ask(Channel.CONTROL, "kernel_info_request", {})

    # --- the rest -------------------------------------------------------------------------------

    async def debug(
        self, command: str, arguments: Mapping[str, Any] | None = None
    ) -> Mapping[str, Any]:
        """A request of the Debug Adapter Protocol; the response's body. Raises `RequestFailed`."""
        content = {"type": "request", "seq": 0, "command": command, "arguments": arguments or {}}
        reply = await self.client.request(Channel.CONTROL, "debug_request", content)
        return body_of(reply)

    def debugger(self, hear: Callable[[dict[str, Any]], None]) -> "KernelDebugger":
        """A debugger of this client alone; ``hear`` is told its DAP events. To be opened."""
        return KernelDebugger(self.client, hear)

    async def sessions(self, action: str = "list", **arguments: Any) -> Mapping[str, Any]:
        """Ask for the kernel's sessions (``session_request``); raises `RequestFailed`."""
        content = {"action": action, **arguments}
        return await self._ask(Channel.CONTROL, "session_request", content)

    async def state(self, action: str = "show", **arguments: Any) -> Mapping[str, Any]:
        """Ask for what the kernel keeps (``state_request``); raises `RequestFailed`."""
        content = {"action": action, **arguments}
        return await self._ask(Channel.CONTROL, "state_request", content)

    async def shutdown(self, *, restart: bool = False) -> None:
        """End the kernel; returns when it has understood."""
        await self._ask(Channel.CONTROL, "shutdown_request", {"restart": restart})

    async def is_alive(self) -> bool:
        """Whether the kernel's process answers."""
        return await self.client.link.is_alive()

    async def close(self) -> None:
        """Leave the kernel; one that was started for this handle ends. Harmless twice."""
        await self.client.close()
        when_closed, self._when_closed = self._when_closed, None
        if when_closed is not None:
            await when_closed()

    async def __aenter__(self) -> "KernelHandle":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _ask(
        self,
        channel: Channel,
        kind: str,
        content: Mapping[str, Any],
        metadata: Mapping[str, Any] | None = None,
    ) -> Mapping[str, Any]:
        reply = await self.client.request(channel, kind, content, metadata=metadata)
        if reply.content.get("status") == "error":
            raise RequestFailed(str(reply.content.get("evalue", "refused")))
        return reply.content


class _Run:
    """One cell, from its request to the end of its output."""

    def __init__(
        self,
        client: KernelClient,
        message: Message,
        answer_input: AnswerInput | None,
        hear: Callable[[Message], None] | None,
    ) -> None:
        self._client, self._message = client, message
        self._answer_input, self._hear = answer_input, hear
        self._found = Execution()
        self._stdout: list[str] = []
        self._stderr: list[str] = []
        self._idle = asyncio.Event()
        self._answering: set[asyncio.Task[None]] = set()

    async def run(self) -> Execution:
        """Send the request and gather what comes."""
        try:
            reply = await self._client.ask(self._message, self._told)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._idle.wait(), IDLE)
        finally:
            self._client.forget(self._message)
            for task in self._answering:
                task.cancel()
        return self._finished(reply)

    def _finished(self, reply: Message) -> Execution:
        found, said = self._found, reply.content
        found.reply = as_dictionary(reply)
        found.stdout, found.stderr = "".join(self._stdout), "".join(self._stderr)
        found.status = str(said.get("status"))
        found.number = int(said.get("execution_count") or 0)
        found.payload = list(said.get("payload", ()))
        found.values = said.get(METADATA, {}).get("values")
        if found.status == "error":
            found.error = _error(said)
        for name, value in said.get("user_expressions", {}).items():
            ok = value.get("status") == "ok"
            found.expressions[name] = _display(value) if ok else _error(value)
        return found

    def _told(self, message: Message) -> None:
        if self._hear is not None:
            self._hear(message)
        content = message.content
        match message.type:
            case "stream" if content["name"] == "stderr":
                self._stderr.append(content["text"])
            case "stream":
                self._stdout.append(content["text"])
            case "execute_result":
                self._found.result = _display(content)
            case "display_data" | "update_display_data":
                self._found.displays.append(_display(content))
            case "input_request":
                self._answer(message)
            case "status" if content["execution_state"] == "idle":
                self._idle.set()

    def _answer(self, question: Message) -> None:
        async def answer() -> None:
            line = None
            if self._answer_input is not None:
                prompt, secret = question.content["prompt"], question.content["password"]
                line = await self._answer_input(prompt, secret)
            content = {"value": "\x04" if line is None else line}
            self._client.send(
                self._client.write(Channel.STDIN, "input_reply", content, parent=question.header)
            )

        task = asyncio.ensure_future(answer())
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)


def _display(said: Mapping[str, Any]) -> Display:
    return Display(said["data"], said.get("metadata", {}))


def _error(said: Mapping[str, Any]) -> ScriptError:
    return ScriptError(said["ename"], said["evalue"], tuple(said.get("traceback", ())))


@contextlib.asynccontextmanager
async def opened(client: KernelClient, deadline: float, spent: float = 0) -> AsyncIterator[Message]:
    """Connect and wait until the kernel is ready; closes the client if that fails.

    ``spent`` seconds of the deadline have gone.
    """
    try:
        yield await client.open_ready(deadline, spent)
    except BaseException:
        await client.close()
        raise
