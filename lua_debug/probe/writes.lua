-- Assignments to what is watched, also of a value that was there already.
--
-- The host knows from the text which lines assign to what (syntax/writes.py). Where a line of one begins,
-- its targets are looked up in the frame at hand. If one of them is watched, the assignment is pending in
-- that frame until control leaves its lines there, or the frame returns. Then it is owed, and told where a
-- change would be. An error that leads out of the frame takes it away.
local P = ...

local lib = P.lib
local getinfo, getlocal, setlocal = lib.debug.getinfo, lib.debug.getlocal, lib.debug.setlocal
local getupvalue, setupvalue, getmetatable = lib.debug.getupvalue, lib.debug.setupvalue, lib.debug.getmetatable
local next, pcall, rawequal, rawget, type = lib.next, lib.pcall, lib.rawequal, lib.rawget, lib.type
local concat, running, pending = lib.table.concat, P.running, P.pending
local by_thread = pending.by_thread

local IS_51 = P.version == "5.1" -- what made tail calls is still on its stack
local MANY_SOURCES = 2000 -- a script may load any number of texts
local MANY_TABLES = 100 -- of a chain of __newindex

local writes = {}
P.writes = writes

local watches = {} -- as watches.lua has them
local asked = nil -- what the host is asked for: { names =, has_fields =, keys = }; nil: nothing is watched
local wanted = {} -- raw source -> line -> array of assignments
local sources = 0 -- how many of them there are
local owed = {} -- data id -> true
local MARK = {} -- stands in a variable for a moment

-- What the host knows -----------------------------------------------------------------------------

-- Whether a target with this key may be what is watched; learns its value if that is a constant.
local function may_be_watched(key)
  if not key or key.kind ~= "constant" then return true end
  key.value = P.compile("return " .. key.text, "=[C]", {})()
  return asked.keys[key.value]
end

