"""Completion: what may come next, without running anything."""

import pytest

from tests.support.lua_bench import LuaBench, every_version

PROGRAM = """
local calls = 0
local function count() calls = calls + 1 end
local Point = {} Point.__index = Point
function Point.new() end
function Point:add() end
local p = setmetatable({x = 1, ["a b"] = 2, ["end"] = 3, inner = {deep = 4}}, Point)
local list, text = {p}, "abc"
local wild = setmetatable({own = 1}, {__index = count, __pairs = count, __len = count})
local function f(par)
  local locality = {p, list, text, wild}
  stop()
end
global_thing = 1
f(1)
assert(calls == 0)
"""


@every_version
@pytest.mark.parametrize(
    ("text", "expected", "missing"),
    [
        ("lo", {"local", "locality"}, {"print"}),
        ("", {"par", "locality", "p", "print", "while", "global_thing"}, set()),
        ("glob", {"global_thing"}, {"par"}),
        ("x = par + p", {"par", "p", "print", "pairs"}, {"text"}),
        ("p.", {"x", "a b", "end", "inner", "new", "add"}, set()),
        ("p.IN", {"inner"}, {"x"}),
        ("p:", {"new", "add"}, {"x", "inner"}),
        ("p.inner.", {"deep"}, {"x"}),
        ("list[1].", {"x"}, set()),
        ("(p).", {"x"}, set()),
        ("foo(p.inner.d", {"deep"}, set()),
        ("text:up", {"upper"}, {"lower"}),
        ("string.", {"rep"}, set()),
        ("wild.", {"own"}, set()),
        ("if p.x == 1 then p.", {"inner"}, set()),
        ("-- p.", set(), {"x"}),
        ("'p.", set(), {"x"}),
        ("12", set(), {"x"}),
        ("count().", set(), {"x"}),
        ("missing.", set(), {"x"}),
    ],
)
def test_completions(version: str, text: str, expected: set[str], missing: set[str]) -> None:
    """Names, fields along chains, methods, keywords; nothing in comments, strings and numbers."""
    with LuaBench(version).stopped(PROGRAM) as bench:
        items = bench.ask("complete", text=text, column=len(text), frame=bench.frame())["items"]
        labels = {each["label"] for each in items}
        assert expected <= labels
        assert not missing & labels


@every_version
def test_what_completions_replace(version: str) -> None:
    """The word begun is replaced; a key that is no name takes the place of the dot."""
    with LuaBench(version).stopped(PROGRAM) as bench:
        items = bench.ask("complete", text="y = p.in", column=8, frame=bench.frame())["items"]
        assert [("inner", 6, 2, "field")] == [
            (each["text"], each["start"], each["length"], each["kind"]) for each in items
        ]
        items = bench.ask("complete", text="p.a", column=3, frame=bench.frame())["items"]
        found = {each["label"]: (each["text"], each["start"], each["length"]) for each in items}
        assert ('["a b"]', 1, 2) == found["a b"]
        assert ("add", 2, 1) == found["add"]


@every_version
def test_only_what_is_before_the_cursor_counts(version: str) -> None:
    """Text behind the column changes nothing."""
    with LuaBench(version).stopped(PROGRAM) as bench:
        items = bench.ask("complete", text="p.x + 1", column=2, frame=bench.frame())["items"]
        assert {"x", "inner"} <= {each["label"] for each in items}
