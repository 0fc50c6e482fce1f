"""The debugger that all clients share, over every way to a kernel; it ends with the last."""

import asyncio
from typing import Any

import pytest

from kernel.jupyter.handle import KernelHandle, RequestFailed
from llmspell.lua_programs import LuaPrograms
from tests.support.kernels import DEADLINE, LUA, Place

pytestmark = pytest.mark.anyio

SPEECHES = [LUA]
"""Only Lua has a debugger."""

FAILING = "error('oh')"
"""Where nobody says otherwise, a debugger that is attached stops there."""


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


async def attach(handle: KernelHandle) -> None:
    """As the front ends of Jupyter do."""
    await handle.debug("initialize", {"clientID": "me", "adapterID": "llmspell"})
    await handle.debug("attach")


async def test_nothing_stops_where_nobody_is_left(debugged: Place) -> None:
    """Who debugged has gone without a word; the next client's cell runs to its end."""
    gone = await debugged.connect()
    await attach(gone.handle)
    await gone.handle.close()
    probe = await debugged.connect()
    done = await probe.run(FAILING)
    assert done.error is not None
    assert not (await probe.handle.debug("debugInfo"))["isStarted"]


async def test_it_stays_while_another_uses_it(debugged: Place) -> None:
    """What one has attached goes on for the other, who lets the program go on."""
    probe, gone = [await debugged.connect() for _ in range(2)]
    await attach(gone.handle)
    assert (await probe.handle.debug("debugInfo"))["isStarted"]
    await gone.handle.close()
    running = asyncio.create_task(probe.run(FAILING))
    await probe.until(lambda each: each.content.get("event") == "stopped")
    await probe.handle.debug("continue", {"threadId": 1})
    assert (await asyncio.wait_for(running, DEADLINE)).error is not None


@pytest.mark.ways("memory")
@pytest.mark.parametrize(
    ("command", "arguments", "problem"),
    [
        ("attach", {}, "The debugger has not begun; send initialize first."),
        ("dumpCell", {"code": 5}, "code is 5; it is a text."),
        ("copyToGlobals", {}, "srcVariableName is missing; it is a text."),
        ("copyToGlobals", {"srcVariableName": "x", "dstVariableName": ""}, "'' is no name for"),
    ],
)
async def test_what_is_wrong_with_a_request_is_named(
    debugged: Place, command: str, arguments: dict[str, Any], problem: str
) -> None:
    """What is missing, what is no text, and what comes before its turn."""
    probe = await debugged.connect()
    with pytest.raises(RequestFailed, match=problem):
        await probe.handle.debug(command, arguments)
