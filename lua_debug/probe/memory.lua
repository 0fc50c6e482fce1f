-- Room for the debugger when the script has used up its memory (`settings.memory_limit`, bytes): a
-- reserve is let go, and the host raises the limit until the stop ends.
local P = ...

local lib = P.lib
local collectgarbage, pcall, rep = lib.collectgarbage, lib.pcall, lib.string.rep
local limit, set_limit = P.settings.memory_limit, P.host.limit_memory

local RESERVE = 256 * 1024

local is_roomy = false -- whether the limit is raised

P.reserve = nil -- the accelerator lets it go before it tells of a coroutine that died of having no memory

local function keep_reserve()
  if not P.reserve then P.reserve = rep("\0", RESERVE) end
end

local function is_nearly_full() return collectgarbage("count") * 1024 > limit - 2 * RESERVE end

-- Called before the debugger does anything that needs memory.
function P.make_room()
  if not limit or is_roomy then return end
  is_roomy = true
  P.reserve = nil
  if is_nearly_full() then collectgarbage() end
  set_limit(false)
end

-- The script goes on with its own limit.
function P.give_room_back()
  if not limit then return end
  if is_roomy then
    is_roomy = false
    -- 5.1 and LuaJIT do not collect where memory is short, and what a stop has left would count.
    if P.is_51 and is_nearly_full() then collectgarbage() end
    set_limit(true)
  end
  pcall(keep_reserve)
end

-- Holds the script to its limit from here on: what there is by now is the debugger's own.
function P.begin_limit()
  if not limit then return end
  keep_reserve()
  collectgarbage()
  limit = limit + collectgarbage("count") * 1024
  set_limit(true)
end

local stop_here = P.stop_here

function P.stop_here(stop)
  if P.is_over then return end
  P.make_room()
  stop_here(stop)
  P.give_room_back()
end
