"""SqlEntries: a StateStore on one connection to a database that speaks SQL.

The statements are those that SQLite (3.35) and PostgreSQL (9.5) have in common. Each write is one
statement, so that what it compares and what it writes belong together also without a transaction.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from kernel.core.clock import Clock
from kernel.state.names import Page, behind, check_names, check_text, paged
from kernel.state.store import Conflict, Entry, StateStore

GET = """SELECT value, version, updated, expires FROM entries WHERE scope = ? AND key = ?"""

_INSERT = """INSERT INTO entries (scope, key, value, version, updated, expires)
VALUES (?, ?, ?, 1, ?, ?) ON CONFLICT (scope, key) DO UPDATE SET value = excluded.value,
version = CASE WHEN entries.expires <= excluded.updated THEN 1 ELSE entries.version + 1 END,
updated = excluded.updated, expires = excluded.expires"""

PUT = f"{_INSERT} RETURNING version"

PUT_NEW = f"{_INSERT} WHERE entries.expires <= excluded.updated RETURNING version"

PUT_OVER = """UPDATE entries SET value = ?, version = version + 1, updated = ?, expires = ?
WHERE scope = ? AND key = ? AND version = ? AND (expires IS NULL OR expires > ?)
RETURNING version"""

PUT_ENTRY = """INSERT INTO entries (scope, key, value, version, updated, expires)
VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (scope, key) DO UPDATE SET value = excluded.value,
version = excluded.version, updated = excluded.updated, expires = excluded.expires"""

DELETE = """DELETE FROM entries
WHERE scope = ? AND key = ? AND (expires IS NULL OR expires > ?)"""

DELETE_VERSION = f"{DELETE} AND version = ?"

PURGE = "DELETE FROM entries WHERE expires <= ?"

SCOPES = "SELECT DISTINCT scope FROM entries WHERE expires IS NULL OR expires > ? ORDER BY scope"

_PAGE = """SELECT key, value, version, updated, expires FROM entries
WHERE scope = ? AND key > ? AND key >= ? AND (expires IS NULL OR expires > ?)"""

PAGE = f"{_PAGE} ORDER BY key LIMIT ?"

PAGE_UP_TO = f"{_PAGE} AND key < ? ORDER BY key LIMIT ?"


class SqlEntries(ABC):
    """Entries by one connection; not for several threads at once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._depth = 0

    @abstractmethod
    def rows(self, statement: str, *values: object) -> Sequence[Any]:
        """The rows of a statement with ``?`` in the places of values; or `StoreUnavailable`."""

    @abstractmethod
    def change(self, statement: str, *values: object) -> int:
        """How many rows a statement without rows of its own changed; or `StoreUnavailable`."""

    @abstractmethod
    def close(self) -> None:
        """See `StateStore`."""

    def get(self, scope: str, key: str) -> Entry | None:
        """See `StateStore`."""
        check_names(scope, key)
        for row in self.rows(GET, scope, key):
            entry = Entry(*row)
            if entry.expires is None or entry.expires > self._clock.now():
                return entry
        return None

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
        check_names(scope, key)
        now = self._clock.now()
        if expected:
            rows = self.rows(PUT_OVER, value, now, expires, scope, key, expected, now)
        else:
            rows = self.rows(PUT if expected is None else PUT_NEW, scope, key, value, now, expires)
        for (version,) in rows:
            return int(version)
        raise self._conflict(scope, key, expected)

    def put_entry(self, scope: str, key: str, entry: Entry) -> None:
        """See `StateStore`."""
        check_names(scope, key)
        row = (entry.value, entry.version, entry.updated, entry.expires)
        self.change(PUT_ENTRY, scope, key, *row)

    def delete(self, scope: str, key: str, *, expected: int | None = None) -> bool:
        """See `StateStore`."""
        check_names(scope, key)
        now = self._clock.now()
        if expected is None:
            return self.change(DELETE, scope, key, now) > 0
        if expected == 0:
            if self.get(scope, key):
                raise self._conflict(scope, key, expected)
            return False
        if not self.change(DELETE_VERSION, scope, key, now, expected):
            raise self._conflict(scope, key, expected)
        return True

    def page(self, scope: str, prefix: str, after: str, limit: int) -> Page:
        """At most ``limit`` entries behind the key ``after``."""
        end = behind(prefix)
        values = (scope, after, prefix, self._clock.now())
        if end is None:
            rows = self.rows(PAGE, *values, limit)
        else:
            rows = self.rows(PAGE_UP_TO, *values, end, limit)
        return [(row[0], Entry(*row[1:])) for row in rows]

    def scan(
        self, scope: str, prefix: str = "", *, after: str | None = None, limit: int | None = None
    ) -> Iterator[tuple[str, Entry]]:
        """See `StateStore`."""
        check_text(scope, prefix)
        return paged(lambda last, most: self.page(scope, prefix, last, most), after, limit)

    def scopes(self) -> list[str]:
        """See `StateStore`."""
        return [scope for (scope,) in self.rows(SCOPES, self._clock.now())]

    @contextmanager
    def transaction(self) -> Iterator[StateStore]:
        """A part of the transaction that may fail while the rest goes on: a savepoint."""
        self._depth += 1
        name = f"part{self._depth}"
        self.change(f"SAVEPOINT {name}")
        try:
            yield self
        except BaseException:
            self.change(f"ROLLBACK TO SAVEPOINT {name}")
            raise
        finally:
            self.change(f"RELEASE SAVEPOINT {name}")
            self._depth -= 1

    @contextmanager
    def snapshot(self) -> Iterator[StateStore]:
        """The transaction itself, which nobody else changes."""
        yield self

    def purge(self, now: float) -> int:
        """See `StateStore`."""
        return self.change(PURGE, now)

    def _conflict(self, scope: str, key: str, expected: int | None) -> Conflict:
        found = self.get(scope, key)
        return Conflict(scope, key, expected or 0, found.version if found else 0)
