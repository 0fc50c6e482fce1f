-- Frames that may be in the middle of a line, for hooks in pure Lua.
--
-- LuaJIT tells a line again when a call comes back into the middle of it. Of some C functions it does
-- so always (string.sub), of others only if calls are told; so while a line with a breakpoint is under
-- way, calls are told, and what follows them is known to be the rest of the line.
local P = ...

local lib = P.lib
local getinfo, next, setmetatable = lib.debug.getinfo, lib.next, lib.setmetatable
local steps, running, is_jit = P.steps, P.running, P.is_jit

local amid = {}
P.amid = amid

local FEW = 100 -- how many callers of a frame are noted

local here -- thread -> { depth =, line =, is_wanted = it has a breakpoint, below =, is_left = it calls }
local hears_calls = false

-- Forgets what is noted of a thread, or of all.
function amid.forget(thread)
  if thread then here[thread] = nil else here = setmetatable({}, { __mode = "k" }) end
  steps.forget_notes(thread)
end
amid.forget()

-- What is noted of a thread, the innermost frame.
function amid.of(thread) return here[thread] end

-- Whether anything is noted of a thread; LuaJIT, which has one hook for all: of any.
function amid.is_any(thread) return here[thread] or is_jit and next(here) end

-- Whether the running thread needs to be told of calls; a hook is being set that does it.
function amid.needs_calls()
  local place = is_jit and here[running()]
  hears_calls = place and place.is_wanted and not place.is_left or false
  return hears_calls
end

-- Has the hook set anew if it tells too much or too little.
local function settle()
  if not is_jit then return end
  local heard = hears_calls
  if amid.needs_calls() ~= heard then P.hooks.arm() end
end

-- Notes the line that a frame is on, and whether in the middle.
function amid.stay(depth, line, is_amid, is_wanted)
  local thread = running()
  here[thread] = { depth = depth, line = line, is_wanted = is_wanted, below = here[thread] }
  if is_amid then steps.note(thread, depth, line) end
  settle()
end

function amid.leave(thread, place)
  steps.note(thread, place.depth, nil)
  here[thread] = place.below
  if not place.below then P.hooks.arm() end
  return place.below
end

-- A line is told of the frame at level 4: under LuaJIT, one of another function means that the line it
-- was called from will be told again.
function amid.look_at_line(line)
  local thread = running()
  local place = here[thread]
  if not place then return end
  if steps.deeper_than(4, place.depth) then
    place.is_left = true
    if is_jit then steps.note(thread, place.depth, place.line) end
    settle()
    return
  end
  while place and not steps.deeper_than(4, place.depth - 1) do place = amid.leave(thread, place) end
  if place and place.line ~= line and not steps.deeper_than(4, place.depth) then
    place = amid.leave(thread, place)
  end
  if place then place.is_left = steps.deeper_than(4, place.depth) end
  settle()
end

-- The frame at level 3 was called: if the innermost one that is noted did that, its line is told again.
function amid.look_at_call()
  local thread = running()
  local place = is_jit and here[thread]
  if not place or steps.deeper_than(3, place.depth + 1) or not steps.deeper_than(3, place.depth) then return end
  steps.note(thread, place.depth, place.line)
end

-- Notes the line of the frame at `level` (as the caller counts), and of those that called it.
-- `is_wanted(line, level)`: whether there is a breakpoint, nil: there are none.
function amid.stay_on_lines(level, is_amid, is_wanted)
  local depth, first = steps.depth_from(level + 1), level + 1
  local last = is_jit and is_wanted and first + FEW or first
  if last - first >= depth then last = first + depth - 1 end
  for each = last, first, -1 do
    local info = getinfo(each, "Sl")
    local line = not P.is_probe_info(info) and info.currentline or 0
    local wanted = line > 0 and is_wanted and is_wanted(line, each + 1)
    if line > 0 then amid.stay(depth - each + first, line, is_amid or each > first, wanted) end
  end
end
