-- The names a frame sees, and the world of a frame for code that is evaluated in it: a table of
-- globals that leads to its locals, its upvalues and its environment.
local P = ...

local lib = P.lib
local getinfo, getlocal, setlocal = lib.debug.getinfo, lib.debug.getlocal, lib.debug.setlocal
local getupvalue, setupvalue = lib.debug.getupvalue, lib.debug.setupvalue
local getfenv, byte, setmetatable = lib.getfenv, lib.string.byte, lib.setmetatable
local PARENTHESIS = byte("(")

local worlds = {} -- those of the present stop

-- The frame behind an id: {thread, level, func}, {kept, func} of a cell that failed (remains.lua), or
-- label = true for a divider. Raises "stale" also when the thread has moved since (evaluated code may have resumed it).
function P.frame(id)
  local frame = P.lookup(id, "frame")
  if not frame.label and not frame.kept then
    local info = getinfo(frame.thread, frame.level, "f")
    if not info or info.func ~= frame.func then
      P.user_error("The thread of this frame has moved on; ask for the stack again.", "stale", id)
    end
  end
  return frame
end

-- What stands in a slot of a frame: the name, nil where there is nothing, and the value. Slots below 0 are
-- its additional arguments.
function P.local_at(frame, slot)
  local kept = frame.kept
  if not kept then return getlocal(frame.thread, frame.level, slot) end
  if slot > 0 then return kept.names[slot], kept.values[slot] end
  if kept.more then return kept.more_names[-slot], kept.more[-slot] end
  return nil
end
local local_at = P.local_at

-- Changes it; in what is left of a cell that failed, for those who look at it.
function P.set_local_at(frame, slot, value)
  local kept = frame.kept
  if not kept then return setlocal(frame.thread, frame.level, slot, value) end
  if slot > 0 then kept.values[slot] = value else kept.more[-slot] = value end
end

-- The fields Sl of a frame, as getinfo has them.
function P.place_of(frame)
  if frame.kept then return frame.kept.info end
  return getinfo(frame.thread, frame.level, "Sl")
end

-- Whether a name could mean the error that the program stands at, or that ended a cell, and that error.
function P.error_of(frame)
  if frame.kept then return P.error_kept(frame) end
  local stop = P.stop
  if stop and stop.has_error and frame.thread == stop.thread then return true, stop.error end
  return false
end

-- Like P.frame, but nil for no id and for a divider: nothing but globals is seen there.
function P.frame_or_globals(id)
  local frame = id and P.frame(id)
  if frame and not frame.label then return frame end
  return nil
end

-- Calls visit(name, value, slot) for the locals of a frame, oldest first; temporaries are left out.
function P.each_local(frame, visit)
  local slot = 1
  while true do
    local name, value = local_at(frame, slot)
    if not name then return end
    if byte(name) ~= PARENTHESIS then visit(name, value, slot) end
    slot = slot + 1
  end
end

-- The additional arguments of a frame, packed. Lua 5.1 does not tell them: nil. The probe's functions stand
-- for C functions, which have none.
function P.varargs(frame)
  if P.version == "5.1" then return nil end
  if P.is_probe(frame.func) then return { n = 0 } end
  local values, count = {}, 0
  while true do
    local name, value = local_at(frame, -count - 1)
    if not name then break end
    count = count + 1
    values[count] = value
  end
  values.n = count
  return values
end

-- Where each name of a frame is: {locals = {name = slot}, upvalues = {name = index}}; the innermost
-- local of a name counts.
function P.names(frame)
  if frame.names then return frame.names end
  local names = { locals = {}, upvalues = {} }
  P.each_local(frame, function(name, _, slot) names.locals[name] = slot end)
  local index = 1
  while true do
    local name = getupvalue(frame.func, index)
    if not name then break end
    if names.upvalues[name] == nil then names.upvalues[name] = index end
    index = index + 1
  end
  frame.names = names
  return names
end

-- The value of a local or an upvalue: "local" or "upvalue", its place, the value; nil if there is none.
function P.variable_of(frame, name)
  local names = P.names(frame)
  local slot = names.locals[name]
  if slot then
    local _, value = local_at(frame, slot)
    return "local", slot, value
  end
  local index = names.upvalues[name]
  if index then
    local _, value = getupvalue(frame.func, index)
    return "upvalue", index, value
  end
  return nil
end

-- The table of globals of a frame: its function's environment (5.1) or its _ENV.
function P.environment(frame)
  if not frame then return P.globals end
  if P.is_51 then return getfenv(frame.func) end
  local kind, _, value = P.variable_of(frame, "_ENV")
  if kind then return value end
  return P.globals
end

-- The name that stands for _ENV in evaluated text, whose own _ENV is the world.
P.ENVIRONMENT = "_ENV_of_this_frame"

