"""Columns of a transcript: held in the golden text, though what stands in them differs in width.

A table is taken apart where its head says, so that a row that is not below it is an error; when
what changes has been masked, it is laid out anew.
"""

import re
from collections.abc import Iterator, Sequence

HEAD = re.compile(r"[A-Z][A-Z_]*(?: [A-Z]+)*(?: {2,}[A-Z][A-Z_]*(?: [A-Z]+)*)+")
"""The head of a table: words in capitals, two blanks or more between them."""

GAP = "  "
ROW = "\0"
"""What a line of a table ends with, between the two steps."""
EMPTY = "\1"
INNER = "\2"
"""What a blank behind a blank is in a cell, meanwhile."""


def taken_apart(lines: Sequence[str]) -> Iterator[str]:
    """The lines, those of tables with two blanks between their cells and marked as `ROW`.

    Raises `AssertionError` where a cell does not begin below its head.
    """
    starts: list[int] = []
    for line in lines:
        if HEAD.fullmatch(line):
            starts = [each.start() for each in re.finditer(r"\S+(?: \S+)*", line)]
        if not starts or not line.strip():
            starts = []
            yield line
            continue
        yield GAP.join(_cells(line, starts)) + ROW


def _cells(line: str, starts: Sequence[int]) -> Iterator[str]:
    for start, end in zip(starts, [*starts[1:], None], strict=True):
        assert start == 0 or line[start - 2 : start].strip() == "", f"columns: {line!r}"
        cell = line[start:end].rstrip()
        assert cell == cell.lstrip(), f"columns: {line!r}"
        yield cell.replace(GAP, f" {INNER}") or EMPTY


def laid_out(lines: Sequence[str]) -> Iterator[str]:
    """The lines, tables in columns as wide as what is in them now."""
    rows: list[list[str]] = []
    for line in [*lines, ""]:
        if line.endswith(ROW):
            if HEAD.fullmatch(line.removesuffix(ROW)):
                yield from _table(rows)
                rows = []
            rows.append([each.strip() for each in re.split(r" {2,}", line.removesuffix(ROW))])
            continue
        yield from _table(rows)
        rows = []
        yield line


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield GAP.join(padded).replace(EMPTY, " ").replace(INNER, " ").rstrip()
