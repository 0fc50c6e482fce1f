"""KernelServices: what the globals of scripts stand on; it survives them and their kernel."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kernel.core.lazily import made_once
from llmspell.script_api.services import LocalServices

if TYPE_CHECKING:
    from kernel.sessions.services import SessionServices
    from kernel.state.backup import Backups
    from kernel.state.breaker import BreakerStore, CircuitChanged
    from kernel.state.metrics import MeteredStore
    from kernel.state.store import StateStore
    from llmspell.backups.folder import BackupFolder, Kept

_log = logging.getLogger(__name__)


class KernelServices(LocalServices):
    """State in SQLite and artifacts in files, in one folder; the configuration may say otherwise.

    Several kernels and scripts may use a folder at once.
    """

    def __init__(self, folder: Path | None = None, configuration_file: Path | None = None) -> None:
        """``folder``: by default the user's for data."""
        super().__init__(configuration_file)
        self._chosen = folder
        self._watched: tuple[MeteredStore, BreakerStore] | None = None

    @made_once
    def _folder(self) -> Path:
        if self._chosen is not None:
            return self._chosen
        from platformdirs import user_data_path

        return user_data_path("llmspell", appauthor=False)

    @made_once
    def store(self) -> "StateStore":
        """Where everything is kept."""
        from kernel.state.breaker import BreakerStore
        from kernel.state.metrics import MeteredStore

        metered = MeteredStore(self._open_store(), self._clock)
        breaker = BreakerStore(metered, clock=self._clock, listener=self._tell_circuit)
        self._watched = (metered, breaker)
        return breaker

    def _open_store(self) -> "StateStore":
        chosen = self.configuration.runtime.state_persistence
        if chosen.backend_type != "sqlite" or not chosen.enabled:
            return super()._open_store()
        from kernel.state.stores import open_store

        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return open_store(f"sqlite:{self._folder / 'state.sqlite'}", self._clock)

    def _tell_circuit(self, changed: "CircuitChanged") -> None:
        from kernel.events.state import StoreRecovered, StoreSuspended
        from kernel.state.breaker import Circuit

        _log.warning("The store's circuit is %s: %s", changed.after.value, changed.happening.value)
        # Without what follows: a URL may hold a password.
        name = self.configuration.runtime.state_persistence.backend_type.partition(":")[0]
        if changed.after is Circuit.OPEN:
            self.broker.publish(StoreSuspended(name, changed.error, changed.open_seconds))
        elif changed.after is Circuit.CLOSED:
            self.broker.publish(StoreRecovered(name))

    def store_figures(self) -> Mapping[str, Any]:
        """How the store does, for health; empty as long as nobody has used it."""
        if self._watched is None:
            return {}
        metered, breaker = self._watched
        circuit = breaker.metrics()
        return {
            "circuit": circuit.circuit.value,
            "failed": circuit.failed,
            "refused": circuit.refused,
            "operations": {
                name: {"calls": each.calls, "seconds": each.seconds, "slowest": each.slowest}
                for name, each in metered.metrics().items()
            },
        }

    def hook_figures(self) -> Mapping[str, Any]:
        """What metrics have counted, for health; empty if the configuration has none."""
        if self._chosen_hooks is None or not self._chosen_hooks.use:
            return {}
        from llmspell.configured_hooks import figures_of

        return figures_of(self.hooks)

    @made_once
    def sessions(self) -> "SessionServices":
        """Sessions and their artifacts."""
        from kernel.sessions.artifacts.file_blocks import FileBlocks

        return self._open_sessions(FileBlocks(self._folder / "artifacts"))

    @made_once
    def backups(self) -> "Backups":
        """Where scripts keep backups of the state: beside those of everything."""
        return self._backups_in(self._backups_folder)

    @property
    def _backups_folder(self) -> Path:
        configured = self.configuration.runtime.state_persistence.backup.backup_dir
        return Path(configured).expanduser() if configured else self._folder / "backups"

    @property
    def backup_folder(self) -> "BackupFolder":
        """The backups of everything."""
        from llmspell import __version__
        from llmspell.backups.folder import BackupFolder

        chosen = self.configuration.runtime.state_persistence.backup
        level = chosen.compression_level if chosen.compression_enabled else None
        folder = self._backups_folder
        return BackupFolder(folder, self._clock, __version__, level, chosen.max_backups)

    @property
    def kept(self) -> "Kept":
        """What a backup is taken of."""
        import os

        from platformdirs import user_config_path

        from llmspell.backups.folder import Kept
        from llmspell.keys.lookup import keys_file

        path = self.loaded.path
        return Kept(
            store=self.store,
            artifacts=self._folder / "artifacts",
            configuration=None if path is None else Path(path),
            configuration_home=user_config_path("llmspell", appauthor=False) / "config.toml",
            keys=keys_file(os.environ),
        )
