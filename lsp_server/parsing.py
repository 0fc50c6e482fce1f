"""Syntax trees, also of texts whose errors the parser would take seconds to recover from.

An unfinished `if` above a thousand statements makes it try all of them in several ways. It is
stopped then, and what was changed last is left out: blanks stand in its place.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Parser, Tree

from lua_debug.syntax.grammar import LUA

PATIENCE = 0.012
"""Seconds of processor time that the parser may lose over a change."""

USUAL = 3_000_000
"""Bytes a second with which it loses nothing; it does three times as many in usual texts."""

_CHUNK = 1 << 14
_STRETCH = 2000
"""Bytes that count at once: it jumps over what has not changed."""
_PARSER = Parser(LUA)
_NO_LINE_END = re.compile(rb"[^\n]")

Span = tuple[int, int]
"""The bytes from one place to another."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A text and its tree."""

    code: bytes
    tree: Tree
    left_out: tuple[Span, ...] = ()
    """What was blank for the parser."""


def parsed(code: bytes, before: Parsed | None = None) -> Parsed:
    """A tree: of a text that was changed, in some milliseconds, from the tree before.

    That of a new text takes as long as it takes.
    """
    start, old_end, new_end = (0, 0, len(code)) if before is None else change(before.code, code)
    if before is None or new_end - start > len(code) // 2:
        return Parsed(code, _PARSER.parse(code))
    by = new_end - old_end
    changed, others = (start, new_end), []
    for first, last in before.left_out:
        if last < start:
            others.append((first, last))
        elif first > old_end:
            others.append((first + by, last + by))
        else:
            changed = min(changed[0], first), max(changed[1], last + by)
    edited = before.tree.copy()
    _edit(edited, before.code, code, (start, old_end, new_end))
    for left_out in _ways(code, before, changed, others):
        text = _blanked(code, left_out)
        for first, last in (changed, *others, *left_out):  # blank now, or blank before
            _edit(edited, code, code, (first, last, last))
        tree = _parse_soon(text, edited)
        if tree is not None:
            return Parsed(code, tree, left_out)
    everything = (0, len(code))
    return Parsed(code, _PARSER.parse(_blanked(code, (everything,))), (everything,))


def _ways(
    code: bytes, before: Parsed, changed: Span, others: list[Span]
) -> Iterator[tuple[Span, ...]]:
    """What to leave out: nothing; what was before; the lines changed; their statements."""
    yield ()
    if others:
        yield tuple(_lines(code, each) for each in others)
    yield tuple(_lines(code, each) for each in (changed, *others))
    by = len(code) - len(before.code)
    first, last = changed
    for each in before.tree.root_node.named_children:
        if each.end_byte >= changed[0] and each.start_byte + by <= changed[1]:
            first, last = min(first, each.start_byte), max(last, each.end_byte + by)
    yield tuple(_lines(code, each) for each in ((first, last), *others))


def _lines(code: bytes, span: Span) -> Span:
    """All of the lines that have some of a stretch."""
    start, end = span
    if start < end and code[end - 1 : end] == b"\n":
        end -= 1
    end = code.find(b"\n", end)
    return code.rfind(b"\n", 0, start) + 1, len(code) if end < 0 else end


def _blanked(code: bytes, spans: tuple[Span, ...]) -> bytes:
    for start, end in spans:
        code = code[:start] + _NO_LINE_END.sub(b" ", code[start:end]) + code[end:]
    return code


def _parse_soon(text: bytes, edited: Tree) -> Tree | None:
    """The tree, or None where the parser is not getting on."""
    lost, place, when = 0.0, 0, time.thread_time()

    def is_too_slow(offset: int, _has_error: bool) -> bool:
        nonlocal lost, place, when
        now = time.thread_time()
        usual = min(abs(offset - place), _STRETCH) / USUAL
        lost, place, when = lost + max(0.0, now - when - usual), offset, now
        return lost > PATIENCE

    def read(offset: int, _point: object) -> bytes:
        return text[offset : offset + _CHUNK]

    try:
        return _PARSER.parse(read, edited, progress_callback=is_too_slow)
    except ValueError:
        _PARSER.reset()
        return None


def _edit(tree: Tree, old: bytes, new: bytes, places: tuple[int, int, int]) -> None:
    start, old_end, new_end = places
    tree.edit(
        start_byte=start,
        old_end_byte=old_end,
        new_end_byte=new_end,
        start_point=_point(old, start),
        old_end_point=_point(old, old_end),
        new_end_point=_point(new, new_end),
    )


def change(old: bytes, new: bytes) -> tuple[int, int, int]:
    """From where to where two texts differ: the start, its end in the old and in the new one."""
    start = common_prefix(old, new)
    rest = min(len(old), len(new)) - start
    same = common_prefix(old[: -rest - 1 : -1], new[: -rest - 1 : -1]) if rest else 0
    return start, len(old) - same, len(new) - same


def common_prefix(one: bytes, other: bytes) -> int:
    """How many bytes two texts begin with in common; by halves, which compares at C's speed."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _point(text: bytes, offset: int) -> tuple[int, int]:
    return text.count(b"\n", 0, offset), offset - (text.rfind(b"\n", 0, offset) + 1)
