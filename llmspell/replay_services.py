"""ReplayServices: what the globals of replayed cells stand on; it ends with the replay."""

from typing import TYPE_CHECKING

from kernel.core.lazily import made_once
from llmspell.script_api.services import LocalServices

if TYPE_CHECKING:
    from collections.abc import Callable

    from kernel.sessions.current import CurrentSession
    from kernel.state.backup import Backups
    from kernel.state.store import StateStore
    from llmspell.config.load import Loaded


class ReplayServices(LocalServices):
    """Everything is in memory, and empty at the beginning; the configuration is the kernel's."""

    def __init__(self, kernel: LocalServices) -> None:
        super().__init__()
        self._kernel = kernel

    @made_once
    def loaded(self) -> "Loaded":
        """The kernel's configuration."""
        return self._kernel.loaded

    @made_once
    def store(self) -> "StateStore":
        """Where everything is kept."""
        from kernel.state.memory import MemoryStore

        return MemoryStore(self._clock)

    def admission_of(self, current: "CurrentSession") -> "Callable[[], object]":
        """A replay does in a moment what took its time: how often is not asked."""
        del current
        return lambda: None

    @made_once
    def backups(self) -> "Backups | None":
        """Nowhere: those that are there are of the kernel's state."""
        return None
