"""Columns as editors count them, in UTF-16 code units from 1, for what Lua knows by lines only."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache

from kernel.core import model as m
from lua_debug.syntax.source_text import SourceText

_BLANK = b" \t\f\v"

TextOf = Callable[[m.Source], bytes | None]
"""The text of a source, where it is known."""


def with_columns(frames: Sequence[m.StackFrame], text_of: TextOf) -> tuple[m.StackFrame, ...]:
    """The frames, each without a column at the one where the text of its line begins."""
    texts: dict[m.Source, SourceText | None] = {}
    return tuple(_with_column(frame, texts, text_of) for frame in frames)


def _with_column(
    frame: m.StackFrame, texts: dict[m.Source, SourceText | None], text_of: TextOf
) -> m.StackFrame:
    source = frame.source
    if source is None or frame.line <= 0 or frame.column:
        return frame
    if source not in texts:
        raw = text_of(source)
        texts[source] = None if raw is None else _source_text(raw)
    text = texts[source]
    if text is None:
        return replace(frame, column=1)
    line = text.line_bytes(frame.line)
    blank = len(line) - len(line.lstrip(_BLANK))
    return replace(frame, column=1 if blank == len(line) else blank + 1)


@lru_cache(maxsize=32)
def _source_text(raw: bytes) -> SourceText:
    return SourceText(raw)
