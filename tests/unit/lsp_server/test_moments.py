"""Which version of a long text is asked while somebody types."""

import pytest

from lsp_server.cursor.chains import typed_at
from lsp_server.cursor.moments import Moments
from lsp_server.cursor.place import Cursor
from lsp_server.cursor.tokens import tokens_before
from lsp_server.document import Document

ENTRIES = "  { id = 1, name = 'one', size = 1.5 },\n" * 2000
DATA = f"return {{\n¦{ENTRIES}}}\n"
INSIDE_A_FUNCTION = f"return {{ f = function()\n¦\nend,\n{ENTRIES}}}\n"


def asked(text: str, typed: str) -> str:
    """Which version is asked after something was typed at the mark of an analysed text."""
    head, _, tail = text.partition("¦")
    older = Document("file:///a.lua", (head + tail).encode(), "5.4")
    newer = Document("file:///a.lua", (head + typed + tail).encode(), "5.4")
    moments = Moments()
    moments.changed(older)
    assert older.analysis.names is not None
    moments.changed(newer)
    offset = len((head + typed).encode())
    tokens = tokens_before(newer, offset)
    moment = moments.at(Cursor(newer, offset, tokens, typed_at(tokens, offset)))
    return "older" if moment.document is older else "newer"


@pytest.mark.parametrize(
    ("text", "typed", "expected"),
    [
        (DATA, "{", "older"),
        (DATA, "{ id =", "older"),
        (DATA, "{ id = 2 }", "older"),
        (DATA, "{ f = function", "newer"),
        (INSIDE_A_FUNCTION, "x", "older"),
        (INSIDE_A_FUNCTION, "x =", "newer"),
        (f"¦\nlocal t = {{\n{ENTRIES}}}\n", "x = {", "newer"),
    ],
)
def test_what_declares_nothing_waits_for_no_analysis(text: str, typed: str, expected: str) -> None:
    """Entries of tables are fields and values, so that what was known before them holds."""
    assert expected == asked(text, typed)
