-- Names of values that outlive a stop, for breakpoints on their changes: a local of a frame, an
-- upvalue, a field. Being named keeps no table or function alive.
local P = ...

local lib = P.lib
local type, setmetatable, tostring = lib.type, lib.setmetatable, lib.tostring
local getinfo, sub = lib.debug.getinfo, lib.string.sub

local GLOBAL = "global:" -- begins the id of a global, which means the same in every run

local targets = {} -- data id -> target, whose things are held weakly
local ids = setmetatable({}, { __mode = "k" }) -- thing -> { key -> data id }
local last = 0

-- The id of a place of a thing (a table, a function or a thread), the same each time.
local function id_of(thing, place, target)
  local known = ids[thing] or {}
  ids[thing] = known
  if not known[place] then
    last = last + 1
    known[place] = "data:" .. last
    targets[known[place]] = setmetatable(target, { __mode = "v" })
  end
  return known[place]
end

-- What a data id names; nil if that is gone:
--   {kind = "field", object = table, key = any, name =}
--   {kind = "upvalue", func = function, index =, name =}
--   {kind = "local", thread =, depth =, func =, slot =, name =}; `depth` counts frames from the
--   bottom of the thread's stack, 1 the outermost.
function P.data_target(data_id)
  if sub(data_id, 1, #GLOBAL) == GLOBAL then
    local name = sub(data_id, #GLOBAL + 1)
    return { kind = "field", object = P.globals, key = name, name = name }
  end
  local target = targets[data_id]
  if not target then return nil end
  if target.object == nil and target.func == nil then
    targets[data_id] = nil
    return nil
  end
  return target
end

local function field_info(object, key, name)
  if lib.rawequal(object, P.globals) and type(key) == "string" and P.text(key) == key then
    return { data_id = GLOBAL .. key, description = "global " .. key, can_persist = true }
  end
  local id = id_of(object, key, { kind = "field", object = object, key = key, name = name })
  return { data_id = id, description = name .. " of this table" }
end

local function variable_info(frame, name)
  local kind, place = P.variable_of(frame, name)
  if kind == "local" and frame.kept then return nil, "its cell has failed, and nothing changes it any more" end
  if kind == "upvalue" then
    local id = id_of(frame.func, place, { kind = "upvalue", func = frame.func, index = place, name = name })
    return { data_id = id, description = "upvalue " .. name }
  end
  if kind == "local" then
    local depth = P.depth_of(frame.thread) - frame.level
    local target = { kind = "local", thread = frame.thread, depth = depth, func = frame.func, slot = place, name = name }
    local info = getinfo(frame.thread, frame.level, "nSf")
    return {
      data_id = id_of(frame.thread, depth .. ":" .. place .. ":" .. name .. ":" .. P.address(frame.func), target),
      description = "local " .. name .. " of " .. P.frame_name(frame, info),
    }
  end
  return nil
end

local function expression_info(name, frame)
  local read, message, target = P.pure(name)
  if not read then return nil, message end
  if not target then return nil, "only variables and fields can be watched" end
  if target.name then
    local info, reason
    if frame then info, reason = variable_info(frame, target.name) end
    if info or reason then return info, reason end
    local environment = P.environment(frame)
    if type(environment) ~= "table" then return nil, "there are no globals here" end
    return field_info(environment, target.name, "global " .. target.name)
  end
  local ok, object = lib.pcall(target.container, frame)
  local fine, key = lib.pcall(target.key, frame)
  if not ok or not fine then return nil, "there is no such value here" end
  if type(object) ~= "table" then return nil, "only fields of tables can be watched" end
  return field_info(object, key, name)
end

local function child_info(record, name)
  local child = P.child_named(record, name)
  if not child then return nil, "there is no variable " .. name .. " here" end
  local container = record.value
  if type(container) == "table" and child.key ~= nil then return field_info(container, child.key, name) end
  if child.slot and record.frame and child.evaluate then return variable_info(record.frame, child.evaluate) end
  if type(container) == "function" and child.index then
    local id = id_of(container, child.index, { kind = "upvalue", func = container, index = child.index, name = name })
    return { data_id = id, description = "upvalue " .. name }
  end
  if child.evaluate and record.frame then return expression_info(child.evaluate, record.frame) end
  return nil, "this cannot be watched"
end

-- data_info {name, ref? | frame?}: {data_id?, description, can_persist?}: no data_id if it cannot be watched.
function P.ops.data_info(command)
  local info, message
  if command.ref then
    info, message = child_info(P.lookup(command.ref, "variables"), command.name)
  else
    info, message = expression_info(command.name, P.frame_or_globals(command.frame))
  end
  return info or { description = P.text(tostring(message)) }
end
