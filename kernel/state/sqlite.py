"""SqliteStore: entries in one file that several threads and several processes may have open.

What survives (https://sqlite.org/wal.html, https://sqlite.org/pragma.html#pragma_synchronous): an
acknowledged write is in the write-ahead log, in the hands of the operating system, so it survives
the end of the process in any way, kill -9 among them. `Durability.PROCESS` leaves it at that: when
the machine loses power, the last writes may be lost, the file stays whole. `Durability.POWER` waits
for the disk at every write, which takes some ten times as long.

One connection writes, in turns; readers have connections of their own and never wait for it. The
file must be on a local disk: the log needs shared memory. A process that forks opens the store anew
in the child.
"""

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from kernel.core.clock import Clock, SystemClock
from kernel.state.durability import Durability
from kernel.state.entries import EntryStore
from kernel.state.sql import SqlEntries
from kernel.state.store import StateStore, StoreClosed, StoreUnavailable
from kernel.state.turn import Turn

APPLICATION = 0x6C73706C  # "lspl"
FORMAT = 1

TABLES = (
    """CREATE TABLE entries (scope TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL,
version INTEGER NOT NULL, updated REAL NOT NULL, expires REAL, UNIQUE (scope, key))""",
    "CREATE INDEX entries_by_expiry ON entries (expires) WHERE expires IS NOT NULL",
    f"PRAGMA application_id = {APPLICATION}",
    f"PRAGMA user_version = {FORMAT}",
)


class SqliteEntries(SqlEntries):
    """Entries by one connection: a reader, the writer, or a transaction."""

    def __init__(self, connection: sqlite3.Connection, path: Path, clock: Clock) -> None:
        super().__init__(clock)
        self._connection: sqlite3.Connection | None = connection
        self._path = path

    def rows(self, statement: str, *values: object) -> list[Any]:
        """See `SqlEntries`."""
        try:
            return self.connection().execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise unavailable(self._path, error) from error

    def change(self, statement: str, *values: object) -> int:
        """See `SqlEntries`."""
        try:
            return self.connection().execute(statement, values).rowcount
        except sqlite3.Error as error:
            raise unavailable(self._path, error) from error

    def connection(self) -> sqlite3.Connection:
        """The connection, as long as this is not closed."""
        if self._connection is None:
            raise StoreClosed(str(self._path))
        return self._connection

    def end(self) -> None:
        """Nothing can be done with it any more; the connection is not touched."""
        self._connection = None

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
        self.end()


class _Writing:
    """The writer for whose turn it is. A class, for it is in every put."""

    def __init__(self, turn: Turn, writer: SqliteEntries) -> None:
        self._turn, self._writer = turn, writer

    def __enter__(self) -> SqliteEntries:
        self._turn.__enter__()
        return self._writer

    def __exit__(self, *_: object) -> None:
        self._turn.__exit__(None, None, None)


