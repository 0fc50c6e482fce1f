"""Texts for the parser: as long as the original, and nothing in them that it stumbles over."""

import pytest

from lua_debug.syntax.grammar import Syntax
from lua_debug.syntax.source_text import SourceText


@pytest.mark.parametrize("mark", ["[", "]", "="])
@pytest.mark.parametrize("shape", ["x = [=[{}]=] y = 1", "x = '{}' y = 1", "--[==[{}]==] y = 1"])
def test_runs_of_brackets_keep_their_ends(mark: str, shape: str) -> None:
    """Inside strings and comments they change nothing, however long they are."""
    short = Syntax(shape.format(mark * 10).encode())
    long = Syntax(shape.format(mark * 100_000).encode())
    kinds = [[each.type for each in syntax.root.children] for syntax in (short, long)]
    assert kinds[0] == kinds[1]
    assert short.has_error == long.has_error


def test_the_length_stays() -> None:
    """Places in what is parsed are places in the text."""
    raw = b"#!lua\r\nx = '" + b"=" * 5_000 + "é".encode() + b"'\r"
    assert len(raw) == len(SourceText(raw).for_parser())
