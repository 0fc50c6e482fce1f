-- How many instructions of Lua a cell may take, and how many it has taken. They are counted by a hook of the
-- kind that scripts set themselves, which all coroutines have while the cell runs; until it ends, the script
-- has no hooks of its own, as it could take ours away.
local P = ...

local lib = P.lib
local next, status = lib.next, lib.coroutine.status

local STEP, LEAST = 1000, 100 -- instructions from one look to the next
local most, step, taken = nil, STEP, 0

-- budget {most?}: cells may take so many from now on; none: any number, and nothing is counted.
function P.ops.budget(command)
  most = command.most
  step = most and most < STEP and (most > LEAST and most or LEAST) or STEP
  return {}
end

local function spend()
  taken = taken + step
  if taken < most then return end
  P.ops.terminate()
  P.interrupted()
end

local function each_thread(visit)
  if P.is_jit then return visit(nil) end -- one hook for all
  visit(P.main)
  for thread in next, P.created_threads do
    if status(thread) ~= "dead" then visit(thread) end
  end
end

local function hear(thread) P.hooks.user_hook(thread, spend, "", step, true) end

-- A coroutine is made in a cell that is counted.
function P.count_thread(thread)
  if P.has_budget then hear(thread) end
end

function P.begin_budget()
  if not most then return end
  taken, P.has_budget = 0, true
  if P.is_jit then
    P.compiler.stand_by("budget", true)
    P.is_counted = true
    P.safepoints.wake()
  end
  each_thread(hear)
end

-- The cell has ended: how many instructions it took, to a step (nil: nobody has counted), and the limit, if
-- it was ended for that.
function P.end_budget()
  if not P.has_budget then return nil end
  P.has_budget = false
  each_thread(P.restore_hook)
  if P.hooks.forget_heirs then P.hooks.forget_heirs() end
  if P.is_jit then P.compiler.stand_by("budget", false) end
  return taken, taken >= most and most or nil
end