class SqliteStore(EntryStore):
    """Implements `StateStore`: a writer, and readers as many as there are at once."""

    def __init__(
        self,
        path: Path | str,
        clock: Clock | None = None,
        *,
        durability: Durability = Durability.PROCESS,
        busy_seconds: float = 30.0,
    ) -> None:
        """Open or make the file and its folder; raises `StoreUnavailable`.

        ``busy_seconds``: how long a write waits for another process.
        """
        self.path = Path(path).absolute()
        self._clock = clock or SystemClock()
        self._durability, self._busy = durability, busy_seconds
        self._turn = Turn(str(self.path))
        self._readers: deque[SqliteEntries] = deque()
        self._is_open = True
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = self._connect()
        except (sqlite3.Error, OSError) as error:
            raise unavailable(self.path, error) from error
        try:
            _prepare(self._writer, self.path, busy_seconds)
        except BaseException:
            self._writer.close()
            raise

    @contextmanager
    def transaction(self) -> Iterator[StateStore]:
        """See `StateStore`. It holds the file's write lock, also against other processes."""
        with self._turn:
            inside = SqliteEntries(self._writer.connection(), self.path, self._clock)
            try:
                self._writer.change("BEGIN IMMEDIATE")
                yield inside
                self._writer.change("COMMIT")
            except BaseException:
                with suppress(StoreUnavailable):  # SQLite may have done so itself: a full disk
                    self._writer.change("ROLLBACK")
                raise
            finally:
                inside.end()

    @contextmanager
    def snapshot(self) -> Iterator[StateStore]:
        """See `StateStore`. While it is open the log grows, so it should not be open for hours."""
        with self._reading() as reader:
            reader.change("BEGIN")
            inside = SqliteEntries(reader.connection(), self.path, self._clock)
            try:
                inside.scopes()  # the first look decides what is seen
                yield inside
            finally:
                inside.end()
                reader.change("ROLLBACK")

    def close(self) -> None:
        """See `StateStore`. Readers that are under way end first."""
        self._is_open = False
        while self._readers:
            self._readers.pop().close()
        with self._turn:
            self._writer.close()

    def _writing(self) -> "_Writing":
        return _Writing(self._turn, self._writer)

    @contextmanager
    def _reading(self) -> Iterator[SqliteEntries]:
        try:
            reader = self._readers.pop()
        except IndexError:
            if not self._is_open:
                raise StoreClosed(str(self.path)) from None
            reader = self._connect(" (reader)")
        try:
            yield reader
        finally:
            if self._is_open:
                self._readers.append(reader)
            else:
                reader.close()

    def _connect(self, kind: str = "") -> SqliteEntries:
        connection = sqlite3.connect(
            self.path, timeout=self._busy, isolation_level=None, check_same_thread=False
        )
        synchronous = "FULL" if self._durability is Durability.POWER else "NORMAL"
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        if kind:
            connection.execute("PRAGMA query_only = ON")
        return SqliteEntries(connection, self.path, self._clock)


def unavailable(path: Path, error: Exception) -> StoreUnavailable:
    """What went wrong with the file, and what to do about it."""
    text = str(error)
    advice = next((way for words, way in ADVICE.items() if words in text), "")
    return StoreUnavailable(f"{path}: {text}.{advice}")


ADVICE = {
    "locked": " Another process has written for too long, or hangs in a transaction.",
    "malformed": " The file is damaged; restore a backup.",
    "not a database": " Name another file, or move this one away.",
    "disk is full": " Make room and try again.",
    "unable to open": " Look at the folder and its permissions.",
}


def _prepare(writer: SqliteEntries, path: Path, busy_seconds: float) -> None:
    """Make the tables of a new file, or know the tables of an old one."""
    _check(writer, path)
    _use_write_ahead_log(writer, path, time.monotonic() + busy_seconds)
    writer.change("BEGIN IMMEDIATE")
    if _check(writer, path):
        for statement in TABLES:
            writer.change(statement)
    writer.change("COMMIT")


def _check(writer: SqliteEntries, path: Path) -> bool:
    """Whether the file is new; raises `StoreUnavailable` if it is not ours or newer than this."""
    ((application,),) = writer.rows("PRAGMA application_id")
    ((form,),) = writer.rows("PRAGMA user_version")
    ((tables,),) = writer.rows("SELECT count(*) FROM sqlite_master")
    if not tables:
        return True
    if application != APPLICATION:
        raise StoreUnavailable(f"{path} is a database of another program; name another file.")
    if form > FORMAT:
        raise StoreUnavailable(
            f"{path} has format {form}; this version reads up to {FORMAT}. Use a newer version."
        )
    return False


def _use_write_ahead_log(writer: SqliteEntries, path: Path, deadline: float) -> None:
    # The change itself does not wait for other processes, so that two that make a file may meet.
    while True:
        try:
            ((mode,),) = writer.rows("PRAGMA journal_mode = WAL")
        except StoreUnavailable as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            threading.Event().wait(0.005)
            continue
        if mode != "wal":
            raise StoreUnavailable(f"{path} cannot have a write-ahead log (it is {mode}).")
        return
