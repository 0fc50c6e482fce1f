"""Strings that nobody has closed end with their line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_server.document import Document
from lsp_server.open_strings import close_strings

PARTS = st.sampled_from(
    ["'", '"', "\\", "\\z", "\n", "[[", "]]", "[=[", "]=]", "--", "--[[", "a", " ", "x = "]
)


@pytest.mark.parametrize(
    ("text", "closed"),
    [
        ('x = "ab\ny = "c"', 'x = "x"\ny = "c"'),
        ("f('a\\'b\ng()", "f('xxx'\ng()"),
        ('x = "\ny', "x = 0\ny"),
        ('require"\ny', "require \ny"),
        ("x = '", "x = 0"),
        ('x = "a\\\n\ny', "x = 0  \n\ny"),
    ],
)
def test_open_strings_are_closed(text: str, closed: str) -> None:
    """What stands on other lines is outside of strings if it was so for Lua."""
    assert closed == close_strings(text.encode()).decode()


@pytest.mark.parametrize(
    "text",
    [
        "x = 'a\"' .. \"b'\"",
        "-- it's\nx = 1",
        "--[[ it's\n' ]] x = 1",
        "x = [==[ it's ]] ' ]==]",
        "x = 'a\\\nb'",
        "x = 'a\\z \n\n b'",
        "--[[ it's",
    ],
)
def test_nothing_is_open(text: str) -> None:
    """Comments, long strings, and lines that go on are left alone."""
    raw = text.encode()
    assert raw is close_strings(raw)


@given(st.lists(PARTS, max_size=20).map("".join))
def test_lines_stay_where_they_are(text: str) -> None:
    """No byte moves, and no line ends elsewhere."""
    closed = close_strings(text.encode())
    assert len(text) == len(closed)
    ends = [place for place, each in enumerate(text) if each == "\n"]
    assert ends == [place for place, each in enumerate(closed) if each == ord("\n")]


def test_what_follows_is_understood() -> None:
    """The functions below an open string are those that were there, and the text is no Lua."""
    below = b"function f(a) return 'a' .. \"b\" end\n" * 3
    document = Document("file:///a.lua", b'x = "abc\n' + below, "5.4")
    functions = [each for each in document.root.children if each.type == "function_declaration"]
    assert 3 == len(functions)
    assert not document.can_be_parsed
