"""Compiled hooks: breakpoint lines are hit exactly when a line hook of Lua would tell them."""

import random

from tests.unit.lua_debug.native_runs import Stage, every_version, needs_native

pytestmark = needs_native

PROGRAM = r"""
local Point = {}
Point.__index = Point
Point.__add = function(a, b)
  return setmetatable({ x = a.x + b.x }, Point)
end
Point.__call = function(self, n)
  if n == 0 then return self.x end
  return self(n - 1)
end
local function fib(n)
  if n < 2 then
    return n
  end
  return fib(n - 1) + fib(n - 2)
end
local function countdown(n)
  if n > 0 then return countdown(n - 1) end
  return 0
end
local function fails(depth)
  if depth == 0 then error("deep") end
  local r = fails(depth - 1)
  return r
end
local function caught()
  local ok = pcall(fails, 3)
  ok = ok or pcall(fails, 0)
  return ok
end
local function sorted()
  local t = { 3, 1, 2, 5, 4 }
  table.sort(t, function(a, b)
    local less = a < b
    return less
  end)
  return table.concat(t, ",")
end
local function replaced()
  return (string.gsub("abc", "%w", function(c)
    return c .. c
  end))
end
local function vararg(...)
  local n = select("#", ...)
  local a, b = ...
  if n > 2 then return vararg(select(2, ...)) end
  return a, b
end
local function generator(n)
  local co = coroutine.wrap(function()
    for i = 1, n do
      coroutine.yield(i)
    end
  end)
  return co
end
local function dying()
  local co = coroutine.create(function()
    local inner = generator(1)
    inner()
    error("gone")
  end)
  local ok = coroutine.resume(co)
  return ok
end
local one_line = function() local s = 0 for i = 1, 3 do s = s + i end return s end
local early = coroutine.create(function(a)
  while true do
    a = coroutine.yield(fib(a))
  end
end)
local function round(turn)
  local p = Point + Point
  p = setmetatable({ x = turn }, Point)
  p = p + p
  local s = p(2)
  s = s + fib(4)
  s = s + countdown(3)
  caught()
  sorted()
  replaced()
  vararg(1, 2, 3)
  for v in generator(2) do
    s = s + v
  end
  dying()
  one_line()
  coroutine.resume(early, 3)
  xpcall(function()
    local z = nil
    return z.field
  end, function(m)
    return m
  end)
  return s
end
setmetatable(Point, { __add = function() return 1 end })
for turn = 1, TURNS do
  change(turn)
  round(turn)
  local chunk = (loadstring or load)("local q = 1\nq = q + 1\nreturn q", "=p")
  chunk()
end
"""

# Both write down the lines that were hit; `sets` are the breakpoint lines of each turn.
_NATIVE = r"""
local P, program, sets = ...
local hits = {}
local hooks = P.hooks
hooks.install(P.globals)
hooks.start(function(event, line) hits[#hits + 1] = event == "line" and line or event end)
local load = P.globals.load or P.globals.loadstring
local chunk = P.stage.load(program)
function P.globals.change(turn)
  hits[#hits + 1] = "turn"
  hooks.set_lines("=p", P.compile("return {" .. sets[turn] .. "}", "=s", {})())
end
for _, name in P.lib.next, { "load", "loadstring" } do
  local original = P.globals[name]
  if original then
    P.globals[name] = function(...)
      hooks.loaded()
      return original(...)
    end
  end
end
chunk()
hooks.set_lines("=p", nil)
return P.lib.table.concat(hits, " ")
"""

_REFERENCE = r"""
local P, program, sets = ...
local debug, create, wrap = P.lib.debug, P.lib.coroutine.create, P.lib.coroutine.wrap
local lines, hits = {}, {}
if P.is_jit then P.lib.jit.off() end

-- LuaJIT tells a line again when a function called from it returns; Lua does not.
local stacks, last_thread = {}, nil
local function is_told_again(line)
  local thread, depth = P.lib.coroutine.running() or "main", 3
  while debug.getinfo(depth + 1, "l") do depth = depth + 1 end
  local stack = stacks[thread] or { depth = 0 }
  local is_again = (thread ~= last_thread or depth < stack.depth) and stack[depth] == line
  stack[depth], stack.depth, stacks[thread], last_thread = line, depth, stack, thread
  return P.is_jit and is_again
end

local function hook(_, line)
  if debug.getinfo(2, "S").source == "=p" and not is_told_again(line) and lines[line] then
    hits[#hits + 1] = line
  end
end
local G = P.globals
function G.coroutine.create(body)
  local co = create(body)
  debug.sethook(co, hook, "l")
  return co
end
function G.coroutine.wrap(body)
  local co = G.coroutine.create(body)
  local resume = P.lib.coroutine.resume
  local function unpack(ok, ...)
    if not ok then error((...), 0) end
    return ...
  end
  return function(...) return unpack(resume(co, ...)) end
end
function G.change(turn)
  hits[#hits + 1] = "turn"
  lines = P.compile("return {" .. sets[turn] .. "}", "=s", {})()
end
local chunk = P.stage.load(program)
debug.sethook(hook, "l")
chunk()
debug.sethook()
return P.lib.table.concat(hits, " ")
"""


def _sets(seed: int, turns: int) -> list[str]:
    """Random sets of lines, often empty or small, as bodies of Lua table constructors."""
    generator = random.Random(seed)
    last = PROGRAM.count("\n") + 1
    sizes = [generator.choice([0, 1, 1, 2, 5, last]) for _ in range(turns)]
    return [
        ",".join(f"[{line}]=true" for line in generator.sample(range(1, last + 1), size))
        for size in sizes
    ]


@every_version
def test_hits_are_those_of_a_line_hook(version: str) -> None:
    """Recursion, errors, tail calls, metamethods, callbacks, coroutines: the same hits."""
    turns = 60
    program = PROGRAM.replace("TURNS", str(turns))
    for seed in range(3):
        sets = _sets(seed, turns)
        reference = Stage(version)
        expected = reference.lua(
            _REFERENCE, program, reference.runtime.table_from(sets), name="=[C]"
        )
        stage = Stage(version)
        actual = stage.lua(_NATIVE, program, stage.runtime.table_from(sets), name="=[C]")
        assert expected.split("turn") == actual.split("turn")
