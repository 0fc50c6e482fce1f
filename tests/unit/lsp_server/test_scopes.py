"""Names mean what Lua says they mean."""

import pytest

from lsp_server.analysis.model import Kind, Name
from tests.support.marked import marked


def meaning(text: str, lua: str = "5.4") -> dict[str, str]:
    """For each mark that begins with ``use`` the mark of the declaration it is resolved to."""
    document, places = marked(text, lua)
    marks = {offset: mark for mark, offset in places.items()}
    found = {}
    for mark, offset in places.items():
        if mark.startswith("use"):
            name = document.analysis.at(offset)
            assert isinstance(name, Name)
            declaration = name.declaration
            found[mark] = "global" if declaration is None else marks.get(declaration.start, "?")
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("local «x:a» = 1\nlocal «x:b» = «x:use»", "a"),
        ("local x = «x:use»", "global"),
        ("local «x:a»; do local x end print(«x:use»)", "a"),
        ("local x; do local «x:b» print(«x:use») end", "b"),
        ("repeat local «x:a» = 1 until «x:use»", "a"),
        ("while x do local x end print(«x:use»)", "global"),
        ("local «x:a»; while «x:use» do local x end", "a"),
        ("if true then local x else print(«x:use») end", "global"),
        ("for «i:a» = 1, 2 do print(«i:use») end", "a"),
        ("local «i:a»; for i = «i:use», 2 do end", "a"),
        ("for i = 1, 2 do end print(«i:use»)", "global"),
        ("for k, «v:a» in pairs(t) do print(«v:use») end", "a"),
        ("local «v:a»; for k, v in pairs(«v:use») do end", "a"),
        ("local function «f:a»() return «f:use»() end", "a"),
        ("local f = function() return «f:use»() end", "global"),
        ("function f(«p:a») return «p:use» end", "a"),
        ("local «p:a»; function f(p) end print(«p:use»)", "a"),
        ("function «t:use».f() end", "global"),
        ("local «t:a» = {}; function «t:use».f() end", "a"),
        ("local «x:a»; local t = { x = «x:use» }", "a"),
        ("local «x:a»; local t = { [«x:use»] = 1 }", "a"),
        ("local «x:a» <const> = 1; print(«x:use»)", "a"),
        ("local x, «y:a» = 1, 2; «y:use» = 3", "a"),
        ("goto «l:use»; ::«l:a»::", "a"),
        ("::«l:a»:: do goto «l:use» end", "a"),
        ("do ::l:: end goto «l:use»", "global"),
        ("::l:: function f() goto «l:use» end", "global"),
        ("global «x:a»; print(«x:use»)", "a"),
        ("local «global:a» = 1; print(«global:use»)", "a"),
        ("local «global:a» = 1; if «global:use» then end", "a"),
        ("local function f(«global:a») return 1 + «global:use» end", "a"),
        ("local «global:a» = f; «global:use»(2)", "a"),
        ("local «global:a» = f; x = «global:use»", "a"),
        ("local «global:a» = f; «global:use» = 2", "a"),
        ("local «global:a» = f; x = { y = «global:use» }", "a"),
    ],
)
def test_names_are_resolved(text: str, expected: str) -> None:
    """A use belongs to the declaration that Lua's scoping rules give it."""
    assert {"use": expected} == meaning(text)


def test_self_is_the_method_s() -> None:
    """In a method ``self`` is declared by the colon, and is no upvalue there."""
    document, places = marked("function t:m() return «self» end")
    found = document.analysis.at(places["self"])
    assert isinstance(found, Name)
    assert found.declaration is not None
    assert (Kind.SELF, False) == (found.declaration.kind, found.is_upvalue)


def test_upvalues_are_told_from_locals() -> None:
    """A variable of a function around the one that uses it is an upvalue, a block's is not."""
    document, places = marked("local x; do «x:own» = 1 end function f() return «x:up» end")
    found = [document.analysis.at(places[mark]) for mark in ("own", "up")]
    assert [False, True] == [each.is_upvalue for each in found if isinstance(each, Name)]


def test_globals_of_a_local_environment() -> None:
    """Where the script declares ``_ENV``, globals are its fields, but in Lua 5.1 they are not."""
    text = "local «_ENV» = {}; print(1)"
    for lua, is_read in (("5.4", True), ("5.1", False)):
        document, places = marked(text, lua)
        found = document.analysis.at(places["_ENV"])
        assert isinstance(found, Name)
        assert found.declaration is not None
        assert is_read == found.declaration.is_read
        assert is_read == ("print" not in document.analysis.globals)


def test_what_is_visible() -> None:
    """What can be named at a place: inner variables first, hidden ones left out."""
    document, places = marked(
        "local a, b\nlocal function f(c)\n  local a\n  «here:here»\n  local d\nend\nlocal e"
    )
    visible = document.analysis.visible_at(places["here"])
    assert ["a", "c", "f", "b"] == [each.name for each in visible]
    assert 3 == document.position(visible[0].start).line + 1


def test_what_is_visible_in_an_unfinished_function() -> None:
    """While somebody types a function its parameters and locals can be named already."""
    document, places = marked("local a\nfunction f(b, c)\n  local d = 1\n  print(«here:here»")
    visible = document.analysis.visible_at(places["here"])
    assert {"a", "b", "c", "d"} == {each.name for each in visible}


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a.«b».c = 1", ("b",)),
        ("a.b.«c»()", ("b", "c")),
        ('a["b"].«c» = 1', ("b", "c")),
        ("a[1].«c» = 1", ()),
        ("f().«c» = 1", ()),
        ("a = { b = { «c» = 1 } }", ("b", "c")),
        ("function a.b:m() self.«c» = 1 end", ("b", "c")),
        ("function a:m() local f = function() self.«c» = 1 end end", ("c",)),
        ("local o = setmetatable({}, a); o.«c» = 1", ("c",)),
    ],
)
def test_fields_are_named_from_their_root(text: str, path: tuple[str, ...]) -> None:
    """A field is known by the chain that leads to it, however that is written."""
    document, places = marked(text)
    (offset,) = places.values()
    (found,) = [each for each in document.analysis.fields if each.start == offset]
    assert path == found.path
    assert (None if path == () else "a") == found.owner


def test_deep_texts_are_no_problem() -> None:
    """Sums, chains, blocks and tables a thousand levels deep are analysed."""
    sums = "x = " + "1 + (" * 3000 + "y" + ")" * 3000
    chain = "x = a" + ".b" * 5000
    blocks = "do " * 3000 + "x = y " + "end " * 3000
    tables = "x = " + "{ a = " * 3000 + "y" + "}" * 3000
    for text in (sums, chain, blocks, tables):
        document, _ = marked(text)
        assert "x" in document.analysis.globals
