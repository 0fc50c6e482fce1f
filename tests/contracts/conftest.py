"""The ``program`` fixture: a program under every kind of debuggee; ``store``: every store."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from dap_server.console import ProgramConsole
from kernel.core.settings import DebugSettings
from kernel.debug.debuggee import Debuggee, Listener
from kernel.events import model as e
from kernel.execution.output import CaptureMode
from kernel.state.store import StateStore
from lua_debug.debuggee import LuaDebuggee
from lua_debug.hook_choice import SWITCH
from lua_debug.versions import VERSIONS
from tests.conftest import kinds_of_hooks
from tests.contracts.debuggees import Make, Subject
from tests.support.clocks import ManualClock
from tests.support.fakes import FakeDebuggee
from tests.support.stores import STORES
from tests.support.toy_debuggee import ToyDebuggee

Program = Callable[..., Subject]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every promise over the toy, and over Lua: the versions and hooks that were asked for.

    Promises that need no language (``script``) also over the fake that does what tests tell it.
    """
    if "kind" in metafunc.fixturenames:
        config = metafunc.config
        versions = config.getoption("--lua") or [*VERSIONS]
        lua = [(lua, hooks) for hooks in kinds_of_hooks(config) for lua in versions]
        kinds: list[tuple[str, ...]] = [("toy",), *lua]
        if metafunc.definition.get_closest_marker("no_language"):
            kinds.append(("scripted",))
        metafunc.parametrize("kind", kinds, ids="-".join)


def _maker(
    kind: tuple[str, ...], script: list[list[e.KernelEvent]], console: ProgramConsole | None
) -> Make:
    def lua(listener: Listener, path: str) -> Debuggee:
        tell = console.begin(listener) if console else listener
        return LuaDebuggee(DebugSettings(lua=kind[0]), tell, console, program=path)

    def toy(listener: Listener, path: str) -> Debuggee:
        return ToyDebuggee(listener)

    def scripted(listener: Listener, path: str) -> Debuggee:
        fake = FakeDebuggee(*script)
        fake.use(listener)
        return fake

    return {"toy": toy, "scripted": scripted}.get(kind[0], lua)


@pytest.fixture
def anyio_backend() -> str:
    """The loop is asyncio's."""
    return "asyncio"


@pytest.fixture
async def console(anyio_backend: str) -> AsyncIterator[Callable[[], ProgramConsole]]:
    """Makes the standard streams that a program reads from."""
    made: list[ProgramConsole] = []

    def make() -> ProgramConsole:
        made.append(ProgramConsole(CaptureMode.NONE, has_input=False))
        return made[-1]

    yield make
    for each in made:
        await each.close()


@pytest.fixture
async def program(
    kind: tuple[str, ...],
    console: Callable[[], ProgramConsole],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Program]:
    """Makes a `Subject` of a text.

    ``script`` is what the program does under a scripted fake; ``reads`` says that it wants input.
    """
    if len(kind) > 1:
        monkeypatch.setenv(SWITCH, kind[1])
    made: list[Subject] = []

    def make(
        text: str, script: list[list[e.KernelEvent]] | None = None, *, reads: bool = False
    ) -> Subject:
        maker = _maker(kind, script or [], console() if reads else None)
        made.append(Subject(maker, tmp_path / "main.lua", text))
        return made[-1]

    yield make
    for each in made:
        await each.close()


@pytest.fixture
def clock() -> ManualClock:
    """The time as stores see it."""
    return ManualClock()


@pytest.fixture(params=STORES)
def store(
    request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock
) -> Iterator[StateStore]:
    """Each kind of store, empty."""
    store = STORES[request.param](tmp_path, clock)
    yield store
    store.close()
