"""A notebook and its debugger at one program, as stories drive them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from dap_server.notebook import NotebookDebugger
from dap_server.shared_host import SharedHost
from kernel.core.settings import DebugSettings
from kernel.debug.sharing import SharedProgram
from kernel.events import model as e
from kernel.execution.cell_files import CellFiles
from kernel.execution.engine import Cell, Outcome
from lua_debug.session import LuaSession
from tests.support.notebook import Answers
from tests.support.schema import check_frame

DEADLINE = 20.0


class Notebook:
    """A kernel's session, and notebooks that debug it."""

    def __init__(self, lua: str, files: CellFiles) -> None:
        self.files = files
        self.printed = ""
        settings, folder = DebugSettings(lua=lua), files.prefix
        self.door = Answers()
        self.session = LuaSession(settings, self._hear, self.door, cells_folder=folder)
        self.program = SharedProgram(self.session.debuggee)
        self.host = SharedHost(self.program, "the kernel", (".", ":"))
        self._count = 0

    def _hear(self, event: e.KernelEvent) -> None:
        if isinstance(event, e.OutputWritten):
            self.printed += event.text
        self.program.core.listen(event)

    async def until_printed(self, text: str) -> None:
        """Wait until the program has written this."""
        async with asyncio.timeout(DEADLINE):
            while text not in self.printed:
                await asyncio.sleep(0.005)

    def run(self, code: str) -> "asyncio.Task[Outcome]":
        self._count += 1
        cell = Cell(code, self.files.write(code), self._count)
        return asyncio.ensure_future(self.session.execute(cell))

    def debugger(self) -> "Debugger":
        return Debugger(self)


class Debugger:
    """What JupyterLab has: requests, answers and events."""

    def __init__(self, notebook: Notebook) -> None:
        self._events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.notebook, session = notebook, notebook.session
        self._seq = 0
        self.end = NotebookDebugger(
            notebook.host,
            session.debuggee,
            notebook.files,
            self._events.put_nowait,
            session.display,
            session.copy_to_globals,
        )

    async def send(self, command: str, **arguments: Any) -> dict[str, Any]:
        self._seq = number = self._seq + 1
        request = {"type": "request", "seq": number, "command": command, "arguments": arguments}
        response = await asyncio.wait_for(self.end.handle(request), DEADLINE)
        assert (number, command) == (response["request_seq"], response["command"])
        return response

    def begin(self, command: str, **arguments: Any) -> "asyncio.Task[dict[str, Any]]":
        return asyncio.ensure_future(self.send(command, **arguments))

    async def cancel_last(self) -> None:
        await self.ask("cancel", requestId=self._seq)

    async def ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        response = await self.send(command, **arguments)
        assert response["success"], response
        return response["body"]

    async def start(self, *filters: str) -> None:
        await self.ask("debugInfo")
        await self.ask(
            "initialize",
            clientID="jupyterlab",
            clientName="JupyterLab",
            adapterID="",
            pathFormat="path",
            linesStartAt1=True,
            columnsStartAt1=True,
            supportsVariableType=True,
            supportsVariablePaging=True,
            supportsRunInTerminalRequest=True,
            locale="en",
        )
        await self.ask("attach")
        await self.ask("setExceptionBreakpoints", filters=list(filters))
        await self.ask("inspectVariables")

    async def break_at(self, code: str, *lines: int, **more: Any) -> list[dict[str, Any]]:
        path = (await self.ask("dumpCell", code=code))["sourcePath"]
        await self.ask("debugInfo")
        wanted = [{"line": line, **more} for line in lines]
        answer = await self.ask(
            "setBreakpoints", source={"path": path}, breakpoints=wanted, sourceModified=False
        )
        return answer["breakpoints"]

    async def event(self, name: str) -> dict[str, Any]:
        while True:
            event = await asyncio.wait_for(self._events.get(), DEADLINE)
            check_frame("received", event)
            if event["event"] == name:
                return event["body"]

    def heard(self) -> list[str]:
        """The names of the events that nobody has waited for."""
        names = []
        while not self._events.empty():
            names.append(str(self._events.get_nowait()["event"]))
        return names

    @property
    def has_heard_nothing(self) -> bool:
        return self._events.empty()

    async def top(self, thread: int = 1) -> Mapping[str, Any]:
        return (await self.ask("stackTrace", threadId=thread))["stackFrames"][0]

    async def locals(self) -> dict[str, str]:
        scopes = (await self.ask("scopes", frameId=(await self.top())["id"]))["scopes"]
        found = await self.ask("variables", variablesReference=scopes[0]["variablesReference"])
        return {each["name"]: each["value"] for each in found["variables"]}


Story = Callable[[Notebook], Awaitable[None]]


def teller(lua: str, folder: Path) -> Callable[[Story], None]:
    """What runs a story with a kernel of its own; the files of its cells lie in ``folder``."""

    @contextlib.asynccontextmanager
    async def opened() -> AsyncIterator[Notebook]:
        notebook = Notebook(lua, CellFiles(str(folder)))
        await notebook.session.start()
        try:
            yield notebook
        finally:
            await notebook.session.close()
            notebook.files.close()

    def run(story: Story) -> None:
        async def whole() -> None:
            async with opened() as notebook:
                await story(notebook)

        asyncio.run(whole())

    return run
