"""The file of a backup: a tar archive with a manifest, and a checksum over all of it.

::

    file      = tar, magic (8 bytes), checksum (32 bytes: BLAKE3 of everything before it)
    tar       = state.backup, artifacts/…, configuration.toml?, keys.json?, manifest.json

``tar`` reads it as well: what is behind the end of the archive is not looked at. The manifest is
the last member, so that half a file has none.
"""

import io
import json
import os
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from blake3 import blake3

from kernel.core.errors import UserError

FORMAT = 1

MAGIC = b"llmspell"
CHECKSUM = 32
TAIL = len(MAGIC) + CHECKSUM

MANIFEST = "manifest.json"

CHUNK = 1 << 20

Advance = Callable[[int, int], None]
"""Told how many bytes are done, and of how many."""

Source = Path | bytes
"""A file, or the content itself."""


class BundleDamaged(UserError):
    """A file that is no backup, or is not what was written."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says about itself."""

    created: float
    """Seconds since 1970."""
    version: str
    """Of llmspell."""
    entries: int
    """Of state."""
    artifacts: int
    """Blocks of artifacts."""
    secrets: bool
    """Whether keys are in it."""
    configuration: str = ""
    """Where the configuration was; empty: there was none."""
    note: str = ""
    format: int = FORMAT


def write_bundle(
    path: Path, manifest: Manifest, members: Iterable[tuple[str, Source]], advance: Advance
) -> None:
    """Write a new file, wholly or not at all, and wait until the disk has it.

    Raises `OSError`; nothing is left then.
    """
    listed = [*members, (MANIFEST, json.dumps(asdict(manifest)).encode())]
    total = sum(len(each) if isinstance(each, bytes) else _size(each) for _, each in listed)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as raw:
            file = _Hashing(raw)
            done = 0
            with tarfile.open(fileobj=file, mode="w|", format=tarfile.PAX_FORMAT) as tar:  # type: ignore[call-overload]
                for name, source in listed:
                    done += _add(tar, name, source, manifest.created)
                    advance(done, total)
            file.write(MAGIC)
            raw.write(file.checksum.digest())
            raw.flush()
            os.fsync(raw.fileno())
        unfinished.rename(path)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink()
        raise


def verify(path: Path, advance: Advance = lambda _done, _total: None) -> Manifest:
    """The manifest of a file that is what was written, to the last bit; raises `BundleDamaged`."""
    with _opened(path):
        pass  # it is a backup at all
    try:
        size = path.stat().st_size
        checksum, left = blake3(), size - CHECKSUM
        with path.open("rb") as file:
            while left > 0 and (chunk := file.read(min(CHUNK, left))):
                checksum.update(chunk)
                left -= len(chunk)
                advance(size - left, size)
            if checksum.digest() != file.read():
                raise BundleDamaged(
                    f"{path} is damaged: its checksum is another. Take another backup."
                )
    except OSError as error:
        raise BundleDamaged(f"{path} cannot be read: {error.strerror}.") from error
    return read_manifest(path)


def read_manifest(path: Path) -> Manifest:
    """What a file says of itself, without a look at the rest; raises `BundleDamaged`."""
    with _opened(path) as tar:
        try:
            member = tar.extractfile(MANIFEST)
            assert member is not None
            said: Mapping[str, Any] = json.loads(member.read())
            if said["format"] != FORMAT:
                raise BundleDamaged(
                    f"{path} has format {said['format']}; this version reads {FORMAT}."
                )
            return Manifest(**said)
        except (KeyError, TypeError, ValueError) as error:
            raise BundleDamaged(f"{path} is damaged: its manifest is {error!r}.") from error


def extract(path: Path, folder: Path, advance: Advance) -> None:
    """Put the members of a file that was verified into a folder; raises `OSError`."""
    with _opened(path) as tar:
        members = [each for each in tar if each.isfile()]
        total, done = sum(each.size for each in members), 0
        for each in members:
            target = folder / each.name
            if not target.resolve().is_relative_to(folder.resolve()):
                raise BundleDamaged(f"{path} has a member {each.name!r} that leads out of it.")
            target.parent.mkdir(parents=True, exist_ok=True)
            source = tar.extractfile(each)
            assert source is not None
            with target.open("xb") as file:
                while chunk := source.read(CHUNK):
                    file.write(chunk)
                    done += len(chunk)
                    advance(done, total)


@contextmanager
def _opened(path: Path) -> Iterator[tarfile.TarFile]:
    try:
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            if file.tell() < TAIL:
                raise BundleDamaged(f"{path} is no backup.")
            file.seek(-TAIL, os.SEEK_END)
            if file.read(len(MAGIC)) != MAGIC:
                raise BundleDamaged(f"{path} is no backup, or only the beginning of one.")
            file.seek(0)
            with tarfile.open(fileobj=file, mode="r:") as tar:
                yield tar
    except FileNotFoundError:
        raise UserError(f"There is no file {path}.") from None
    except tarfile.TarError as error:
        raise BundleDamaged(f"{path} is damaged: {error}.") from error


def _add(tar: tarfile.TarFile, name: str, source: Source, when: float) -> int:
    info = tarfile.TarInfo(name)
    info.mtime, info.mode = int(when), 0o600
    with _reading(source) as file:
        info.size = len(source) if isinstance(source, bytes) else os.fstat(file.fileno()).st_size
        tar.addfile(info, file)
    return info.size


def _reading(source: Source) -> IO[bytes]:
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def _size(path: Path) -> int:
    return path.stat().st_size


class _Hashing:
    """A file to write to that knows the checksum of what was written."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.checksum = blake3()

    def write(self, data: bytes) -> int:
        self.checksum.update(data)
        return self._file.write(data)
