"""Collection: contents that no artifact has any more are found by mark and sweep, and removed."""

from dataclasses import dataclass

from kernel.sessions.artifacts.blocks import BlockClearing
from kernel.sessions.artifacts.index import ArtifactIndex
from kernel.sessions.records import Records


@dataclass(frozen=True, slots=True)
class Collected:
    """What a collection has removed."""

    contents: int = 0
    blocks: int = 0
    bytes: int = 0
    is_postponed: bool = False
    """Somebody was reading or writing; nothing was done."""


def forget_unneeded(records: Records) -> tuple[int, set[bytes]]:
    """Forget the contents that no artifact of the tenant has; how many, and the needed blocks.

    Nobody writes artifacts meanwhile (`BlockStore.clearing`): what was written is named by the
    index, or never will be. ``records`` are within a transaction.
    """
    index = ArtifactIndex(records)
    needed = {
        each.id.content_hash for session in records.sessions() for each in index.all(session.id)
    }
    needed_blocks: set[bytes] = set()
    unneeded: list[str] = []
    for content_hash, manifest in index.manifests():
        if content_hash in needed:
            needed_blocks.update(manifest.blocks)
        else:
            unneeded.append(content_hash)
    for content_hash in unneeded:
        index.forget_manifest(content_hash)
    return len(unneeded), needed_blocks


def sweep_blocks(clearing: BlockClearing, contents: int, needed: set[bytes]) -> Collected:
    """Remove all other blocks, and what killed writers have left; the store is not needed."""
    removed = [clearing.remove(each) for each in clearing.digests() if each not in needed]
    return Collected(contents, len(removed), sum(removed) + clearing.clear_remains())
