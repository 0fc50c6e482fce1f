-- What a probe and a hook cost in instructions, found out by counting them; see counts.lua.
local P = ...

local lib = P.lib
local resume, sethook = lib.coroutine.resume, lib.debug.sethook
local counts = P.counts

local SAFEPOINT = 1929379840 -- of breakpoints.lua
local MANY, FEW = 10 ^ 8, 100

local function nothing() end

-- Runs body(thread's address) where the script counts, or Lua alone does (`plain`): in a thread of its own,
-- or `here`, where we are.
local function counted(body, told, mask, count, here, plain)
  local thread = not here and P.private_thread(function(...) return body(...) end) or nil
  local address = counts.address_of(thread or P.running())
  if plain then sethook(thread, told, mask, count) else P.hooks.user_hook(thread, told, mask, count) end
  local _, first, second = true, nil, nil
  if thread then _, first, second = resume(thread, address) else first, second = body(address) end
  if plain then sethook(thread) else P.hooks.user_hook(thread, nil) end
  return first, second
end

local function of_reading(address)
  local before = P.counter(address, MANY)
  local after = P.counter(address, MANY)
  return before - after
end

local function of_probe(address)
  local before = P.counter(address, MANY)
  do (true)(SAFEPOINT) end
  local after = P.counter(address, MANY)
  return before - after
end

-- The hook is called at the second line, with one instruction of that counted.
local function of_event(address)
  local hook = P.user_hooks.of()
  local before = P.counter(address, MANY)
  local after, left = P.counter(address, MANY), hook.left
  return before - after, before - left - 1
end

-- What is left when the script's function has been called for the end of its count.
local function left_when_told(plain)
  local left, address = nil, nil
  local function told() left = left or P.counter(address, FEW) end
  local turns = P.compile("for _ = 1, 100 do end", "=turns")
  counted(function(own)
    address = own
    turns()
  end, told, "", FEW, false, plain)
  return left
end

local function measure(is_jit)
  local costs = counts.costs
  local reading = counted(of_reading, nothing, "", MANY, is_jit)
  costs.probe = counted(of_probe, nothing, "", MANY, is_jit) - reading
  if is_jit then return end -- it has one hook for all threads, and counts nothing in it
  local event, before = counted(of_event, nothing, "l", MANY)
  costs.before, costs.after = before, event - reading - before
  costs.told = left_when_told(true) - left_when_told(false)
  if P.version == "5.1" then costs.main = counted(of_probe, nothing, "", MANY, true) - reading end
end

-- To be called by the main thread, while nothing is armed.
function counts.measure()
  if not P.counter then return end
  if P.is_jit then P.compiler.stand_by("counts", true) end -- what is compiled by chance counts nothing
  measure(P.is_jit)
  if P.is_jit then P.compiler.stand_by("counts", false) end
end
