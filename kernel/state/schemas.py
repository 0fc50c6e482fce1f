"""Schemas: all that an installation knows how to migrate, and backups before that is done."""

from collections.abc import Callable, Mapping

from kernel.core.errors import UserError
from kernel.state.backup import Backups
from kernel.state.migrations import Migrations, MigrationStatus
from kernel.state.store import StateStore

NONE = (
    "No schema is known here: write migrations as files, and name their folder in "
    "runtime.state_persistence.schema_directory (docs/reference/state.md, Schema versions)."
)


class Schemas:
    """Used on any thread."""

    def __init__(
        self,
        load: Callable[[], Mapping[str, Migrations]] = dict,
        backups: Callable[[], Backups | None] = lambda: None,
    ) -> None:
        """``load``: called whenever somebody asks, since files change; what it raises is told.

        ``backups``: where the state is kept before data is changed; None: nowhere.
        """
        self._load, self._backups = load, backups

    def status(self, store: StateStore) -> dict[str, MigrationStatus]:
        """How far the data of each is, by name; raises `DataTooNew`."""
        return {name: each.status(store) for name, each in self._load().items()}

    def find(self, name: str | None) -> Migrations:
        """One of them; None is the only one. Raises `UserError` if it is not there."""
        known = self._load()
        if not known:
            raise UserError(NONE)
        if name is None and len(known) == 1:
            return next(iter(known.values()))
        if name is None or name not in known:
            there = ", ".join(known)
            asked = f"There is no schema {name!r}" if name else "Say which schema is to be migrated"
            raise UserError(f"{asked}; there are: {there}.")
        return known[name]

    def migrate(
        self, store: StateStore, name: str | None = None, to: int | None = None
    ) -> MigrationStatus:
        """Bring the data of one to a version, by default the last; how far it is then.

        Raises what `find` and `Migrations.migrate` do, and `OSError` where no backup can be made.
        """
        found = self.find(name)
        status = found.status(store)
        if to is None or status.current < to <= status.latest:
            self._back_up(store, [status])
        return found.migrate(store, to)

    def migrate_all(self, store: StateStore) -> list[MigrationStatus]:
        """Bring the data of all to their last versions; those that were behind. Raises likewise."""
        known = self._load()
        behind = [each for each in (it.status(store) for it in known.values()) if each.pending]
        self._back_up(store, behind)
        return [known[each.schema].migrate(store) for each in behind]

    def _back_up(self, store: StateStore, statuses: list[MigrationStatus]) -> None:
        behind = [each for each in statuses if each.pending]
        backups = self._backups() if behind else None
        if backups is not None:
            names = ", ".join(f"{each.schema} at version {each.current}" for each in behind)
            backups.create(store, f"before the migration of {names}")
