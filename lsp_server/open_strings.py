"""Quoted strings that nobody has closed yet, which Lua ends with their line.

The grammar lets them go on to the next quote: what was outside of strings is inside then, and the
other way round, down to the end of the text, which takes the parser half a second in a long one.
"""

from __future__ import annotations

import re

_QUOTED = re.compile(
    rb"""
      --\[(?P<c>=*)\[ .*? (?: \](?P=c)\] | \Z )  |  --[^\n]*
    | \[(?P<s>=*)\[ .*? (?: \](?P=s)\] | \Z )
    | (?: "(?:[^"\\\n]|\\z\s*|\\.)*+(?:"|(?P<double>)) )
    | (?: '(?:[^'\\\n]|\\z\s*|\\.)*+(?:'|(?P<single>)) )
    """,
    re.VERBOSE | re.DOTALL,
)
"""Strings and comments, so that what looks like one inside another is passed over."""

_OPEN = ("double", "single")

_NAME = re.compile(rb"\w")
_ALL_BUT_LINE_ENDS = re.compile(rb"[^\n]")


def close_strings(text: bytes) -> bytes:
    """The text, byte for byte as long, with a quote where a line ends inside a string.

    Only the kinds and places of tokens are those of the text then, not what strings say.
    """
    made: bytearray | None = None
    for match in _QUOTED.finditer(text):
        if match.lastgroup in _OPEN:
            made = bytearray(text) if made is None else made
            start, end = match.span()
            made[start:end] = _closed(text, start, end)
    return text if made is None else bytes(made)


def _closed(text: bytes, start: int, end: int) -> bytes:
    """A string as long as the open one; for a quote alone a number, or nothing behind a name."""
    quote, inside = text[start : start + 1], text[start + 1 : end - 1]
    if end - start > 1 and b"\n" not in text[start:end]:
        return quote + b"x" * len(inside) + quote
    first = b" " if start and _NAME.match(text, start - 1) else b"0"
    return first + _ALL_BUT_LINE_ENDS.sub(b" ", text[start + 1 : end])
