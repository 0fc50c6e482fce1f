"""Types in comments, as people write them for LuaLS and EmmyLua, are read where they help."""

import pytest

from tests.support.cursor import labels, shown, signature
from tests.support.editor import editing


@pytest.fixture(scope="module")
def editor(tmp_path_factory):
    """One editor for all stories."""
    with editing(tmp_path_factory.mktemp("workspace"), {"scriptApi": {"later": True}}) as made:
        yield made


POINT = """\
---@class Point
---@field x number where
---@field private next? Point
local Point = {}
function Point:move() end

"""


@pytest.mark.parametrize(
    ("marked", "among"),
    [
        ("---@type string\nlocal x = f()\nx:¦", {"upper"}),
        ("local x = f() ---@type AgentInstance\nx:¦", {"execute"}),
        ("---@param s string what\n---@param t? table\nlocal function g(s, t) s:¦ end", {"upper"}),
        ("local M = {}\n---@param s string\nM.g = function(s) s:¦ end", {"upper"}),
        ("---@return file|nil f\nlocal function open() end\nlocal f = open()\nf:¦", {"read"}),
        ("---@return string\n---@return file\nlocal function g() end\ng():¦", {"upper"}),
        ("---@type ToolSummary[]\nlocal all = f()\nall[1].¦", {"description"}),
        (POINT + "---@param p Point\nlocal function g(p) p.¦ end", {"x", "next", "move"}),
        (POINT + "---@type Point\nlocal p = f()\np.next.next.¦", {"x", "move"}),
        (POINT + "---@type Point[]\nlocal l = f()\nfor _, p in ipairs(l) do p.¦ end", {"x"}),
        ("---@class Plain\n---@field only string\n\n---@type Plain\nlocal p = f()\np.¦", {"only"}),
        (
            "---@class Way\n---@field deep boolean\n\n---@param o Way\nfunction g(o) end\ng{¦",
            {"deep"},
        ),
    ],
)
def test_completion_follows_them(editor, marked, among):
    """A variable, a parameter, a result or a field has the members of the type it declares."""
    assert among <= set(labels(editor, marked))


@pytest.mark.parametrize(
    "marked",
    [
        "---@type\nlocal x = f()\nx.¦",
        "---@type Unknown\nlocal x = f()\nx.¦",
        "---@class\n---@field\nlocal x = f()\nx.¦",
        "---@class A: A\n---@field a A\n---@type A\nlocal x = x\nx.a.a.b.¦",
        "---@param\n---@return\nlocal function f(a) a.¦ end",
        "---@type fun(a: string): Point\nlocal x = f()\nx.¦",
    ],
)
def test_what_says_nothing_changes_nothing(editor, marked):
    """Halves of annotations and types nobody knows are comments like others."""
    assert [] == labels(editor, marked)


def test_hover_shows_the_type(editor):
    """The type stands behind the name, the annotation below."""
    text = shown(editor, "---@type string\nlocal x = f()\nprint(¦x)")
    assert text.startswith("```lua\nlocal x: string\n```")


def test_keys_in_signatures(editor):
    """The keys of a class that a parameter has are named with what is said of them."""
    text = POINT + "---@param p Point\nlocal function g(p) end\ng(¦"
    (found,) = signature(editor, text).signatures
    assert "- `x` where" in found.parameters[0].documentation.value
