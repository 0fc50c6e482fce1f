"""Tokens, chains and calls before the cursor."""

import pytest

from lsp_server.cursor.calls import open_call
from lsp_server.cursor.chains import CallStep, FieldStep, typed_at
from lsp_server.cursor.tokens import tokens_of


def tokens(text):
    raw = text.encode()
    return tokens_of(raw, 0, len(raw))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.b", ["a", ".", "b"]),
        ("a..b", ["a", "..", "b"]),
        ("a::b::", ["a", "::", "b", "::"]),
        ("x=1.5e-3", ["x", "=", "1.5e-3"]),
        ("0xA.8p+1 .5", ["0xA.8p+1", ".5"]),
        ("'a\\'b' \"c", ["'a\\'b'", '"c']),
        ("[[a\n]] [==[ ]] ]==]", ["[[a\n]]", "[==[ ]] ]==]"]),
        ("a --[[ b ]] c -- d\ne", ["a", "--[[ b ]]", "c", "-- d", "e"]),
        ("a ~= b // c", ["a", "~=", "b", "//", "c"]),
        ("größe = 1", ["größe", "=", "1"]),
    ],
)
def test_tokens(text, expected):
    """Texts fall apart as Lua's lexer sees them."""
    assert expected == [each.text for each in tokens(text)]


@pytest.mark.parametrize(
    ("text", "is_open"),
    [
        ("-- a", True),
        ("--[[ a", True),
        ("--[[ a ]]", False),
        ("'a", True),
        ("'a'", False),
        ("'a\\'", True),
        ("'a\\\\'", False),
        ("[[a", True),
        ("[=[a]=]", False),
        ("a", False),
        ("'", True),
        ("''", False),
    ],
)
def test_what_goes_on(text, is_open):
    """A string or a comment that is not closed goes on at the cursor."""
    assert is_open == tokens(text)[-1].is_open


def chain(text):
    typed = typed_at(tokens(text), len(text.encode()))
    if typed.chain is None:
        return typed.prefix
    steps = [
        each.name if isinstance(each, FieldStep) else f"({len(each.arguments)})"
        for each in typed.chain.steps
        if isinstance(each, FieldStep | CallStep)
    ]
    root = typed.chain.root and typed.chain.root.text
    return root, steps, typed.separator, typed.prefix


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("foo", "foo"),
        ("x = ", ""),
        ("foo.", ("foo", [], ".", "")),
        ("x = a.b:c", ("a", ["b"], ":", "c")),
        ("f(1, 2).", ("f", ["(3)"], ".", "")),
        ("f'x':y", ("f", ["(1)"], ":", "y")),
        ("f{1}.y", ("f", ["(1)"], ".", "y")),
        ("('x'):", ("'x'", [], ":", "")),
        ("((a).b).", ("a", ["b"], ".", "")),
        ("a['k'][1].", ("a", ["k", None], ".", "")),
        ("y = 'x'\n(a).", ("a", [], ".", "")),
        ("x = {}\n(a).", ("a", [], ".", "")),
        ("(a + b).", (None, [], ".", "")),
        ("1 .", (None, [], ".", "")),
        (").", (None, [], ".", "")),
        ("a.end", ("a", [], ".", "end")),
        ("return a.", ("a", [], ".", "")),
    ],
)
def test_chains(text, expected):
    """A chain is read from right to left, through calls and brackets."""
    assert expected == chain(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("f(", ("f", 0, (), False)),
        ("f(1, {2, 3}, ", ("f", 2, (), False)),
        ("f(1, {a = 1, ", ("f", 1, (), True)),
        ("f{a = {b = ", ("f", 0, ("a",), False)),
        ("f{a = {", ("f", 0, ("a",), True)),
        ("f({{", ("f", 0, (None,), True)),
        ("f({['k'] = {{x = 1}, {", ("f", 0, ("k", None), True)),
        ("f(g(", ("g", 0, (), False)),
        ("f(g(1), ", ("f", 1, (), False)),
        ("f(if x then y end, ", ("f", 1, (), False)),
        ("f(function() repeat x() until y end, ", ("f", 1, (), False)),
    ],
)
def test_calls(text, expected):
    """The innermost open call, the argument, and the way through its tables."""
    call = open_call(tokens(text))
    assert expected == (call.callee.root.text, call.argument, call.keys, call.is_at_key)


@pytest.mark.parametrize(
    "text", ["", "f", "f()", "function f(", "x = {", "end(", "do (", "a = (1,"]
)
def test_no_calls(text):
    """Where nothing is called there is no call."""
    assert open_call(tokens(text)) is None


def test_keys_that_are_there():
    """The keys of the innermost table are known, without those of tables in it."""
    given = open_call(tokens("f{a = 1, ['b'] = {c = 2}, d")).given
    assert {"a", "b"} == given
