"""Migrations: data of an earlier version becomes data of this version, all of it or nothing.

Each subsystem that keeps state owns a schema: a name, and steps from one version to the next. Data
that no step has touched has version 0. The versions are kept in the store, beside the data, and so
are in its backups.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kernel.core.clock import Clock, SystemClock
from kernel.core.errors import UserError
from kernel.state.store import StateStore
from kernel.state.values import Json, decode, encode

KERNEL_SCOPE = "_kernel"
"""What the kernel keeps for itself; the text is no `Scope`, so nobody else gets at it."""

PREFIX = "schema/"


@dataclass(frozen=True, slots=True)
class Migration:
    """A step to a version from the one before."""

    version: int
    name: str
    """What it does, in a few words."""
    apply: Callable[[StateStore], None]
    """Changes the data through the store of the transaction that it is given."""


@dataclass(frozen=True, slots=True)
class Applied:
    """A step that was taken."""

    version: int
    name: str
    at: float
    """Seconds since 1970."""


@dataclass(frozen=True, slots=True)
class MigrationStatus:
    """How far the data of a schema is."""

    schema: str
    current: int
    latest: int
    applied: tuple[Applied, ...]
    pending: tuple[str, ...]
    """Names of the steps that are to be taken."""


class DataTooNew(UserError):
    """The data was written by a later version of the program."""


class MigrationFailed(UserError):
    """A step raised an error; the data is as it was."""


class Migrations:
    """The steps of one schema."""

    def __init__(self, schema: str, steps: Sequence[Migration], clock: Clock | None = None) -> None:
        """The steps lead to 1, 2, 3, …; a step that was released never changes."""
        if [step.version for step in steps] != list(range(1, len(steps) + 1)):
            raise ValueError(f"The steps of {schema} must lead to 1, 2, 3 and so on, in order.")
        self.schema, self._steps = schema, tuple(steps)
        self._clock = clock or SystemClock()

    def status(self, store: StateStore) -> MigrationStatus:
        """How far the data is; raises `DataTooNew`."""
        applied = _applied(store, self.schema)
        current, latest = len(applied), len(self._steps)
        if current > latest:
            raise DataTooNew(
                f"The data of {self.schema} has version {current} "
                f"({applied[-1].name}); this program knows {latest}. Use a newer program, "
                "or restore a backup of that time."
            )
        pending = tuple(step.name for step in self._steps[current:])
        return MigrationStatus(self.schema, current, latest, applied, pending)

    def migrate(self, store: StateStore, to: int | None = None) -> MigrationStatus:
        """Take the steps that are left, up to the last or to a version, in one transaction.

        Raises `MigrationFailed`, `DataTooNew`, and `UserError` for a version that cannot be had.
        """
        wanted = len(self._steps) if to is None else to
        status = self.status(store)
        self._check(status, wanted)
        if status.current == wanted:
            return status
        with store.transaction() as inside:
            status = self.status(inside)  # somebody else may have been faster
            self._check(status, wanted)
            for step in self._steps[status.current : wanted]:
                self._take(step, inside)
            return self.status(inside)

    def _check(self, status: MigrationStatus, wanted: int) -> None:
        if not 0 <= wanted <= status.latest:
            raise UserError(f"{self.schema} has no version {wanted}; the last is {status.latest}.")
        if wanted < status.current:
            raise UserError(
                f"The data of {self.schema} has version {status.current}, and no step leads back "
                f"to {wanted}; restore a backup of that time."
            )

    def _take(self, step: Migration, inside: StateStore) -> None:
        try:
            step.apply(inside)
        except Exception as error:
            raise MigrationFailed(
                f"{self.schema} could not be brought to version {step.version} "
                f"({step.name}): {error!r}. Nothing was changed."
            ) from error
        taken = Applied(step.version, step.name, self._clock.now())
        rows = [*_applied(inside, self.schema), taken]
        data = json.dumps([[each.version, each.name, each.at] for each in rows]).encode()
        inside.put(KERNEL_SCOPE, PREFIX + self.schema, data)


def schema_versions(store: StateStore) -> dict[str, int]:
    """The version of each schema that has one."""
    found = store.scan(KERNEL_SCOPE, PREFIX)
    return {key.removeprefix(PREFIX): len(json.loads(entry.value)) for key, entry in found}


def change_values(
    store: StateStore, scope: str, change: Callable[[str, Json], Json], prefix: str = ""
) -> int:
    """Put what ``change(key, value)`` makes of each value of a scope; how many became others.

    For steps of migrations. Lives stay as they are.
    """
    changed = 0
    for key, entry in store.scan(scope, prefix):
        data = encode(change(key, decode(entry.value)))
        if data != entry.value:
            store.put(scope, key, data, expires=entry.expires, expected=entry.version)
            changed += 1
    return changed


def _applied(store: StateStore, schema: str) -> tuple[Applied, ...]:
    entry = store.get(KERNEL_SCOPE, PREFIX + schema)
    return tuple(Applied(*row) for row in json.loads(entry.value)) if entry else ()
