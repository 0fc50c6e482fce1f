"""The outline: names, places and calls; and how lines and columns are counted."""

import pytest

from lua_debug.syntax.outline import Call, Function, Statement, parse
from lua_debug.syntax.source_text import SourceText


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("function f() end", ["f"]),
        ("function M.sub.f() end function C:m() end", ["M.sub.f", "C:m"]),
        ("local function f() end", ["f"]),
        ("local f, g <const> = function() end, function() end", ["f", "g"]),
        ("M.f = function() end M['g'] = function() end", ["M.f", "M['g']"]),
        ("local M = { f = function() end, ['g'] = function() end }", ["M.f", "M.g"]),
        ("M = { sub = { f = function() end } }", ["M.sub.f"]),
        ("return { f = function() end, function() end }", ["f", None]),
        ("f(function() end)", [None]),
        ("function a() local function b() end end", ["a", "b"]),
    ],
)
def test_names(text: str, names: list[str | None]) -> None:
    """A function is called what the text assigns it to."""
    assert names == [function.name for function in parse(text.encode()).functions]


def test_a_function_and_its_place() -> None:
    """Parameters, and the range from ``function`` to behind ``end``."""
    expected = Function("M.f", ("a", "..."), line=2, column=3, last_line=4, end_column=4)
    assert (expected,) == parse(b"\n  function M.f(a, -- first\n ...)\nend").functions


def test_statements() -> None:
    """Statements that do something, conditions and ends of functions."""
    text = b"a() ; do b() end\nif a then b()\nelseif c then end\nfunction f() d()\nend"
    expected = [(1, 1, 0), (1, 10, 0), (2, 1, 0), (2, 11, 0), (3, 1, 0), (4, 1, 0), (4, 14, 4)]
    assert [Statement(*where) for where in [*expected, (5, 1, 4)]] == list(parse(text).statements)


def calls(text: str, line: int = 1) -> list[str]:
    return [call.label for call in parse(text.encode()).calls_at(line)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("f(g(x), h(y))", ["g(x)", "h(y)", "f(g(x), h(y))"]),
        ("return a:b(1):c(2)", ["a:b(1)", "a:b(1):c(2)"]),
        ("local x = f{}.y(z 'a')", ["f{}", "z 'a'", "f{}.y(z 'a')"]),
        ("if f() then g() end", ["f()", "g()"]),
        ("for i = f(), g() do end", ["f()", "g()"]),
        ("while f() do end", ["f()"]),
        ("f(function() g() end)", ["f(function() g() end)", "g()"]),
        ("f(\n  g()\n)", ["g()", "f( g() )"]),
        ("x = 1", []),
    ],
)
def test_calls(text: str, expected: list[str]) -> None:
    """The calls of the line's statements, arguments before the call they are for."""
    assert expected == calls(text)


def test_calls_are_ordered_and_placed() -> None:
    """Evaluation order, ranges, and whose calls they are."""
    found = parse(b"function m()\n  return f(g(x))\nend").calls_at(2)
    assert (
        Call("g(x)", 2, 12, 2, 16, 1, "g", end=28, statement=(2, 2)),
        Call("f(g(x))", 2, 10, 2, 17, 1, "f", end=29, statement=(2, 2)),
    ) == found


def test_long_sums() -> None:
    """A tree thousands of levels deep is no problem."""
    assert ["f()"] == calls("x = " + "1 + " * 5000 + "f()")


def test_long_calls_are_cut() -> None:
    """A label stays readable."""
    assert 60 == len(calls(f"f({'x, ' * 50} x)")[0])


@pytest.mark.parametrize("text", ["x = = 1", "if", "f("])
def test_errors_are_flagged(text: str) -> None:
    """What does not parse says so."""
    assert parse(text.encode()).has_error


@pytest.mark.parametrize(
    "text",
    [
        b"\xef\xbb\xbf#!/usr/bin/lua\nx = 1\n",
        b"x = 'a\xffb\x00c' -- \xe9\n",
        "grün = 'ä€😀'".encode(),
        b"local x <const>, y <close> = 1, nil\nglobal z\nglobal <const> *\n",
        b"x = 1LL + 0x1p4 + 2ULL + 3i\n",
        b"x = 'a\\\r\nb\\z\r\n c'\r\n",
        b"goto l\r::l:: --[==[ ]] \r ]==] x = [=[\r]]\r]=]",
    ],
)
def test_all_sorts_of_texts_parse(text: bytes) -> None:
    """First lines, bytes that are no UTF-8, every version's syntax and every line end."""
    assert not parse(text).has_error


@pytest.mark.parametrize(
    ("text", "starts"),
    [
        (b"a\nb\r\nc\rd\n\re", [0, 2, 5, 7, 10]),
        (b"a\n\nb\r\rc", [0, 2, 3, 5, 6]),
        (b"", [0]),
        (b"a\n", [0, 2]),
        (b"#!x\r\na", [0, 5]),
    ],
)
def test_line_starts(text: bytes, starts: list[int]) -> None:
    """LF, CR, CR LF and LF CR each end a line, once."""
    assert starts == SourceText(text).line_starts


def test_utf16_columns() -> None:
    """Columns in UTF-16 code units and back, with bytes that are no UTF-8."""
    source = SourceText("x = 'é😀' y()".encode() + b"\nz '\xff' w()")
    assert (1, 7, 9) == tuple(source.utf16_column(1, column) for column in (1, 8, 12))
    assert (1, 8, 12, 14) == tuple(source.byte_column(1, column) for column in (1, 7, 9, 11))
    assert (7, 7) == (source.utf16_column(2, 7), source.byte_column(2, 7))
