"""What the configuration says of events that scripts tell."""

import asyncio
from pathlib import Path
from typing import get_args

import pytest

from kernel.api import start_embedded_kernel
from kernel.events.broker import Broker
from kernel.events.subscription import Overflow
from llmspell.kernels import lua_kernel
from llmspell.lua_programs import LuaPrograms
from llmspell.script_api.event_table import EventRules, EventTable, Policy
from llmspell.script_api.services import LocalServices
from tests.support.clocks import ManualClock
from tests.support.told_script import Told

DEADLINE = 20.0

TELL = """
    local all = Event.subscribe("*")
    for _, type in ipairs{"user.login", "user.debug", "tool.called_by_me"} do
        note((Event.publish(type)))
    end
    while true do
        local event = Event.receive(all, 0)
        if not event then break end
        note(event.event_type)
    end
"""


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("enabled = false", []),
        ('filtering = { include_types = ["user.*"] }', ["user.login", "user.debug"]),
        ('filtering = { exclude_types = ["*.debug"] }', ["user.login", "tool.called_by_me"]),
        (
            'filtering = { include_types = ["user.*"], exclude_types = ["*.debug"] }',
            ["user.login"],
        ),
        ("max_events_per_second = 1", ["user.login"]),
    ],
)
def test_events_that_are_not_wanted_are_not_told(
    tmp_path: Path, setting: str, told: list[str]
) -> None:
    """Whoever publishes one is told so, and nobody hears it."""
    names = ["user.login", "user.debug", "tool.called_by_me"]
    with Told("5.4", tmp_path, configuration=f"[events]\n{setting}\n") as script:
        assert [*(each in told for each in names), *told] == script.run(TELL)


def test_what_is_too_much_is_counted() -> None:
    """A second later there is room again."""
    clock = ManualClock()
    table = EventTable(Broker(), rules=EventRules(per_second=2), clock=clock.monotonic)
    told = []
    for seconds in (0, 0.5, 0.25, 0.25, 0.25, 0.25):
        clock.advance(seconds)
        told.append(table.publish("a.b"))
    assert [True, True, False, True, False, True] == told
    stats = table.get_stats()["event_bus_stats"]
    assert (2, 4) == (stats["rate_limit_violations"], stats["events_published"])


@pytest.mark.parametrize("setting", [None, "true", "false"])
def test_what_the_debugger_does_is_told_where_it_is_wanted(
    tmp_path: Path, setting: str | None
) -> None:
    """To whoever subscribes; without a word it is."""
    file = tmp_path / "llmspell.toml"
    said = "" if setting is None else f"[events]\nemit_debug_events = {setting}\n"
    file.write_text(said, "utf-8")

    async def story() -> list[str]:
        services = LocalServices(file)
        heard = services.broker.subscribe("debug.*")
        programs = LuaPrograms("5.4", services=services)
        async with await start_embedded_kernel(lua_kernel("5.4", programs=programs)) as kernel:
            await asyncio.wait_for(kernel.execute("x = 1"), DEADLINE)
            return [each.name for each in heard.take_all()]

    told = asyncio.run(story())
    assert (setting != "false") == ("debug.started" in told)


SLOW = """
    local id = Event.subscribe("user.*", {size = 2, policy = %r})
    for i = 1, 4 do Event.publish("user.login", i) end
    local info = Event.list_subscriptions()[1]
    note(info.size, info.policy, info.is_closed, info.dropped)
    while true do
        local ok, event = pcall(Event.receive, id, 0)
        if not ok then note((tostring(event):match("has ended.*"))) break end
        if not event then break end
        note(event.data)
    end
"""


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        ("drop_oldest", [2, "drop_oldest", False, 2, 3, 4]),
        ("drop_newest", [2, "drop_newest", False, 2, 1, 2]),
        ("block", [2, "block", False, 2, 1, 2]),
        ("close", [2, "close", True, 1, 1, 2, "has ended: its queue of 2 events was full."]),
    ],
)
def test_a_script_chooses_its_queue(tmp_path: Path, policy: str, told: list[object]) -> None:
    """How much room there is and what becomes of what finds none, for each subscription."""
    with Told("5.4", tmp_path) as script:
        assert told == script.run(SLOW % policy)


def test_a_queue_that_cannot_be_had_is_refused(tmp_path: Path) -> None:
    """The error names the policies that there are."""
    with Told("5.4", tmp_path) as script:
        said = script.error("Event.subscribe('*', {policy = 'never'})")
        assert "drop_oldest" in said
        assert "never" in said
        assert "size" in script.error("Event.subscribe('*', {size = 0})")


def test_policies_of_scripts_are_those_of_the_kernel() -> None:
    """One more in the kernel is one more for scripts."""
    assert [each.value for each in Overflow] == [*get_args(Policy)]
