"""Looks that need what takes long to load: who asks waits for it, and nobody else does."""

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest

from kernel.api import KernelHandle, KernelParts, ServeSettings, serve_kernel, start_embedded_kernel
from kernel.core.catalogue import Catalogue
from kernel.core.settings import DebugSettings
from kernel.execution.cells import Listener, Room
from kernel.execution.engine import ScriptDoor, ScriptEngine
from kernel.jupyter.leisure import spend_leisure
from lua_debug.session import LuaSession
from tests.support.toy_engine import ToyEngine

DEADLINE = 20.0


@pytest.fixture
def anyio_backend() -> str:
    """The loop is asyncio's."""
    return "asyncio"


class _Slow:
    """Something that is loaded when the test says so."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.threads: list[int] = []

    def load(self) -> Catalogue:
        """Waits for the gate."""
        self.threads.append(threading.get_ident())
        assert self.gate.wait(DEADLINE)
        return Catalogue()

    def make_engine(self, listener: Listener, door: ScriptDoor, _room: Room) -> ScriptEngine:
        """A Lua whose catalogue is this."""
        return LuaSession(DebugSettings(), listener, door, catalogue=self.load)


@pytest.fixture
async def slow() -> AsyncIterator[tuple[_Slow, KernelHandle]]:
    """A kernel of which the first look takes as long as the test wants."""
    made = _Slow()
    parts = KernelParts(made.make_engine, load_debug=made.load, make_debug=_no_debugger)
    async with await start_embedded_kernel(parts) as kernel:
        try:
            yield made, kernel
        finally:
            made.gate.set()


def _no_debugger(_tell: object) -> Any:
    raise AssertionError("asked for before it was loaded")


@pytest.mark.anyio
@pytest.mark.parametrize("look", ["inspect", "debug"])
async def test_control_does_not_wait_for_what_is_loaded(
    slow: tuple[_Slow, KernelHandle], look: str
) -> None:
    """An interrupt is heard while the first look waits for what it takes, in another thread."""
    made, kernel = slow
    begun = asyncio.Event()
    running = asyncio.create_task(
        kernel.execute(
            "print('begun') while true do end",
            hear=lambda message: begun.set() if message.type == "stream" else None,
        )
    )
    await asyncio.wait_for(begun.wait(), DEADLINE)
    asked = {
        "inspect": lambda: kernel.inspect("string.format", 10),
        "debug": lambda: kernel.debug("debugInfo"),
    }
    looking: asyncio.Task[object] = asyncio.create_task(asked[look]())
    while not made.threads:
        await kernel.info()
    await asyncio.wait_for(kernel.interrupt(), DEADLINE)
    done = await asyncio.wait_for(running, DEADLINE)
    assert done.error is not None
    assert ("Interrupted", False) == (done.error.name, looking.done())
    assert threading.get_ident() not in made.threads
    made.gate.set()
    if look == "inspect":
        found: Any = await asyncio.wait_for(looking, DEADLINE)
        assert "string.format" in found.data["text/plain"]
    else:
        with pytest.raises(Exception, match="AssertionError"):
            await asyncio.wait_for(looking, DEADLINE)


@pytest.mark.anyio
async def test_a_served_kernel_loads_at_leisure() -> None:
    """What is needed later is loaded in order, in a thread, and a piece that fails ends nothing."""
    loaded: list[tuple[str, bool]] = []
    whole = asyncio.Event()
    loop, home = asyncio.get_running_loop(), threading.get_ident()

    def note(name: str) -> None:
        loaded.append((name, threading.get_ident() == home))
        if name == "two":
            raise ImportError(name)
        if name == "three":
            loop.call_soon_threadsafe(whole.set)

    pieces = [lambda name=name: note(name) for name in ("one", "two", "three")]
    parts = KernelParts(ToyEngine, at_leisure=pieces)
    async with await serve_kernel(parts, ServeSettings()) as kernel:
        await asyncio.wait_for(whole.wait(), DEADLINE)
        assert "ok" == (await kernel.execute("x = 1")).status
    assert [("one", False), ("two", False), ("three", False)] == loaded


@pytest.mark.anyio
async def test_nothing_is_loaded_while_much_is_asked() -> None:
    """Who asks one thing after the other does not share the processor with what comes later."""
    loaded: list[str] = []
    async with await start_embedded_kernel(ToyEngine) as kernel:
        assert kernel.kernel is not None
        quiet = 3600.0  # longer than this test: it ends only when somebody asks no more
        spending = asyncio.create_task(
            spend_leisure(kernel.kernel, [lambda: loaded.append("it")], quiet)
        )
        for _ in range(50):
            await kernel.execute("x = 1")
        spending.cancel()
    assert [] == loaded
