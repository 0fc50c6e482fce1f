"""MemoryStore: entries in dictionaries; nothing survives the process."""

from collections.abc import Iterator
from contextlib import contextmanager
from operator import itemgetter

from kernel.core.clock import Clock, SystemClock
from kernel.state.entries import is_there, version_of
from kernel.state.names import check_names, check_text
from kernel.state.store import Entry, StateStore, StoreClosed
from kernel.state.turn import Turn

NAME = "the store in memory"


class MemoryEntries:
    """Entries for one writer: the inside of the store, of a transaction and of a snapshot.

    A copy shares the dictionaries of its scopes and copies one when it first writes to it.
    """

    def __init__(self, clock: Clock, scopes: dict[str, dict[str, Entry]]) -> None:
        self._clock = clock
        self._scopes: dict[str, dict[str, Entry]] | None = dict(scopes)
        self._own: set[str] = set()

    def get(self, scope: str, key: str) -> Entry | None:
        """See `StateStore`."""
        check_names(scope, key)
        found = self.table().get(scope, {}).get(key)
        return found if is_there(found, self._clock.now()) else None

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
        version = self._found(scope, key, expected) + 1
        self._writable(scope)[key] = Entry(bytes(value), version, self._clock.now(), expires)
        return version

    def put_entry(self, scope: str, key: str, entry: Entry) -> None:
        """See `StateStore`."""
        check_names(scope, key)
        self._writable(scope)[key] = entry

    def delete(self, scope: str, key: str, *, expected: int | None = None) -> bool:
        """See `StateStore`."""
        was_there = self._found(scope, key, expected) > 0
        if was_there:
            self._drop(scope, key)
        return was_there

    def scan(
        self, scope: str, prefix: str = "", *, after: str | None = None, limit: int | None = None
    ) -> Iterator[tuple[str, Entry]]:
        """See `StateStore`."""
        check_text(scope, prefix)
        now, table = self._clock.now(), self.table().get(scope, {})
        found = [
            (key, entry)
            for key, entry in list(table.items())
            if key.startswith(prefix) and (after is None or key > after) and is_there(entry, now)
        ]
        found.sort(key=itemgetter(0))
        return iter(found[:limit])

    def scopes(self) -> list[str]:
        """See `StateStore`."""
        now = self._clock.now()
        return sorted(
            scope
            for scope, entries in list(self.table().items())
            if any(is_there(entry, now) for entry in list(entries.values()))
        )

    @contextmanager
    def transaction(self) -> Iterator[StateStore]:
        """A copy, which takes the place of what it was made of when nothing went wrong."""
        part = MemoryEntries(self._clock, self.table())
        try:
            yield part
            self._scopes = part.table()
            self._own = (self._own | part._own) & self._scopes.keys()
        finally:
            part.close()

    @contextmanager
    def snapshot(self) -> Iterator[StateStore]:
        """A copy."""
        copy = MemoryEntries(self._clock, {each: dict(it) for each, it in self.table().items()})
        try:
            yield copy
        finally:
            copy.close()

    def purge(self, now: float) -> int:
        """See `StateStore`."""
        gone = [
            (scope, key)
            for scope, entries in self.table().items()
            for key, entry in entries.items()
            if not is_there(entry, now)
        ]
        for scope, key in gone:
            self._drop(scope, key)
        return len(gone)

    def close(self) -> None:
        """Nothing can be done with it any more."""
        self._scopes = None

    def table(self) -> dict[str, dict[str, Entry]]:
        """The entries by scope and key, those that expired among them."""
        if self._scopes is None:
            raise StoreClosed(NAME)
        return self._scopes

    def _found(self, scope: str, key: str, expected: int | None) -> int:
        return version_of(scope, key, self.get(scope, key), expected)

    def _drop(self, scope: str, key: str) -> None:
        if key in self.table().get(scope, {}):
            entries = self._writable(scope)
            del entries[key]
            if not entries:
                del self.table()[scope]
                self._own.discard(scope)

    def _writable(self, scope: str) -> dict[str, Entry]:
        table = self.table()
        if scope not in self._own:
            table[scope] = dict(table.get(scope, {}))
            self._own.add(scope)
        return table[scope]


class MemoryStore(MemoryEntries):
    """Implements `StateStore` for any number of threads.

    A transaction copies each scope that it writes to, so it costs the more the larger the scope.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__(clock or SystemClock(), {})
        self._turn = Turn(NAME)

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
        with self._turn:
            return super().put(scope, key, value, expires=expires, expected=expected)

    def put_entry(self, scope: str, key: str, entry: Entry) -> None:
        """See `StateStore`."""
        with self._turn:
            super().put_entry(scope, key, entry)

    def delete(self, scope: str, key: str, *, expected: int | None = None) -> bool:
        """See `StateStore`."""
        with self._turn:
            return super().delete(scope, key, expected=expected)

    @contextmanager
    def transaction(self) -> Iterator[StateStore]:
        """See `StateStore`."""
        with self._turn, super().transaction() as inside:
            yield inside

    @contextmanager
    def snapshot(self) -> Iterator[StateStore]:
        """See `StateStore`."""
        with self._turn:
            copy = MemoryEntries(self._clock, self.table())
            self._own.clear()
        try:
            yield copy
        finally:
            copy.close()

    def purge(self, now: float) -> int:
        """See `StateStore`."""
        with self._turn:
            return super().purge(now)
