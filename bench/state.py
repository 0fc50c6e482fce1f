"""How long stores take to put and get, against plain statements of sqlite3 in the same run."""

import importlib.util
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from kernel.state.breaker import BreakerStore
from kernel.state.memory import MemoryStore
from kernel.state.metrics import MeteredStore
from kernel.state.scopes import GLOBAL
from kernel.state.sqlite import SqliteStore
from kernel.state.state import State
from kernel.state.store import StateStore
from kernel.state.stores import open_store

KEYS = 500
VALUE = b"x" * 200

Operation = Callable[[str], object]


def median(operation: Operation, times: int) -> float:
    """The median of so many calls with changing keys, in microseconds."""
    took = []
    for number in range(times):
        key = f"key{number % KEYS}"
        start = time.perf_counter()
        operation(key)
        took.append(time.perf_counter() - start)
    return statistics.median(took) * 1e6


def measure(times: int, postgres: str | None = None) -> Iterator[tuple[str, float, float]]:
    """Names with the medians of put and get, plain sqlite3 first."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        with closing(_plain(Path(folder) / "plain.db")) as connection:
            yield _row("plain sqlite3", *_statements(connection), times)
        for name, store in _stores(Path(folder), postgres):
            with closing(store):
                yield _row(name, *_operations(store), times)
        with closing(SqliteStore(Path(folder) / "values.db")) as store:
            state = State(store)
            value = {"name": "x" * 150, "numbers": [1, 2, 3], "known": True}

            def put(key: str) -> None:
                state.put(GLOBAL, key, value)

            yield _row("State over sqlite:", put, lambda key: state.get(GLOBAL, key), times)
        yield from _rocksdict(folder, times)


def _row(name: str, put: Operation, get: Operation, times: int) -> tuple[str, float, float]:
    return name, median(put, times), median(get, times)


def _stores(folder: Path, postgres: str | None) -> Iterator[tuple[str, StateStore]]:
    for url in (
        "sqlite:{}/a.db",
        "sqlite:{}/b.db?durability=power",
        "lmdb:{}/a.lmdb",
        "lmdb:{}/b.lmdb?durability=power",
        "memory:",
    ):
        yield url.replace("{}/", ""), open_store(url.format(folder))
    if postgres:
        yield "postgresql:", open_store(postgres)
    yield "memory:, breaker", BreakerStore(MemoryStore())
    yield "memory:, metrics", MeteredStore(MemoryStore())


def _operations(store: StateStore) -> tuple[Operation, Operation]:
    return (
        lambda key: store.put("global", key, VALUE),
        lambda key: store.get("global", key),
    )


def _plain(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("CREATE TABLE entries (key TEXT PRIMARY KEY, value BLOB)")
    return connection


def _statements(connection: sqlite3.Connection) -> tuple[Operation, Operation]:
    put = "INSERT OR REPLACE INTO entries VALUES (?, ?)"
    get = "SELECT value FROM entries WHERE key = ?"
    return (
        lambda key: connection.execute(put, (key, VALUE)),
        lambda key: connection.execute(get, (key,)).fetchone(),
    )


def _rocksdict(folder: str, times: int) -> Iterator[tuple[str, float, float]]:
    """What LMDB was chosen over, where it is installed: no versions, lives or transactions."""
    if importlib.util.find_spec("rocksdict"):
        import rocksdict

        database = rocksdict.Rdict(f"{folder}/rocks", rocksdict.Options(raw_mode=True))

        def put(key: str) -> None:
            database[key.encode()] = VALUE

        yield _row("plain rocksdict", put, lambda key: database[key.encode()], times)
        database.close()


def tell(times: int = 3000, postgres: str | None = None) -> None:
    """Print the table."""
    sys.stdout.write(f"{'state':32} {'put, µs':>9} {'ratio':>6} {'get, µs':>9} {'ratio':>6}\n")
    plain: tuple[float, float] | None = None
    for name, put, get in measure(times, postgres):
        plain = plain or (put, get)
        row = f"{put:9.1f} {put / plain[0]:6.2f} {get:9.1f} {get / plain[1]:6.2f}"
        sys.stdout.write(f"{name:32} {row}\n")
        sys.stdout.flush()
