"""PostgresStore: entries on a server, for kernels on several hosts.

Extra ``postgres``. Durable as the server is set up: with its default, ``synchronous_commit = on``,
an acknowledged write survives the end of the server and of its machine.

A write is one statement. A transaction locks the table against all other writes, of this process
and of others, so that transactions follow each other; readers wait for nobody. What expires is
judged by the clock of the kernel that asks: hosts should agree about the time.

A connection that broke while nothing was under way is replaced by a new one. One that breaks in the
middle of a statement is an error: a read is then asked once more, a write is not, for nobody knows
whether it happened; its text says so. Against a server that stays away use a `BreakerStore`.
"""

import select
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

from kernel.core.clock import Clock, SystemClock
from kernel.core.errors import UserError
from kernel.core.extras import need
from kernel.state.entries import EntryStore, PagedEntries
from kernel.state.sql import SqlEntries
from kernel.state.store import StateStore, StoreClosed, StoreUnavailable
from kernel.state.turn import Turn

if TYPE_CHECKING:
    import psycopg

T = TypeVar("T")

FORMAT = 1

SCHEMA = "llmspell"
"""The schema in which the table lies, so that it meets no other table of that name."""

TABLES = (
    f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}",
    """CREATE TABLE IF NOT EXISTS entries (scope text COLLATE "C" NOT NULL,
key text COLLATE "C" NOT NULL, value bytea NOT NULL, version bigint NOT NULL,
updated double precision NOT NULL, expires double precision, PRIMARY KEY (scope, key))""",
    "CREATE INDEX IF NOT EXISTS entries_by_expiry ON entries (expires) WHERE expires IS NOT NULL",
    f"COMMENT ON TABLE entries IS 'State of llmspell, format {FORMAT}'",
)

LOCK = "LOCK TABLE entries IN SHARE ROW EXCLUSIVE MODE"
"""Conflicts with itself and with the lock of every write, not with reading."""

WHAT, EXTRA = "The store 'postgresql:'", "postgres"

FORM = "write postgresql://USER:PASSWORD@HOST:PORT/DATABASE"

MAKING = 0x6C73706C
"""Number of the lock that one takes who makes the table."""


class PostgresEntries(SqlEntries):
    """Entries by one connection."""

    def __init__(self, connection: "psycopg.Connection[Any]", server: str, clock: Clock) -> None:
        super().__init__(clock)
        self._connection: psycopg.Connection[Any] | None = connection
        self._server = server

    def rows(self, statement: str, *values: object) -> list[Any]:
        """See `SqlEntries`."""
        return self._run(statement, values).fetchall()

    def change(self, statement: str, *values: object) -> int:
        """See `SqlEntries`."""
        return self._run(statement, values).rowcount

    def is_usable(self) -> bool:
        """Whether the connection is idle and the server has not hung up."""
        connection = self._connection
        if connection is None or connection.closed or connection.info.transaction_status.value:
            return False
        readable, _, _ = select.select([connection.fileno()], [], [], 0)
        return not readable  # an idle server says nothing but goodbye

    def connection(self) -> "psycopg.Connection[Any]":
        """The connection, as long as this is not closed."""
        if self._connection is None:
            raise StoreClosed(self._server)
        return self._connection

    def end(self) -> None:
        """Nothing can be done with it any more; the connection is not touched."""
        self._connection = None

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
        self.end()

    def _run(self, statement: str, values: tuple[object, ...]) -> "psycopg.Cursor[Any]":
        import psycopg

        try:
            return self.connection().execute(statement.replace("?", "%s").encode(), values)
        except psycopg.Error as error:
            raise _unavailable(self._server, error, is_broken=self.connection().closed) from error


