-- The script's count of instructions (debug.sethook with a count) under the hooks in pure Lua: of what
-- probes and hooks do it counts nothing. Lua's library tells nobody how much of a count is left, so the
-- host reads and writes that where Lua keeps it (counters.py); `P.counter` is set by then:
--   counter(address, count, left | nil) -> what was left, and `left` is now; nil, and nothing is done, if
--   the thread does not count to `count`
-- and for LuaJIT P.is_counting, since that counts nothing in a hook.
local P = ...

local lib = P.lib
local getinfo, getmetatable, setmetatable = lib.debug.getinfo, lib.debug.getmetatable, lib.debug.setmetatable
local match, tonumber, tostring = lib.string.match, lib.tonumber, lib.tostring

local counts = {}
P.counts = counts

-- A count to a number that matters to nobody. It has an end, should an error have ended what halted it.
local HALTED = 10 ^ 6

-- A smaller one could end more than once before it is halted. It goes on while we work, and what ends there
-- is put off.
local SMALLEST = 64

-- How many instructions pass that should not be counted, but are before a count is halted, or after it was
-- let go on: of a probe in the text (`probe`); of the hook, before (`before`), after (`after`), and after
-- when it calls the script's function (`told`); in the main thread it may be more (`main`).
local costs = { probe = 0, before = 0, after = 0, told = 0, main = 0 }
counts.costs = costs

-- The address of a thread's lua_State, however the script has threads shown.
local function address_of(thread)
  if P.is_jit then return 0 end
  local metatable = getmetatable(thread)
  if metatable then setmetatable(thread, nil) end
  local digits = match(tostring(thread), "^thread: 0?x?(%x+)$")
  if metatable then setmetatable(thread, metatable) end
  return digits and tonumber(digits, 16)
end
counts.address_of = address_of

-- Prepares what is known of a script's hook of a thread for an exact count, if that can be had.
function counts.prepare(hook, thread)
  if not P.counter or hook.count < SMALLEST then return end
  hook.address, hook.left, hook.owed = address_of(thread), hook.count, 0
  hook.more = thread == P.main and costs.main or 0
end

local function can_halt(hook)
  return hook and hook.address and not hook.is_halted and (not P.is_counting or P.is_counting())
end

-- Halts the count, unless it is; answers what was halted. What Lua counts to may be an interrupt.
function counts.halt(hook)
  if not can_halt(hook) then return nil end
  hook.left = P.counter(hook.address, hook.count, HALTED) or hook.left
  hook.is_halted = true
  return hook
end

-- The same in a probe. Ends of the count on the way here were none: they are owed.
function counts.halt_in_probe(hook)
  if not can_halt(hook) then return nil end
  local left = P.counter(hook.address, hook.count, HALTED) or hook.left
  hook.is_halted, hook.left, hook.owed = true, left - hook.owed, 0
  return hook
end

-- LuaJIT's counter is read by Lua, in instructions that are counted: the count may end before or after that.
if P.is_jit then
  function counts.halt_in_probe(hook)
    if not can_halt(hook) then return nil end
    local owed = hook.owed
    local left = P.counter(hook.address, hook.count) or hook.left
    if owed ~= hook.owed and left > hook.count / 2 then owed = hook.owed end
    P.counter(hook.address, hook.count, HALTED)
    hook.is_halted, hook.left, hook.owed = true, left - owed, 0
    return hook
  end
end

-- Lets a count go on behind a probe.
function counts.after_probe(hook, more)
  local left = hook.left + costs.probe + hook.more + more
  hook.is_halted = false
  local was_counted = P.counter(hook.address, hook.count, left > 0 and left or HALTED)
  if was_counted and left <= 0 then P.hooks.tell_soon() end
end

-- Lets a count go on at the end of an event. One that ended on the way to `halt` began anew, unheard.
function counts.after_event(hook, is_told)
  local left = is_told and hook.count or hook.left + costs.before + hook.more
  if left > hook.count then left = left - hook.count end
  hook.is_halted = false
  P.counter(hook.address, hook.count, left + (is_told and costs.told or costs.after))
end

-- Whether the function at `level`, as the caller counts, is on the way from a probe to its `halt`.
function counts.is_in_probe(level)
  for each = level + 1, level + 5 do
    local info = getinfo(each, "f")
    if not info then return false end
    if info.func == P.handler then return true end
  end
  return false
end

-- To be called before and after Lua's hook is set, by which a count would begin anew.
function counts.keep(hook)
  if hook and hook.address and not hook.is_halted then hook.left = P.counter(hook.address, hook.count) or hook.left end
end

function counts.give(hook)
  if hook and hook.address and not hook.is_halted then P.counter(hook.address, hook.count, hook.left) end
end
