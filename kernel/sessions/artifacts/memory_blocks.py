"""MemoryBlocks: blocks in dictionaries; nothing survives the process."""

import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager


class MemorySpace:
    """The blocks of one space; implements `BlockVisit` and `BlockClearing`."""

    def __init__(self) -> None:
        self._blocks: dict[bytes, bytes] = {}

    def get(self, digest: bytes) -> bytes | None:
        """See `BlockVisit`."""
        return self._blocks.get(digest)

    def put(self, digest: bytes, packed: bytes) -> None:
        """See `BlockVisit`."""
        self._blocks[digest] = packed

    def flush(self) -> None:
        """As durable as memory is."""

    def digests(self) -> Iterator[bytes]:
        """See `BlockClearing`."""
        return iter(list(self._blocks))

    def remove(self, digest: bytes) -> int:
        """See `BlockClearing`."""
        return len(self._blocks.pop(digest, b""))

    def clear_remains(self) -> int:
        """Nothing can be left behind."""
        return 0


class MemoryBlocks:
    """Implements `BlockStore` for any number of threads."""

    def __init__(self) -> None:
        self._spaces: defaultdict[str, MemorySpace] = defaultdict(MemorySpace)
        self._visitors: Counter[str] = Counter()
        self._turn = threading.Condition()
        self._cleared: set[str] = set()

    @contextmanager
    def visit(self, space: str) -> Iterator[MemorySpace]:
        """See `BlockStore`."""
        with self._turn:
            self._turn.wait_for(lambda: space not in self._cleared)
            self._visitors[space] += 1
        try:
            yield self._spaces[space]
        finally:
            with self._turn:
                self._visitors[space] -= 1

    @contextmanager
    def clearing(self, space: str) -> Iterator[MemorySpace | None]:
        """See `BlockStore`."""
        with self._turn:
            is_free = not self._visitors[space] and space not in self._cleared
            if is_free:
                self._cleared.add(space)
        try:
            yield self._spaces[space] if is_free else None
        finally:
            if is_free:
                with self._turn:
                    self._cleared.discard(space)
                    self._turn.notify_all()
