"""One kernel, several doors: a REPL, an editor and a notebook see the same stop."""

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from dap_server.client import DapClient
from kernel.api import ServeSettings, connect_to_kernel, make_kernel
from kernel.jupyter.kernel import JupyterKernel
from kernel.jupyter.server import KernelServer
from kernel.repl.commands import all_commands
from kernel.repl.repl import Repl
from kernel.repl.settings import ReplSettings
from kernel.repl.simple import SimpleTerminal
from llmspell.kernel_debug import DebugDoor
from llmspell.kernels import lua_kernel
from llmspell.lua_programs import LuaPrograms
from llmspell.lua_repl import LuaRepl
from tests.support.repls import has_in_order, script, typed
from tests.support.schema import check_frame

pytestmark = pytest.mark.anyio

PROGRAM = "local a = 1\nlocal b = a + 1\nlocal c = b + 1\nprint('c is', c)\n"
DEADLINE = 30.0


class Served:
    """A kernel, with a door for editors."""

    def __init__(self, kernel: JupyterKernel, server: KernelServer, port: int) -> None:
        self.kernel, self.server, self.port = kernel, server, port
        self._is_over = False

    async def end(self) -> None:
        """As a signal ends it; harmless twice."""
        if not self._is_over:
            self._is_over = True
            self.kernel.end("a signal")
            await self.server.close()

    def target(self, way: str) -> Any:
        """Where clients come in."""
        info = self.server.info
        return {
            "memory": self.kernel,
            "zmq": info,
            "tcp": f"tcp://{info.llmspell_tcp}",
            "ws": f"ws://{info.llmspell_ws}",
        }[way]


@pytest.fixture
async def served(tmp_path: Path, monkeypatch, anyio_backend) -> AsyncIterator[Served]:
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    programs = LuaPrograms("5.4", libraries="full")
    kernel = await make_kernel(lua_kernel(programs=programs))
    local = ("127.0.0.1", 0)
    settings = ServeSettings(connection_file=tmp_path / "kernel-test.json", tcp=local, ws=local)
    server = KernelServer(kernel, settings)
    await server.start()
    door = DebugDoor(lambda: programs.program, "The kernel")
    _, port = await door.open(*local)
    made = Served(kernel, server, port)
    yield made
    await made.end()


