"""Compiled hooks: coroutines behave as they do without, and hooks and steps follow them."""

import pytest

from tests.unit.lua_debug.native_runs import (
    Stage,
    every_plain_version,
    every_version,
    needs_native,
)

pytestmark = needs_native

# What a program sees of coroutines: results, messages, states.
BEHAVIOUR = r"""
local out = {}
local function say(...)
  local texts = {}
  for index = 1, select("#", ...) do texts[index] = tostring((select(index, ...))) end
  out[#out + 1] = table.concat(texts, "|")
end
local function hide(text) return (tostring(text):gsub("0x%x+", "ADDRESS")) end
local create, resume = coroutine.create, coroutine.resume
local wrap, yield = coroutine.wrap, coroutine.yield

local co = create(function(a, ...)
  say("began", a, ...)
  say("again", yield(a + 1, nil, "x"))
  return "end", nil
end)
say(resume(co, 1, nil, 3))
say(coroutine.status(co), resume(co))
say(coroutine.status(co), resume(co))
say(resume(create(function() error("text") end)))
say(resume(create(function() error({}) end)) == false)
say(resume(create(function() error() end)))
say(resume(create(function() error(42) end)))
say(resume(create(function() local t = nil; return t.x end)))
say(pcall(resume))
say(pcall(resume, 5))
say(pcall(resume, "x", 2))
say(pcall(create))
say(pcall(create, 1))
say(pcall(wrap))
say(pcall(wrap, {}))
say(pcall(wrap(function() error("inside") end)))
say(pcall(wrap(function() error("inside", 0) end)))
say(pcall(wrap(function() error(42) end)))
say(pcall(wrap(function() error(nil) end)))
local object = setmetatable({}, { __tostring = function() return "object" end })
say(pcall(wrap(function() error(object) end)))
local function indirect()
  local f = wrap(function() local t = nil; t() end)
  f()
end
say(pcall(indirect))
local finished = wrap(function() return 1, 2 end)
say(finished())
say(pcall(finished))
say(pcall(function() finished() end))
local itself
itself = wrap(function() return pcall(itself) end)
say(itself())
local self
self = create(function() return resume(self) end)
say(resume(self))
local outer
outer = create(function() return resume(create(function() return resume(outer) end)) end)
say(resume(outer))
say(hide(select(2, pcall(function() return resume(create(print), 1, 2) end))))
say(pcall(function()
  for value in wrap(function() for index = 1, 3 do yield(index) end end) do say(value) end
end))
say(resume(create(function() return select("#", yield()) end)))
local many = {}
for index = 1, 200 do many[index] = index end
local unpack = table.unpack or unpack
say(select("#", resume(create(function(...) return ... end), unpack(many))))
if coroutine.close then
  local closing = load([[
    local log = ...
    return coroutine.wrap(function()
      local guard <close> = setmetatable({}, { __close = function(_, err) log(tostring(err)) end })
      error("leaving")
    end), coroutine.wrap(function()
      local guard <close> = setmetatable({}, { __close = function() error("other") end })
      error("leaving")
    end)]], "=closing")
  local one, two = closing(say)
  say(pcall(one))
  say(pcall(two))
end
say(type(coroutine.running()))
return table.concat(out, "\n")
"""


@every_version
def test_coroutines_are_the_same(version: str) -> None:
    """create, resume and wrap give the results and messages of the originals."""
    plain, hooked = Stage(version), Stage(version)
    hooked.lua("local P = ... P.hooks.install(P.globals)", name="=[C]")
    hooked.lua("local P = ... P.hooks.set_lines('=elsewhere', {[1] = true})", name="=[C]")
    expected = plain.lua(f"return (function(...) {BEHAVIOUR} end)(...)", name="=program")
    actual = hooked.lua(f"return (function(...) {BEHAVIOUR} end)(...)", name="=program")
    assert expected.splitlines() == actual.splitlines()


EARLIER = """local function work(n)
  for i = 1, n do
    local half = i
    coroutine.yield(half)
  end
end
local co = coroutine.create(work)
coroutine.resume(co, 9)
local function change() stop_at(3) end
change()
coroutine.resume(co)
local outer = coroutine.wrap(function()
  coroutine.resume(co)
end)
outer()
"""


