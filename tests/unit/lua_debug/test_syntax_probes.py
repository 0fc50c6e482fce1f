"""Probes: one call a visit, and nothing else changes."""

import pytest

from lua_debug.syntax.probes import instrument
from lua_debug.versions import VERSIONS, LuaVersion
from tests.unit.lua_debug.syntax_runs import active, run

NO_GOTO = ("5.1",)

# text, hits by line; {} stands for a line that must be left to a hook
HITS = {
    "one probe for a line": ("a = 1; b = 2\nprint(a, b)", {1: 1, 2: 1}),
    "one-line loop: a turn a hit": ("s = 0\nfor i = 1, 3 do s = s + i end", {1: 1, 2: 3}),
    "one-line loop without a turn": ("for i = 1, 0 do print(i) end", {1: 1}),
    "one-line loop without a body": ("for i = 1, 3 do end", {1: 3}),
    "generic one-line loop": ("for k in pairs({1, 2}) do print(k) end", {1: 2}),
    "loop header: on entry": ("for i = 1, 3 do\n  print(i)\nend", {1: 1, 2: 3}),
    "loop that shares its first line": (
        "for i = 1, 3 do print(i)\n  print(-i) end",
        {1: 3, 2: 3},
    ),
    "loop in a loop": ("for i = 1, 2 do for j = 1, 2 do print(i, j) end end", {1: 4}),
    "loop after a loop": (
        "for i = 1, 2 do print(i) end for j = 1, 3 do print(j) end",
        {1: 4},
    ),
    "loop in a loop, without turns": ("for i = 1, 3 do for j = 1, 0 do end end", {1: 3}),
    "the end of a block before a jump": (
        "n = 0\nwhile n < 2 do\n  if c then\n    n = n + 1\n  end\nend\nprint(n)",
        {2: 3, 3: 2, 4: 2, 5: 2, 7: 1},
    ),
    "while: each test": (
        "n = 0\nwhile n < 2 do\n  n = n + 1\nend\nprint(n)",
        {2: 3, 3: 2, 5: 1},
    ),
    "one-line while": ("n = 0 while n < 2 do n = n + 1 end", {1: 3}),
    "one-line while by itself": ("n = 0\nwhile n < 2 do n = n + 1 end", {2: 3}),
    "repeat": ("n = 0\nrepeat\n  n = n + 1\nuntil n == 3", {3: 3, 4: 3}),
    "one-line repeat": ("n = 0\nrepeat n = n + 1 until n == 3", {2: 3}),
    "repeat after a statement": ("n = 0 repeat n = n + 1 until n == 3", {1: 3}),
    "repeat without a body": ("repeat until u()", {1: 1}),
    "until sees the locals of the body": (
        "repeat\n  local done = true\nuntil done",
        {2: 1, 3: 1},
    ),
    "if on one line": ("if true then print(1) else print(2) end", {1: 1}),
    "if, elseif, else": (
        "n = 2\nif n == 1 then\n  print(1)\nelseif n == 2 then\n  print(2)\nelse\n  print(3)\nend",
        {2: 1, 4: 1, 5: 1},
    ),
    "a condition on its own line": ("if\n  print then\n  print(1)\nend", {2: 1, 3: 1}),
    "functions on one line": (
        "local f, g = function(x) return x end, function(x) return 2 end\nprint(f(1), g(2))",
        {1: 3, 2: 1},
    ),
    "the end of a function": (
        "local function f()\n  print(1)\nend\nf()\nf()",
        {2: 2, 3: 2, 4: 1, 5: 1},
    ),
    "an empty function": ("function f() end f()\nf()", {1: 3, 2: 1}),
    "a function's definition": ("function f()\n  return 1\nend\nf()", {1: 1, 2: 1, 4: 1}),
    "return and break": (
        "local function f()\n  while true do\n    break\n  end\n  return 1\nend\nf()",
        {3: 1, 5: 1, 7: 1},
    ),
    "the end of an if belongs to the function": (
        "local function f(x)\n  if x then\n    print(x) end end\nf(1)",
        {2: 1, 4: 1},
    ),
    "recursion on one line": (
        "local function f(n) if n == 0 then return 0 end return f(n - 1) end\nf(3)",
        {1: 5, 2: 1},
    ),
    "multi-line call": ("print(\n  1,\n  2\n)", {1: 1, 2: 1, 3: 1}),
    "a call that comes back to its line": (
        "print(1,\n  tonumber(2),\n  3)\nprint(4)",
        {1: 1, 2: 1, 3: 1, 4: 1},
    ),
    "values of a list": (
        "print(\n  false,\n  nil,\n  tonumber(1),\n  pcall(\n    print, 2))",
        {1: 1, 2: 1, 3: 1, 4: 1, 6: 1},
    ),
    "a call at the end of a list": (
        "local t = { print,\n  select(1, 2, 3) }\nprint(#t,\n  select('#',\n    1, nil))",
        {1: 1, 2: 1, 3: 1, 4: 1, 5: 1},
    ),
    "fields of a table": (
        "local t = {\n  a = 1,\n  ['b'] = tonumber(2),\n  c = {\n    3 },\n  tonumber(4)\n}\n"
        "print(t.a, t.b, t.c[1], t[1])",
        {1: 1, 2: 1, 3: 1, 4: 1, 5: 1, 6: 1, 8: 1},
    ),
    "long string": ("s = [[\nfor i = 1, 3 do\n]] print(s)", {3: 1}),
    "comments": ("--[[ x = 1\n]] x = 2 -- x = 3\nx = x --[==[ x\n]==]", {2: 1, 3: 1}),
    "CR LF": ("a = 1\r\nb = 2\r\n\r\nprint(a,\r\n b)", {1: 1, 2: 1, 4: 1}),
    "CR": ("a = 1 -- one\rb = 2\r\rprint(a)", {1: 1, 2: 1, 4: 1}),
    "LF CR": ("a = 1 -- one\n\rb = 2\n\r\n\rprint(a)", {1: 1, 2: 1, 4: 1}),
    "a parenthesis first": ("local f = print\n;(f)(1)", {2: 1}),
    "an else without a space": ("if c() then print(1)else(print)(2)end", {1: 1}),
    "closures keep their locals": (
        "local fs = {}\nfor i = 1, 2 do\n  local j = i\n  fs[i] = function() return j end\nend\n"
        "print(fs[1](), fs[2]())",
        {2: 1, 3: 2, 4: 4, 6: 1},
    ),
    "the end of the text": ("if c() then\n  print(1)\nend", {1: 1, 3: 1}),
}

