r"""The file of a snapshot: how it is laid out, written, verified and read.

::

    llmspell session snapshot 1\n
    a Zstandard stream of: a header (JSON, with its length before it), parts, and an end
    BLAKE3 of all bytes before it (32 bytes)

A part is a kind, a key, when and in which version it was kept, and its value. Nothing is trusted
before the hash was found right; the hash keeps accidents out, not forgers.
"""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import zstandard
from blake3 import blake3
from pydantic import TypeAdapter, ValidationError

from kernel.core.errors import UserError
from kernel.core.progress import report_progress

MAGIC = b"llmspell session snapshot 1\n"
BLOCK = "block"
MANIFEST = "manifest"

_END = "end"
_CHUNK = 1024 * 1024
_LENGTH = struct.Struct("<Q")
_LONGEST = 1 << 32


class SnapshotDamaged(UserError):
    """A file that is no snapshot, or not a whole one."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name} is no whole snapshot: {reason}; use another copy.")


@dataclass(frozen=True, slots=True)
class Header:
    """What a snapshot begins with."""

    session: str
    """JSON of `kernel.sessions.model.encode_session`."""
    usage: str
    """JSON of `kernel.sessions.model.encode_usage`."""
    taken: float
    taken_by: str


@dataclass(frozen=True, slots=True)
class Part:
    """An entry of the store, a block or a manifest."""

    kind: str
    key: str
    value: bytes
    version: int = 1
    updated: float = 0.0
    expires: float | None = None


@dataclass(frozen=True, slots=True)
class _Label:
    """A part without its value."""

    kind: str
    key: str
    version: int
    updated: float
    expires: float | None


_HEADER = TypeAdapter(Header)
_LABEL = TypeAdapter(_Label)


class Writer:
    """Writes a snapshot: `begin`, `add` for each part, `end`."""

    def __init__(self, target: BinaryIO) -> None:
        self._target = target
        self._hash = blake3()
        self._write(MAGIC)
        self._compressor = zstandard.ZstdCompressor(level=3).compressobj()

    def begin(self, header: Header) -> None:
        """Write what it begins with."""
        self._put(_HEADER.dump_json(header))

    def add(self, part: Part) -> None:
        """Write a part."""
        label = _Label(part.kind, part.key, part.version, part.updated, part.expires)
        self._put(_LABEL.dump_json(label))
        self._put(part.value)

    def end(self) -> None:
        """Write the end and the hash; the file is not closed."""
        self._put(_LABEL.dump_json(_Label(_END, "", 0, 0.0, None)))
        self._write(self._compressor.flush())
        self._target.write(self._hash.digest())

    def _put(self, value: bytes) -> None:
        self._write(self._compressor.compress(_LENGTH.pack(len(value))))
        self._write(self._compressor.compress(value))

    def _write(self, data: bytes) -> None:
        self._hash.update(data)
        self._target.write(data)


def verify(source: BinaryIO, name: str) -> None:
    """Read the file to its end; raises `SnapshotDamaged`. It stands somewhere afterwards."""
    if source.read(len(MAGIC)) != MAGIC:
        raise SnapshotDamaged(name, "it does not begin as one of this version")
    size = source.seek(0, io.SEEK_END)
    left = size - 32
    if left < len(MAGIC):
        raise SnapshotDamaged(name, "it is too short")
    source.seek(0)
    found = blake3()
    while left:
        piece = source.read(min(left, _CHUNK))
        if not piece:
            raise SnapshotDamaged(name, "it became shorter while it was read")
        found.update(piece)
        left -= len(piece)
        report_progress(size - left, size, "bytes")
    if found.digest() != source.read(32):
        raise SnapshotDamaged(name, "its checksum is another")


class Reader:
    """Reads a snapshot that was verified; it stands at the beginning of the file."""

    def __init__(self, source: BinaryIO, name: str) -> None:
        self.name = name
        self._source, self._size = source, source.seek(0, io.SEEK_END)
        source.seek(len(MAGIC))
        self._stream = zstandard.ZstdDecompressor().stream_reader(source, closefd=False)
        try:
            self.header = _HEADER.validate_json(self._take())
        except ValidationError:
            raise SnapshotDamaged(name, "its header cannot be read") from None

    @property
    def place(self) -> tuple[int, int]:
        """How many bytes of the file were read, and of how many."""
        return self._source.tell(), self._size

    def parts(self) -> Iterator[Part]:
        """What was added, in that order."""
        while True:
            try:
                label = _LABEL.validate_json(self._take())
            except ValidationError:
                raise SnapshotDamaged(self.name, "a part of it cannot be read") from None
            if label.kind == _END:
                return
            value = self._take()
            yield Part(label.kind, label.key, value, label.version, label.updated, label.expires)

    def _take(self) -> bytes:
        (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size))
        if length > _LONGEST:
            raise SnapshotDamaged(self.name, "a part of it is too long")
        return self._exactly(length)

    def _exactly(self, count: int) -> bytes:
        taken = bytearray()
        try:
            while len(taken) < count:
                piece = self._stream.read(min(count - len(taken), _CHUNK))
                if not piece:
                    raise SnapshotDamaged(self.name, "it ends in the middle")
                taken += piece
        except zstandard.ZstdError:
            raise SnapshotDamaged(self.name, "it cannot be decompressed") from None
        return bytes(taken)
