-- Data breakpoints: values compared with what they were, at every line while there are any. Assignments
-- that change nothing are known from the text (writes.lua).
local P = ...

local lib = P.lib
local getinfo, getlocal, getupvalue = lib.debug.getinfo, lib.debug.getlocal, lib.debug.getupvalue
local rawequal, rawget, remove = lib.rawequal, lib.rawget, lib.table.remove
local GONE = {}

local watches = {} -- { id =, target =, value =, condition =, ... }

-- The level of the frame a local lives in, as the caller counts; nil if that has returned.
local function level_of(target, depth_now, level)
  local found = level + depth_now - target.depth
  if found < level then return nil end
  local info = getinfo(found + 1, "f")
  return info and info.func == target.func and found or nil
end

-- A local of the running thread, or of another one from outside. `level`: of the script's frame.
local function read_local(target, level)
  if target.thread == P.running() then
    local found = level_of(target, P.hooks.depth_at(level), level)
    if not found then return GONE end
    local name, value = getlocal(found, target.slot)
    if name ~= target.name then return GONE end -- its block was left
    return value
  end
  local outside = P.depth_of(target.thread) - target.depth
  local info = outside >= 0 and getinfo(target.thread, outside, "f")
  if not info or info.func ~= target.func then return GONE end
  local name, value = getlocal(target.thread, outside, target.slot)
  if name ~= target.name then return GONE end
  return value
end

local function read(target, level)
  if target.kind == "field" then return rawget(target.object, target.key) end
  if target.kind == "upvalue" then
    local _, value = getupvalue(target.func, target.index)
    return value
  end
  local value = read_local(target, level + 1)
  return value
end

P.read_target = read

local function is_same(one, other) return rawequal(one, other) or one ~= one and other ~= other end

-- The compiled hooks compare by themselves and want to know what; the pure ones call us at each line.
local function apply()
  if not P.hooks.is_native then
    P.hooks.watch(#watches > 0)
    return
  end
  local list = {}
  for index = 1, #watches do
    local target = P.data_target(watches[index].data_id)
    list[index] = {
      kind = target.kind, table = target.object, key = target.key, func = target.func, index = target.index,
      thread = target.thread, slot = target.slot,
      level = target.kind == "local" and P.depth_of(target.thread) - target.depth or nil,
    }
  end
  P.hooks.watch(list)
end

local function lose(index, reason)
  local watch = remove(watches, index)
  P.emit({ event = "breakpoint_lost", id = watch.id, text = reason })
  -- From a thread of its own: the levels of locals are counted as from outside of theirs.
  lib.coroutine.resume(P.private_thread(apply))
end

-- Whether there is a new value, or an old one anew.
local function is_written(watch, value) return not is_same(value, watch.value) or P.writes.is_owed(watch.data_id) end

-- What happened, in words; it is known from now on.
local function change(watch, value)
  local text = P.text(watch.target.name)
  if is_same(value, watch.value) then
    text = text .. " was set to " .. P.describe(value) .. " again"
  else
    text = text .. " changed from " .. P.describe(watch.value) .. " to " .. P.describe(value)
    P.writes.changed(watch.data_id)
  end
  watch.value = value
  return text
end

local function told(watch, value, level)
  local text = change(watch, value)
  local stops, problem = P.passes(watch, level)
  if problem then text = text .. ". " .. problem end
  return stops and text
end

local function stop_on_writes(ids, text)
  P.stop_here({ reason = "data breakpoint", breakpoints = ids, description = text, text = text })
  return true
end

-- The compiled hooks saw what the watch of this number watches go.
function P.watch_gone(number) lose(number, "What it watched is gone.") end

-- Called by the pure hooks at each line of the script, by the compiled ones where they saw a change, and
-- by both where an assignment may be over. Stops on what was written, by a line perhaps in several places;
-- true if it did.
function P.data_changed(level)
  local ids, texts = P.array(), nil
  for index = #watches, 1, -1 do
    local watch = watches[index]
    local target = P.data_target(watch.data_id)
    local value = GONE
    if target then value = read(target, level + 1) end
    if value == GONE then
      lose(index, "What it watched is gone.")
    elseif is_written(watch, value) then
      local text = told(watch, value, level + 1)
      if text then
        ids[#ids + 1] = watch.id
        texts = texts and texts .. "; " .. text or text
      end
    end
  end
  P.writes.told()
  if not texts then return false end
  return stop_on_writes(ids, texts)
end

-- The main chunk is over: what was written since its last line is told, though nothing can stop.
function P.tell_late_changes()
  for index = 1, #watches do
    local watch = watches[index]
    local target = P.data_target(watch.data_id)
    if target and target.kind ~= "local" then
      local value = read(target, 0)
      local text = is_written(watch, value) and change(watch, value)
      if text and not watch.condition then
        P.host.output(text .. ", where nothing could stop any more.\n", "console", "", 0)
      end
    end
  end
  P.writes.told()
end

-- Replaces all data breakpoints; answers a message for each that cannot be, "" for the others.
function P.ops.watch(command)
  watches = {}
  local problems, specs = P.array(), {}
  for index = 1, #command.watches do
    local watch = command.watches[index]
    local target = P.data_target(watch.data_id)
    problems[index] = target and "" or "What it watches is gone; ask for it again at a stop."
    if target then
      watch.target = target
      watch.value = read(target, 0)
      watches[#watches + 1] = watch
      specs[watch.id] = watch
    end
  end
  P.prepare_breakpoints("data", specs)
  P.writes.watch(watches)
  apply()
  if not P.stop and not P.guard then P.hooks.arm() end
  return { problems = problems }
end
