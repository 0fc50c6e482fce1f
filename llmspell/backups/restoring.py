"""Putting a backup back, wholly or not at all.

Order of things, so that whatever fails leaves what was there:

1. the file is read to the last bit;
2. its members are put beside where they will be, all of them;
3. blocks of artifacts get their names: nobody refers to them yet, and those that are there already
   are the same, as their names are their checksums;
4. the new configuration is written beside the old one;
5. the state is replaced, in one transaction of its store;
6. configuration and keys take the places of the old ones.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from kernel.core.errors import UserError
from kernel.state.backup import Backups
from llmspell.backups.bundle import Advance, Manifest, extract, verify
from llmspell.backups.folder import ARTIFACTS, CONFIGURATION, KEYS, STATE, Kept, nothing_removed
from llmspell.backups.redacted import with_secrets_of


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back."""

    manifest: Manifest
    entries: int
    """Of state, that it has now."""
    artifacts: int
    """Blocks that were missing."""
    configuration: Path | None
    """Where it was written; None: it was not."""
    missing: tuple[str, ...] = ()
    """Its keys that the backup has no secrets for, nor had the file there was."""


def restore(
    path: Path, kept: Kept, advance: Advance, *, with_configuration: bool = True
) -> Restored:
    """Make everything what it was; raises `UserError`, and nothing has changed then.

    Secrets that a backup does not have stay as they are.
    """
    manifest = verify(path, advance)
    beside = kept.artifacts.parent
    try:
        with ExitStack() as stack:
            beside.mkdir(parents=True, exist_ok=True, mode=0o700)
            name = tempfile.TemporaryDirectory(dir=beside, prefix=".restoring-")
            aside = Path(stack.enter_context(name))
            extract(path, aside, advance)
            stack.enter_context(nothing_removed(kept.artifacts))
            blocks = _adopt_blocks(aside / ARTIFACTS, kept.artifacts)
            missing: list[str] = []
            moves = [*_prepared(aside, kept, with_configuration, stack, missing)]
            entries = Backups(aside).restore(STATE.removesuffix(".backup"), kept.store)
            for fresh, place in moves:
                fresh.replace(place)
    except OSError as error:
        what = error.strerror or str(error)
        raise UserError(f"{path} was not restored, and nothing has changed: {what}.") from error
    written = next((place for _, place in moves if place != kept.keys), None)
    return Restored(manifest, entries, blocks, written, tuple(missing))


def _adopt_blocks(source: Path, target: Path) -> int:
    """Give blocks their names; how many were missing."""
    count = 0
    for each in sorted(source.glob("*/??/*")):
        place = target / each.relative_to(source)
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.replace(each, place)
            count += 1
    return count


def _prepared(
    aside: Path, kept: Kept, with_configuration: bool, stack: ExitStack, missing: list[str]
) -> Iterator[tuple[Path, Path]]:
    """Files that are written beside those they will replace; what is not used goes at the end.

    ``missing`` gets the keys of the configuration whose secrets nobody has.
    """
    text, target = aside / CONFIGURATION, kept.configuration or kept.configuration_home
    if with_configuration and text.is_file():
        present = target.read_text("utf-8") if target.is_file() else ""
        whole, without = with_secrets_of(text.read_text("utf-8"), present)
        missing += without
        yield _beside(target, whole, stack), target
    if (aside / KEYS).is_file():
        yield _beside(kept.keys, (aside / KEYS).read_text("utf-8"), stack), kept.keys


def _beside(target: Path, text: str, stack: ExitStack) -> Path:
    fresh = target.with_name(f".{target.name}.{os.getpid()}.restoring")
    target.parent.mkdir(parents=True, exist_ok=True)
    mode = target.stat().st_mode & 0o777 if target.exists() else 0o600
    stack.callback(lambda: fresh.unlink(missing_ok=True))
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.chmod(mode)
    return fresh
