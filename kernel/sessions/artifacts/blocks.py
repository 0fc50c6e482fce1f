"""Blocks: contents cut into pieces that are kept once, by the hash of what is in them.

Pieces are cut at fixed places: every `BLOCK` bytes. Contents that share a beginning, or are
changed in place, share blocks; one into which something was inserted shares none behind that.
"""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol

import zstandard
from blake3 import blake3

from kernel.sessions.artifacts.model import ContentDamaged

BLOCK = 1024 * 1024
"""Bytes of every block but the last of a content."""

COMPRESSION_THRESHOLD = 10 * 1024
"""Blocks smaller than this are kept as they are."""

LEVEL = 3
"""Of Zstandard: fast, and half of what text takes."""

Content = bytes | str | BinaryIO | Iterable[bytes]
"""What can be stored: bytes, text (as UTF-8), a file open for reading, or pieces of any sizes."""


class BlockStore(Protocol):
    """Blocks in spaces that know nothing of each other: each tenant has its own.

    A block is durable when `flush` of the visit that put it has returned, and is never seen
    before all of it is there.
    """

    def visit(self, space: str) -> AbstractContextManager["BlockVisit"]:
        """To read and write; while a visit lasts nothing is removed from the space."""

    def clearing(self, space: str) -> AbstractContextManager["BlockClearing | None"]:
        """To remove; None while anybody visits the space."""


class BlockVisit(Protocol):
    """Reading and adding blocks of one space."""

    def get(self, digest: bytes) -> bytes | None:
        """A packed block; None if it is not there."""

    def put(self, digest: bytes, packed: bytes) -> None:
        """Keep a packed block; one that is there is replaced at once or not at all."""

    def flush(self) -> None:
        """Return when all that was put is durable."""


class BlockClearing(Protocol):
    """Removing blocks of one space."""

    def digests(self) -> Iterator[bytes]:
        """All blocks that are there."""

    def remove(self, digest: bytes) -> int:
        """Remove a block; how many bytes it took."""

    def clear_remains(self) -> int:
        """Remove what writers left behind that ended in the middle; how many bytes."""


def cut(content: Content, size: int = BLOCK) -> Iterator[bytes]:
    """A content in blocks of ``size`` bytes, the last perhaps shorter; of nothing, no block."""
    if isinstance(content, str):
        content = content.encode()
    if isinstance(content, bytes | bytearray | memoryview):
        view = memoryview(content)
        yield from (bytes(view[start : start + size]) for start in range(0, len(view), size))
        return
    rest = bytearray()
    for piece in _pieces(content, size):
        rest += piece
        start = 0
        while len(rest) - start >= size:
            yield bytes(rest[start : start + size])
            start += size
        del rest[:start]
    if rest:
        yield bytes(rest)


def _pieces(content: BinaryIO | Iterable[bytes], size: int) -> Iterator[bytes]:
    read = getattr(content, "read", None)
    return iter(content) if read is None else iter(lambda: read(size), b"")


def digest_of(block: bytes) -> bytes:
    """The name of a block: BLAKE3, 32 bytes."""
    return blake3(block).digest()


def pack(block: bytes, threshold: int = COMPRESSION_THRESHOLD) -> bytes:
    """A block as it is kept: a byte that says how, and the block, compressed where that helps."""
    if len(block) >= threshold:
        packed = zstandard.ZstdCompressor(level=LEVEL).compress(block)
        if len(packed) < len(block):
            return b"\x01" + packed
    return b"\x00" + block


def is_compressed(packed: bytes) -> bool:
    """Whether `pack` has compressed it."""
    return packed[:1] == b"\x01"


def unpack(packed: bytes | None, digest: bytes) -> bytes:
    """The block; raises `ContentDamaged` if it is not the one of this name."""
    if packed is None:
        raise ContentDamaged(
            f"Block {digest.hex()} is missing; restore the session from a snapshot."
        )
    block = packed[1:]
    if is_compressed(packed):
        try:
            block = zstandard.ZstdDecompressor().decompress(block, max_output_size=BLOCK)
        except zstandard.ZstdError:
            block = b""
    if digest_of(block) != digest:
        raise ContentDamaged(
            f"Block {digest.hex()} is damaged; restore the session from a snapshot."
        )
    return block
