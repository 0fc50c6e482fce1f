"""Signature help: how the function looks that is being called, and which argument comes next."""

import pytest

from tests.support.cursor import signature
from tests.support.editor import editing


@pytest.fixture(scope="module")
def editor(tmp_path_factory):
    """One editor for all stories."""
    with editing(tmp_path_factory.mktemp("workspace"), {"scriptApi": {"later": True}}) as made:
        yield made


def summary(editor, marked):
    """The label, and the parameter that is highlighted."""
    found = signature(editor, marked)
    if found is None:
        return None
    chosen = found.signatures[found.active_signature]
    return chosen.label, found.active_parameter


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("local function add(a, b) end\nadd(¦", ("add(a, b)", 0)),
        ("local function add(a, b) end\nadd(1, ¦)", ("add(a, b)", 1)),
        ("local function add(a, b) end\nx = add(1, 2¦)\ny = 1", ("add(a, b)", 1)),
        ("function f(a, ...) end\nf(1, 2, 3, ¦", ("f(a, ...)", 1)),
        ("local C = {}\nfunction C:m(x) end\nC:m(¦", ("m(x)", 0)),
        ("local C = {}\nfunction C:m(x) end\nC.m(¦", ("m(self, x)", 0)),
        ("local C = {}\nfunction C.m(self, x) end\nC:m(¦", ("m(x)", 0)),
        ("local M = { f = function(a) end }\nM.f(¦", ("f(a)", 0)),
        ("string.rep('x', ¦", ("rep(s: string, n: integer, sep?: string): string", 1)),
        ("('x'):rep(¦", ("rep(n: integer, sep?: string): string", 0)),
        ("print(string.len(¦", ("len(s: string): integer", 0)),
        ("print(string.len('x'), ¦", ("print(...)", 0)),
        ("print({ a = f(1, 2), ¦", ("print(...)", 0)),
        ("print((1 + ¦", ("print(...)", 0)),
        ("print(function() return 1, 2 end, ¦", ("print(...)", 0)),
        ("print('a, b', \"c(\", ¦", ("print(...)", 0)),
        ("Agent.builder():temperature(¦", ("temperature(value: number): AgentBuilder", 0)),
        ("local function f(a) end\nf(¦\nlocal x = 1\nx = 2", ("f(a)", 0)),
    ],
)
def test_the_call_around_the_cursor(editor, marked, expected):
    """The innermost open call counts, whatever stands around it."""
    assert expected == summary(editor, marked)


@pytest.mark.parametrize(
    "marked",
    [
        "¦",
        "f(1)¦",
        "unknown(¦",
        "function f(¦",
        "local function g(a, ¦",
        "print(function() local x = ¦",
        "local t = { 1, ¦",
        "-- print(¦",
        "if (¦",
        "print(1\nx = 2\ny = ¦",
    ],
)
def test_where_nothing_is_called(editor, marked):
    """There is no help where it would be about something else."""
    assert signature(editor, marked) is None


def test_forms_of_other_versions(tmp_path):
    """A function looks as in the Lua that the settings choose."""
    with editing(tmp_path, {"lua": {"version": "5.1"}}) as editor:
        assert ("rep(s: string, n: integer): string", 0) == summary(editor, "string.rep(¦")


def test_docs_of_functions_and_keys(editor):
    """The comment above a function is shown; for a table, the keys that it can have."""
    found = signature(editor, "-- Adds numbers.\nlocal function add(a, b) end\nadd(¦")
    assert "Adds numbers." == found.signatures[0].documentation.value
    keys = signature(editor, "Tool.discover{¦").signatures[0].parameters[0].documentation.value
    assert "- `category?` Only those of a category.\n- `tag?` Only those with a tag." == keys
    inner = signature(editor, "RAG.ingest(d, {chunking={¦").signatures[0].parameters[1]
    assert "`chunk_size?`" in inner.documentation.value


def test_places_of_parameters(editor):
    """What is highlighted is the parameter within the label."""
    (found,) = signature(editor, "string.rep(¦").signatures
    assert ["s: string", "n: integer", "sep?: string"] == [
        found.label[slice(*each.label)] for each in found.parameters
    ]
