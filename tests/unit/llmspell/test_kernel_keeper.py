"""What a kernel was doing is kept, whatever its end."""

import asyncio
import logging
from collections.abc import Callable

import pytest

from kernel.core.errors import UserError
from kernel.debug.coordinator import BreakpointRequest
from kernel.debug.remembering import SourceStops, WantedStops
from kernel.execution.cells import CellRequest, CellResult, Execute
from kernel.hooks.points import POINTS
from kernel.hooks.registry import HookRegistry
from kernel.hooks.results import Cancel
from kernel.hooks.runner import HookRunner
from kernel.sessions.current import CurrentSession
from kernel.sessions.model import new_session_id, parse_session_id
from kernel.state.memory import MemoryStore
from kernel.state.migrations import KERNEL_SCOPE
from llmspell.kernel_keeper import KernelKeeper, KernelNow

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """The loop is asyncio's."""
    return "asyncio"


class Kernel:
    """One run of a kernel called lab."""

    def __init__(
        self,
        store: MemoryStore,
        folder: str = "/cells/lua_1/",
        gone: tuple[str, ...] = (),
        hooks: HookRunner | None = None,
    ) -> None:
        self.cells = 0
        self.current = CurrentSession()
        self.wanted = WantedStops()

        async def go_on(id: str) -> None:
            if id in gone:
                raise UserError(f"There is no session {id}.")
            self.current.enter(parse_session_id(id))

        now = KernelNow("5.4", lambda: self.cells, self.current, go_on, lambda: self.wanted, folder)
        self.keeper = KernelKeeper(lambda: store, "lab", now, hooks)
        self.current.when_changed = self.keeper.note_change


def stops(*paths: str) -> WantedStops:
    return WantedStops(tuple(SourceStops(each, (BreakpointRequest(1),)) for each in paths))


async def test_a_run_in_order(caplog: pytest.LogCaptureFixture) -> None:
    """Session, breakpoints and the number of cells are those of the end of the run before."""
    caplog.set_level(logging.INFO)
    store = MemoryStore()
    first = Kernel(store)
    assert (WantedStops(), None) == (await first.keeper.begin(), first.keeper.last_run())
    first.current.enter(session := new_session_id())
    first.cells, first.wanted = 7, stops("/p/a.lua")
    await first.keeper.end()
    second = Kernel(store)
    assert stops("/p/a.lua") == await second.keeper.begin()
    assert session == second.current.id
    last = second.keeper.last_run()
    assert last is not None
    assert ("in order", 7) == (last["ended"], last["cells"])
    assert "the run before: it ended in order, after 7 cells" in caplog.text


async def test_a_session_that_was_asked_for(caplog: pytest.LogCaptureFixture) -> None:
    """Goes before the one of the run before."""
    store = MemoryStore()
    first = Kernel(store)
    await first.keeper.begin()
    first.current.enter(new_session_id())
    await first.keeper.end()
    second = Kernel(store)
    second.current.enter(asked := new_session_id())
    await second.keeper.begin()
    assert asked == second.current.id


async def test_a_session_that_is_gone(caplog: pytest.LogCaptureFixture) -> None:
    """The kernel starts all the same, in no session, and says why."""
    store = MemoryStore()
    first = Kernel(store)
    await first.keeper.begin()
    first.current.enter(session := new_session_id())
    await first.keeper.end()
    second = Kernel(store, gone=(session,))
    await second.keeper.begin()
    assert second.current.id is None
    assert f"The kernel is in no session: There is no session {session}." in caplog.text


async def test_breakpoints_in_cells() -> None:
    """Each run has another folder for the files of cells; breakpoints go with the text."""
    store = MemoryStore()
    first = Kernel(store, "/cells/lua_1/")
    await first.keeper.begin()
    first.wanted = stops("/cells/lua_1/123.lua", "/p/a.lua")
    await first.keeper.end()
    second = Kernel(store, "/cells/lua_2/")
    assert stops("/cells/lua_2/123.lua", "/p/a.lua") == await second.keeper.begin()


async def test_leaving_debuggers_forget_nothing() -> None:
    """What they take with them while the kernel ends is still there for the next run."""
    store = MemoryStore()
    first = Kernel(store)
    await first.keeper.begin()
    first.wanted = stops("/p/a.lua")
    first.keeper.freeze()
    first.wanted = WantedStops()
    await first.keeper.end()
    assert stops("/p/a.lua") == await Kernel(store).keeper.begin()


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not is_so():
            await asyncio.sleep(0.01)


async def test_a_cell_is_kept_soon() -> None:
    """A run that ends without a word has kept the cells before, and that is said."""
    store = MemoryStore()
    first = Kernel(store)
    await first.keeper.begin()

    class Counting:
        async def around(self, request: CellRequest, number: int, execute: Execute) -> CellResult:
            first.cells = number
            return await execute(request)

    async def execute(_request: CellRequest) -> CellResult:
        return CellResult(3)

    await first.keeper.around(Counting()).around(CellRequest("x"), 3, execute)
    await until(lambda: store.get(KERNEL_SCOPE, "parts/lab") is not None)
    second = Kernel(store)
    await second.keeper.begin()
    last = second.keeper.last_run()
    assert last is not None
    assert ("without a word", 3) == (last["ended"], last["cells"])


async def test_two_at_once(caplog: pytest.LogCaptureFixture) -> None:
    """The one that began first keeps nothing more, says so once, and goes on."""
    store = MemoryStore()
    first, second = Kernel(store), Kernel(store)
    await first.keeper.begin()
    await second.keeper.begin()
    first.cells, second.cells = 1, 2
    await first.keeper.end()
    await first.keeper.end()
    await second.keeper.end()
    third = Kernel(store)
    await third.keeper.begin()
    last = third.keeper.last_run()
    assert last is not None
    assert ("in order", 2) == (last["ended"], last["cells"])
    assert 1 == caplog.text.count("Another kernel named 'lab' has begun")


async def test_what_cannot_be_read(caplog: pytest.LogCaptureFixture) -> None:
    """A kernel starts all the same, without what it cannot read, and says so."""
    store = MemoryStore()
    store.put(KERNEL_SCOPE, "run/lab", b'{"run": "x", "ended": null}')
    store.put(KERNEL_SCOPE, "parts/lab", b'{"execution": {"cells": "many"}, "session": {}}')
    kernel = Kernel(store)
    assert WantedStops() == await kernel.keeper.begin()
    assert "cannot be read: execution.cells" in caplog.text
    kernel.cells = 1
    await kernel.keeper.end()
    assert store.get(KERNEL_SCOPE, "parts/lab") is not None


async def test_hooks_are_asked_before_it_is_kept() -> None:
    """They hear what is to be kept and what came of it; cancelled, the last one stays."""
    store, registry = MemoryStore(), HookRegistry()
    heard: list[object] = []
    run = Kernel(store, hooks=HookRunner(registry))
    await run.keeper.begin()
    before = registry.register(POINTS["PreStatePersist"], lambda it: heard.append(it.data))
    registry.register(POINTS["PostStatePersist"], lambda it: heard.append(it.data))
    run.cells = 3
    await run.keeper.end()
    parts = {"execution": {"cells": 3, "lua": "5.4"}, "session": {"current": ""}}
    assert [parts, 1] == heard
    before.unregister()
    registry.register(POINTS["PreStatePersist"], lambda _: Cancel("not now"))
    run.cells = 4
    await run.keeper.end()
    again = Kernel(store)
    await again.keeper.begin()
    last = again.keeper.last_run()
    assert last is not None
    assert ("in order", 3) == (last["ended"], last["cells"])
