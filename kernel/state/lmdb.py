"""LmdbStore: entries in one file that is mapped into memory; the fastest store that keeps anything.

Extra ``lmdb``. Several threads and several processes of one machine may have the file open, each
process once. Writers follow each other, readers wait for nobody.

What survives (http://www.lmdb.tech/doc/, ``MDB_NOSYNC``): with `Durability.PROCESS` an acknowledged
write is in the hands of the operating system and survives kill -9. When the machine loses power the
file may be damaged as a whole, for pages reach the disk in any order: restore a backup then, or use
`Durability.POWER`, which waits for the disk at every write.
"""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from kernel.core.clock import Clock, SystemClock
from kernel.core.extras import need
from kernel.state.durability import Durability
from kernel.state.entries import EntryStore, is_there, version_of
from kernel.state.names import Page, check_names, check_text, paged
from kernel.state.store import Entry, StateStore, StoreClosed, StoreUnavailable
from kernel.state.turn import Turn

if TYPE_CHECKING:
    import lmdb

MAP_SIZE = 1 << 36
"""How large a file may grow: 64 GiB. Address space, not memory; the file is as large as needed."""

_HEAD = struct.Struct(">Qdd")
NEVER = float("inf")


class LmdbEntries:
    """Entries in one transaction of LMDB, which reads or writes."""

    def __init__(
        self, environment: "lmdb.Environment", inside: "lmdb.Transaction", clock: Clock
    ) -> None:
        self._environment = environment
        self._inside: lmdb.Transaction | None = inside
        self._clock = clock

    def get(self, scope: str, key: str) -> Entry | None:
        """See `StateStore`."""
        check_names(scope, key)
        data = self._running().get(_name(scope, key))
        entry = None if data is None else _unpack(data)
        return entry if entry and is_there(entry, self._clock.now()) else None

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
        self.put_entry(scope, key, Entry(value, version, self._clock.now(), expires))
        return version

    def put_entry(self, scope: str, key: str, entry: Entry) -> None:
        """See `StateStore`."""
        check_names(scope, key)
        expires = NEVER if entry.expires is None else entry.expires
        head = _HEAD.pack(entry.version, entry.updated, expires)
        self._running().put(_name(scope, key), head + entry.value)

    def delete(self, scope: str, key: str, *, expected: int | None = None) -> bool:
        """See `StateStore`."""
        was_there = self._found(scope, key, expected) > 0
        if was_there:
            self._running().delete(_name(scope, key))
        return was_there

    def page(self, scope: str, prefix: str, after: str, limit: int) -> Page:
        """At most ``limit`` entries behind the key ``after``."""
        now, page = self._clock.now(), Page()
        start, skip = _name(scope, prefix), _name(scope, after)
        with self._running().cursor() as cursor:
            there = cursor.set_range(max(start, skip))
            while there and len(page) < limit and (name := bytes(cursor.key())).startswith(start):
                entry = _unpack(cursor.value())
                if name != skip and is_there(entry, now):
                    page.append((_key(name), entry))
                there = cursor.next()
        return page

    def scan(
        self, scope: str, prefix: str = "", *, after: str | None = None, limit: int | None = None
    ) -> Iterator[tuple[str, Entry]]:
        """See `StateStore`."""
        check_text(scope, prefix)
        return paged(lambda last, most: self.page(scope, prefix, last, most), after, limit)

    def scopes(self) -> list[str]:
        """See `StateStore`."""
        now, found = self._clock.now(), list[str]()
        with self._running().cursor() as cursor:
            there = cursor.first()
            while there:
                scope = bytes(cursor.key()).partition(b"\0")[0]
                if is_there(_unpack(cursor.value()), now):
                    found.append(scope.decode())
                    there = cursor.set_range(scope + b"\1")
                else:
                    there = cursor.next()
        return found

    @contextmanager
    def transaction(self) -> Iterator[StateStore]:
        """See `StateStore`."""
        with self._environment.begin(write=True, parent=self._running()) as part:
            inside = LmdbEntries(self._environment, part, self._clock)
            try:
                yield inside
            finally:
                inside.close()

    @contextmanager
    def snapshot(self) -> Iterator[StateStore]:
        """The transaction itself, which nobody else changes."""
        yield self

    def purge(self, now: float) -> int:
        """See `StateStore`. It looks at every entry."""
        running = self._running()
        with running.cursor() as cursor:
            gone = [name for name, data in cursor if not is_there(_unpack(data), now)]
        for name in gone:
            running.delete(name)
        return len(gone)

    def close(self) -> None:
        """Nothing can be done with it any more."""
        self._inside = None

    def _running(self) -> "lmdb.Transaction":
        if self._inside is None:
            raise StoreClosed(str(self._environment.path()))
        return self._inside

    def _found(self, scope: str, key: str, expected: int | None) -> int:
        return version_of(scope, key, self.get(scope, key), expected)


