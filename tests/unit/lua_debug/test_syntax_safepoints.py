"""Safepoints: whatever runs long passes them."""

import pytest

from lua_debug.syntax.probes import instrument
from lua_debug.versions import VERSIONS, LuaVersion
from tests.unit.lua_debug.syntax_runs import every_version, run

ENDLESS = [
    "while true do end",
    "while true do\n  local x = 1\nend",
    "repeat until false",
    "repeat\n  local x = 1\nuntil not x",
    "for i = 1, math.huge do end",
    "for i = 1, 1e15 do\n  local x = i\nend",
    "for _ in function() return 1 end do end",
    "local function f() return f() end f()",
    "local function f(n)\n  return n < 2 and n or f(n - 1) + f(n - 2)\nend\nf(200)",
    "local function f() do local function g() end end repeat return f() until true end f()",
    "local co = coroutine.wrap(function()\n  while true do\n    coroutine.yield()\n  end\nend)\n"
    "while true do co() end",
    "while true do pcall(error) end",
]
WITH_GOTO = [
    "::top:: goto top",
    "do ::top:: ; if c then goto top end end",
    "while true do goto continue ::continue:: end",
]


@pytest.mark.parametrize(
    ("version", "text"),
    [
        pytest.param(version, text, id=f"{name}-{text}")
        for name, version in VERSIONS.items()
        for text in [*ENDLESS, *([] if name == "5.1" else WITH_GOTO)]
    ],
)
def test_endless_programs_pass_safepoints(version: LuaVersion, text: str) -> None:
    """A program that never ends calls the handler again and again."""
    result = instrument(text.encode(), {}, safepoints=True)
    assert "false enough" in run(version, result.text, limit=1000).output


@every_version
def test_a_safepoint_and_a_breakpoint_are_one_call(version: LuaVersion) -> None:
    """Where a line's probe stands, no safepoint is added."""
    text = b"for i = 1, 3 do\n  print(i)\nend"
    result = instrument(text, {2: 7}, safepoints=True)
    assert b"for i = 1, 3 do\n   do (true)(7) end print(i)\nend" == result.text
    assert {7: 3} == run(version, result.text).hits


def test_entries_tell_which_function_begins() -> None:
    """A function's safepoint carries its first line, and says on which line it stands itself."""
    text = b"local x\nfunction len(p)\n\n  return #p\nend\n"
    result = instrument(text, {}, safepoints=True)
    assert b"   do (true)(1929379840,2) end return #p" == result.text.split(b"\n")[3]
    assert {2: 4} == result.marks


def test_where_a_breakpoint_stands_no_entry_is_told() -> None:
    """A probe at the entry takes the safepoint's place, so the function does not count as told."""
    text = b"function len(p)\n  return #p\nend\nfunction two(p)\n  return 2\nend\n"
    assert {4: 5} == instrument(text, {2: 7}, safepoints=True).marks