class PostgresStore(EntryStore):
    """Implements `StateStore`: connections as many as there are callers at once."""

    def __init__(self, url: str, clock: Clock | None = None, *, connect_seconds: int = 10) -> None:
        """Connect to ``postgresql://…`` and make the table if it is not there.

        Raises `StoreUnavailable` or what `name_of` raises. Texts and errors name the server
        without the password.
        """
        self.server = name_of(url)
        self._psycopg = need("psycopg", WHAT, EXTRA)
        self._url, self._clock = url, clock or SystemClock()
        self._connect_seconds = connect_seconds
        self._turn = Turn(self.server)
        self._idle: deque[PostgresEntries] = deque()
        self._is_open = True
        with self._connection() as entries:
            _prepare(entries, self.server)

    @contextmanager
    def transaction(self) -> Iterator[StateStore]:
        """See `StateStore`."""
        with self._turn, self._block("BEGIN ISOLATION LEVEL READ COMMITTED", "COMMIT") as inside:
            inside.change(LOCK)
            yield inside

    @contextmanager
    def snapshot(self) -> Iterator[StateStore]:
        """See `StateStore`."""
        begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        with self._block(begin, "ROLLBACK") as inside:
            inside.scopes()  # the first look decides what is seen
            yield inside

    def close(self) -> None:
        """See `StateStore`. Connections that are in use are closed after it."""
        self._is_open = False
        while self._idle:
            self._idle.pop().close()

    def _look(self, ask: Callable[[PagedEntries], T]) -> T:
        """Ask, and once more where the connection broke: nothing was written."""
        try:
            return super()._look(ask)
        except ConnectionBroken:
            return super()._look(ask)

    def _reading(self) -> AbstractContextManager[PostgresEntries]:
        return self._connection()

    @contextmanager
    def _writing(self) -> Iterator[PostgresEntries]:
        self._turn.check()
        with self._connection() as entries:
            yield entries

    @contextmanager
    def _block(self, begin: str, end: str) -> Iterator[PostgresEntries]:
        with self._connection() as entries:
            inside = PostgresEntries(entries.connection(), self.server, self._clock)
            try:
                entries.change(begin)
                yield inside
                entries.change(end)
            except BaseException:
                with suppress(StoreUnavailable):
                    entries.change("ROLLBACK")
                raise
            finally:
                inside.end()

    @contextmanager
    def _connection(self) -> Iterator[PostgresEntries]:
        entries = self._take()
        try:
            yield entries
        finally:
            if self._is_open and entries.is_usable():
                self._idle.append(entries)
            else:
                entries.close()

    def _take(self) -> PostgresEntries:
        while self._is_open:
            try:
                entries = self._idle.pop()
            except IndexError:
                return self._connect()
            if entries.is_usable():
                return entries
            entries.close()
        raise StoreClosed(self.server)

    def _connect(self) -> PostgresEntries:
        try:
            connection = self._psycopg.connect(
                self._url,
                autocommit=True,
                connect_timeout=self._connect_seconds,
                client_encoding="utf8",
            )
            connection.execute(f"SET search_path TO {SCHEMA}")
        except self._psycopg.Error as error:
            raise _unavailable(self.server, error, is_broken=False) from error
        return PostgresEntries(connection, self.server, self._clock)


class ConnectionBroken(StoreUnavailable):
    """The connection broke in the middle of a statement."""


def _unavailable(server: str, error: Exception, *, is_broken: bool) -> StoreUnavailable:
    text = " ".join(str(error).split()) or type(error).__name__
    if is_broken:
        return ConnectionBroken(
            f"{server}: the connection broke while a statement was under way ({text}). "
            "If it was a write, nobody knows whether it happened: read, and repeat it if not."
        )
    return StoreUnavailable(f"{server}: {text}")


def name_of(url: str) -> str:
    """The server and database of a URL, without the password.

    Raises `ExtraMissing`, and `UserError` for what is no URL of a server.
    """
    psycopg = need("psycopg", WHAT, EXTRA)
    if not url.startswith("postgresql://"):
        raise UserError(f"postgresql: names no server; {FORM}.")
    try:
        parts = psycopg.conninfo.conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        # Its text quotes of the URL what it stumbles over, perhaps the password.
        raise UserError(
            f"postgresql: what is behind it is no address of a server; {FORM}, with %20 for a "
            "space and the like."
        ) from None
    where = f"{parts.get('host', 'localhost')}:{parts.get('port', 5432)}"
    return f"postgresql://{where}/{parts.get('dbname', '')}"


def _prepare(entries: PostgresEntries, server: str) -> None:
    """Make schema and table where they are missing; know them where they are there."""
    ((encoding,),) = entries.rows("SHOW server_encoding")
    if encoding != "UTF8":
        raise StoreUnavailable(f"{server} is encoded in {encoding}; make a database in UTF8.")
    if not _is_made(entries, server):
        with _at_once(entries):
            if not _is_made(entries, server):
                for statement in TABLES:
                    entries.change(statement)


@contextmanager
def _at_once(entries: PostgresEntries) -> Iterator[None]:
    entries.change("BEGIN")
    try:
        entries.rows("SELECT pg_advisory_xact_lock(?)", MAKING)
        yield
        entries.change("COMMIT")
    except BaseException:
        with suppress(StoreUnavailable):
            entries.change("ROLLBACK")
        raise


def _is_made(entries: PostgresEntries, server: str) -> bool:
    """Whether the table is there; raises `StoreUnavailable` if it is newer than this code."""
    ((note,),) = entries.rows(
        f"SELECT obj_description(to_regclass('{SCHEMA}.entries')::oid, 'pg_class')"
    )
    form = int(str(note).rpartition(" ")[2]) if note else 0
    if form > FORMAT:
        raise StoreUnavailable(
            f"{server} has format {form}; this version reads up to {FORMAT}. Use a newer version."
        )
    return form > 0
