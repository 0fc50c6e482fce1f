"""Texts that the parser would take seconds for, and what is understood of them meanwhile."""

from unittest.mock import patch

import pytest

from lsp_server import parsing
from lsp_server.document import Document

ROWS = b"".join(b"value_%d = f(%d)\n" % (number, number) for number in range(3000))
"""An unfinished statement above these is a riddle."""


@pytest.fixture
def opened() -> Document:
    """A text as it was before somebody typed into it."""
    document = Document("file:///a.lua", b"local a = 1\n" + ROWS, "5.4")
    assert document.can_be_parsed
    return document


def test_the_line_that_is_no_lua_is_left_out(opened: Document) -> None:
    """What stands above and below it is understood, and what it says is not."""
    document = opened.patched(b"local a = 1\nif b\n" + ROWS)
    ((start, end),) = document._parsed.left_out
    assert b"if b" == document.raw[start:end]
    assert not document.can_be_parsed
    assert 3001 == len(document.root.named_children)
    assert "value_2999" in document.analysis.globals
    assert "b" not in document.analysis.globals


def test_it_is_left_out_while_other_lines_are_typed(opened: Document) -> None:
    """A change elsewhere is understood at once, and the place moves with it."""
    riddle = opened.patched(b"local a = 1\nif b\n" + ROWS)
    riddle.tree  # noqa: B018 - the next one is made from it
    above = riddle.patched(b"local c = 2\n" + riddle.raw)
    above.tree  # noqa: B018
    below = above.patched(above.raw + b"local d = 3\n")
    ((start, end),) = (span for span in below._parsed.left_out if b"if" in below.raw[slice(*span)])
    assert b"if b" == below.raw[start:end]
    assert "c" in {each.name for each in below.analysis.declarations}


def test_a_finished_statement_is_understood(opened: Document) -> None:
    """As soon as the text is Lua again, nothing is left out."""
    riddle = opened.patched(b"local a = 1\nif b\n" + ROWS)
    riddle.tree  # noqa: B018 - the next one is made from it
    document = riddle.patched(b"local a = 1\nif b then a = 2 end\n" + ROWS)
    assert document.can_be_parsed
    assert "b" in document.analysis.globals


def test_a_text_that_compiles_is_parsed_in_any_case(opened: Document) -> None:
    """Whatever was left out by mistake is understood once the compiler has said that it is Lua."""
    document = opened.patched(b"local a = 1\nlocal b = 2\n" + ROWS)
    with patch.multiple(parsing, PATIENCE=-9.0):
        assert not document.can_be_parsed
    document.parse_all()
    assert document.can_be_parsed
    assert {"a", "b"} == {each.name for each in document.analysis.declarations}
