"""The file of a backup: entries in a row, compressed, with a checksum over all of it.

::

    file     = magic, length of head (4 bytes), head (JSON), frame, count (8 bytes),
               checksum (32 bytes: BLAKE3 of everything before it)
    frame    = entry* of head-of-entry, scope, key, value; compressed (zstandard) in format 1, as
               they are in format 2
"""

import json
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

import zstandard
from blake3 import blake3

from kernel.core.errors import UserError
from kernel.state.store import Entry

MAGIC = b"llmspell backup\n"
COMPRESSED, PLAIN = 1, 2
"""Formats."""
LEVEL: int | None = 3
"""Of zstandard; on text five times smaller at some 300 MB/s."""

_LENGTH = struct.Struct(">I")
_COUNT = struct.Struct(">Q")
_ENTRY = struct.Struct(">IIQQdd")
_CHECKSUM = 32
_CHUNK = 1 << 20
_NEVER = float("inf")

Row = tuple[str, str, Entry]


class BackupDamaged(UserError):
    """A file that is no backup, or is not what was written."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a backup says about itself."""

    created: float
    """Seconds since 1970."""
    note: str


def write_archive(path: Path, head: Head, rows: Iterator[Row], level: int | None = LEVEL) -> int:
    """Write a new file and wait until the disk has it; how many entries there were.

    ``level``: of compression, from 1 to 22; None: without any.
    """
    with path.open("xb") as raw:
        file = _Hashing(raw)
        form = PLAIN if level is None else COMPRESSED
        words = {"format": form, "created": head.created, "note": head.note}
        text = json.dumps(words).encode()
        file.write(MAGIC + _LENGTH.pack(len(text)) + text)
        count = 0
        with _writing_frame(file, level) as frame:
            for count, row in enumerate(rows, 1):  # noqa: B007
                frame.write(_packed(*row))
        file.write(_COUNT.pack(count))
        raw.write(file.checksum.digest())
        raw.flush()
        os.fsync(raw.fileno())
    return count


def read_head(path: Path) -> tuple[Head, int]:
    """Head and number of entries, without a look at the rest; raises `BackupDamaged`."""
    try:
        with path.open("rb") as file:
            head, _ = _head(file, path)
            file.seek(-_COUNT.size - _CHECKSUM, os.SEEK_END)
            (count,) = _COUNT.unpack(file.read(_COUNT.size))
    except (OSError, struct.error) as error:
        raise BackupDamaged(f"{path} cannot be read: {error}.") from error
    return head, count


def verify(path: Path) -> None:
    """Raise `BackupDamaged` unless the file is what was written, to the last bit."""
    read_head(path)
    checksum, left = blake3(), path.stat().st_size - _CHECKSUM
    with path.open("rb") as file:
        while left and (chunk := file.read(min(_CHUNK, left))):
            checksum.update(chunk)
            left -= len(chunk)
        if checksum.digest() != file.read():
            raise BackupDamaged(f"{path} is damaged: its checksum is another. Take another backup.")


def read_rows(path: Path) -> Iterator[Row]:
    """The entries of a file that was verified."""
    _, count = read_head(path)
    with path.open("rb") as file, _reading_frame(file, path) as frame:
        for _ in range(count):
            start = _exactly(frame, _ENTRY.size)
            scopes, keys, values, version, updated, expires = _ENTRY.unpack(start)
            scope = _exactly(frame, scopes).decode()
            key = _exactly(frame, keys).decode()
            value = _exactly(frame, values)
            life = None if expires == _NEVER else expires
            yield scope, key, Entry(value, version, updated, life)


class _Writing(Protocol):
    def write(self, data: bytes, /) -> int: ...


class _Reading(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Hashing:
    """A file to write to that knows the checksum of what was written."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.checksum = blake3()

    def write(self, data: bytes) -> int:
        self.checksum.update(data)
        return self._file.write(data)


def _packed(scope: str, key: str, entry: Entry) -> bytes:
    names = scope.encode(), key.encode()
    life = _NEVER if entry.expires is None else entry.expires
    lengths = (len(names[0]), len(names[1]), len(entry.value))
    return b"".join(
        [_ENTRY.pack(*lengths, entry.version, entry.updated, life), *names, entry.value]
    )


@contextmanager
def _writing_frame(file: "_Hashing", level: int | None) -> Iterator["_Writing"]:
    if level is None:
        yield file
        return
    compressor = zstandard.ZstdCompressor(level=level)
    with compressor.stream_writer(file, closefd=False) as frame:  # type: ignore[arg-type]
        yield frame


@contextmanager
def _reading_frame(file: BinaryIO, path: Path) -> Iterator["_Reading"]:
    _, form = _head(file, path)
    if form == PLAIN:
        yield file
        return
    with zstandard.ZstdDecompressor().stream_reader(file, closefd=False) as frame:
        yield frame


def _head(file: BinaryIO, path: Path) -> tuple[Head, int]:
    """The head and the format of a file that is at its beginning."""
    if file.read(len(MAGIC)) != MAGIC:
        raise BackupDamaged(f"{path} is no backup.")
    (length,) = _LENGTH.unpack(file.read(_LENGTH.size))
    try:
        words = json.loads(file.read(min(length, _CHUNK)))
        form, head = words["format"], Head(words["created"], words["note"])
    except (ValueError, KeyError, TypeError) as error:
        raise BackupDamaged(f"{path} is damaged: its head is {error!r}.") from error
    if form not in (COMPRESSED, PLAIN):
        raise BackupDamaged(
            f"{path} has format {form}; this version reads {COMPRESSED} and {PLAIN}."
        )
    return head, int(form)


def _exactly(frame: "_Reading", length: int) -> bytes:
    parts = []
    while length and (part := frame.read(length)):
        parts.append(part)
        length -= len(part)
    return b"".join(parts)
