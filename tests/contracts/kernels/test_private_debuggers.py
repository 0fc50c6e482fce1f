"""Debuggers of single clients: breakpoints and events of their own, over every way to a kernel."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from kernel.core.errors import UserError
from kernel.jupyter.debugger import KernelDebugger
from kernel.jupyter.debuggers import LEASE, DebuggerTable
from kernel.jupyter.handle import KernelHandle, RequestFailed
from kernel.jupyter.kernel import JupyterKernel
from kernel.jupyter.messages import Channel, Message, Writer
from llmspell.lua_programs import LuaPrograms
from tests.support.kernels import DEADLINE, LUA, Place

pytestmark = pytest.mark.anyio

SPEECHES = [LUA]
"""Only Lua has a debugger."""

CODE = "local a = 1\nlocal b = a + 1\nprint(b)\n"


class Told:
    """A client's debugger and what it has heard."""

    def __init__(self, handle: KernelHandle) -> None:
        self.events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.debugger = handle.debugger(self.events.put_nowait)
        self.handle = handle

    async def break_at(self, code: str, line: int) -> bool:
        """Whether the breakpoint is verified; it is the client's only one in this cell."""
        path = (await self.debugger.ask("dumpCell", {"code": code}))["sourcePath"]
        wanted = {"source": {"path": path}, "breakpoints": [{"line": line}]}
        said = await self.debugger.ask("setBreakpoints", wanted)
        return bool(said["breakpoints"][0]["verified"])

    async def until(self, name: str) -> dict[str, Any]:
        """The next event of a name."""
        async with asyncio.timeout(DEADLINE):
            while True:
                event = await self.events.get()
                if event["event"] == name:
                    return dict(event.get("body") or {})

    async def line(self) -> int:
        """Where the program stands."""
        said = await self.debugger.ask("stackTrace", {"threadId": 1})
        return int(said["stackFrames"][0]["line"])


@pytest.fixture
async def debugged(open_place: Any) -> Place:
    """A kernel with debuggers."""
    lua = LuaPrograms("5.4")
    return await open_place(
        make_engine=lua.make_engine,
        make_debug=lua.make_debug,
        cell_path=lua.files.write,
        when_closed=lua.close,
    )


async def test_each_client_has_breakpoints_of_its_own(debugged: Place) -> None:
    """What one sets for a source replaces nothing of another's, and all see each stop."""
    one, two = [Told((await debugged.connect()).handle) for _ in range(2)]
    for told, line in ((one, 2), (two, 3)):
        await told.debugger.open()
        assert await told.break_at(CODE, line)
    running = asyncio.create_task(one.handle.execute(CODE))
    for line in (2, 3):
        assert "breakpoint" == (await one.until("stopped"))["reason"]
        await two.until("stopped")
        assert (line, line) == (await one.line(), await two.line())
        await two.debugger.ask("continue", {"threadId": 1})
        await one.until("continued")
    assert "2\n" == (await asyncio.wait_for(running, DEADLINE)).stdout


async def test_notebooks_hear_nothing_of_it(debugged: Place) -> None:
    """No `debug_event` is published for a private debugger, and the shared one is not attached."""
    probe = await debugged.connect()
    told = Told((await debugged.connect()).handle)
    await told.debugger.open()
    assert await told.break_at(CODE, 2)
    running = asyncio.create_task(told.handle.execute(CODE))
    await told.until("stopped")
    assert not (await probe.handle.debug("debugInfo"))["isStarted"]
    await told.debugger.ask("continue", {"threadId": 1})
    await asyncio.wait_for(running, DEADLINE)
    kinds = {kind for kind, _ in probe.published()}
    assert (False, True) == ("debug_event" in kinds, "private_debug_event" in kinds)


async def test_closing_takes_the_breakpoints_away(debugged: Place) -> None:
    """A program that stands goes on when its only debugger leaves."""
    told = Told((await debugged.connect()).handle)
    await told.debugger.open()
    assert await told.break_at(CODE, 2)
    running = asyncio.create_task(told.handle.execute(CODE))
    await told.until("stopped")
    await told.debugger.close()
    assert "2\n" == (await asyncio.wait_for(running, DEADLINE)).stdout
    assert "2\n" == (await asyncio.wait_for(told.handle.execute(CODE), DEADLINE)).stdout


