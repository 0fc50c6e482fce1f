"""Compiled hooks: where steps end."""

import pytest

from tests.unit.lua_debug.native_runs import Stage, every_version, needs_native

pytestmark = needs_native

CALLS = """local function leaf(x)
  local y = x + 1
  return y
end
local function mid(x)
  local a = leaf(x)
  local b = leaf(a)
  return a + b
end
local function tail(x)
  return mid(x)
end
local r = mid(1)
r = r + tail(2)
r = r + 1
"""

FACTORIAL = """local function f(n)
  if n == 0 then
    return 1
  end
  local below = f(n - 1)
  return n * below
end
f(3)
local done = true
"""

ERRORS = """local function fail()
  error("oops")
end
local function inner()
  fail()
  local never = 1
end
local function middle()
  local ok = pcall(inner)
  local after = ok
  return after
end
middle()
local last = 1
"""

CALLBACKS = """local t = { 3, 1, 2 }
local function less(a, b)
  local is = a < b
  return is
end
table.sort(t, less)
local s = ("ab"):gsub(".", function(c)
  return c
end)
local last = s
"""

LOOPS = """local function turn() return 1 end
local s = 0
for i = 1, 2 do s = s + turn() end
while s < 4 do
  s = s + turn()
end
local last = s
"""

# program, line of the breakpoint, commands, events
STORIES = {
    "over calls": (CALLS, 6, "over over over go", "line 6, line 7, line 8, return 13, line 6"),
    "into calls": (
        CALLS,
        6,
        "in in in in in go",
        "line 6, line 2, line 3, return 6, line 7, line 2, line 6",
    ),
    "out of calls": (
        CALLS,
        2,
        "out over go go go go",
        "line 2, return 6, line 7, line 2, line 2, line 2",
    ),
    "over a tail call": (CALLS, 11, "over over go", "line 11, return 14, line 15"),
    "out of a tail call": (CALLS, 11, "in out go", "line 11, line 6, return 14"),
    "over recursion": (
        FACTORIAL,
        5,
        "over over go go",
        "line 5, line 5, line 5",
    ),
    "over recursion from outside": (FACTORIAL, 8, "over go", "line 8, line 9"),
    "into recursion and out": (
        FACTORIAL,
        8,
        "in over over out go",
        "line 8, line 2, line 5, line 6, return 8",
    ),
    "over what catches one": (ERRORS, 9, "over over go", "line 9, line 10, line 11"),
    "over what is called from C": (CALLBACKS, 6, "over go", "line 6, line 7"),
    "over turns of a loop": (LOOPS, 5, "over over go", "line 5, line 4, line 5"),
}

# The same, where LuaJIT hears less: it tells no return of a C function.
STORIES_OF_C = {
    "over what raises an error": (
        ERRORS,
        5,
        "over over go",
        "line 5, return 9, line 10",
        "line 5, line 10, line 11",
    ),
    "into what is called from C, and out": (
        CALLBACKS,
        6,
        "in in out go",
        "line 6, line 3, line 4, return 6",
        "line 6, line 3, line 4, out 7",
    ),
}


@every_version
@pytest.mark.parametrize("story", list(STORIES))
def test_steps(version: str, story: str) -> None:
    """A step ends where a reader of the program expects it."""
    program, line, commands, expected = STORIES[story]
    actual = Stage(version).steps(program, line, *commands.split())
    assert expected == actual


@every_version
@pytest.mark.parametrize("story", list(STORIES_OF_C))
def test_steps_through_c(version: str, story: str) -> None:
    """A step finds its way through C functions, and to where an error is caught."""
    program, line, commands, plain, jit = STORIES_OF_C[story]
    actual = Stage(version).steps(program, line, *commands.split())
    assert (jit if version.startswith("luajit") else plain) == actual


@every_version
def test_unbounded_tail_calls(version: str) -> None:
    """A step over half a million tail calls ends where the first of them would have returned."""
    program = """local function down(n)
      if n == 0 then return "bottom" end
      return down(n - 1)
    end
    local r = down(500000)
    local done = r
    """
    actual = Stage(version).steps(program, 5, "in", "over", "over", "go")
    assert "line 5, line 2, line 3, return 5" == actual


RETURNED = """
local P, program = ...
local values
local chunk = P.stage.load(program)
P.hooks.start(function(event)
  values = P.hooks.returned()
  P.hooks.step(event == "line" and "out" or nil, 2) -- no tail call: levels are counted
end)
P.hooks.set_lines("=p", { [2] = true })
chunk()
P.hooks.set_lines("=p", nil)
if not values then return "unknown" end
local shown = {}
for index = 1, values.n do shown[index] = P.lib.tostring(values[index]) end
return P.lib.table.concat(shown, " ")
"""


@every_version
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return", ""),
        ("return 7", "7"),
        ("return nil, 'x', nil", "nil x nil"),
        ("return ...", "1 2 3"),
        ("local a = ... return a, ...", "1 1 2 3"),
        ("return select('#', ...), 'n'", "3 n"),
        ("return (...)", "1"),
        ("local z = string.rep('z', 3) return z", "zzz"),
        ("return " + ", ".join(map(str, range(1, 23))), " ".join(map(str, range(1, 23)))),
    ],
)
def test_returned_values(version: str, body: str, expected: str) -> None:
    """What the function returned that a step left is known, however it returns."""
    program = f"local function f(...)\n  {body}\nend\nlocal a = f(1, 2, 3)\n"
    assert expected == Stage(version).lua(RETURNED, program, name="=[C]")


@every_version
def test_returned_values_of_c(version: str) -> None:
    """LuaJIT gives the frame to a C function that is called last, and tells nothing of it."""
    program = "local function f()\n  return string.rep('z', 3)\nend\nlocal a = f()\n"
    expected = "unknown" if version.startswith("luajit") else "zzz"
    assert expected == Stage(version).lua(RETURNED, program, name="=[C]")
