"""SqliteStore: what only a file of SQLite can be."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel.state.durability import Durability
from kernel.state.sqlite import FORMAT, SqliteStore
from kernel.state.store import StoreUnavailable


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file is to be."""
    return tmp_path / "state.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    """A store in it."""
    store = SqliteStore(path, busy_seconds=0.2)
    yield store
    store.close()


def test_databases_of_others_are_left_alone(path: Path) -> None:
    """Another program's tables are not written beside, and its journal stays as it is."""
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE entries (a)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(StoreUnavailable, match="another program"):
        SqliteStore(path)
    assert before == path.read_bytes()


def test_newer_files_are_refused(path: Path, store: SqliteStore) -> None:
    """A file of a later version is not read by guesswork."""
    store.close()
    with sqlite3.connect(path) as other:
        other.execute(f"PRAGMA user_version = {FORMAT + 1}")
    other.close()
    with pytest.raises(StoreUnavailable, match=f"format {FORMAT + 1}; .* newer version"):
        SqliteStore(path)


def test_damage_is_named(path: Path, store: SqliteStore) -> None:
    """A damaged file is an error with the file's name and a way out."""
    for number in range(200):
        store.put("global", str(number), b"x" * 1000)
    store.close()
    with path.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * 100_000)
    with pytest.raises(StoreUnavailable, match=r"state\.db: .*malformed.*restore a backup"):
        list(SqliteStore(path).scan("global"))


def test_waiting_for_others_ends(path: Path, store: SqliteStore) -> None:
    """A process that holds the lock too long is said to; reading goes on meanwhile."""
    store.put("global", "a", b"1")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match=r"locked.*Another process"):
        store.put("global", "a", b"2")
    with pytest.raises(StoreUnavailable, match="locked"):
        store.transaction().__enter__()
    found = store.get("global", "a")
    assert found
    assert b"1" == found.value
    other.execute("ROLLBACK")
    other.close()
    assert 2 == store.put("global", "a", b"2")


@pytest.mark.parametrize(("durability", "synchronous"), [("process", 1), ("power", 2)])
def test_durability_is_what_the_writer_asks_of_sqlite(
    path: Path, durability: str, synchronous: int
) -> None:
    """NORMAL hands a write to the system, FULL waits for the disk; both with a log."""
    store = SqliteStore(path, durability=Durability(durability))
    assert [(synchronous,)] == store._writer.rows("PRAGMA synchronous")
    assert [("wal",)] == store._writer.rows("PRAGMA journal_mode")
    store.close()


def test_a_closed_store_leaves_one_file(path: Path, store: SqliteStore) -> None:
    """The log is taken into the file, which can be copied as it is."""
    store.put("global", "a", b"1")
    store.get("global", "a")
    store.close()
    assert ["state.db"] == [each.name for each in path.parent.iterdir()]
