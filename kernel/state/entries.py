"""What the stores have in common: when an entry is there, and the doors to one that pages.

An `EntryStore` says how it is read and how it is written to; each operation is then one block of
the one or of the other, on entries that know how to do it.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

from kernel.state.names import Page, check_text, paged
from kernel.state.store import Conflict, Entry, StateStore

T = TypeVar("T")


def is_there(entry: Entry | None, now: float) -> bool:
    """Whether there is an entry that has not expired."""
    return entry is not None and (entry.expires is None or entry.expires > now)


def version_of(scope: str, key: str, entry: Entry | None, expected: int | None) -> int:
    """The version that is there, 0 for none; raises `Conflict` where another one is expected."""
    version = entry.version if entry else 0
    if expected is not None and expected != version:
        raise Conflict(scope, key, expected, version)
    return version


class PagedEntries(StateStore, Protocol):
    """Entries within one block; not for several threads at once."""

    def page(self, scope: str, prefix: str, after: str, limit: int) -> Page:
        """At most ``limit`` entries behind the key ``after``."""


class EntryStore(ABC):
    """Implements what of `StateStore` is one block; transactions and snapshots are left open."""

    @abstractmethod
    def _reading(self) -> AbstractContextManager[PagedEntries]:
        """A block in which entries are read."""

    @abstractmethod
    def _writing(self) -> AbstractContextManager[PagedEntries]:
        """A block whose one write is durable behind it."""

    def _look(self, ask: Callable[[PagedEntries], T]) -> T:
        """Ask in a block of reading."""
        with self._reading() as entries:
            return ask(entries)

    def get(self, scope: str, key: str) -> Entry | None:
        """See `StateStore`."""
        return self._look(lambda entries: entries.get(scope, key))

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
        with self._writing() as entries:
            return entries.put(scope, key, value, expires=expires, expected=expected)

    def put_entry(self, scope: str, key: str, entry: Entry) -> None:
        """See `StateStore`."""
        with self._writing() as entries:
            entries.put_entry(scope, key, entry)

    def delete(self, scope: str, key: str, *, expected: int | None = None) -> bool:
        """See `StateStore`."""
        with self._writing() as entries:
            return entries.delete(scope, key, expected=expected)

    def scan(
        self, scope: str, prefix: str = "", *, after: str | None = None, limit: int | None = None
    ) -> Iterator[tuple[str, Entry]]:
        """See `StateStore`."""
        check_text(scope, prefix)

        def page(last: str, most: int) -> Page:
            return self._look(lambda entries: entries.page(scope, prefix, last, most))

        return paged(page, after, limit)

    def scopes(self) -> list[str]:
        """See `StateStore`."""
        return self._look(lambda entries: entries.scopes())

    def purge(self, now: float) -> int:
        """See `StateStore`."""
        with self._writing() as entries:
            return entries.purge(now)
