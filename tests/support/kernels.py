"""A kernel to be tested: any engine, reached in any way, with all that its clients hear."""

import asyncio
import os
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jsonschema import ValidationError
from jupyter_kernel_test.msgspec_v5 import schema_fragments, validate_message

from kernel.api import KernelParts, ServeSettings, connect_to_kernel, make_kernel
from kernel.execution.cells import Listener, Room
from kernel.execution.engine import ScriptDoor, ScriptEngine
from kernel.jupyter.connection import ConnectionInfo
from kernel.jupyter.handle import Execution, KernelHandle
from kernel.jupyter.kernel import JupyterKernel
from kernel.jupyter.line_clients import serve_lines
from kernel.jupyter.links import LineLink
from kernel.jupyter.messages import Channel, Message
from kernel.jupyter.server import KernelServer
from kernel.transport.stdio import StdioTransport
from llmspell.lua_programs import LuaPrograms
from tests.support.toy_engine import ToyEngine

DEADLINE = 10.0
LOCAL = ("127.0.0.1", 0)

WAYS = ("memory", "zmq", "tcp", "websocket", "stdio")


@dataclass(frozen=True)
class Speech:
    """How one language says what stories need; ``ask`` prints ``got`` and the line."""

    name: str
    say: str
    warn: str
    value: str
    keep: str
    fail: str
    ask: str
    loop: str
    wrong: str = "!!!"
    unfinished: str = "x \\"

    def cell(self, *statements: str) -> str:
        """Several statements."""
        return "\n".join(statements)


TOY = Speech(
    name="toy",
    say="print {}",
    warn="warn {}",
    value="answer = 42\nanswer",
    keep="{} = {}",
    fail="fail {}",
    ask="ask {}",
    loop="print begun\nloop",
)

LUA = Speech(
    name="lua",
    say="print('{}')",
    warn="io.stderr:write('{}\\n')",
    value="answer = 42\nreturn answer",
    keep="{} = {}",
    fail="error('{}', 0)",
    ask="print('got ' .. tostring(io.read() or 'nothing')) --{}",
    loop="print('begun') while true do end",
    wrong="x = = 1",
    unfinished="for i = 1, 2 do",
)


class Probe:
    """A client that keeps all it hears, and checks that it is as the specification says."""

    def __init__(self, handle: KernelHandle) -> None:
        self.handle = handle
        self.client = handle.client
        self.messages: list[Message] = []
        self.problems: list[str] = []
        """What the specification has against messages that came."""
        self._news = asyncio.Event()
        self.client.hear_all = self._hear

    async def run(self, code: str, **how: Any) -> Execution:
        """Run a cell to its end."""
        return await asyncio.wait_for(self.handle.execute(code, **how), DEADLINE)

    async def ask(
        self, kind: str, content: dict[str, Any], channel: str = Channel.SHELL, **more: Any
    ) -> dict[str, Any]:
        """The content of the reply to any request."""
        asking = self.client.request(channel, kind, content, **more)
        return dict((await asyncio.wait_for(asking, DEADLINE)).content)

    def send(self, code: str, **how: Any) -> Message:
        """Send a cell and wait for nothing."""
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": True,
            **how,
        }
        message = self.client.write(Channel.SHELL, "execute_request", content)
        self.client.send(message)
        return message

    async def reply_to(self, message: Message) -> dict[str, Any]:
        """The reply to what was sent."""
        found = await self.until(
            lambda each: (
                each.channel in (Channel.SHELL, Channel.CONTROL)
                and each.parent_header.get("msg_id") == message.id
            )
        )
        return dict(found.content)

    async def until(self, wanted: Callable[[Message], bool]) -> Message:
        """The first message, heard already or not yet, that is wanted."""
        async with asyncio.timeout(DEADLINE):
            while True:
                for message in self.messages:
                    if wanted(message):
                        return message
                self._news.clear()
                await self._news.wait()

    async def until_published(self, kind: str, **content: Any) -> Message:
        """The first message of a kind on iopub or stdin that has this content."""
        return await self.until(
            lambda each: (
                each.type == kind
                and each.channel in (Channel.IOPUB, Channel.STDIN)
                and content.items() <= each.content.items()
            )
        )

    def answer(self, line: str) -> None:
        """Answer a question."""
        self.client.send(self.client.write(Channel.STDIN, "input_reply", {"value": line}))

    async def idle_after(self, message: Message) -> None:
        """Wait until all about a request has been heard."""
        await self.until(
            lambda each: (
                each.type == "status"
                and each.content["execution_state"] == "idle"
                and each.parent_header.get("msg_id") == message.id
            )
        )

    def published(self, *, about: str | None = None) -> list[tuple[str, dict[str, Any]]]:
        """Types and contents of what was heard on iopub, about one request or all."""
        return [
            (each.type, dict(each.content))
            for each in self.messages
            if each.channel == Channel.IOPUB
            and (about is None or each.parent_header.get("msg_id") == about)
        ]

    def _hear(self, message: Message) -> None:
        try:
            check(message)
        except ValidationError as error:
            self.problems.append(f"{message.type}: {error}")
        self.messages.append(message)
        self._news.set()


