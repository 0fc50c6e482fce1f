"""Hover: what a name is, and what is said of it."""

import pytest

from tests.support.cursor import shown
from tests.support.editor import editing


@pytest.fixture(scope="module")
def editor(tmp_path_factory):
    """One editor for all stories."""
    with editing(tmp_path_factory.mktemp("workspace"), {"scriptApi": {"later": True}}) as made:
        yield made


def head_and_rest(text):
    """The code that is shown, and what is said below."""
    code, _, rest = text.removeprefix("```lua\n").partition("\n```")
    return code, rest.strip()


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("local lim¦it <const> = 10", ("local limit <const> = 10", "")),
        ("local x = 'a'\nprint(¦x)", ("local x = 'a'", "")),
        ("local x = 1\nx = 2\nprint(¦x)", ("local x", "")),
        ("local ¦t = {}", ("local t: table", "")),
        ("-- Adds.\n-- Quickly.\nlocal function a¦dd(a, b) end", None),
        ("--- Does.\n--- @param x what\nfunction f(x) end\n¦f()", ("function f(x)", None)),
        ("local x = 1 -- how many\nprint(¦x)", ("local x = 1", "how many")),
        ("function f(¦a) end", ("(parameter) a", "")),
        ("for ¦i = 1, 2 do end", ("(loop variable) i", "")),
        ("local C = {}\n-- Waves.\nfunction C:wave() end\nC:wa¦ve()", None),
        ("local M = { size = 3 }\nprint(M.si¦ze)", ("(field) size = 3", "")),
        ("local M = { si¦ze = 3 }", ("(field) size = 3", "")),
        ("local t = { a = 1 }\nt.a = t.¦a + 1", ("(field) a", "")),
        ("local c¦o = coroutine.create(print)", ("local co: thread", "")),
        ("x.unkn¦own = y.z", ("(field) unknown", None)),
        ("goto on¦\n::on::", ("::on::", "")),
        ("count¦ = 1 -- of all", ("(global) count", "of all")),
    ],
)
def test_names_of_the_text(editor, marked, expected):
    """Declaration, value where it cannot change, and the comment."""
    code, rest = head_and_rest(shown(editor, marked))
    if expected is None:
        assert code.startswith(("local function add(a, b)", "function C:wave()"))
        assert rest in ("Adds.\nQuickly.", "Waves.")
    else:
        assert expected[0] == code
        assert expected[1] in (rest, None)


@pytest.mark.parametrize(
    ("marked", "doc"),
    [
        ("--- All.\nlocal t = { ¦one = 1 }", ""),
        ("--- All.\nlocal t = { ¦one = function() end }", ""),
        ("local t = { ¦one = 1 } -- all", ""),
        ("local t = {\n-- The one.\n¦one = 1, two = 2 }", "The one."),
        ("local t = {\n-- The one.\ntwo = 2, ¦one = 1 }", ""),
        ("local t = { two = 2,\n¦one = 1, -- the one\n}", "the one"),
        ("local t = {\n¦one = 1, two = 2, -- the second\n}", ""),
        ("return { go = function()\n-- The one.\nt.¦one = 1 end }", "The one."),
        ("--- All.\nlocal function f(p) local ¦q = p return q end", ""),
        ("--- All.\nlocal function f(¦p) return p end", ""),
        ("--- All.\nlocal function ¦f(p) local q = p return q end", "All."),
        ("--- All.\nfor i = 1, 2 do local ¦k = i print(k) end", ""),
        ("--- All.\nif true then local ¦z = 1 print(z) end", ""),
        ("local function f(p) local ¦q = p end -- all", ""),
        ("local function ¦f(p) local q = p end -- all", "all"),
        ("local a, ¦b = 1, 2 -- both", "both"),
        ("--- All.\n--- @param p number how many\nlocal function f(¦p) end", "how many"),
        ("local function f(\n-- The one.\n¦p,\nq) end", "The one."),
        ("if x then\n-- The one.\nlocal ¦y", "The one."),
    ],
)
def test_whose_comment_it_is(editor, marked, doc):
    """What is said of a line is said of what begins there, and of nothing inside of that."""
    _, rest = head_and_rest(shown(editor, marked))
    assert doc == rest


@pytest.mark.parametrize(
    ("marked", "code"),
    [
        ("pri¦nt(1)", "function print(...: any)"),
        ("string.re¦p('x', 2)", "function string.rep(s: string, n: integer, sep?: string): string"),
        ("('x'):re¦p(2)", "function string:rep(n: integer, sep?: string): string"),
        ("x = math.p¦i", "(field) math.pi: number"),
        ("mat¦h.abs(1)", "(library) math"),
        ("Agent.buil¦der()", "function Agent.builder(): AgentBuilder"),
        ("Agent.builder():bui¦ld()", "function AgentBuilder:build(): AgentInstance"),
        ("whi¦le x do end", "while"),
    ],
)
def test_the_library_the_api_and_keywords(editor, marked, code):
    """Signature and a sentence."""
    found, rest = head_and_rest(shown(editor, marked))
    assert code == found
    assert rest.endswith((".", ".1*"))


@pytest.mark.parametrize("marked", ["-- wo¦rds", "x = 'te¦xt'", "x = 1¦0", "¦", "x = 1 +¦ 2"])
def test_where_there_is_no_name(editor, marked):
    """Comments, texts and operators show nothing."""
    assert shown(editor, marked) is None


def test_through_modules(tmp_path):
    """What another file says of its function is shown where it is called."""
    (tmp_path / "m.lua").write_text(
        "local M = {}\n-- Says hello.\nfunction M.hello(to) end\nreturn M"
    )
    with editing(tmp_path) as editor:
        text = shown(editor, "local m = require('m')\nm.hel¦lo()")
        assert ("function m.hello(to)", "Says hello.") == head_and_rest(text)