WITH_GOTO = {
    "continue": (
        "for i = 1, 3 do\n  if i == 2 then goto continue end\n  local x = i\n  print(x)\n"
        "  ::continue::\nend",
        {1: 1, 2: 3, 3: 2, 4: 2},
    ),
    "a label before a statement": (
        "local n = 0\n::top:: n = n + 1\nif n < 3 then\n  goto top\nend",
        {2: 3, 3: 3, 4: 2},
    ),
}

CASES = [
    pytest.param(version, text, hits, id=f"{name}-{label}")
    for name, version in VERSIONS.items()
    for label, (text, hits) in {**HITS, **({} if name in NO_GOTO else WITH_GOTO)}.items()
]


@pytest.mark.parametrize(("version", "text", "expected"), CASES)
def test_hits(version: LuaVersion, text: str, expected: dict[int, int]) -> None:
    """Each visit of a line calls its probe once, and the script does what it did."""
    lines = active(version, text.encode())
    result = instrument(text.encode(), {line: line for line in lines | set(expected)})
    plain, with_probes = run(version, text.encode()), run(version, result.text)
    assert plain.output.partition("\n")[2] == with_probes.output.partition("\n")[2]
    assert expected == {line: with_probes.hits[line] for line in expected}


def test_columns() -> None:
    """A column means the statement that begins nearest at or before it, each time it runs."""
    text = b"a() b() if c() then d() end"
    wanted = {(1, 1): 1, (1, 7): 2, (1, 12): 3, (1, 99): 4, 1: 5}
    result = instrument(text, wanted)
    assert (
        b" do (true)(5) end a()  do (true)(2) end b()  do (true)(3) end if c() then"
        b"  do (true)(4) end d() end" == result.text
    )
    assert frozenset(wanted) == result.placed
    assert {**wanted, (1, 1): 5} == result.ids


def test_columns_of_conditions_and_functions() -> None:
    """A loop's column is its test; a function's statements have columns of their own."""
    text = b"while c() do f(function() g() end) end"
    result = instrument(text, {(1, 1): 1, (1, 27): 2, (1, 31): 3, (1, 3): 4})
    assert 1 == result.ids[1, 3]
    assert (
        b"while  (true)(1) or c() do f(function()  do (true)(2) end g()"
        b"  do (true)(3) end end) end" == result.text
    )


def test_skip() -> None:
    """Lines in skip keep their text and count as unplaced."""
    result = instrument(b"a()\nb()\n", {1: 1, 2: 2}, skip={2}, safepoints=True)
    assert b" do (true)(1) end a()\nb()\n" == result.text
    assert (frozenset({1}), frozenset({2})) == (result.placed, result.unplaced)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("print(1,\n  c())", 2),
        ("print(\n  ...)", 2),
        ("print(1\n  + 2)", 2),
        ("print({\n  1 }, 2)", 3),
        ("print({ 1\n  }, 2)", 2),
        ("local t = {}\nt\n  .x = 1", 3),
        ("if c() then\n  print(1) end print(2)", 2),
        ("local function f()\n  return 1\nend", 3),
        ("-- nothing\n", 1),
        ("x = = 1", 1),
    ],
)
def test_no_probe_can_stand(text: str, line: int) -> None:
    """Lines in the middle of statements, or reached in several ways, are left to a hook."""
    result = instrument(text.encode(), {line: 1})
    assert (text.encode(), frozenset({line})) == (result.text, result.unplaced)