@pytest.mark.ways("memory", "tcp", "websocket", "stdio")
async def test_a_connection_that_ends_takes_them_along(debugged: Place) -> None:
    """A client that vanishes leaves nobody standing."""
    probe = await debugged.connect()
    told = Told((await debugged.connect()).handle)
    await told.debugger.open()
    assert await told.break_at(CODE, 2)
    running = asyncio.create_task(probe.handle.execute(CODE))
    await told.until("stopped")
    await told.handle.close()
    assert "2\n" == (await asyncio.wait_for(running, DEADLINE)).stdout


@pytest.mark.ways("memory")
async def test_a_kernel_without_a_debugger_says_so(place: Place) -> None:
    """Opening raises what a client can show."""
    told = Told((await place.connect()).handle)
    with pytest.raises(RequestFailed, match="no debugger"):
        await told.debugger.open()


class Endpoint:
    """Implements `DebugEndpoint` with nothing behind it."""

    def __init__(self) -> None:
        self.is_closed = asyncio.Event()

    async def handle(self, content: Any) -> dict[str, Any]:
        return {"success": True, "body": {}}

    async def close(self) -> None:
        self.is_closed.set()


class Silent:
    """Implements `Client`: somebody over ZeroMQ, of whom nobody hears when he goes."""

    transport = "zmq"
    is_congested = False

    def send(self, message: Message) -> None:
        """Nobody reads it."""

    async def wait_for_room(self) -> None:
        """There is always room."""


def asking(command: str) -> Message:
    """A request for a private debugger."""
    metadata = {"llmspell": {"private_debugger": True}}
    content = {"command": command}
    return Writer("me").message(Channel.CONTROL, "debug_request", content, metadata=metadata)


@pytest.mark.ways("memory")
@pytest.mark.parametrize("lease", [0.0, LEASE])
async def test_one_that_is_not_heard_of_is_closed(lease: float, way: str) -> None:
    """Its lease runs out; whoever keeps asking keeps it."""
    made: list[Endpoint] = []

    def make(_tell: Callable[[dict[str, Any]], None]) -> Endpoint:
        made.append(Endpoint())
        return made[-1]

    table = DebuggerTable(lambda *_: None, make, lease)
    await table.handle(asking("initialize"), Silent())
    if lease == 0.0:
        await asyncio.wait_for(made[0].is_closed.wait(), DEADLINE)
    await table.handle(asking("threads"), Silent())
    assert (2 if lease == 0.0 else 1) == len(made)
    await table.close()
    assert all(each.is_closed.is_set() for each in made)


@pytest.mark.ways("memory")
async def test_a_debugger_renews_its_lease(debugged: Place) -> None:
    """It asks by itself, several times in each lease."""
    probe = await debugged.connect()
    debugger = KernelDebugger(probe.client, lambda _: None, lease=0.03)
    asked = asyncio.Event()

    def count(message: Message) -> None:
        if message.type == "debug_reply" and message.content.get("command") == "debugInfo":
            asked.set()

    probe.client.listen(count)
    await debugger.open()
    await asyncio.wait_for(asked.wait(), DEADLINE)
    await debugger.close()
    with pytest.raises(UserError):
        await debugger.ask("threads")


async def test_one_that_was_taken_for_gone_attaches_again(debugged: Place) -> None:
    """As soon as it is heard of; whoever uses it is told, to set the breakpoints anew."""
    probe = await debugged.connect()
    debugger = KernelDebugger(probe.client, lambda _: None, lease=0.03)
    again = asyncio.Event()
    debugger.when_attached_again = again.set
    await debugger.open()
    debugged.kernel.debuggers.forget(probe.client.session)
    await asyncio.wait_for(again.wait(), DEADLINE)
    assert {"threads"} == (await debugger.ask("threads")).keys()
    await debugger.close()


async def test_a_kernel_may_be_told_to_end_a_cell_at_once(debugged: Place) -> None:
    """An interrupt with `force` ends also what hears no interrupt; the program begins anew."""
    probe = await debugged.connect()
    assert isinstance(debugged.kernel, JupyterKernel)
    debugged.kernel.manager.grace = 3600
    await probe.run("x = 1")
    code = "print('begun') string.rep('a', 40):find(('a-'):rep(8) .. 'b')"
    running = asyncio.create_task(probe.handle.execute(code))
    await probe.until_published("stream", text="begun\n")
    await probe.handle.interrupt()
    await probe.handle.interrupt(force=True)
    done = await asyncio.wait_for(running, DEADLINE)
    assert done.error is not None
    assert "Interrupted" == done.error.name
    assert "nil\n" == (await probe.run("print(x)")).stdout
