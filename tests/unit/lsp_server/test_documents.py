"""Documents: positions in every encoding, and edits that lead where a whole new text would."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import types
from tree_sitter import Node

from lsp_server.document import Document
from lsp_server.positions import LineIndex

ENCODINGS = ("utf-8", "utf-16", "utf-32")

LUA = st.sampled_from(
    [
        *("local x = 1\n", "function f(a)\n", "end\n", "if x then ", "else ", "\r\n", "\r", "\n"),
        *(
            "--[[ ",
            "]]",
            "'",
            '"',
            "x.y",
            ":m()",
            "{",
            "}",
            "(",
            ")",
            "= ",
            ", ",
            "goto l ",
            "::l:: ",
        ),
        *("#!", "\ufeff", "repeat ", "until ", "return ", "é", "𝄞", "\0", " ", "-- c\n", "global "),
        *("<const>", "..."),
    ]
)
TEXTS = st.lists(LUA | st.text(max_size=4), max_size=24).map("".join)


def partial(place: types.Range, text: str) -> types.TextDocumentContentChangePartial:
    """A change of a part."""
    return types.TextDocumentContentChangePartial(range=place, text=text)


@pytest.mark.parametrize(
    ("encoding", "characters"),
    [("utf-8", [0, 2, 6, 7]), ("utf-16", [0, 1, 3, 4]), ("utf-32", [0, 1, 2, 3])],
)
def test_characters_count_as_the_client_counts(encoding: str, characters: list[int]) -> None:
    """A character is as long as the encoding agreed upon says, in both directions."""
    index = LineIndex("x\né𝄞x".encode(), encoding)
    offsets = [2, 4, 8, 9]
    assert characters == [index.position(each).character for each in offsets]
    assert offsets == [index.offset(types.Position(1, each)) for each in characters]


@pytest.mark.parametrize("text", ["", "a", "a\n", "a\r\nb\rc\nd", "\n\r\n\r"])
def test_lines_end_as_the_protocol_says(text: str) -> None:
    """LF, CR and CR LF end a line, and nothing else does."""
    starts = LineIndex(text.encode(), "utf-16").starts
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert len(lines) == len(starts)


@settings(max_examples=150, deadline=None)
@given(text=TEXTS, encoding=st.sampled_from(ENCODINGS))
def test_positions_lead_back(text: str, encoding: str) -> None:
    """The position of a character's first byte leads to that byte."""
    raw = text.encode("utf-8", "replace")
    index = LineIndex(raw, encoding)
    offset = 0
    for character in raw.decode():
        is_inside_line_end = raw[offset - 1 : offset + 1] == b"\r\n"
        if character not in "\r\n" or not is_inside_line_end:
            assert offset == index.offset(index.position(offset))
        offset += len(character.encode())
    assert len(raw) == index.offset(types.Position(10**6, 10**6))
    assert all(one < other for one, other in pairwise(index.starts))


@settings(max_examples=200, deadline=None)
@given(text=TEXTS, data=st.data(), encoding=st.sampled_from(ENCODINGS))
def test_edits_lead_where_a_whole_text_would(text: str, data: st.DataObject, encoding: str) -> None:
    """After any edits the text is the edited text; its tree is that of a full parse if it is Lua.

    What the parser makes of texts with errors depends on how it came there.
    """
    document = Document("file:///a.lua", text.encode("utf-8", "replace"), "5.4", encoding)
    plain = document.raw.decode()
    for version in range(data.draw(st.integers(1, 4))):
        document.analysis  # noqa: B018 - so that the next tree is made from this one
        start = data.draw(st.integers(0, len(plain)))
        end = data.draw(st.integers(start, min(len(plain), start + 6)))
        new = data.draw(LUA | st.text(max_size=3)).encode("utf-8", "replace").decode()
        places = [document.position(len(plain[:each].encode())) for each in (start, end)]
        expected = plain[:start] + new + plain[end:]
        if document.offset(places[0]) != len(plain[:start].encode()):
            continue  # between CR and LF, where no position is
        if document.offset(places[1]) != len(plain[:end].encode()):
            continue
        document = document.edited([partial(types.Range(*places), new)], version)
        plain = expected
        assert plain.encode() == document.raw
        whole = Document(document.uri, document.raw, "5.4", encoding)
        if not whole.root.has_error:
            assert shape(whole.root) == shape(document.root)
            assert names(whole) == names(document)


def shape(root: Node) -> list[tuple[str, int, int]]:
    """Every node of a tree, with its place."""
    found, left = [], [root]
    while left:
        node = left.pop()
        found.append((node.type, node.start_byte, node.end_byte))
        left.extend(reversed(node.children))
    return found


def names(document: Document) -> list[tuple[int, str, int | None]]:
    """Every name with the declaration it means."""
    return [
        (each.start, each.name, each.declaration.start if each.declaration else None)
        for each in document.analysis.names
    ]


def test_several_changes_count_one_after_the_other() -> None:
    """The second change of a message is about the text after the first."""
    document = Document("file:///a.lua", b"ab\ncd\n", "5.4")
    changes = [
        partial(types.Range(types.Position(0, 0), types.Position(1, 0)), ""),
        partial(types.Range(types.Position(0, 2), types.Position(0, 2)), "!"),
    ]
    assert b"cd!\n" == document.edited(changes, 2).raw


def test_a_range_that_ends_before_it_begins_takes_nothing() -> None:
    """Nonsense from a client does no harm."""
    document = Document("file:///a.lua", b"abcd", "5.4")
    backwards = types.Range(types.Position(0, 3), types.Position(0, 1))
    assert b"abc!d" == document.edited([partial(backwards, "!")], 2).raw
