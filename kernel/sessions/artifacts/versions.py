"""What differs between two contents: lines where both are text, places where they are not."""

import difflib
import io
from collections.abc import Iterator
from dataclasses import dataclass

from kernel.sessions.artifacts.index import Manifest
from kernel.sessions.artifacts.model import Artifact

MAX_TEXT = 1024 * 1024
"""Bytes of the longest text whose lines are compared."""

MAX_LINES = 20_000
"""Lines of it: to compare more takes too long."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How a content became another."""

    is_identical: bool
    is_text: bool
    """Whether ``unified`` says what differs; otherwise ``summary`` is all there is to say."""
    old_size: int
    new_size: int
    unified: str = ""
    """A unified diff with three lines of context; "" for what is identical or not text."""
    added: int = 0
    """Lines."""
    removed: int = 0
    first_difference: int | None = None
    """The first byte that differs, from 0; None where all are the same."""
    shared_blocks: int = 0
    """Blocks that both have."""
    summary: str = ""


def as_lines(content: bytes) -> list[str] | None:
    """The lines of a text with their ends; None for what is not text, or too long."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    lines = list(io.StringIO(text, newline="\n"))
    return None if "\0" in text or len(lines) > MAX_LINES else lines


def compare_lines(
    old: Artifact, new: Artifact, old_lines: list[str], new_lines: list[str]
) -> Difference:
    """Line by line."""
    lines = list(difflib.unified_diff(old_lines, new_lines, _label(old), _label(new)))
    changes = lines[2:]
    added = sum(line.startswith("+") for line in changes)
    removed = sum(line.startswith("-") for line in changes)
    return Difference(
        is_identical=old_lines == new_lines,
        is_text=True,
        old_size=old.size,
        new_size=new.size,
        unified="".join(_with_ends(lines)),
        added=added,
        removed=removed,
        summary=f"{added} lines added, {removed} removed",
    )


def compare_bytes(
    sizes: tuple[int, int],
    manifests: tuple[Manifest, Manifest],
    pieces: tuple[Iterator[bytes], Iterator[bytes]],
) -> Difference:
    """Block by block, with one block of each in memory."""
    old, new = manifests
    shared = len(set(old.blocks) & set(new.blocks))
    first = _first_difference(*pieces)
    return Difference(
        is_identical=first is None,
        is_text=False,
        old_size=sizes[0],
        new_size=sizes[1],
        first_difference=first,
        shared_blocks=shared,
        summary="identical"
        if first is None
        else f"{sizes[0]} bytes became {sizes[1]}; they differ from byte {first} on; "
        f"{shared} of {len(new.blocks)} blocks are shared",
    )


def _first_difference(old: Iterator[bytes], new: Iterator[bytes]) -> int | None:
    place = 0
    while True:
        one, other = next(old, b""), next(new, b"")
        if one != other:
            pairs = enumerate(zip(one, other, strict=False))
            shorter = min(len(one), len(other))
            return place + next((at for at, (a, b) in pairs if a != b), shorter)
        if not one:
            return None
        place += len(one)


def _label(artifact: Artifact) -> str:
    return f"{artifact.name} (version {artifact.version})"


def _with_ends(lines: list[str]) -> Iterator[str]:
    for line in lines:
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
