"""BackupFolder: the backups there are, by their names, and taking one."""

import fcntl
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from kernel.core.clock import Clock
from kernel.core.errors import UserError
from kernel.core.suggestions import unknown
from kernel.state.archive import LEVEL
from kernel.state.backup import Backups
from kernel.state.store import StateStore
from llmspell.backups.bundle import (
    Advance,
    BundleDamaged,
    Manifest,
    Source,
    read_manifest,
    write_bundle,
)
from llmspell.backups.redacted import redacted_configuration

SUFFIX = ".llmspell-backup"

STATE, ARTIFACTS = "state.backup", "artifacts"
CONFIGURATION, KEYS = "configuration.toml", "keys.json"
"""Members of a backup."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a backup is taken of, and what a restore puts back."""

    store: StateStore
    artifacts: Path
    """The folder of blocks; it may be missing."""
    configuration: Path | None
    """The file in force; None: there is none."""
    configuration_home: Path
    """Where a restore writes it if there is none."""
    keys: Path
    """The file of keys; it may be missing."""


@dataclass(frozen=True, slots=True)
class TakenBackup:
    """A backup in the folder, or beside it."""

    id: str
    path: Path
    size: int
    """Bytes of the file."""
    manifest: Manifest | None
    """None: it is damaged."""
    damage: str = ""
    """What is wrong with it, as far as its ends tell."""


class BackupFolder:
    """A folder of backups, for one process or several."""

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        version: str,
        level: int | None = LEVEL,
        keep: int | None = None,
    ) -> None:
        """``level``: of compression, see `Backups`. ``keep``: how many stay when one was taken."""
        self.folder = folder
        self._clock, self._version = clock, version
        self._level, self.keep = level, keep

    def create(
        self,
        kept: Kept,
        advance: Advance,
        *,
        path: Path | None = None,
        note: str = "",
        with_secrets: bool = False,
    ) -> TakenBackup:
        """Take a backup of one moment, in the folder or at ``path``; others go on meanwhile.

        Without ``with_secrets`` the file of keys stays out, and what the configuration says of keys
        is redacted. Raises `UserError` for a path that is taken, `OSError` and leaves nothing.
        """
        now = self._clock.now()
        name = f"{datetime.fromtimestamp(now, UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
        target = path or self.folder / f"{name}{SUFFIX}"
        if target.exists():
            raise UserError(f"{target} is there already; choose another name.")
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with ExitStack() as stack:
            aside = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=target.parent)))
            stack.enter_context(nothing_removed(kept.artifacts))
            state = Backups(aside, self._clock, self._level).create(kept.store, note)
            blocks = [*_blocks(kept.artifacts)]
            manifest = Manifest(
                created=now,
                version=self._version,
                entries=state.entries,
                artifacts=len(blocks),
                secrets=with_secrets,
                configuration=str(kept.configuration.absolute()) if kept.configuration else "",
                note=note,
            )
            members: list[tuple[str, Source]] = [(STATE, aside / f"{state.name}.backup"), *blocks]
            members += _settings(kept, with_secrets)
            write_bundle(target, manifest, members, advance)
        return self._look(target)

    def all(self) -> list[TakenBackup]:
        """All backups, the newest first; damaged ones last."""
        found = [self._look(path) for path in self.folder.glob(f"*{SUFFIX}")]
        return sorted(found, key=_age, reverse=True)

    def find(self, name: str) -> Path:
        """The file of a backup, by its id, the beginning of it, or its path. Raises `UserError`."""
        path = Path(name)
        if path.is_file():
            return path
        there = [each.id for each in self.all()]
        found = [each for each in there if each == name] or [
            each for each in there if name and each.startswith(name)
        ]
        if len(found) == 1:
            return self.folder / f"{found[0]}{SUFFIX}"
        if found:
            raise UserError(f"Several backups begin with {name!r}: {', '.join(found)}.")
        raise UserError(unknown("backup", name, there, 5))

    def delete(self, name: str) -> str:
        """Remove a backup of the folder; its id. Raises `UserError`."""
        path = self.find(name)
        if path.parent.resolve() != self.folder.resolve():
            raise UserError(
                f"{path} is not among the backups of {self.folder}; remove it yourself."
            )
        path.unlink()
        return path.name.removesuffix(SUFFIX)

    def clean_up(self, keep: int) -> list[str]:
        """Remove all but the ``keep`` newest, of those that are not damaged; their ids."""
        old = [each for each in self.all() if not each.damage][max(keep, 1) :]
        return [self.delete(each.id) for each in old]

    def _look(self, path: Path) -> TakenBackup:
        name, size = path.name.removesuffix(SUFFIX), path.stat().st_size
        try:
            return TakenBackup(name, path, size, read_manifest(path))
        except BundleDamaged as error:
            return TakenBackup(name, path, size, None, str(error))


def _age(taken: TakenBackup) -> tuple[bool, float, str]:
    """Ids alone do not tell which of those is newer that were taken in the same second."""
    created = 0.0 if taken.manifest is None else taken.manifest.created
    return not taken.damage, created, taken.id


def _settings(kept: Kept, with_secrets: bool) -> Iterator[tuple[str, Source]]:
    if kept.configuration is not None and kept.configuration.is_file():
        text = kept.configuration.read_text("utf-8")
        shown = text if with_secrets else redacted_configuration(text)
        yield CONFIGURATION, shown.encode()
    if with_secrets and kept.keys.is_file():
        yield KEYS, kept.keys.read_bytes()


def _blocks(folder: Path) -> Iterator[tuple[str, Source]]:
    """The blocks of artifacts (see `kernel.sessions.artifacts.file_blocks`), without locks."""
    for path in sorted(folder.glob("*/??/*")):
        if path.is_file():
            yield f"{ARTIFACTS}/{path.relative_to(folder)}", path


@contextmanager
def nothing_removed(folder: Path) -> Iterator[None]:
    """As long as this lasts no block of artifacts goes: every space has a visitor."""
    with ExitStack() as stack:
        for lock in sorted(folder.glob("*/lock")):
            with suppress(OSError):
                handle = stack.enter_context(lock.open("rb"))
                fcntl.flock(handle, fcntl.LOCK_SH)
        yield
