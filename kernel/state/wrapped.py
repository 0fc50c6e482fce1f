"""WrappedStore: a store in front of another one, which gets to know of every operation."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from kernel.state.store import Entry, StateStore


class WrappedStore(ABC):
    """Implements `StateStore` by another store; what it adds is in `around`."""

    def __init__(self, store: StateStore) -> None:
        self._store = store

    @abstractmethod
    def around(self, operation: str) -> AbstractContextManager[None]:
        """What each operation happens in; ``operation`` is the name of the method."""

    def inside(self, store: StateStore) -> StateStore:
        """The store that a transaction or snapshot gives."""
        return store

    def get(self, scope: str, key: str) -> Entry | None:
        """See `StateStore`."""
        with self.around("get"):
            return self._store.get(scope, key)

    def put(
        self,
        scope: str,
        key: str,
        value: bytes,
        *,
        expires: float | None = None,
        expected: int | None = None,
    ) -> int:
        """See `StateStore`."""
        with self.around("put"):
            return self._store.put(scope, key, value, expires=expires, expected=expected)

    def put_entry(self, scope: str, key: str, entry: Entry) -> None:
        """See `StateStore`."""
        with self.around("put_entry"):
            self._store.put_entry(scope, key, entry)

    def delete(self, scope: str, key: str, *, expected: int | None = None) -> bool:
        """See `StateStore`."""
        with self.around("delete"):
            return self._store.delete(scope, key, expected=expected)

    def scan(
        self, scope: str, prefix: str = "", *, after: str | None = None, limit: int | None = None
    ) -> Iterator[tuple[str, Entry]]:
        """See `StateStore`. Each step of the iteration is an operation."""
        with self.around("scan"):
            entries = self._store.scan(scope, prefix, after=after, limit=limit)
        return self._steps(entries)

    def scopes(self) -> list[str]:
        """See `StateStore`."""
        with self.around("scopes"):
            return self._store.scopes()

    @contextmanager
    def transaction(self) -> Iterator[StateStore]:
        """See `StateStore`."""
        with self.around("transaction"), self._store.transaction() as inside:
            yield self.inside(inside)

    @contextmanager
    def snapshot(self) -> Iterator[StateStore]:
        """See `StateStore`."""
        with self.around("snapshot"), self._store.snapshot() as inside:
            yield self.inside(inside)

    def purge(self, now: float) -> int:
        """See `StateStore`."""
        with self.around("purge"):
            return self._store.purge(now)

    def close(self) -> None:
        """See `StateStore`."""
        self._store.close()

    def _steps(self, entries: Iterator[tuple[str, Entry]]) -> Iterator[tuple[str, Entry]]:
        while True:
            with self.around("scan"):
                found = next(entries, None)
            if found is None:
                return
            yield found
