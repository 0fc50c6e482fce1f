"""BackupRequests: backups asked for as data, with a kernel (``backup_request``) or without one."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge

from kernel.core.actions import action, serve_action
from kernel.core.errors import UserError
from kernel.core.progress import report_progress
from llmspell.backups.bundle import BundleDamaged, verify
from llmspell.backups.folder import BackupFolder, Kept, TakenBackup
from llmspell.backups.restoring import restore

Plain = dict[str, Any]


def _advance(done: int, total: int) -> None:
    """So many bytes are done."""
    report_progress(done, total, "bytes")


class BackupRequests:
    """Implements `kernel.jupyter.calls.Endpoint` by `serve`; used on a loop's thread."""

    def __init__(self, folder: BackupFolder, kept: Kept) -> None:
        self._folder, self._kept = folder, kept
        self._changing = asyncio.Lock()

    async def serve(self, content: Mapping[str, Any]) -> Mapping[str, Any]:
        """Do what ``action`` says, one thing after the other; raises `UserError`."""
        async with self._changing:
            return await serve_action(self, content)

    @action("create")
    def create(
        self,
        *,
        path: str = "",
        note: str = "",
        secrets: bool = False,
        keep: Annotated[int, Ge(1)] | None = None,
    ) -> Plain:
        """Take one, in the folder of backups or at ``path``; ``keep``: then only the N newest.

        Without it as many as are configured; for one that was put elsewhere nothing goes.
        """
        try:
            taken = self._folder.create(
                self._kept,
                _advance,
                path=Path(path) if path else None,
                note=note,
                with_secrets=secrets,
            )
        except OSError as error:
            raise UserError(f"No backup was taken: {error.strerror or error}.") from error
        most = keep or (None if path else self._folder.keep)
        gone = [] if most is None else self._folder.clean_up(most)
        return {**_shown(taken), "removed": gone}

    @action("list")
    def list_all(self) -> Plain:
        """Those in the folder, the newest first."""
        shown = [_shown(each) for each in self._folder.all()]
        return {"folder": str(self._folder.folder), "backups": shown}

    @action("verify")
    def check(self, *, backup: str) -> Plain:
        """Read all of one; whether it is what was written."""
        path = self._folder.find(backup)
        try:
            verify(path, _advance)
        except BundleDamaged as error:
            return {"id": backup, "file": str(path), "valid": False, "damage": str(error)}
        return {"id": backup, "file": str(path), "valid": True, "damage": ""}

    @action("restore")
    def put_back(self, *, backup: str, configuration: bool = True) -> Plain:
        """Make everything what it was, or (after an error) leave it as it is."""
        path = self._folder.find(backup)
        if holders := _other_kernels():
            raise UserError(
                f"{', '.join(holders)} would go on with what was there before: stop every kernel "
                "first (`llmspell kernel stop --all`), or have the only one that runs do it."
            )
        done = restore(path, self._kept, _advance, with_configuration=configuration)
        return {
            "restored": str(path),
            "entries": done.entries,
            "artifacts": done.artifacts,
            "configuration": None if done.configuration is None else str(done.configuration),
            "missing": list(done.missing),
        }

    @action("delete")
    def delete(self, *, backup: str) -> Plain:
        """Remove one of the folder."""
        return {"deleted": self._folder.delete(backup)}


def _other_kernels() -> Sequence[str]:
    """The kernels of this user but this process."""
    from kernel.service.registry import Registry

    running = [each.record for each in Registry().all() if each.is_running]
    return [f"kernel {each.id}" for each in running if each.pid != os.getpid()]


def _shown(taken: TakenBackup) -> Plain:
    manifest = taken.manifest
    known: Plain = {"id": taken.id, "file": str(taken.path), "bytes": taken.size}
    if manifest is None:
        return {**known, "damage": taken.damage}
    return {
        **known,
        "created": manifest.created,
        "entries": manifest.entries,
        "artifacts": manifest.artifacts,
        "secrets": manifest.secrets,
        "note": manifest.note,
        "damage": "",
    }
