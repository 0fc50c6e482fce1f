"""Contents going in and out of blocks, one block in memory at a time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from blake3 import blake3

from kernel.sessions.artifacts.blocks import (
    BLOCK,
    COMPRESSION_THRESHOLD,
    BlockVisit,
    Content,
    cut,
    digest_of,
    is_compressed,
    pack,
    unpack,
)
from kernel.sessions.artifacts.index import Manifest
from kernel.sessions.artifacts.model import ContentDamaged


@dataclass(frozen=True, slots=True)
class Written:
    """A content whose blocks are durable, and that no index names yet."""

    content_hash: str
    manifest: Manifest
    is_compressed: bool
    kept_size: int


def write_content(
    visit: BlockVisit,
    content: Content,
    check: Callable[[int], None] = lambda _size: None,
    threshold: int = COMPRESSION_THRESHOLD,
) -> Written:
    """Put a content into blocks. ``check`` hears its size so far and may raise to end it.

    Blocks of ``threshold`` bytes and more are compressed where that helps.

    A block that is there is used if it is whole, and mended if it is not.
    """
    whole = blake3()
    size = kept = 0
    digests: list[bytes] = []
    has_compressed = False
    for block in cut(content):
        size += len(block)
        check(size)
        whole.update(block)
        digest = digest_of(block)
        packed = visit.get(digest)
        if packed is None or not _is_whole(packed, digest):
            packed = pack(block, threshold)
            visit.put(digest, packed)
        digests.append(digest)
        kept += len(packed)
        has_compressed |= is_compressed(packed)
    visit.flush()
    return Written(whole.hexdigest(), Manifest(size, tuple(digests)), has_compressed, kept)


def read_content(
    visit: BlockVisit, content_hash: str, manifest: Manifest, start: int = 0, end: int | None = None
) -> Iterator[bytes]:
    """The bytes from ``start`` up to ``end`` in pieces of at most `BLOCK`; each block is verified.

    Raises `ContentDamaged`; what came before was right. What is read as a whole is also verified
    as a whole.
    """
    end = manifest.size if end is None else min(end, manifest.size)
    is_all = start == 0 and end == manifest.size
    whole = blake3()
    for place in range(start // BLOCK, -(-end // BLOCK) if end > start else 0):
        digest = manifest.blocks[place]
        block = unpack(visit.get(digest), digest)
        if is_all:
            whole.update(block)
        first = place * BLOCK
        yield block[max(start - first, 0) : end - first]
    if is_all and whole.hexdigest() != content_hash:
        raise ContentDamaged(f"The content {content_hash} is not made of its blocks any more.")


def _is_whole(packed: bytes, digest: bytes) -> bool:
    try:
        unpack(packed, digest)
    except ContentDamaged:
        return False
    return True
