-- The call that a step in is to enter.
--
-- A frame says at which instruction it goes on (`P.instruction_at`, lua_debug/instructions.py), which tells
-- apart all the calls that a function makes. Where that is not known, a call is told by the name that Lua
-- has for it, and the host offers none that shares its name.
local P = ...

local lib = P.lib
local getinfo, tonumber = lib.debug.getinfo, lib.tonumber

local targets = {}
P.targets = targets

-- { instruction?, is_tail?, first_line, last_line, name? } of the host; `func`, `depth`, `thread` of the frame
-- that is to make the call, its `line` and `begun`, the instruction it was at
local target = nil

-- At which instruction the frame at `level` (as the caller counts) goes on, as an address; nil if that is
-- not known. A frame that called something goes on behind the call.
local function instruction(level, thread)
  if not P.instruction_at then return nil end
  local found = P.instruction_at(tonumber(P.address(thread or P.running())), thread and level or level + 1)
  return found
end

local hexadecimal = {}
for number = 0, 255 do hexadecimal[lib.string.char(number)] = lib.string.format("%02x", number) end

-- What the host needs to find the calls of a frame that a step begins in: where its function is, its `code` as
-- Lua dumps it, and at which instruction the frame is (`is_behind`: it is the one before that). nil of others.
function targets.place(stop, frame)
  if not stop or frame.thread ~= stop.thread or stop.thread ~= stop.running or frame.level ~= stop.level then return nil end
  local func = getinfo(frame.thread, frame.level, "f").func
  local ok, code = lib.pcall(lib.string.dump, func)
  local is_known = ok and P.instruction_at ~= nil
  return {
    is_behind = stop.is_returning or stop.has_error or false,
    code = is_known and lib.string.gsub(code, ".", hexadecimal) or nil,
    func = is_known and tonumber(P.address(func)) or nil,
    instruction = is_known and instruction(frame.level, frame.thread) or nil,
  }
end

-- The step under way is to enter `wanted` (nil: any call) of the frame at `level`, as the caller counts.
function targets.begin(wanted, level)
  target = wanted
  if not target then return end
  local info = getinfo(level + 1, "fl")
  target.func, target.line, target.thread = info.func, info.currentline, P.running()
  target.depth, target.begun = P.hooks.depth_at(level + 1), instruction(level + 1)
end

function targets.forget() target = nil end

function targets.is_sought() return target ~= nil end

-- By instructions ------------------------------------------------------------------------------------

-- Whether the frame of the target is still on its way to the call, at the line and instruction where it is.
local function is_before(line, here, is_return)
  if line < target.first_line or line > target.last_line then return false end
  if not here then return true end
  if here == target.instruction then return not is_return end
  return here < target.instruction and (not target.begun or here >= target.begun)
end

-- The frame of the target stands in the middle of its line: behind the call, that line is stepped over.
local function in_own_frame(line, here, is_return)
  if is_before(line, here, is_return) then return "in" end
  return (is_return or P.is_jit and line == target.line) and "over" or nil
end

local function by_instruction(level, is_return)
  local above = P.hooks.depth_at(level + 1) - target.depth
  if P.running() ~= target.thread or above < 0 then return nil end
  local info = getinfo(level + 1 + above, "fl")
  if info.func ~= target.func then return not target.is_tail and "out" or nil end
  local here = instruction(level + 1 + above)
  if above > 0 then return here ~= target.instruction and "out" or nil end
  return in_own_frame(info.currentline, here, is_return)
end

-- By names ---------------------------------------------------------------------------------------------

local NEAR = 10 -- frames between a call and who is called, when a C function is in between

-- How far above a frame the one lies that is to make the call; nil if it is not there.
local function distance(level)
  for above = 0, NEAR do
    local info = getinfo(level + 1 + above, "fl")
    if not info then return nil end
    if info.func == target.func and info.currentline == target.line then
      local outer = getinfo(level + 2 + above, "fl")
      local is_recursion = above == 0 and outer and outer.func == info.func and outer.currentline == info.currentline
      return is_recursion and 1 or above
    end
  end
end

local function by_name(level, is_return)
  local above = distance(level + 1)
  if above == 0 then return (P.is_jit or is_return) and "in" or nil end -- the rest of the line
  if not above or above == 1 and getinfo(level + 1, "n").name == target.name then return nil end
  return "out"
end

-- The step that has to follow as one came to the frame at `level` (as the caller counts; `is_return`: by a
-- return into it), which is not the call that is to be entered: "in", "out" or "over"; nil: it may end.
function targets.next_step(level, is_return)
  if not target then return nil end
  local kind
  if target.instruction then kind = by_instruction(level + 1, is_return) else kind = by_name(level + 1, is_return) end
  if not kind or kind == "over" then target = nil end
  return kind
end
