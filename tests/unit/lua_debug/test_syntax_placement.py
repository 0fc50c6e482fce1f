"""Where breakpoints come to stand."""

import pytest

from kernel.core.model import BreakpointLocation
from lua_debug.syntax.active_lines import ActiveLines
from lua_debug.syntax.called_names import spelled
from lua_debug.syntax.outline import parse
from lua_debug.syntax.placement import Placement, function_entries, locations, place
from lua_debug.versions import VERSIONS, LuaVersion
from tests.unit.lua_debug.syntax_runs import every_version

TEXT = b"""local a = 1

-- a comment
local b = 2
local function f(x)

  -- nothing yet
  local y = x
  -- nothing more

end

local M = {}
function M.g()
  return f(a)
end
M.h = function() return b end
function M:method()
  a = b
end
local t = { inner = function()
  return 1
end, M = M }

return M
"""

LUA = VERSIONS["5.4"]


def placed(version: LuaVersion, line: int, text: bytes = TEXT) -> Placement:
    return place(line, ActiveLines(version).functions(text))


@every_version
@pytest.mark.parametrize(
    ("line", "expected"), [(2, 4), (3, 4), (5, 8), (6, 8), (7, 8), (9, 11), (10, 11), (12, 13)]
)
def test_a_line_without_code(version: LuaVersion, line: int, expected: int) -> None:
    """The breakpoint moves down inside the innermost function around it, and says so."""
    message = f"Line {line} holds no code; moved to line {expected}."
    assert Placement(expected, message) == placed(version, line)


@every_version
@pytest.mark.parametrize("line", [1, 4, 8, 11, 13, 14, 15, 17, 25])
def test_a_line_with_code(version: LuaVersion, line: int) -> None:
    """The breakpoint stays."""
    assert Placement(line) == placed(version, line)


@every_version
def test_behind_the_end(version: LuaVersion) -> None:
    """Beyond the file, the last line with code counts."""
    message = "Line 99 holds no code; moved to line 25."
    assert Placement(25, message) == placed(version, 99)


@every_version
def test_before_an_inner_function(version: LuaVersion) -> None:
    """Where an inner function is made, at its end, is no line of the outer one to move to."""
    text = b"local x = 1\n\nlocal function f()\n  return x\nend\nprint(f)\n"
    assert 6 == placed(version, 2, text).line


def test_no_code() -> None:
    """In LuaJIT and Lua alike an empty text returns; if nothing holds code, that is said."""
    assert Placement(None, "This file holds no code.") == place(1, ())


def test_locations() -> None:
    """Each statement on a line with code, in UTF-16 columns; other lines with code have one."""
    text = "a() b()\nlocal s = 'é😀' if s then b() end\nprint(\n  a)\n\nrepeat until c\n".encode()
    found = locations(
        BreakpointLocation(1, end_line=6), parse(text), ActiveLines(LUA).functions(text)
    )
    expected = [(1, 1), (1, 5), (2, 1), (2, 17), (2, 27), (3, 1), (4, 3), (6, 14)]
    assert [BreakpointLocation(line, column) for line, column in expected] == found


@every_version
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("f", [8]),
        ("M.g", [15]),
        ("M.h", [17]),
        ("M:method", [19]),
        ("M.method", [19]),
        ("t.inner", [22]),
        ("method", []),
        ("M", []),
    ],
)
def test_function_entries(version: LuaVersion, name: str, expected: list[int]) -> None:
    """A function breakpoint stops on the first line with code of every function of that name."""
    assert expected == [entry.line for _, entry in function_entries(TEXT, [spelled(name)])]
    active = set().union(*(each.lines for each in ActiveLines(version).functions(TEXT)))
    assert active.issuperset(expected)
