"""What happens to kept state; values are not told, they may be secrets."""

from dataclasses import dataclass

from kernel.events.model import KernelEvent


@dataclass(frozen=True, slots=True)
class StateChanged(KernelEvent):
    """An entry was written; ``version`` is its new one."""

    scope: str
    key: str
    version: int = 1


@dataclass(frozen=True, slots=True)
class StateDeleted(KernelEvent):
    """An entry was removed."""

    scope: str
    key: str


@dataclass(frozen=True, slots=True)
class StateConflicted(KernelEvent):
    """A write was refused: the entry was not what its writer expected.

    Versions; ``expected`` is null where a value was expected (`State.compare_and_swap`), ``found``
    0 where nothing is there. One that is tried again by itself (`State.increment`) is told, too.
    """

    scope: str
    key: str
    expected: int | None
    found: int


@dataclass(frozen=True, slots=True)
class StoreSuspended(KernelEvent):
    """A store failed too often and is not asked for ``seconds``."""

    store: str
    reason: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class StoreRecovered(KernelEvent):
    """A store that was suspended works again."""

    store: str
