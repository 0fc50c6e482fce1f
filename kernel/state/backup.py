"""Backups: copies of a whole store in a folder, from which it can be made again."""

import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from kernel.core.clock import Clock, SystemClock
from kernel.core.errors import UserError
from kernel.state.archive import (
    LEVEL,
    BackupDamaged,
    Head,
    Row,
    read_head,
    read_rows,
    verify,
    write_archive,
)
from kernel.state.store import StateStore

SUFFIX = ".backup"


class NoSuchBackup(UserError):
    """A name that no backup has."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup in the folder."""

    name: str
    created: float
    """Seconds since 1970."""
    entries: int
    size: int
    """Bytes of the file."""
    note: str = ""
    damage: str = ""
    """What is wrong with it, "" as far as a look at its head and its end can tell."""


class Backups:
    """A folder of backups, for one process or several.

    A backup is there whole or not at all: it is written under another name first. It has every
    entry of the store as it was at one moment, with versions, times and what the kernel keeps for
    itself; writers go on meanwhile.
    """

    def __init__(
        self,
        folder: Path | str,
        clock: Clock | None = None,
        level: int | None = LEVEL,
        keep: int | None = None,
    ) -> None:
        """``level``: of compression, from 1 to 22; None: without any.

        ``keep``: how many stay when one was taken, the newest; None: all.
        """
        self.folder = Path(folder)
        self._level, self._keep = level, keep
        self._clock = clock or SystemClock()

    def create(self, store: StateStore, note: str = "") -> Backup:
        """Write a backup. Raises `OSError` and leaves nothing if there is no room for it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        now = self._clock.now()
        name = f"{datetime.fromtimestamp(now, UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
        unfinished = self.folder / f".{name}.unfinished"
        try:
            with store.snapshot() as seen:
                count = write_archive(unfinished, Head(now, note), _rows(seen), self._level)
            unfinished.rename(self._path(name))
        except BaseException:
            with suppress(OSError):
                unfinished.unlink()
            raise
        _sync(self.folder)
        if self._keep is not None:
            self.clean_up(self._keep)
        return Backup(name, now, count, self._path(name).stat().st_size, note)

    def all(self) -> list[Backup]:
        """All backups, the newest first; damaged ones last."""
        found = [self._look(path) for path in self.folder.glob(f"*{SUFFIX}")]
        return sorted(found, key=lambda each: (not each.damage, each.created, each.name))[::-1]

    def validate(self, name: str) -> Backup:
        """Read all of it; raises `BackupDamaged` if a bit is wrong, `NoSuchBackup`."""
        path = self._existing(name)
        verify(path)
        for _ in read_rows(path):
            pass
        return self._look(path)

    def restore(self, name: str, store: StateStore) -> int:
        """Make the store what it was; how many entries it has then.

        The backup is validated first. All happens in one transaction: whatever goes wrong, the
        store is as it was or as the backup says. What has expired since stays expired.
        """
        self.validate(name)
        with store.transaction() as inside:
            for scope in inside.scopes():
                for key, _ in inside.scan(scope):
                    inside.delete(scope, key)
            count = 0
            for count, row in enumerate(read_rows(self._existing(name)), 1):  # noqa: B007
                inside.put_entry(*row)
        return count

    def delete(self, name: str) -> None:
        """Remove a backup; raises `NoSuchBackup`."""
        self._existing(name).unlink()

    def clean_up(self, keep: int | None = None, max_age: float | None = None) -> list[str]:
        """Remove all but the ``keep`` newest, and those older than ``max_age`` seconds.

        Whatever is asked, the newest one that is not damaged stays. What an end of the process left
        unfinished goes when it is a day old. The names of what was removed.
        """
        now, gone = self._clock.now(), []
        for place, backup in enumerate(self.all()):
            is_old = max_age is not None and now - backup.created > max_age
            is_one_too_many = keep is not None and place >= keep
            if (is_old or is_one_too_many) and (place > 0 or backup.damage):
                self.delete(backup.name)
                gone.append(backup.name)
        for path in self.folder.glob(".*.unfinished"):
            if now - path.stat().st_mtime > 86_400:
                path.unlink()
        return gone

    def usage(self) -> int:
        """Bytes that all backups take."""
        return sum(backup.size for backup in self.all())

    def _look(self, path: Path) -> Backup:
        size, name = path.stat().st_size, path.name.removesuffix(SUFFIX)
        try:
            head, count = read_head(path)
        except BackupDamaged as error:
            return Backup(name, path.stat().st_mtime, 0, size, damage=str(error))
        return Backup(name, head.created, count, size, head.note)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}{SUFFIX}"

    def _existing(self, name: str) -> Path:
        path = self._path(name)
        if Path(name).name != name or not path.is_file():
            names = ", ".join(backup.name for backup in self.all()[:5]) or "none"
            raise NoSuchBackup(f"{self.folder} has no backup {name!r}; the newest are {names}.")
        return path


def _rows(seen: StateStore) -> Iterator[Row]:
    for scope in seen.scopes():
        for key, entry in seen.scan(scope):
            yield scope, key, entry


def _sync(folder: Path) -> None:
    """Wait until the disk knows the names in a folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