-- Why a name that is no variable of a frame and no global either has no value there: it is one of a
-- function around, which Lua keeps only for functions that use it. Nil if that is not so.
function P.uncaptured_reason(frame, name)
  local ask, info = P.host.is_outer, getinfo(frame.func, "S")
  if not ask or info.what == "C" or not lib.string.find(name, "^[%a_][%w_]*$") then return nil end
  if not ask(info.source, name, info.linedefined, info.lastlinedefined) then return nil end
  return "'" .. name .. "' is a local of an outer function that this one does not use, so Lua did not keep it for it."
end

local function read(world, name)
  local frame = world.frame
  if frame then
    local kind, _, value = P.variable_of(frame, name)
    if kind then return value end
    local is_error, err = P.error_of(frame)
    if is_error and name == "err" then return err end
  end
  if name == P.ENVIRONMENT and not P.is_51 then return world.environment end
  if frame and world.constants[name] == nil then
    local is_constant, value = P.constant_value(frame, name)
    world.constants[name] = is_constant and { value = value }
  end
  local constant = frame and world.constants[name]
  if constant then return constant.value end
  local value = world.environment[name]
  local reason = value == nil and frame and P.uncaptured_reason(frame, name)
  if reason then lib.error(reason, 0) end
  return value
end

-- Raises an error if the name must not be assigned to.
local function check_assignment(world, name, slot)
  local reason = world.reasons[name]
  if reason == nil then
    reason = P.constant_reason(world.frame, name, slot) or false
    world.reasons[name] = reason
  end
  if reason then lib.error(reason, 0) end
end

local function write(world, name, value)
  if name == P.ENVIRONMENT and not P.is_51 then name = "_ENV" end
  local frame = world.frame
  if frame then
    local kind, place = P.variable_of(frame, name)
    check_assignment(world, name, kind == "local" and place or nil)
    if kind == "local" then return P.set_local_at(frame, place, value) end
    if kind == "upvalue" then return setupvalue(frame.func, place, value) end
    local is_known, global = lib.pcall(P.field, world.environment, name)
    local reason = not (is_known and global ~= nil) and P.uncaptured_reason(frame, name)
    if reason then lib.error(reason, 0) end
  end
  world.environment[name] = value
end

local function look_from(world, frame)
  world.frame, world.environment = frame, P.environment(frame)
  world.constants, world.reasons = {}, {}
end

local function globals_of(world, extra)
  return setmetatable({}, {
    __index = function(_, name)
      local special = extra and extra[name]
      if special ~= nil then return special end
      return read(world, name)
    end,
    __newindex = function(_, name, value) write(world, name, value) end,
  })
end

-- A table of globals that reads and writes what `frame` sees (nil: only the globals). Functions made
-- by evaluated code keep it; once the program resumes it leads to the environment alone. `extra` are
-- functions of our own that the text may call.
function P.world(frame, extra)
  local world = {}
  look_from(world, frame)
  worlds[#worlds + 1] = world
  return globals_of(world, extra)
end

-- The same for text that is compiled once and asked in many frames: the table, and the function that is
-- told of each frame, and of nil when it is left.
function P.movable_world()
  local world = {}
  look_from(world, nil)
  return globals_of(world), function(frame) look_from(world, frame) end
end

P.at_resume(function()
  for index = 1, #worlds do worlds[index].frame = nil end
  worlds = {}
end)

-- Whether `name` written in `frame` is this variable and no other that hides it.
function P.is_visible(frame, kind, name, place)
  local found, where = P.variable_of(frame, name)
  return found == kind and where == place
end

-- The first upvalue `name` of a function: its index and value.
function P.upvalue(func, wanted)
  for index = 1, 255 do
    local name, value = getupvalue(func, index)
    if not name then return nil end
    if name == wanted then return index, value end
  end
end

-- Lua 5.1 does not tell how many parameters a function has, but writes it into a dump: behind the
-- header come the source, two lines and the number of upvalues (ldump.c, DumpFunction).
local function dumped_parameters(func)
  local dump = lib.string.dump(func)
  local is_little, int, size = byte(dump, 7) == 1, byte(dump, 8), byte(dump, 9)
  local length = 0
  for place = 1, size do
    length = length * 256 + byte(dump, 12 + (is_little and size + 1 - place or place))
  end
  local at = 12 + size + length + 2 * int + 2
  return byte(dump, at), byte(dump, at + 1) >= 2
end

-- How many parameters the function of a frame has, and whether it takes more; for Lua functions.
function P.parameter_count(frame)
  if P.version == "5.1" then return dumped_parameters(frame.func) end
  local info = getinfo(frame.func, "u")
  return info.nparams, info.isvararg
end
