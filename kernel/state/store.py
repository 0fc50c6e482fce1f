"""StateStore: the port behind which entries are kept, in memory, in a file or on a server.

A store keeps bytes under a scope and a key and counts the versions of each entry. What the bytes
mean, how long they live and who may see them is the business of those above it. Every method may
be called from any thread; a script's thread calls it directly, the loop's thread through
`asyncio.to_thread` where the store may be slow.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from kernel.core.errors import KernelError, UserError


@dataclass(frozen=True, slots=True)
class Entry:
    """What is kept under one key."""

    value: bytes
    version: int
    """1 when it was first put, one more with every put; a deleted entry begins at 1 again."""
    updated: float
    """When it was put last, in seconds since 1970."""
    expires: float | None = None
    """When it is no longer there, in seconds since 1970; None: it stays."""


class Conflict(UserError):
    """An entry has not the version its writer expected; nothing was written."""

    def __init__(self, scope: str, key: str, expected: int, found: int) -> None:
        super().__init__(
            f"{scope}/{key} has version {found}, not {expected}: somebody else wrote it; "
            "read it again and repeat the change."
        )
        self.scope, self.key, self.expected, self.found = scope, key, expected, found


class BadName(UserError):
    """A scope or key that no store takes; see `kernel.state.names`."""


class InTransaction(UserError):
    """A thread wrote past the transaction that it has open itself, and would wait for ever."""

    def __init__(self, store: str) -> None:
        super().__init__(
            f"This thread has a transaction of {store} open; write through the transaction."
        )


class StoreUnavailable(KernelError):
    """The store cannot be reached or refuses to work; the text names it and says why."""


class StoreClosed(StoreUnavailable):
    """It was closed, or was the store of a transaction or snapshot that has ended."""

    def __init__(self, store: str) -> None:
        super().__init__(f"{store} is closed, or its transaction has ended.")


class StateStore(Protocol):
    """Entries by scope and key. An acknowledged write survives what the store promises."""

    def get(self, scope: str, key: str) -> Entry | None:
        """The entry, or None if there is none or it has expired."""

    def put(
        self,
        scope: str,
        key: str,
        value: bytes,
        *,
        expires: float | None = None,
        expected: int | None = None,
    ) -> int:
        """Keep ``value``; its new version. It is durable, as far as the store is, on return.

        ``expected``: the version that must be there now, 0 for none; raises `Conflict` otherwise.
        """

    def put_entry(self, scope: str, key: str, entry: Entry) -> None:
        """Keep an entry as it is, version and times included: for copies, backups and restores."""

    def delete(self, scope: str, key: str, *, expected: int | None = None) -> bool:
        """Remove an entry; False if there was none. Raises `Conflict` as `put` does."""

    def scan(
        self, scope: str, prefix: str = "", *, after: str | None = None, limit: int | None = None
    ) -> Iterator[tuple[str, Entry]]:
        """Entries whose keys begin with ``prefix``, in the order of their keys (code points).

        ``after``: only keys behind this one, so that a caller may page. What expired is left out.
        What is written while the caller iterates may be seen or not; a `snapshot` stays as it is.
        """

    def scopes(self) -> list[str]:
        """The scopes that hold an entry, sorted."""

    def transaction(self) -> AbstractContextManager["StateStore"]:
        """All that is done through the store it gives happens, or (after an exception) nothing.

        Others see nothing of it before its end. Transactions of one store follow each other, and
        other writes wait for them. It belongs to the thread that began it, which writes through it
        alone: `InTransaction` otherwise. A transaction in a transaction is a part that may fail.
        """

    def snapshot(self) -> AbstractContextManager["StateStore"]:
        """The store as it is now, to read from; it stays so while others go on writing."""

    def purge(self, now: float) -> int:
        """Forget for good what has expired; how many entries that were."""

    def close(self) -> None:
        """Give files and connections back; harmless when done twice."""