class LmdbStore(EntryStore):
    """Implements `StateStore`."""

    def __init__(
        self,
        path: Path | str,
        clock: Clock | None = None,
        *,
        durability: Durability = Durability.PROCESS,
        map_size: int = MAP_SIZE,
    ) -> None:
        """Open or make the file and its folder; raises `StoreUnavailable` or `ExtraMissing`."""
        self.path = Path(path).absolute()
        self._lmdb = need("lmdb", "The store 'lmdb:'", "lmdb")
        self.errors: type[Exception] = self._lmdb.Error
        self._clock = clock or SystemClock()
        self._turn = Turn(str(self.path))
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._environment: lmdb.Environment | None = self._lmdb.open(
                str(self.path),
                subdir=False,
                map_size=map_size,
                sync=durability is Durability.POWER,
                max_readers=1024,
            )
            self._environment.reader_check()  # those that were killed free what they held
        except (self._lmdb.Error, OSError) as error:
            raise StoreUnavailable(f"{self.path}: {error}.") from error

    @contextmanager
    def transaction(self) -> Iterator[StateStore]:
        """See `StateStore`. It holds the write lock, also against other processes."""
        with self._writing() as inside:
            yield inside

    @contextmanager
    def snapshot(self) -> Iterator[StateStore]:
        """See `StateStore`. While it is open the file grows, so it should not be open for hours."""
        with self._reading() as inside:
            yield inside

    def close(self) -> None:
        """See `StateStore`."""
        if self._environment is not None:
            with self._turn:
                self._environment.close()
                self._environment = None

    def _reading(self) -> "_Block":
        return _Block(self, self._open(), self._clock)

    def _writing(self) -> "_Block":
        return _Block(self, self._open(), self._clock, self._turn)

    def _open(self) -> "lmdb.Environment":
        if self._environment is None:
            raise StoreClosed(str(self.path))
        return self._environment

    def unavailable(self, error: Exception) -> StoreUnavailable:
        """What went wrong, and what to do about it."""
        if isinstance(error, self._lmdb.MapFullError):
            return StoreUnavailable(f"{self.path} is full: open it with a larger `size`.")
        return StoreUnavailable(f"{self.path}: {error}.")


class _Block:
    """A transaction of LMDB from its beginning to its end. A class, for it is in every put."""

    def __init__(
        self,
        store: LmdbStore,
        environment: "lmdb.Environment",
        clock: Clock,
        turn: Turn | None = None,
    ) -> None:
        self._store, self._environment, self._clock = store, environment, clock
        self._turn = turn

    def __enter__(self) -> LmdbEntries:
        if self._turn:
            self._turn.__enter__()
        try:
            self._running = self._environment.begin(write=self._turn is not None)
        except BaseException as error:
            self._leave()
            raise self._translated(error) from error
        self._inside = LmdbEntries(self._environment, self._running, self._clock)
        return self._inside

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._inside.close()
        try:
            if error is None:
                self._running.commit()
            else:
                self._running.abort()
        except BaseException as failure:
            raise self._translated(failure) from failure
        finally:
            self._leave()
        if error is not None and (translated := self._translated(error)) is not error:
            raise translated from error

    def _leave(self) -> None:
        if self._turn:
            self._turn.__exit__(None, None, None)

    def _translated(self, error: BaseException) -> BaseException:
        return self._store.unavailable(error) if isinstance(error, self._store.errors) else error


def _name(scope: str, key: str) -> bytes:
    return f"{scope}\0{key}".encode()


def _key(name: bytes) -> str:
    return name.partition(b"\0")[2].decode()


def _unpack(data: "bytes | memoryview[int]") -> Entry:
    version, updated, expires = _HEAD.unpack_from(data)
    value = bytes(data[_HEAD.size :])
    return Entry(value, version, updated, None if expires == NEVER else expires)
