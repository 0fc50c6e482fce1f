"""Bytes, lines and columns of a Lua text, counted the way Lua's own lexer counts."""

import re
from bisect import bisect_right

BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_LINE_END = re.compile(rb"\r\n|\n\r|\r|\n")
_TWO_BYTE_LINE_END = re.compile(rb"\r\n|\n\r")
# Bytes of names and strings that the grammar, which thinks in Unicode, could stumble over.
_PLAIN = bytes(c if 0 < c < 0x80 else ord("x") for c in range(256))
# The grammar's scanner takes the square of the length of such runs. They are the inside of strings
# and comments, or no Lua: compilers nest 200 levels, and nobody writes long strings of level 1000.
# The ends of a run stay, since they may begin and end a long string.
_LONGEST_RUN = 1000
_RUN = re.compile(rb"([\[\]=])\1{%d,}" % (_LONGEST_RUN - 1))
_RUNS = tuple(each * _LONGEST_RUN for each in (b"[", b"]", b"="))


class SourceText:
    """One Lua text; offsets count bytes from 0, lines and columns count from 1.

    A line ends at LF, CR, CR LF or LF CR, in every Lua version (``inclinenumber`` in llex.c,
    ``lex_newline`` in lj_lex.c). A byte order mark and a first line that begins with ``#`` belong
    to the text's lines but not to its code (``luaL_loadfilex``).
    """

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self._code_start = _code_start(raw)
        self._starts: list[int] | None = None

    def for_parser(self) -> bytes:
        r"""The text, byte for byte as long, with nothing a Unicode grammar misreads.

        Every line ends in ``\\n``, what comes before the code is blank, and bytes beyond ASCII are
        letters: none of this moves a token.
        """
        code = self.raw[self._code_start :].translate(_PLAIN)
        if b"\r" in code:
            code = _TWO_BYTE_LINE_END.sub(b"\n ", code).replace(b"\r", b"\n")
        if any(each in code for each in _RUNS):
            code = _RUN.sub(_without_inside, code)
        return b" " * self._code_start + code

    def for_load(self) -> bytes:
        """The text as ``luaL_loadfilex`` hands it to ``load``: line numbers stay what they are."""
        return self.raw[self._code_start :]

    @property
    def line_starts(self) -> list[int]:
        """The offset of each line's first byte."""
        if self._starts is None:
            ends = _LINE_END.finditer(self.raw, self._code_start)
            self._starts = [0, *(end.end() for end in ends)]
        return self._starts

    def line_of(self, offset: int) -> int:
        """The line that holds the byte at ``offset``."""
        return bisect_right(self.line_starts, offset)

    def position(self, offset: int) -> tuple[int, int]:
        """Line and byte column of ``offset``."""
        line = self.line_of(offset)
        return line, offset - self.line_starts[line - 1] + 1

    def line_bytes(self, line: int) -> bytes:
        """A line without its end; empty beyond the text."""
        if not 1 <= line <= len(self.line_starts):
            return b""
        last = len(self.line_starts) == line
        stop = len(self.raw) if last else self.line_starts[line]
        return self.raw[self.line_starts[line - 1] : stop].rstrip(b"\r\n")

    def utf16_column(self, line: int, column: int) -> int:
        """The column in UTF-16 code units, as editors count, of a byte column."""
        before = self.line_bytes(line)[: column - 1]
        return 1 + _utf16_length(before.decode("utf-8", "surrogateescape"))

    def byte_column(self, line: int, utf16_column: int) -> int:
        """The byte column of a column in UTF-16 code units."""
        text = self.line_bytes(line).decode("utf-8", "surrogateescape")
        units = 0
        for index, character in enumerate(text):
            if units >= utf16_column - 1:
                return 1 + len(text[:index].encode("utf-8", "surrogateescape"))
            units += _utf16_length(character)
        return 1 + len(self.line_bytes(line)) + max(0, utf16_column - 1 - units)


def _without_inside(run: re.Match[bytes]) -> bytes:
    text = run[0]
    return text[:2] + b"x" * (len(text) - 3) + text[-1:]


def _code_start(raw: bytes) -> int:
    start = len(BYTE_ORDER_MARK) if raw.startswith(BYTE_ORDER_MARK) else 0
    if raw[start : start + 1] != b"#":
        return start
    newline = raw.find(b"\n", start)
    return len(raw) if newline < 0 else newline


def _utf16_length(text: str) -> int:
    return len(text) + sum(character > "\uffff" for character in text)