@every_version
def test_breakpoints_reach_suspended_coroutines(version: str) -> None:
    """A breakpoint set while a coroutine is suspended stops it when it goes on."""
    stage = Stage(version)
    actual = stage.lua(
        r"""local P, program = ...
        P.hooks.install(P.globals)
        P.stage.follow({})
        function P.globals.stop_at(line) P.hooks.set_lines("=p", { [line] = true }) end
        P.stage.load(program)()
        return P.stage.told()""",
        EARLIER,
        name="=[C]",
    )
    assert "line 3, line 3" == actual


STEPPED = """local co = coroutine.create(function(a)
  local b = a
  b = coroutine.yield(b)
  return b
end)
local ok, x = coroutine.resume(co, 1)
ok, x = coroutine.resume(co, 2)
local last = x
"""

DYING = """local co = coroutine.create(function()
  error("gone")
end)
local ok = coroutine.resume(co)
ok = pcall(coroutine.wrap(function()
  error("gone, too")
end))
local last = ok
"""

# program, line of the breakpoint, commands, events
STORIES = {
    "over a yield stays in the coroutine": (STEPPED, 2, "over over go", "line 2, line 3, line 4"),
    "into a yield goes to who resumed": (STEPPED, 3, "in in go", "line 3, out 0, line 7"),
    "off the end of a coroutine": (STEPPED, 4, "over over go", "line 4, out 0, line 8"),
    "out of a coroutine": (STEPPED, 2, "out over go", "line 2, out 0, line 8"),
    "over a resume": (STEPPED, 6, "over over go", "line 6, line 7, line 8"),
    "into a resume": (STEPPED, 6, "in over over over go", "line 6, line 2, line 3, line 4, out 0"),
    "an error in a coroutine": (DYING, 2, "over over go", "line 2, out 0, line 5"),
    "an error under wrap": (DYING, 6, "over over go", "line 6, return 5, line 7"),
}


@every_plain_version
@pytest.mark.parametrize("story", list(STORIES))
def test_steps(version: str, story: str) -> None:
    """Steps stay in their coroutine, and end where it was resumed once it is over."""
    program, line, commands, expected = STORIES[story]
    assert expected == Stage(version).steps(program, line, *commands.split())


@every_plain_version
def test_resumer(version: str) -> None:
    """Who resumed a coroutine is known while it runs, and only then."""
    stage = Stage(version)
    assert stage.lua(
        r"""local P = ...
        P.hooks.install(P.globals)
        local seen
        local inner = coroutine.create(function()
          seen = { P.hooks.resumer(coroutine.running()) }
        end)
        local middle = coroutine.create(function() coroutine.resume(inner) end)
        coroutine.resume(middle)
        return seen[1] == middle and P.hooks.resumer(inner) == nil and P.created_threads[inner]
        """
    )


@every_plain_version
def test_error_under_wrap_is_told_while_the_stack_is_there(version: str) -> None:
    """on_wrap_error sees the frame that raised the error."""
    stage = Stage(version)
    actual = stage.lua(
        r"""local P = ...
        P.hooks.install(P.globals)
        local told
        P.hooks.on_wrap_error = function(co, err)
          local level = 0
          while debug.getinfo(co, level, "S").what == "C" do level = level + 1 end
          local _, value = debug.getlocal(co, level, 1)
          told = tostring(value) .. " " .. err
        end
        local _, message = pcall(coroutine.wrap(function() local a = 5; error("oops", 0) end))
        P.hooks.on_wrap_error = nil
        return told .. " " .. message:gsub("^.-: ", "")"""
    )
    assert "5 oops oops" == actual


@every_version
def test_a_doomed_coroutine_dies(version: str) -> None:
    """An error is raised at its next instruction, however often it is caught."""
    stage = Stage(version)
    actual = stage.lua(
        r"""local P = ...
        P.hooks.install(P.globals)
        local co = coroutine.create(function()
          while true do
            coroutine.yield()
            pcall(function() while true do end end)
          end
        end)
        coroutine.resume(co)
        P.hooks.doom(co)
        local ok, message = coroutine.resume(co)
        return tostring(ok) .. " " .. message .. " " .. coroutine.status(co)"""
    )
    assert "false the coroutine was terminated dead" == actual
