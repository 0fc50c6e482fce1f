"""Migrations: data of an earlier version becomes data of this version."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kernel.core.errors import UserError
from kernel.state.memory import MemoryStore
from kernel.state.migrations import (
    Applied,
    DataTooNew,
    Migration,
    MigrationFailed,
    Migrations,
    MigrationStatus,
    change_values,
    schema_versions,
)
from kernel.state.sqlite import SqliteStore
from kernel.state.state import State
from kernel.state.store import StateStore
from tests.support.clocks import ManualClock
from tests.support.store_model import content


def rename(store: StateStore) -> None:
    change_values(store, "global", lambda key, value: {"name": value})


def number(store: StateStore) -> None:
    change_values(store, "global", lambda key, value: {**value, "number": 7}, "user/")


def fail(store: StateStore) -> None:
    store.delete("global", "user/ann")
    raise ZeroDivisionError


STEPS = (Migration(1, "names in objects", rename), Migration(2, "numbers", number))


@pytest.fixture
def old(store: MemoryStore, clock: ManualClock) -> MemoryStore:
    """Data of the time before there were versions."""
    store.put("global", "user/ann", b'"Ann"')
    store.put("global", "team", b'"Red"', expires=clock.now() + 100)
    return store


def values(store: StateStore) -> dict[str, object]:
    return {key: json.loads(entry.value) for key, entry in store.scan("global")}


def test_all_steps_are_taken_in_order(old: MemoryStore, clock: ManualClock) -> None:
    """And it is known which were, and when; lives stay as they were."""
    migrations = Migrations("users", STEPS, clock)
    before = migrations.status(old)
    assert MigrationStatus("users", 0, 2, (), ("names in objects", "numbers")) == before
    migrations.migrate(old, 1)
    clock.advance(60)
    after = migrations.migrate(old)
    assert {"team": {"name": "Red"}, "user/ann": {"name": "Ann", "number": 7}} == values(old)
    taken = Applied(1, "names in objects", clock.now() - 60), Applied(2, "numbers", clock.now())
    assert MigrationStatus("users", 2, 2, taken, ()) == after == migrations.status(old)
    assert {"users": 2} == schema_versions(old)
    clock.advance(40)
    assert ["user/ann"] == list(values(old))


def test_nothing_is_done_twice(old: MemoryStore, clock: ManualClock) -> None:
    """Asking again changes nothing, not even a version."""
    migrations = Migrations("users", STEPS, clock)
    migrations.migrate(old)
    before = content(old)
    migrations.migrate(old)
    assert before == content(old)


def test_a_step_that_fails_changes_nothing(old: MemoryStore, clock: ManualClock) -> None:
    """Nor do the steps before it."""
    before = content(old)
    migrations = Migrations("users", (*STEPS, Migration(3, "broken", fail)), clock)
    with pytest.raises(MigrationFailed, match=r"users .* version 3 \(broken\): ZeroDivision"):
        migrations.migrate(old)
    assert before == content(old)
    assert 2 == migrations.migrate(old, 2).current


def test_newer_data_is_refused(old: MemoryStore, clock: ManualClock) -> None:
    """A program that does not know the data neither reads nor changes it."""
    Migrations("users", STEPS, clock).migrate(old)
    older = Migrations("users", STEPS[:1], clock)
    for ask in (older.status, older.migrate):
        with pytest.raises(DataTooNew, match=r"version 2 \(numbers\); this program knows 1"):
            ask(old)


@pytest.mark.parametrize(("to", "said"), [(3, "the last is 2"), (-1, "no version"), (1, "back to")])
def test_versions_that_cannot_be_had(old: MemoryStore, to: int, said: str) -> None:
    """Steps lead up to the last, and none leads back."""
    migrations = Migrations("users", STEPS)
    migrations.migrate(old)
    with pytest.raises(UserError, match=said):
        migrations.migrate(old, to)


@pytest.mark.parametrize("versions", [(2,), (1, 3), (2, 1), (1, 1)])
def test_steps_have_no_gaps(versions: tuple[int, ...]) -> None:
    """A list of steps that leads nowhere is a mistake of its author."""
    with pytest.raises(ValueError, match="1, 2, 3"):
        Migrations("users", [Migration(each, "", rename) for each in versions])


def test_schemas_are_independent(old: MemoryStore, clock: ManualClock) -> None:
    """Each subsystem has its own version, out of everybody's sight."""
    Migrations("users", STEPS, clock).migrate(old)
    Migrations("sessions", [], clock).migrate(old)
    Migrations("hooks", [Migration(1, "", lambda store: None)], clock).migrate(old)
    assert {"hooks": 1, "users": 2} == schema_versions(old)
    assert ["global"] == [str(scope) for scope in State(old).scopes()]


def test_two_migrate_at_once(tmp_path: Path) -> None:
    """One of them does it, the other finds it done."""
    stores = [SqliteStore(tmp_path / "state.db") for _ in range(4)]
    stores[0].put("global", "user/ann", b'"Ann"')
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(Migrations("users", STEPS).migrate, stores))
    assert [2] * 4 == [each.current for each in done]
    assert {"user/ann": {"name": "Ann", "number": 7}} == values(stores[3])
    for store in stores:
        store.close()
