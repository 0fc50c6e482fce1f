"""Turn: one writer at a time, and nobody who waits for themselves."""

import threading
from types import TracebackType

from kernel.state.store import InTransaction


class Turn:
    """A lock that says so when the thread that holds it asks again, in place of a deadlock."""

    def __init__(self, store: str) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._owner: int | None = None

    def __enter__(self) -> None:
        """Wait for the turn; raises `InTransaction`."""
        self.check()
        self._lock.acquire()
        self._owner = threading.get_ident()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let the next one write."""
        self._owner = None
        self._lock.release()

    def check(self) -> None:
        """Raise `InTransaction` if this thread has the turn."""
        if self._owner == threading.get_ident():
            raise InTransaction(self._store)