def check(message: Message) -> None:
    """Raises what the specification's schema has against a message."""
    content, kind = message.content, message.type
    if content.get("status") == "aborted" or content.get("execution_state") == "restarting":
        return  # words of the specification that the schema has not
    if kind == "is_complete_reply" and content["status"] == "error":
        return  # nor that every request can fail
    parts = {**message.parts(), "buffers": list(message.buffers)}
    if kind == "input_request":  # the schema takes a number for what the specification calls true
        parts["content"] = {**content, "password": int(content["password"])}
    if kind in schema_fragments:
        validate_message(parts, kind)


class Place:
    """A kernel and the way to it."""

    def __init__(self, way: str, speech: Speech, folder: Path, parts: KernelParts) -> None:
        self.way, self.speech = way, speech
        self.folder = folder
        self._parts = parts
        self._stack = AsyncExitStack()
        self.kernel: JupyterKernel
        self.server: KernelServer | None = None
        self.info = ConnectionInfo()
        self.probes: list[Probe] = []

    async def open(self) -> "Place":
        """Start the kernel."""
        self.kernel = await make_kernel(self._parts)
        self._stack.push_async_callback(self._end)
        settings = ServeSettings(
            connection_file=self.folder / "kernel-test.json",
            zmq=self.way == "zmq",
            tcp=LOCAL if self.way == "tcp" else None,
            ws=LOCAL if self.way == "websocket" else None,
        )
        if self.way in ("zmq", "tcp", "websocket"):
            self.server = KernelServer(self.kernel, settings)
            self.info = await self.server.start()
        return self

    @property
    def engine(self) -> Any:
        """The engine under it, for a toy's gates."""
        return self.kernel.manager.engine

    async def connect(self, **how: Any) -> Probe:
        """Another client."""
        handle = await connect_to_kernel(await self._target(), deadline=DEADLINE, **how)
        self._stack.push_async_callback(handle.close)
        self.probes.append(Probe(handle))
        return self.probes[-1]

    async def close(self) -> None:
        """Let all clients leave and the kernel end; nothing wrong may have been heard."""
        await self._stack.aclose()
        assert [] == [problem for each in self.probes for problem in each.problems]

    async def _target(self) -> Any:
        match self.way:
            case "memory":
                return self.kernel
            case "zmq":
                return self.folder / "kernel-test.json"
            case "tcp":
                return f"tcp://{self.info.llmspell_tcp}"
            case "websocket":
                return f"ws://{self.info.llmspell_ws}"
        return LineLink(await self._pipes(), "")

    async def _pipes(self) -> StdioTransport:
        (to_read, to_write), (from_read, from_write) = os.pipe(), os.pipe()
        ours = StdioTransport(to_read, from_write)
        serving = asyncio.create_task(serve_lines(self.kernel, ours, b"", "stdio"))
        self._stack.push_async_callback(asyncio.wait, [serving])
        return StdioTransport(from_read, to_write)

    async def _end(self) -> None:
        if self.server is not None:
            await self.server.close()
        else:
            await self.kernel.close()


def parts_of(speech: Speech, **more: Any) -> KernelParts:
    """A kernel of one language."""

    def toy(listener: Listener, door: ScriptDoor, room: Room) -> ScriptEngine:
        return ToyEngine(listener, door, room)

    if speech is TOY:
        return replace(KernelParts(toy), grace=0.3, **more)
    lua = LuaPrograms("5.4")
    parts = KernelParts(lua.make_engine, cell_path=lua.files.path, when_closed=lua.close)
    return replace(parts, grace=0.3, **more)
