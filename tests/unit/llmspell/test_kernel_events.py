"""What a kernel for Lua tells of itself: its life, its limits, its state, its configuration."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from kernel.api import KernelParts, connect_to_kernel, start_embedded_kernel
from kernel.events.published import Published
from kernel.jupyter.handle import KernelHandle
from kernel.state.store import StateStore
from llmspell.kernel_services import KernelServices
from llmspell.kernels import lua_kernel
from llmspell.lua_programs import LuaPrograms
from llmspell.script_api.config_table import ConfigPermissions
from llmspell.script_api.services import LocalServices
from tests.support.clocks import ManualClock
from tests.support.stores import FailingStore
from tests.support.toy_engine import ToyEngine

DEADLINE = 60.0

Story = Callable[[KernelHandle], Awaitable[None]]


def told(services: LocalServices, story: Story, *patterns: str) -> list[Published]:
    """What a kernel over these services told in its whole life, of these names."""

    async def whole() -> None:
        programs = LuaPrograms("5.4", services=services)
        async with await start_embedded_kernel(lua_kernel(programs=programs)) as kernel:
            async with asyncio.timeout(DEADLINE):
                await story(kernel)

    heard = services.broker.subscribe(*patterns)
    asyncio.run(whole())
    return heard.take_all()


def configured(folder: Path, text: str) -> LocalServices:
    """Services with a configuration."""
    file = folder / "llmspell.toml"
    file.write_text(text, "utf-8")
    return LocalServices(file)


def cells(*codes: str) -> Story:
    """Run cells one after the other."""

    async def story(kernel: KernelHandle) -> None:
        for code in codes:
            await kernel.execute(code)

    return story


def test_the_life_of_an_embedded_kernel(tmp_path: Path) -> None:
    """It starts, is ready, has a client, runs a cell, stops; each is told once, in order."""
    events = told(
        configured(tmp_path, ""), cells("x = 1"), "lifecycle.*", "execution.status_changed"
    )
    names = [
        str(each.data()["status"])  # type: ignore[index,call-overload]
        if each.name == "execution.status_changed"
        else each.name.removeprefix("lifecycle.")
        for each in events
    ]
    expected = [
        *("kernel_started", "starting", "kernel_ready", "idle"),
        *("client_connected", "busy", "idle", "client_disconnected"),
        *("kernel_stopping", "kernel_stopped"),
    ]
    assert expected == names


def test_scripts_hear_who_comes(tmp_path: Path) -> None:
    """A subscription of a script is told what happens to its kernel."""

    async def story(kernel: KernelHandle) -> None:
        await kernel.execute("id = Event.subscribe('lifecycle.*')")
        assert kernel.kernel is not None
        async with await connect_to_kernel(kernel.kernel):
            done = await kernel.execute("print(Event.receive(id, 0).event_type)")
        assert "lifecycle.client_connected\n" == done.stdout

    told(configured(tmp_path, ""), story)


LIMITS = [
    (
        "[runtime]\nscript_timeout_seconds = 0.2\n",
        "while true do end",
        "runtime.script_timeout_seconds",
        0.2,
    ),
    (
        "[engines.lua]\nmax_memory_bytes = 20971520\n",
        "local t = {} for i = 1, 1e8 do t[i] = ('x'):rep(1000) .. i end",
        "max_memory_mb",
        20.0,
    ),
    (
        "[runtime.sessions]\nenabled = true\npolicies.timeout.cell_seconds = 0.2\n",
        "while true do end",
        "timeout.cell_seconds",
        0.2,
    ),
    (
        "[runtime.sessions]\nenabled = true\npolicies.quota.memory_mb = 8\n",
        "local t = {} for i = 1, 4e4 do t[i] = ('x'):rep(1000) .. i end while true do end",
        "quota.memory_mb",
        8.0,
    ),
    (
        "[runtime.sessions]\nenabled = true\npolicies.quota.instructions = 100000\n",
        "while true do end",
        "quota.instructions",
        100000.0,
    ),
]


@pytest.mark.parametrize(("setting", "code", "limit", "allowed"), LIMITS)
def test_a_limit_that_ends_a_cell_is_told(
    tmp_path: Path, setting: str, code: str, limit: str, allowed: float
) -> None:
    """By the name of the setting, with what was used and what may be, under the cell's message."""
    events = told(
        configured(tmp_path, setting), cells(code), "lifecycle.limit_exceeded", "execution.started"
    )
    started, exceeded = events
    data: Any = exceeded.data()
    assert (limit, allowed) == (data["limit"], data["allowed"])
    assert data["value"] >= allowed
    assert started.correlation_id == exceeded.correlation_id


