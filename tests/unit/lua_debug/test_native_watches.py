"""Compiled hooks: data breakpoints, and the script's own debug.sethook beside ours."""

import pytest

from tests.unit.lua_debug.native_runs import Stage, every_version, needs_native

pytestmark = needs_native

# Runs a program whose `watch(...)` sets the watches that the test made; writes down what is told.
_RUN = r"""
local P, program, code = ...
local out = {}
local make = P.stage.load("return function(G) " .. code .. " end")()
P.hooks.install(P.globals)
P.hooks.start(function(event, number, gone, last)
  out[#out + 1] = P.lib.table.concat({ event, number, P.lib.tostring(gone), P.lib.tostring(last),
    "at " .. P.lib.debug.getinfo(2, "l").currentline }, " ")
end)
function P.globals.watch() P.hooks.watch(make(P.globals)) end
P.stage.load(program)()
P.hooks.watch(nil)
return P.lib.table.concat(out, ", ")
"""

FIELDS = """t = { x = 1, y = 0 / 0 }
watch()
t.x = 1
t.y = -(0 / 0)
t.x = 2
local function change() t.x = nil
end
change()
t.y = "s"
t.z = 5
"""


@every_version
def test_fields(version: str) -> None:
    """A field is told when its raw value differs; NaN stays NaN; a finished line tells."""
    code = """return { { kind = "field", table = G.t, key = "x" },
      { kind = "field", table = G.t, key = "y" } }"""
    expected = "watch 1 nil 1 at 7, watch 1 nil 2 at 7, watch 2 nil nan at 10"
    actual = Stage(version).lua(_RUN, FIELDS, code, name="=[C]")
    assert expected == actual.replace("-nan", "nan")


UPVALUES = """local count = 0
function get() return count end
watch()
count = count + 1
local function other() count = 10 end
other()
local last = count
"""


@every_version
def test_upvalues(version: str) -> None:
    """An upvalue is told, whoever changes it."""
    code = 'return { { kind = "upvalue", func = G.get, index = 1 } }'
    expected = "watch 1 nil 0 at 5, watch 1 nil 1 at 7"
    assert expected == Stage(version).lua(_RUN, UPVALUES, code, name="=[C]")


LOCALS = """local function f(a)
  local b = a
  watch()
  b = b + 1
  if a > 0 then f2(a) end
  b = b + 2
  return b
end
function f2(a)
  local b = 50
  b = 60
  return b
end
f(1)
local last = 1
"""


@every_version
def test_locals(version: str) -> None:
    """A local is its frame's, not another frame's of the same name; its end is told once."""
    code = 'return { { kind = "local", level = 2, slot = 2 } }'
    actual = Stage(version).lua(_RUN, LOCALS, code, name="=[C]")
    changes, _, end = actual.rpartition(", ")
    assert "watch 1 nil 1 at 5, watch 1 nil 2 at 7" == changes
    assert end.startswith("watch 1 gone 4")


UNWOUND = """local function f()
  local b = 1
  watch()
  error("x")
end
pcall(f)
local last = 1
last = 2
"""


@every_version
def test_a_local_whose_frame_an_error_took(version: str) -> None:
    """Its end is told when a frame below goes on."""
    code = 'return { { kind = "local", level = 2, slot = 1 } }'
    actual = Stage(version).lua(_RUN, UNWOUND, code, name="=[C]")
    assert 1 == actual.count("gone")


@every_version
def test_every_line(version: str) -> None:
    """watch(true) tells every line of the script, and nothing of the probe."""
    stage = Stage(version)
    actual = stage.lua(
        r"""local P = ...
        P.stage.follow({})
        local chunk = P.stage.load("local a = 1\nlocal b = a\na = b")
        P.hooks.watch(true)
        chunk()
        P.hooks.watch(false)
        return P.stage.told()""",
        name="=[C]",
    )
    assert "watch 1, watch 2, watch 3" == actual


USER = """local a = 1
for i = 1, 2 do
  a = a + i
end
local function f() return a end
f()
"""

_USER_RUN = r"""
local P, program, mask, count, sethook = ...
local out = {}
local chunk = P.stage.load(program)
local function hook(event, line)
  local info = P.lib.debug.getinfo(2, "Sl")
  if info.source == "=p" then out[#out + 1] = event .. " " .. P.lib.tostring(line) end
end
local set = sethook == "native" and P.hooks.user_hook or function(_, ...)
  if P.is_jit then jit.off() end
  P.lib.debug.sethook(...)
end
local run = (P.lib.loadstring or P.lib.load)("local chunk = ... chunk()", "=run")
set(nil, hook, mask, count)
run(chunk) -- what the probe itself calls is none of the script's business
set(nil, nil, "", 0)
return P.lib.table.concat(out, ", ")
"""


@every_version
@pytest.mark.parametrize("mask", ["l", "c", "r", "crl"])
def test_the_scripts_own_hook(version: str, mask: str) -> None:
    """It hears what it would hear from debug.sethook."""
    expected = Stage(version).lua(_USER_RUN, USER, mask, 0, "plain", name="=[C]")
    assert expected
    assert expected == Stage(version).lua(_USER_RUN, USER, mask, 0, "native", name="=[C]")


@every_version
def test_the_scripts_own_count(version: str) -> None:
    """Its count of instructions goes on beside breakpoints."""
    stage = Stage(version)
    stage.lua("local P = ... P.hooks.set_lines('=p', { [3] = true })", name="=[C]")
    actual = stage.lua(_USER_RUN, USER, "", 4, "native", name="=[C]")
    assert 2 < actual.count("count nil")


@every_version
def test_the_scripts_own_hook_beside_breakpoints(version: str) -> None:
    """Both hear their lines."""
    stage = Stage(version)
    actual = stage.lua(
        r"""local P, program = ...
        local lines = 0
        local chunk = P.stage.load(program)
        P.stage.follow({})
        P.hooks.set_lines("=p", { [3] = true })
        P.hooks.user_hook(nil, function() lines = lines + 1 end, "l", 0)
        chunk()
        P.hooks.user_hook(nil, nil)
        return P.stage.told() .. (lines > 6 and "" or " too few")""",
        USER,
        name="=[C]",
    )
    assert "line 3, line 3" == actual
