"""FileBlocks: each block a file, written aside, made durable and then given its name.

::

    ROOT/SPACE/lock        held shared by visitors, alone by whoever removes
    ROOT/SPACE/aside/…     what is being written; what a killed writer left is removed with the rest
    ROOT/SPACE/ab/abcd…    a block by its hash

A block has its name only when all of it is in the hands of the operating system: a process that
is killed leaves no half ones. With `Durability.POWER` each file is made to reach the disk before
that (``fsync``), and `flush` does the same to the folders: what the index of a store with the same
durability names is there after a loss of power, too. The locks are the system's (``flock``): they
end with the process that holds them, however it ends.
"""

import fcntl
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from blake3 import blake3

from kernel.state.durability import Durability


class FileBlocks:
    """Implements `BlockStore` for any number of threads and processes of one machine."""

    def __init__(self, root: Path, durability: Durability = Durability.PROCESS) -> None:
        self._root = root
        self._is_synced = durability is Durability.POWER

    @contextmanager
    def visit(self, space: str) -> Iterator["FileVisit"]:
        """See `BlockStore`."""
        folder = self._folder(space)
        with _locked(folder / "lock", fcntl.LOCK_SH):
            yield FileVisit(folder, self._is_synced)

    @contextmanager
    def clearing(self, space: str) -> Iterator["FileClearing | None"]:
        """See `BlockStore`."""
        folder = self._folder(space)
        with _locked(folder / "lock", fcntl.LOCK_EX | fcntl.LOCK_NB) as is_held:
            yield FileClearing(folder) if is_held else None

    def _folder(self, space: str) -> Path:
        """A name of its own for each space, also where files' names have no case."""
        folder = self._root / blake3(space.encode()).hexdigest(16)
        (folder / "aside").mkdir(parents=True, exist_ok=True)
        return folder


class FileVisit:
    """Implements `BlockVisit`."""

    def __init__(self, folder: Path, is_synced: bool) -> None:
        self._folder = folder
        self._is_synced = is_synced
        self._changed: set[Path] = set()

    def get(self, digest: bytes) -> bytes | None:
        """See `BlockVisit`."""
        try:
            return _place(self._folder, digest).read_bytes()
        except FileNotFoundError:
            return None

    def put(self, digest: bytes, packed: bytes) -> None:
        """See `BlockVisit`."""
        place = _place(self._folder, digest)
        if not place.parent.is_dir():
            place.parent.mkdir(exist_ok=True)
            self._changed.add(self._folder)
        aside = self._folder / "aside" / uuid.uuid4().hex
        try:
            with aside.open("xb") as file:
                file.write(packed)
                if self._is_synced:
                    file.flush()
                    os.fsync(file.fileno())
            aside.replace(place)
        except BaseException:
            aside.unlink(missing_ok=True)
            raise
        self._changed.add(place.parent)

    def flush(self) -> None:
        """See `BlockVisit`."""
        while self._changed:
            changed = self._changed.pop()
            if self._is_synced:
                _sync_folder(changed)


class FileClearing:
    """Implements `BlockClearing`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def digests(self) -> Iterator[bytes]:
        """See `BlockClearing`."""
        for shelf in sorted(self._folder.glob("??")):
            for place in sorted(shelf.iterdir()):
                yield bytes.fromhex(place.name)

    def remove(self, digest: bytes) -> int:
        """See `BlockClearing`."""
        return _remove(_place(self._folder, digest))

    def clear_remains(self) -> int:
        """See `BlockClearing`."""
        return sum(map(_remove, (self._folder / "aside").iterdir()))


def _place(folder: Path, digest: bytes) -> Path:
    name = digest.hex()
    return folder / name[:2] / name


def _remove(place: Path) -> int:
    size = place.stat().st_size
    place.unlink()
    return size


@contextmanager
def _locked(place: Path, how: int) -> Iterator[bool]:
    """Whether the lock is held, which can only fail where it was asked not to wait."""
    descriptor = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        is_held = True
        try:
            fcntl.flock(descriptor, how)
        except BlockingIOError:
            is_held = False
        yield is_held
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