CONFLICTS = """
    State.set("a", 1)
    print(State.compare_and_swap("a", 2, 3), State.compare_and_swap("b", 1, 2),
      State.compare_and_swap("a", nil, 4), State.compare_and_swap("a", 1, 5))
"""


@pytest.mark.parametrize("is_told", [True, False])
def test_refused_writes_are_told(tmp_path: Path, is_told: bool) -> None:
    """Where writes are told: what was expected was not there."""
    setting = f"[events]\nemit_state_events = {str(is_told).lower()}\n"
    events = told(configured(tmp_path, setting), cells(CONFLICTS), "state.*")
    assert is_told == bool(events)
    found = [each.data() for each in events if each.name == "state.conflicted"]
    expected = [
        {"scope": "global", "key": key, "expected": None, "found": version}
        for key, version in (("a", 1), ("b", 0), ("a", 1))
    ]
    assert (expected if is_told else []) == found


class AwayServices(KernelServices):
    """A kernel's services, whose store is away when a test says so."""

    def _open_store(self) -> StateStore:
        self.failing = FailingStore(super()._open_store())
        return self.failing


def test_a_store_that_is_left_alone_and_comes_back_is_told(tmp_path: Path) -> None:
    """Suspended after some failures, with the reason and for how long; then recovered."""
    (tmp_path / "llmspell.toml").write_text("")
    services = AwayServices(tmp_path / "kept", tmp_path / "llmspell.toml")
    services._clock = clock = ManualClock()

    async def story(kernel: KernelHandle) -> None:
        assert (await kernel.execute("State.set('a', 1)")).error is None
        services.failing.is_away = True
        for _ in range(6):
            assert (await kernel.execute("State.set('a', 1)")).error is not None
        services.failing.is_away = False
        clock.advance(11)
        assert (await kernel.execute("State.set('a', 2)")).error is None

    suspended, recovered = told(services, story, "state.store_*")
    data: Any = suspended.data()
    assert ("sqlite", 10.0) == (data["store"], data["seconds"])
    assert "nobody there" in data["reason"]
    assert ("state.store_recovered", {"store": "sqlite"}) == (recovered.name, recovered.data())


CHANGES = """
    local before = Config.snapshot()
    Config.setSecurity{allow_file_access = true}
    Config.setProvider("mine", {model = "m"})
    Config.addAllowedPath("/srv")
    Config.addAllowedPath("/srv")
    Config.restoreSnapshot(before)
"""


def test_settings_that_a_script_changes_are_told(tmp_path: Path) -> None:
    """By their keys, and only where something changes."""
    services = configured(tmp_path, "")
    services.permissions = ConfigPermissions(True, True, True, True, True, True)
    events = told(services, cells(CHANGES), "lifecycle.configuration_changed")
    keys = [each.data()["keys"] for each in events]  # type: ignore[index,call-overload]
    assert [
        ["runtime.security.allow_file_access"],
        ["providers.providers.mine"],
        ["tools.file_operations.allowed_paths"],
        ["providers", "runtime", "tools"],
    ] == [sorted(each) for each in keys]


def test_nobody_is_told_without_a_broker() -> None:
    """A kernel that is made without one lives as well, and says so when it is asked for events."""

    async def whole() -> None:
        async with await start_embedded_kernel(KernelParts(ToyEngine)) as kernel:
            said = await kernel.client.request("control", "event_request", {"patterns": ["*"]})
            assert "tells no events" in said.content["evalue"]

    asyncio.run(whole())
