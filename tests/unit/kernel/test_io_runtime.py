"""The global IO runtime: what one script opens is alive for the next one, whichever its thread."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import asynccontextmanager

import pytest

from kernel.core.functions import HostTable, host_function
from kernel.core.io_runtime import IoRuntime, http_client
from kernel.core.loop import EventLoop
from kernel.core.settings import DebugSettings
from lua_debug.engine import LuaEngine
from lua_debug.host_functions import HostFunctions

DEADLINE = 60.0
CONCURRENT = 100


class Server:
    """An HTTP server on a loop of its own that counts its connections.

    ``/all`` answers nobody before `CONCURRENT` have asked.
    """

    def __init__(self) -> None:
        self.loop = EventLoop()
        self.loop.start()
        self.connections = 0
        self.url = self.loop.run_coroutine(self._begin(), DEADLINE)

    async def _begin(self) -> str:
        self._asked, self._all = 0, asyncio.Event()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while request := (await reader.readuntil(b"\r\n\r\n") if not reader.at_eof() else b""):
            if request.startswith(b"GET /all"):
                self._asked += 1
                if self._asked == CONCURRENT:
                    self._all.set()
                await self._all.wait()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
            await writer.drain()

    def close(self) -> None:
        """End it with all connections."""
        self.loop.stop()


class Web(HostTable):
    """The web, for scripts."""

    name = "Web"

    def __init__(self, runtime: IoRuntime) -> None:
        self._runtime = runtime

    @host_function("Web.get")
    async def get(self, url: str) -> str:
        """Asks for a page."""
        client = await http_client(self._runtime)
        return (await client.get(url, timeout=DEADLINE)).text


@pytest.fixture
def runtime() -> Iterator[IoRuntime]:
    """A runtime with a loop of its own."""
    made = IoRuntime()
    yield made
    made.close()


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that is ended."""
    made = Server()
    yield made
    made.close()


def run_script(runtime: IoRuntime, text: str, lua: str = "5.4") -> str | None:
    """Run one script from its beginning to its end, in this thread."""

    def make(label: str) -> HostFunctions:
        return HostFunctions(lambda _: [Web(runtime)], runtime.submit, label)

    engine = LuaEngine(DebugSettings(lua=lua), make_functions=make)
    try:
        return engine.run_text(text.encode(), "s.lua")
    finally:
        engine.close()


def test_a_client_outlives_the_script_that_caused_it(runtime, server):
    """The next script uses the connection that an earlier one opened, also on another thread."""
    script = f"assert(Web.get('{server.url}/') == 'hello')"
    problems = [run_script(runtime, script)]
    thread = threading.Thread(target=lambda: problems.append(run_script(runtime, script, "5.1")))
    thread.start()
    thread.join(DEADLINE)
    assert [None, None] == problems
    assert 1 == server.connections
    assert ["http"] == runtime.names


@pytest.mark.slow
def test_a_client_is_alive_after_a_minute(runtime, server):
    """More than 60 seconds later a script finds client and connection as they were."""
    script = f"assert(Web.get('{server.url}/') == 'hello')"
    assert run_script(runtime, script) is None
    threading.Event().wait(61)
    assert run_script(runtime, script) is None
    assert 1 == server.connections


def test_a_hundred_operations_at_once(runtime, server):
    """Scripts in a hundred threads wait for the same server at the same time, on one loop."""
    script = f"assert(Web.get('{server.url}/all') == 'hello')"
    problems: list[str | None] = []
    lua = ("5.1", "5.2", "5.3", "5.4", "5.5", "luajit2.0", "luajit2.1")
    threads = [
        threading.Thread(
            target=lambda v=lua[i % 7]: problems.append(run_script(runtime, script, v))
        )
        for i in range(CONCURRENT)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)
    assert [None] * CONCURRENT == problems
    assert CONCURRENT == server.connections


class Lamp:
    """A resource that tells when it is made and closed."""

    def __init__(self) -> None:
        self.log: list[str] = []

    def maker(self, name: str, problem: Exception | None = None):
        """What makes one that is called ``name``."""

        @asynccontextmanager
        async def make():
            await asyncio.sleep(0)
            self.log.append(f"{name} made on {threading.current_thread().name}")
            if problem:
                raise problem
            yield name
            self.log.append(f"{name} closed")

        return make


def test_a_resource_is_made_once_and_closed_at_the_end():
    """All who ask at the same time get the same one; closing goes from the newest to the oldest."""
    lamp, runtime = Lamp(), IoRuntime()

    async def ask() -> list[str]:
        asked = [runtime.resource("a", lamp.maker("a")) for _ in range(5)]
        return [*await asyncio.gather(*asked), await runtime.resource("b", lamp.maker("b"))]

    assert ["a"] * 5 + ["b"] == runtime.submit(ask()).result(DEADLINE)
    runtime.close()
    runtime.close()
    made = ["a made on event-loop", "b made on event-loop"]
    assert [*made, "b closed", "a closed"] == lamp.log


def test_what_could_not_be_made_is_tried_again(runtime):
    """A failure is told to who asked, and the next one who asks has it made anew."""
    lamp = Lamp()
    failing = runtime.submit(runtime.resource("a", lamp.maker("a", OSError("no oil"))))
    with pytest.raises(OSError, match="no oil"):
        failing.result(DEADLINE)
    assert "a" == runtime.submit(runtime.resource("a", lamp.maker("a"))).result(DEADLINE)


def test_a_closed_runtime_begins_nothing():
    """After the end nothing is begun, and that is said."""
    runtime = IoRuntime()
    runtime.close()
    with pytest.raises(RuntimeError, match="closed"):
        runtime.submit(asyncio.sleep(0))
