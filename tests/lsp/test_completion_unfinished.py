"""Completion in the middle of typing, where the rest of the text makes no sense yet."""

import pytest
from lsprotocol import types

from tests.support.cursor import items, labels, put
from tests.support.editor import editing


@pytest.fixture(scope="module")
def editor(tmp_path_factory):
    """One editor for all stories."""
    with editing(tmp_path_factory.mktemp("workspace")) as made:
        yield made


HEAD = "local foo = { bar = 1, baz = { deep = 2 } }\nlocal s = 'x'\n"


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("foo.¦", ["bar", "baz"]),
        ("foo.¦\nlocal after = 1", ["bar", "baz"]),
        ("foo.¦\nafter = 1", ["bar", "baz"]),
        ("foo.b¦\nafter()", ["bar", "baz"]),
        ("foo.baz.¦\nfunction after() end", ["deep"]),
        ("local x = foo.¦\nlocal y = 2", ["bar", "baz"]),
        ("return foo.¦", ["bar", "baz"]),
        ("print(foo.¦", ["bar", "baz"]),
        ("print(foo.¦)\nafter()", ["bar", "baz"]),
        ("print(1, { x = foo.¦\nafter()", ["bar", "baz"]),
        ("if foo.¦", ["bar", "baz"]),
        ("if foo.¦ then\n after() end", ["bar", "baz"]),
        ("for i = 1, foo.¦\nlocal x", ["bar", "baz"]),
        ("while x do\n  foo.¦\nend", ["bar", "baz"]),
        ("local function f()\n  foo.¦\nend\nf()", ["bar", "baz"]),
        ("local function f()\n  foo.¦\n", ["bar", "baz"]),
        ("x = 1 + foo.¦", ["bar", "baz"]),
        ("x = #foo.¦", ["bar", "baz"]),
        ("x = -foo.¦", ["bar", "baz"]),
        ("x = foo . ¦", ["bar", "baz"]),
        ("x = foo\n  .¦", ["bar", "baz"]),
        ("foo['baz'].¦", ["deep"]),
        ("(foo).¦", ["bar", "baz"]),
        ("local c = {}\nfunction c:m()\n  self.x = 1\n  self.¦\nend", ["m", "x"]),
        ("local t = { x = 'ä' } t.¦", ["x"]),
        ("local t = { x = 1 }\r\nif t then\r\n  t.¦\r\nend\r\n", ["x"]),
        ("if x then\nlocal t = { x = 1 }\nfoo(t.¦\nend\nlocal function g(", ["x"]),
        ("if x then\nlocal t = { x = 1 }\nt.¦\nelse\ng()\nend", ["x"]),
        ("if x then\nelse\nlocal t = { x = 1 }\n-- why\nt.¦\nend", ["x"]),
        ("x = ) local t = { x = 1 }\nt.¦", ["x"]),
        ("local c = { x = 1 }\nfunction c.m(self)\n  self.¦\nend", ["m", "x"]),
    ],
)
def test_behind_a_dot(editor, marked, expected):
    """What stands behind the cursor does not get in the way."""
    assert expected == labels(editor, HEAD + marked)


@pytest.mark.parametrize(
    "marked", ["s:¦", "s:¦\nlocal y = 1", "print(s:¦", "('x'):¦\nfoo = 1", "x = s:¦\ny = 2"]
)
def test_behind_a_colon(editor, marked):
    """A colon at the end of a line is no label and no mistake."""
    assert "upper" in labels(editor, HEAD + marked)


@pytest.mark.parametrize(
    "marked",
    ["print(f¦", "print(1, ¦", "x = ¦\nlocal y", "x = { ¦", "if ¦", "foo(function() ¦", "x = f¦"],
)
def test_names_in_what_is_unfinished(editor, marked):
    """Variables are offered inside calls and tables that nobody has closed."""
    assert {"foo", "s"} <= set(labels(editor, HEAD + marked))


