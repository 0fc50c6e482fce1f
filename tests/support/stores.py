"""The stores that tests are run over: how each is opened."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kernel.core.clock import Clock
from kernel.state.breaker import BreakerStore
from kernel.state.durability import Durability
from kernel.state.lmdb import LmdbStore
from kernel.state.memory import MemoryStore
from kernel.state.metrics import MeteredStore
from kernel.state.sqlite import SqliteStore
from kernel.state.store import StateStore, StoreUnavailable
from kernel.state.wrapped import WrappedStore

Open = Callable[[Path, Clock], StateStore]
"""Opens a store in a folder; opened twice in the same folder it is the same store."""

DURABLE: dict[str, Open] = {
    "sqlite": lambda folder, clock: SqliteStore(folder / "state.db", clock),
    "sqlite-power": lambda folder, clock: SqliteStore(
        folder / "state.db", clock, durability=Durability.POWER
    ),
    "lmdb": lambda folder, clock: LmdbStore(folder / "state.lmdb", clock),
    "lmdb-power": lambda folder, clock: LmdbStore(
        folder / "state.lmdb", clock, durability=Durability.POWER
    ),
}
"""Those that keep what was written when the process ends."""

STORES: dict[str, Open] = {
    "memory": lambda folder, clock: MemoryStore(clock),
    **DURABLE,
    "breaker": lambda folder, clock: BreakerStore(MemoryStore(clock)),
    "metrics": lambda folder, clock: MeteredStore(SqliteStore(folder / "state.db", clock)),
}


def keys(store: StateStore, scope: str, prefix: str = "", **more: Any) -> list[str]:
    """What a scan finds."""
    return [key for key, _ in store.scan(scope, prefix, **more)]


class FailingStore(WrappedStore):
    """A store that is away when a test says so."""

    is_away = False

    @contextmanager
    def around(self, operation: str) -> Iterator[None]:
        """Fail, or not."""
        if self.is_away:
            raise StoreUnavailable(f"{operation}: nobody there.")
        yield
        if self.is_away:
            raise StoreUnavailable(f"{operation}: gone in the middle.")
