"""What the probe has to know of the assignments in the loaded chunks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from lua_debug.chunks import Chunk
from lua_debug.syntax.writes import KeyKind, Target, Write, writes_of


@dataclass(frozen=True, slots=True)
class Watched:
    """What is watched: the names of variables and fields; whether a field is, by any key."""

    names: frozenset[bytes]
    has_fields: bool

    def may_be(self, target: Target) -> bool:
        """Whether an assignment to this may write what is watched."""
        if not target.keys:
            return target.name in self.names
        key = target.keys[-1]
        return self.has_fields if key.kind is not KeyKind.FIELD else key.text in self.names


def written(chunks: Sequence[Chunk], watched: Watched) -> list[dict[str, Any]]:
    """Assignments to what is watched, in chunks of one raw source.

    A line hook cannot tell those from each other, so an assignment counts that all their texts
    have at the same place.
    """
    texts = list(dict.fromkeys(chunk.places.text for chunk in chunks))
    if not texts:
        return []
    chosen = [write for write in writes_of(texts[-1]) if any(map(watched.may_be, write.targets))]
    for text in texts[:-1]:
        there = set(writes_of(text)) if chosen else ()
        chosen = [write for write in chosen if write in there]
    return [_described(write, filter(watched.may_be, write.targets)) for write in chosen]


def _described(write: Write, targets: Iterable[Target]) -> dict[str, Any]:
    """A write as the probe wants it (probe/writes.lua)."""
    return {
        "first": write.first,
        "last": write.last,
        "function_first": write.function[0],
        "function_last": write.function[1],
        "is_last": write.is_last,
        "targets": [
            {
                "name": target.name,
                "keys": [{"kind": str(key.kind), "text": key.text} for key in target.keys],
            }
            for target in targets
        ],
    }