def test_the_name_being_typed_is_not_offered(editor):
    """What one types is no global that the text mentions."""
    assert "fooo" not in labels(editor, HEAD + "fooo¦")
    assert "bart" not in labels(editor, HEAD + "foo.bart¦")


def test_a_keystroke_in_a_large_text(editor):
    """In a large text the last analysis is used, and knows what is on other lines."""
    rows = "".join(f"local function f{i}(a)\n  return a + {i}\nend\n" for i in range(1500))
    assert {"foo", "f1"} <= set(labels(editor, HEAD + rows + "f¦"))
    assert ["f1499"] == labels(editor, HEAD + rows + "f1499¦")
    put(editor, HEAD + rows + "¦")
    line = HEAD.count("\n") + rows.count("\n")
    for index, letter in enumerate("foo.b"):
        place = types.Position(line, index)
        editor.change("a.lua", letter, types.Range(place, place))
    params = types.CompletionParams(editor.identifier("a.lua"), types.Position(line, 5))
    found = editor.ask(types.TEXT_DOCUMENT_COMPLETION, params).items
    assert ["bar", "baz"] == sorted(each.label for each in found)


def test_lines_added_to_a_large_text(editor):
    """A new line is looked at at once: what it declares is offered on the next one."""
    rows = "".join(f"local function f{i}(a)\n  return a + {i}\nend\n" for i in range(1500))
    put(editor, HEAD + rows + "¦")
    line = HEAD.count("\n") + rows.count("\n")
    place = types.Position(line, 0)
    editor.change("a.lua", "local new = { inside = 1 }\nnew.", types.Range(place, place))
    params = types.CompletionParams(editor.identifier("a.lua"), types.Position(line + 1, 4))
    found = editor.ask(types.TEXT_DOCUMENT_COMPLETION, params).items
    assert ["inside"] == [each.label for each in found]


@pytest.mark.parametrize(
    "opener",
    [
        'x = "a',
        "if x then",
        "if x",
        "function f0(new)",
        "for i, v in pairs(",
        "x = {",
        "f(",
        "until",
    ],
)
def test_openers_above_a_large_text(editor, opener):
    """Whatever is begun at the top of a large text, what stands below it is known as before."""
    rows = "".join(f"value_{i} = f({i})\n" for i in range(3000))
    put(editor, HEAD + rows + "¦")
    line = HEAD.count("\n")
    place = types.Position(line, 0)
    editor.change("a.lua", f"{opener}\n\n", types.Range(place, place))
    below = types.Position(line + 1, 0)
    for letter in (".", "o", "o", "f"):
        editor.change("a.lua", letter, types.Range(below, below))
    found = editor.ask(
        types.TEXT_DOCUMENT_COMPLETION,
        types.CompletionParams(editor.identifier("a.lua"), types.Position(line + 1, 4)),
    )
    assert {"bar", "baz"} <= {each.label for each in found.items}


def test_the_best_of_thousands_of_globals(editor):
    """Of more globals than are sent, those come that fit what is typed."""
    rows = "".join(f"value_{i} = {i}\n" for i in range(2000))
    found = labels(editor, rows + "value_199¦")
    assert {"value_199", "value_1990", "value_1999"} <= set(found)
    assert "value_1" not in found


def test_a_text_in_one_line(editor):
    """Where there are no lines, tokens are still found before the cursor."""
    filler = "local x = { 'a b', [[ c ]], 1 } " * 4000
    assert ["bar", "baz"] == labels(editor, HEAD.replace("\n", " ") + filler + "foo.¦")
    inside = HEAD.replace("\n", " ") + "x = '" + "a.b " * 30_000
    assert [] == labels(editor, inside + "foo.¦'")


def test_long_chains_and_deep_brackets(editor):
    """Generated texts are answered, too."""
    assert [] == items(editor, "x" + ".a" * 3000 + ".¦")
    assert [] == items(editor, "x" + "()" * 3000 + ".¦")
    assert "print" in labels(editor, "f(" * 2000 + "¦")