local function add(lines, write)
  local targets = write.targets
  for index = #targets, 1, -1 do
    local keys = targets[index].keys
    if not may_be_watched(keys[#keys]) then lib.table.remove(targets, index) end
  end
  for line = write.first, #targets > 0 and write.last or 0 do
    lines[line] = lines[line] or {}
    lines[line][#lines[line] + 1] = write
  end
end

local function set(source, list)
  local lines = {}
  for index = 1, #list do add(lines, list[index]) end
  if wanted[source] then sources = sources - 1 end
  wanted[source] = next(lines) and sources < MANY_SOURCES and lines or nil
  if wanted[source] then sources = sources + 1 end
  P.hooks.set_written(source, wanted[source])
end

local function ask(source)
  local text = P.host.written(asked.names, asked.has_fields, source)
  for each, list in next, P.compile(text, "=[C]", {})().written do set(each, list) end
end

local function wish()
  local names, keys, has_fields = {}, {}, false
  for index = 1, #watches do
    local target = watches[index].target
    local name = target.name
    if target.kind == "field" then
      name = target.key
      has_fields = true
      if name ~= nil then keys[name] = true end -- a key may be gone by now
    end
    if type(name) == "string" and P.is_name(name) then names[#names + 1] = name end
  end
  return { names = concat(names, " "), has_fields = has_fields, keys = keys }
end

-- These are watched from now on.
function writes.watch(all)
  watches = all
  for source in next, wanted do P.hooks.set_written(source, nil) end
  wanted, sources, asked = {}, 0, nil
  if #watches > 0 then
    asked = wish()
    ask(nil)
  else
    for thread in next, by_thread do by_thread[thread] = nil end
    writes.told()
  end
end

-- Whether every text that is loaded has to be seen.
function writes.are_wanted() return asked ~= nil end

-- A text was loaded.
function writes.loaded(source) if asked then ask(source) end end

-- Where a target is -------------------------------------------------------------------------------

-- Levels here are as the function counts that is given one.

-- A local variable: its slot and value; nil if it is none.
local function local_named(level, wanted_name)
  local found, result, slot = nil, nil, 1
  while true do
    local name, value = getlocal(level, slot)
    if not name then return found, result end
    if name == wanted_name then found, result = slot, value end
    slot = slot + 1
  end
end

-- Where a variable is; nil if it is none.
local function variable(level, func, name)
  local slot = local_named(level + 1, name)
  if slot then return { kind = "local", slot = slot, func = func, name = name } end
  local index = P.upvalue(func, name)
  return index and { kind = "upvalue", func = func, index = index, name = name }
end

local function environment(level, func)
  if P.is_51 then return lib.getfenv(func) end
  local slot, value = local_named(level + 1, "_ENV")
  if not slot then slot, value = P.upvalue(func, "_ENV") end
  return value
end

-- The field that an assignment to a key of an object writes; nil if that calls a function.
local function field(object, key)
  if key == nil or key ~= key then return nil end
  for _ = 1, MANY_TABLES do
    if type(object) == "table" and rawget(object, key) ~= nil then return { kind = "field", object = object, key = key } end
    local metatable = getmetatable(object)
    local behind = metatable and rawget(metatable, "__newindex")
    if behind == nil then return type(object) == "table" and { kind = "field", object = object, key = key } or nil end
    if type(behind) == "function" then return nil end
    object = behind
  end
end

-- `used` takes the locals: unlike upvalues and globals, they are read when the value is known.
local function value_of(level, func, name, used)
  local slot, result = local_named(level + 1, name)
  if slot then
    used[#used + 1] = { slot = slot, name = name, value = result }
    return result
  end
  local index, value = P.upvalue(func, name)
  if index then return value end
  local found = P.field(environment(level + 1, func), name)
  return found
end

local function key_of(level, func, key, used)
  if key.kind == "field" then return key.text end
  if key.kind == "name" then
    local value = value_of(level + 1, func, key.text, used)
    return value
  end
  if key.value == nil then may_be_watched(key) end
  return key.value
end

-- The place that is assigned to. Raises an error where Lua would, and where it would call a function.
local function resolve(level, func, target, used)
  local keys = target.keys
  if #keys == 0 then
    local place = variable(level + 1, func, target.name)
    return place or field(environment(level + 1, func), target.name)
  end
  local object = value_of(level + 1, func, target.name, used)
  for index = 1, #keys - 1 do object = P.field(object, key_of(level + 1, func, keys[index], used)) end
  local key = key_of(level + 1, func, keys[#keys], used)
  return field(object, key)
end

-- Is it watched? ----------------------------------------------------------------------------------

-- Whether a write to the variable at a place is seen where a watched one is read.
local function is_shared(place, target, level)
  local is_local = place.kind == "local"
  local _, value
  if is_local then _, value = getlocal(level, place.slot) else _, value = getupvalue(place.func, place.index) end
  if is_local then setlocal(level, place.slot, MARK) else setupvalue(place.func, place.index, MARK) end
  local seen = P.read_target(target, level + 1)
  if is_local then setlocal(level, place.slot, value) else setupvalue(place.func, place.index, value) end
  return rawequal(seen, MARK)
end

local function is_watched(place, target, level)
  if place.kind == "field" or target.kind == "field" then
    return place.kind == target.kind and rawequal(place.object, target.object) and rawequal(place.key, target.key)
  end
  local answer = place.name == target.name and is_shared(place, target, level + 1)
  return answer
end

local function note(found, place, write, used, level)
  for index = 1, #watches do
    local id = watches[index].data_id
    local target = P.data_target(id)
    if target and is_watched(place, target, level + 1) then
      found = found or {}
      found[id] = { is_last = write.is_last, used = used }
    end
  end
  return found
end

-- What the assignments on a line of the function at a level will write: data id -> { is_last =, used = };
-- nil: nothing that is watched. And one of the assignments.
local function written_at(level, info, list)
  local first, last = info.linedefined, info.lastlinedefined
  if info.what == "main" then first, last = 0, 0 end
  local found, one
  for index = 1, #list do
    local write = list[index]
    if write.function_first == first and write.function_last == last then
      for at = 1, #write.targets do
        local used = {}
        local ok, place = pcall(resolve, level + 2, info.func, write.targets[at], used)
        if ok and place then found, one = note(found, place, write, used, level + 1), write end
      end
    end
  end
  return found, one
end

-- Beginning and ending ----------------------------------------------------------------------------

local function begin(level, line)
  local info = getinfo(level, "Sf")
  local list = wanted[info.source] and wanted[info.source][line]
  if not list then return end
  local found, write = written_at(level + 1, info, list)
  if not found then return end
  local stack, depth = by_thread[running()] or {}, P.hooks.depth_at(level)
  if #stack > 0 and stack[#stack].depth >= depth then return end -- it is under way
  by_thread[running()] = stack
  stack[#stack + 1] = { depth = depth, func = info.func, first = write.first, last = write.last, found = found }
  P.hooks.await(level)
end

-- Whether the locals that lead to a target are what they were when the assignment began: a function that
-- was called for its value may have set them. Not asked where something else may have done so.
local function is_as_it_was(written, level)
  for index = 1, written.is_last and #written.used or 0 do
    local used = written.used[index]
    local name, value = getlocal(level, used.slot)
    if name == used.name and not rawequal(value, used.value) then return false end
  end
  return true
end

local function owe(record, level)
  for id, written in next, record.found do
    if not level or is_as_it_was(written, level + 1) then owed[id] = true end
  end
  if next(owed) then P.hooks.owe(true) end
end

-- Whether control left an assignment with this line of its frame. LuaJIT tells one line several times.
local function is_over(record, line)
  if line < record.first or line > record.last then return true end
  return record.first == record.last and not P.is_jit
end

-- What an event of the running thread at this depth means for the innermost of its assignments: "over",
-- "lost" or "under way".
local function fate(record, kind, line, depth, level)
  if kind == "tail" then return "over" end
  if record.depth > depth then return "lost" end
  if record.depth < depth then
    local is_replaced = IS_51 and getinfo(level + depth - record.depth, "S").what == "tail"
    return is_replaced and "over" or "under way"
  end
  if kind == "return" then return "over" end
  if kind == "lost" or getinfo(level, "f").func ~= record.func then return "lost" end
  return is_over(record, line) and "over" or "under way"
end

local function settle(stack, kind, line, depth, level)
  while #stack > 0 do
    local record = stack[#stack]
    local what = fate(record, kind, line, depth, level + 1)
    if what == "under way" then return record.depth == depth and P.hooks.await(level) end
    if what == "over" then owe(record, record.depth == depth and kind ~= "tail" and level + 1) end
    stack[#stack] = nil
    if kind == "tail" then return end
  end
end

-- Called by the hooks where something happens to an assignment, or one may begin, in the frame at `level`:
-- `kind` "line", "begin" (a line, too, where nothing can be over), "return" (the frame is left), "tail" (a
-- tail call took its place), "lost" (something else came there, or below). True if the program stopped.
function P.write_noticed(kind, line, level)
  local stack, has_stopped = by_thread[running()], false
  if stack and kind ~= "begin" then
    settle(stack, kind, line, P.hooks.depth_at(level), level + 1)
    if #stack == 0 then
      by_thread[running()] = nil
      P.hooks.await(nil)
    end
  end
  -- Nothing comes behind the main chunk where it could be told.
  local is_end = kind == "return" and getinfo(level, "f").func == P.main_chunk(running())
  if kind == "line" or is_end then has_stopped = P.data_changed(level + 1) end
  if kind == "line" or kind == "begin" then begin(level + 1, line) end
  return has_stopped
end

-- What watches.lua asks --------------------------------------------------------------------------------

-- Whether an assignment to what is watched is over that was not told yet.
function writes.is_owed(id) return owed[id] ~= nil end

-- All were told.
function writes.told()
  if not next(owed) then return end
  owed = {}
  P.hooks.owe(false)
end

-- A change was told: an assignment under way may have made it, unless nothing was to be done behind it
-- and it is still under way.
function writes.changed(id)
  for _, stack in next, by_thread do
    for index = 1, #stack do
      local found = stack[index].found
      if found[id] and not found[id].is_last then found[id] = nil end
    end
  end
end