class Typist:
    """A REPL in which a line is typed when the story comes to it."""

    def __init__(self, served: Served, way: str = "memory") -> None:
        self.served, self.way = served, way
        self.output = io.StringIO()
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()

    async def __aenter__(self) -> "Typist":
        self.handle = await connect_to_kernel(self.served.target(self.way))
        terminal = SimpleTerminal(io.StringIO(), self.output)
        terminal.read = self._lines.get  # type: ignore[method-assign] # a person, not a file
        terminal.patience = 0.05
        settings = ReplSettings(
            greets=False, stops_on_errors=False, is_shared=True, shows_stops=True
        )
        self.repl = Repl(self.handle, terminal, LuaRepl(), all_commands(), settings)
        self.running = asyncio.create_task(self.repl.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._lines.put_nowait(None)
        await asyncio.wait_for(self.running, DEADLINE)
        await self.handle.close()

    async def type(self, line: str, wanted: str) -> None:
        """A line, and what is written because of it."""
        self._lines.put_nowait(line)
        if wanted:
            await self.until(wanted)

    async def until(self, wanted: str) -> None:
        """Wait until it is written, behind what was waited for before."""
        async with asyncio.timeout(DEADLINE):
            while wanted not in self.output.getvalue():
                await asyncio.sleep(0.01)
        _, _, rest = self.output.getvalue().partition(wanted)
        self.output.seek(0)
        self.output.truncate()
        self.output.write(rest)


async def test_all_see_one_stop(served: Served, tmp_path: Path) -> None:
    """Each with breakpoints of its own; whoever goes on goes on for all, and sets for all.

    So does a REPL in which nothing has been debugged.
    """
    path = script(tmp_path, PROGRAM)
    notebook = await connect_to_kernel(served.kernel)
    await notebook.debug("initialize", {"adapterID": "x"})
    await notebook.debug("attach", {})
    where = {"source": {"path": str(path)}, "breakpoints": [{"line": 3}]}
    await notebook.debug("setBreakpoints", where)
    with DapClient.connect(served.port, check=check_frame, deadline=DEADLINE) as editor:
        await asyncio.to_thread(editor.attach)
        await asyncio.to_thread(editor.break_at, path, 4)
        async with Typist(served) as repl, Typist(served, "zmq") as watcher:
            await repl.type(".break script.lua:2", "Breakpoint 1")
            await repl.type(".run script.lua", "Breakpoint 1, main chunk at script.lua:2")
            await watcher.until("main chunk at script.lua:2")
            await watcher.type("p a", "1")
            stop = await asyncio.to_thread(editor.wait_for_stop)
            assert 2 == stop.line
            assert 2 == await _line(notebook)
            await repl.type("set a = 10", "a = 10")
            assert "10" == await asyncio.to_thread(editor.evaluate, "a")
            await notebook.debug("continue", {"threadId": 1})
            await repl.until("main chunk at script.lua:3")
            await watcher.until("main chunk at script.lua:3")
            assert 3 == await _line(notebook)
            await asyncio.to_thread(editor.send, "continue", {"threadId": 1})
            await repl.until("->   4")
            await repl.type("p c", "12")
            await watcher.until("main chunk at script.lua:4")
            await watcher.type("c", "c is\t12")
            await repl.until("c is\t12")
        await asyncio.to_thread(editor.disconnect)
    await notebook.close()


@pytest.mark.parametrize("way", ["memory", "zmq", "tcp", "ws"])
async def test_who_comes_while_the_program_stands(served: Served, way: str) -> None:
    """Is shown where, without having asked for anything, and can go on."""
    async with Typist(served) as first:
        await first.type("function f(n) local m = n * 2 return m end", "")
        await first.type(".break f", "Breakpoint 1 at f")
        await first.type("print('result', f(4))", "Breakpoint 1, f(n = 4) at In[1]:1")
        async with Typist(served, way) as second:
            await second.until("Stopped (function breakpoint), f(n = 4) at In[1]:1")
            await second.type("p n + 1", "5")
            await second.type("c", "] result\t8")
        await first.until("result\t8")


async def _line(notebook: Any) -> int:
    said = await notebook.debug("stackTrace", {"threadId": 1})
    return int(said["stackFrames"][0]["line"])


async def test_a_stop_in_another_clients_cell(served: Served) -> None:
    """Is shown, looked at and left here; what that cell prints is marked as another's."""
    other = await connect_to_kernel(served.kernel)
    async with Typist(served) as repl:
        await repl.type("function f(n) local m = n * 2 return m end print('made')", "made")
        await repl.type(".break f", "Breakpoint 1 at f")
        running = asyncio.create_task(other.execute("print('result', f(4))"))
        await repl.until("In[2]: print('result', f(4))")
        await repl.until("Breakpoint 1, f(n = 4) at In[1]:1")
        await repl.type("locals", "n = 4")
        await repl.type("c", f"[{other.client.session[:6]}] result\t8")
        assert "result\t8\n" == (await asyncio.wait_for(running, DEADLINE)).stdout
    await other.close()


async def test_a_script_of_another_client(served: Served, tmp_path: Path) -> None:
    """Is shown by its file, and takes no number: cells keep theirs, also for breakpoints."""
    script(tmp_path, PROGRAM)
    async with Typist(served) as runner, Typist(served, "zmq") as other:
        await runner.type("function f(n) return n end", "")
        await runner.type("print('made')", "made")
        await other.until("made")
        await runner.type(".run script.lua", "c is\t3")
        await other.until("] runs script.lua\n")
        await other.until("c is\t3")
        await other.type(".list In[2]:1", "1  print('made')")


@pytest.mark.parametrize("way", ["memory", "zmq", "tcp", "ws"])
async def test_over_every_way(served: Served, tmp_path: Path, way: str) -> None:
    """Cells, questions, completion's companions and the debugger work as they do embedded."""
    script(tmp_path, PROGRAM)
    said = await typed(
        "x = 20", "x + 1", "print(io.read())", "typed", ".b script.lua:2", ".run script.lua",
        "p a", "n", "c", ".vars", ".save s.json", ".load s.json", ".info", ".exit 3",
        kernel=served.target(way),
    )  # fmt: skip
    wanted = ["21", "typed", "Breakpoint 1,", "1", "->   3", "c is\t3", "x = 20", "Saved 1 of 1",
              "Loaded 1 variable", "debugger     attached"]  # fmt: skip
    assert has_in_order(said, wanted)
    assert 3 == said.status


@pytest.mark.parametrize("way", ["memory", "zmq", "tcp", "ws"])
async def test_a_failed_cell_of_anybody_can_be_looked_at(served: Served, way: str) -> None:
    """Over every way, also another client's; a notebook's debugger shows nothing of it."""
    notebook = await connect_to_kernel(served.kernel)
    await notebook.debug("initialize", {"adapterID": "x"})
    await notebook.debug("attach", {})
    await notebook.debug("setExceptionBreakpoints", {"filters": []})
    before = await notebook.debug("threads", {})
    await notebook.execute("local function f(n) local m = {n} error('bad') end f(4)")
    said = await typed(
        ".pm", "where", "locals", "set n = 5", "m[1] + n", "c", "return 'idle'",
        kernel=served.target(way),
    )  # fmt: skip
    wanted = ["Error: ", "bad, f(n = 4)", "* 1  f(n = 4)", "m = {4}", "n = 5", "9", '"idle"']
    assert has_in_order(said, wanted)
    assert before == await notebook.debug("threads", {})
    assert [] == (await notebook.debug("debugInfo", {}))["stoppedThreads"]
    await notebook.close()


@pytest.mark.parametrize("way", ["memory", "zmq", "tcp", "ws"])
async def test_the_end_of_input_at_a_stop(served: Served, tmp_path: Path, way: str) -> None:
    """Lets the program go on to its end there, too; the next client finds it idle."""
    script(tmp_path, PROGRAM)
    said = await typed(".b script.lua:2", ".run script.lua", kernel=served.target(way))
    assert has_in_order(said, ["Breakpoint 1,", "goes on without stops", "c is\t3"])
    said = await typed(".breakpoints", "print(a)", kernel=served.target(way))
    assert ("There are no breakpoints; .break FILE:LINE sets one.\nnil\n", 0) == (
        said.text, said.status
    )  # fmt: skip


@pytest.mark.parametrize("way", ["memory", "zmq", "tcp", "ws"])
async def test_a_kernel_that_is_shut_down(served: Served, way: str) -> None:
    """Is said, and the prompt ends, also while a line is waited for."""
    async with Typist(served, way) as repl:
        await repl.type("print('begun')", "begun")
        other = await connect_to_kernel(served.kernel)
        await other.shutdown()
        await repl.until("The kernel was shut down by another client.\n")
        assert 1 == await asyncio.wait_for(repl.running, DEADLINE)
        await other.close()


@pytest.mark.parametrize("way", ["memory", "zmq", "tcp", "ws"])
async def test_a_kernel_that_ends(served: Served, way: str) -> None:
    """Without a word to its clients: each of them finds out, while nobody types anything."""
    async with Typist(served, way) as repl:
        await repl.type("print('begun')", "begun")
        await served.end()
        assert 1 == await asyncio.wait_for(repl.running, DEADLINE)
        assert "The kernel " in repl.output.getvalue()


async def test_events_that_others_ask_for_are_not_shown(tmp_path: Path) -> None:
    """All clients hear what one asks for; a prompt shows what was asked for there."""
    programs = LuaPrograms("5.4")
    kernel = await make_kernel(lua_kernel(programs=programs))
    try:
        async with await connect_to_kernel(kernel) as other:
            await other.client.request("control", "event_request", {"patterns": ["*"]})
            silent = await typed("x = 1", kernel=kernel)
            assert "event " not in silent.text
            said = await typed(".events execution.started", "x = 1", kernel=kernel)
            assert 1 == said.text.count("event execution.started")
            assert 1 == said.text.count("event execution")
    finally:
        await kernel.close()
