"""Offsets into a text, and positions as a client counts them."""

from bisect import bisect_right
from itertools import accumulate

from lsprotocol import types

Encoding = types.PositionEncodingKind | str


class LineIndex:
    """The lines of a text as the Language Server Protocol sees them: LF, CR LF or CR ends one.

    Offsets count bytes of UTF-8, characters count units of the encoding agreed with the client.
    """

    def __init__(self, raw: bytes, encoding: Encoding) -> None:
        self.raw = raw
        self.encoding = str(getattr(encoding, "value", encoding))
        self.starts = _line_starts(raw)
        self._is_plain = self.encoding == "utf-8" or raw.isascii()

    def line_of(self, offset: int) -> int:
        """The line, counted from 0, that holds a byte."""
        return bisect_right(self.starts, offset) - 1

    def position(self, offset: int) -> types.Position:
        """The position of a byte."""
        line = self.line_of(offset)
        before = self.raw[self.starts[line] : offset]
        return types.Position(line, self._units(before))

    def offset(self, position: types.Position) -> int:
        """The byte at a position; what lies beyond its line or the text means their end."""
        if position.line >= len(self.starts):
            return len(self.raw)
        start = self.starts[position.line]
        return start + self._bytes(self.line(position.line), position.character)

    def range(self, start: int, end: int) -> types.Range:
        """The range between two bytes."""
        return types.Range(self.position(start), self.position(end))

    def width(self, start: int, end: int) -> int:
        """How many units some bytes of a line are."""
        return end - start if self._is_plain else self._units(self.raw[start:end])

    def line(self, number: int) -> bytes:
        """A line, counted from 0, without its end."""
        stop = self.starts[number + 1] if number + 1 < len(self.starts) else len(self.raw)
        return self.raw[self.starts[number] : stop].rstrip(b"\r\n")

    def _units(self, text: bytes) -> int:
        if self.encoding == "utf-8" or text.isascii():
            return len(text)
        decoded = text.decode("utf-8", "surrogateescape")
        if self.encoding == "utf-32":
            return len(decoded)
        return len(decoded) + sum(character > "\uffff" for character in decoded)

    def _bytes(self, line: bytes, units: int) -> int:
        if line.isascii():
            return min(units, len(line))
        if self.encoding == "utf-8":
            return _start_of_character(line, min(units, len(line)))
        counted = 0
        text = line.decode("utf-8", "surrogateescape")
        for index, character in enumerate(text):
            counted += 2 if self.encoding == "utf-16" and character > "\uffff" else 1
            if counted > units:
                return len(text[:index].encode("utf-8", "surrogateescape"))
        return len(line)


def _start_of_character(line: bytes, place: int) -> int:
    while 0 < place < len(line) and line[place] & 0xC0 == 0x80:
        place -= 1
    return place


def _line_starts(raw: bytes) -> list[int]:
    if b"\r" not in raw:
        return [0, *accumulate(len(line) + 1 for line in raw.split(b"\n")[:-1])]
    return [0, *accumulate(len(line) for line in raw.splitlines(keepends=True) if _ends(line))]


def _ends(line: bytes) -> bool:
    return line.endswith((b"\n", b"\r"))
