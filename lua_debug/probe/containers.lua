-- What is inside of values: tables, functions, threads, userdata. A container is
--   {indexed_count, indexed(i) -> child, named(i) -> child | nil}, all counted from 1;
-- a child is {name, value, evaluate?, assign?, text?, type?, open?, counts?, hint…}: `evaluate` is
-- the expression that gives it, `assign(value)` changes it, `open` makes a container of its own.
local P = ...

local lib = P.lib
local type, rawget, rawset, next, tostring = lib.type, lib.rawget, lib.rawset, lib.next, lib.tostring
local debug, status = lib.debug, lib.coroutine.status
local getmetatable, getupvalue, getinfo = debug.getmetatable, debug.getupvalue, debug.getinfo
local format, sub, match = lib.string.format, lib.string.sub, lib.string.match

local MAX_FRAMES = 20

-- A container whose children are the array `children`, all of them named.
function P.list(children)
  return { indexed_count = 0, named = function(index) return children[index] end }
end

-- expressions that lead to children ---------------------------------------------------------------

local function joined(base, accessor) return base and accessor and base .. accessor end
local function wrapped(before, base, after) return base and before .. base .. after end

-- How a key is written behind an expression: .x, ["a b"], [1]; nil where it cannot be.
function P.accessor(key)
  local kind = type(key)
  if kind == "string" then
    if P.is_name(key) then return "." .. key end
    return #key <= 1000 and "[" .. P.lua_quote(key) .. "]" or nil
  end
  if kind == "number" or kind == "boolean" then return "[" .. P.lua_constant(key) .. "]" end
  return nil
end

-- extras of tables and userdata -------------------------------------------------------------------

local function lazy(name, compute)
  return {
    name = name, text = "", type = "", is_lazy = true, kind = "property",
    open = function() return P.list({ compute(name) }) end,
  }
end

local function tostring_child(value)
  return lazy("[[tostring]]", function(name)
    local result, fine = P.tostring_text(value)
    if fine then return { name = name, value = result } end
    return { name = name, text = result, type = "error" }
  end)
end

local function contents_list(contents, value, base)
  local items, message = P.contents_of(contents, value)
  if not items then return { { name = "[[error]]", text = message, type = "error", is_internal = true } } end
  local children = {}
  for index = 1, #items do
    local key, item = items[index].key, items[index].value
    local is_field = type(value) == "table" and rawget(value, key) ~= nil and lib.rawequal(rawget(value, key), item)
    children[index] = { name = P.view_name(key), value = item, evaluate = is_field and joined(base, P.accessor(key)) or nil }
  end
  return children
end

local function pairs_child(value, metamethod)
  return {
    name = "[[pairs]]", text = "what __pairs gives", type = "", is_internal = true,
    open = function() return P.list(contents_list(metamethod, value)) end,
  }
end

local function assign_metatable(value)
  return function(metatable)
    if metatable ~= nil and type(metatable) ~= "table" then P.user_error("A metatable is a table or nil.") end
    debug.setmetatable(value, metatable)
  end
end

local function extras_of(record, with_raw)
  local value, base = record.value, record.name
  local extras, metatable = {}, getmetatable(value)
  if P.has_metamethod(value, "__tostring") then extras[#extras + 1] = tostring_child(value) end
  if P.has_metamethod(value, "__pairs") then extras[#extras + 1] = pairs_child(value, rawget(metatable, "__pairs")) end
  if with_raw then
    extras[#extras + 1] = { name = "[[raw]]", text = "{\226\128\166}", type = "table", is_internal = true, open = function()
      return P.open_table({ value = value, name = base })
    end }
  end
  if metatable ~= nil then
    extras[#extras + 1] = {
      name = "[[metatable]]", value = metatable, is_internal = true, kind = "class",
      evaluate = wrapped("debug.getmetatable(", base, ")"), assign = type(value) == "table" and assign_metatable(value) or nil,
    }
  end
  return extras
end

-- tables ------------------------------------------------------------------------------------------

local function entry(record, key)
  local object = record.value
  return {
    name = P.key_text(key), value = rawget(object, key), key = key,
    evaluate = joined(record.name, P.accessor(key)),
    assign = function(value) rawset(object, key, value) end,
    is_private = type(key) == "string" and sub(key, 1, 1) == "_",
  }
end
P.entry = entry

-- The container of a record {value = table, name?, skip?, extras?}, without custom views.
function P.open_table(record)
  P.fill_table(record.value)
  local extras = record.extras or extras_of(record, false)
  return {
    record = record,
    indexed_count = P.rawlen(record.value),
    indexed = function(index) return entry(record, index) end,
    named = function(index)
      local key = P.named_key(record, index)
      if key ~= nil then return entry(record, key) end
      return extras[index - record.keys.count]
    end,
  }
end

local function open_view(record, contents)
  local children = contents_list(contents, record.value, record.name)
  local extras = extras_of(record, type(record.value) == "table")
  for index = 1, #extras do children[#children + 1] = extras[index] end
  return P.list(children)
end

local function open_value(record)
  local contents = P.view(record.value, "contents")
  if contents ~= nil then return open_view(record, contents) end
  return P.open_table(record)
end

local function count_table(value)
  if P.view(value, "contents") ~= nil then return nil end
  local named, border = P.count_named(value)
  local extra = getmetatable(value) ~= nil and 1 or 0
  if extra == 1 and P.has_metamethod(value, "__tostring") then extra = extra + 1 end
  if extra > 0 and P.has_metamethod(value, "__pairs") then extra = extra + 1 end
  return named and named + extra, border > 0 and border or nil
end

-- functions ---------------------------------------------------------------------------------------

local function upvalue_child(func, index, base)
  local name, value = getupvalue(func, index)
  if not name then return nil end
  local is_named = match(name, "^[%a_]") ~= nil
  return {
    name = is_named and P.text(name) or "upvalue " .. index, value = value, index = index,
    is_hidden = name == "_ENV" and value == P.globals,
    declared = is_named and name ~= "_ENV" and { func = func, name = name } or nil,
    evaluate = base and format("(select(2, debug.getupvalue(%s, %d)))", base, index),
    assign = function(new) debug.setupvalue(func, index, new) end,
  }
end

-- The upvalues of a function as children; an ordinary _ENV is left out. The probe's functions stand for C
-- functions, which have none.
function P.upvalues_of(func, base)
  local children = {}
  if P.is_probe(func) then return children end
  for index = 1, 255 do
    local child = upvalue_child(func, index, base)
    if not child then break end
    if not child.is_hidden then children[#children + 1] = child end
  end
  return children
end

local function definition_child(value, info)
  local text = P.place_text(info) .. (info.lastlinedefined > info.linedefined and "-" .. info.lastlinedefined or "")
  return { name = "[[definition]]", text = text, type = "", is_internal = true, is_read_only = true, defines = value }
end

local function open_function(record)
  local func, base = record.value, record.name
  local children = P.upvalues_of(func, base)
  local info = getinfo(func, "S")
  if info.what ~= "C" and not P.is_probe(func) then children[#children + 1] = definition_child(func, info) end
  if P.is_51 then
    local environment = lib.getfenv(func)
    if environment ~= P.globals then
      children[#children + 1] = {
        name = "[[environment]]", value = environment, is_internal = true, evaluate = wrapped("debug.getfenv(", base, ")"),
      }
    end
  end
  return P.list(children)
end

-- threads, userdata, FFI data ---------------------------------------------------------------------

local function open_thread(record)
  local thread = record.value
  local children = { { name = "[[status]]", text = status(thread), type = "", is_internal = true, is_read_only = true } }
  local frames = P.frames_of(thread, MAX_FRAMES)
  for index = 1, #frames do
    local row = frames[index]
    local frame = P.lookup(row.id, "frame")
    children[#children + 1] = {
      name = "#" .. index .. " " .. row.name, type = "", is_read_only = true,
      text = row.source and row.source.name .. ":" .. tostring(row.line) or "[C]",
      open = not frame.label and function() return P.open_locals_of(frame, frame.thread == thread and record.name) end or nil,
      open_frame = not frame.label and frame or nil,
    }
  end
  return P.list(children)
end

local function uservalue(value, index)
  local get = debug.getuservalue
  if P.is_51 or not get then return nil end
  if P.version == "5.2" or P.version == "5.3" then return index == 1 and get(value) or nil end
  local found, is_there = get(value, index)
  return found, is_there
end

local function open_userdata(record)
  local contents = P.view(record.value, "contents")
  local children = contents ~= nil and contents_list(contents, record.value) or {}
  for index = 1, 20 do
    local found, is_there = uservalue(record.value, index)
    if found == nil and not is_there then break end
    local number = index > 1 and ", " .. index or ""
    children[#children + 1] = {
      name = index == 1 and "[[uservalue]]" or "[[uservalue " .. index .. "]]", value = found, is_internal = true,
      evaluate = wrapped("debug.getuservalue(", record.name, number .. ")"),
    }
  end
  local extras = extras_of(record, false)
  for index = 1, #extras do children[#children + 1] = extras[index] end
  return P.list(children)
end

-- The length of an FFI array, from the words of its type: `int [4]`. Its elements lie inside of it.
local function array_length(value)
  return lib.tonumber(match(tostring(lib.require("ffi").typeof(value)), "%[(%d+)%]>$"))
end

local function open_cdata(record)
  local value = record.value
  return {
    indexed_count = array_length(value) or 0,
    indexed = function(index)
      return {
        name = "[" .. index - 1 .. "]", value = value[index - 1], evaluate = joined(record.name, "[" .. index - 1 .. "]"),
        assign = function(new) value[index - 1] = new end,
      }
    end,
    named = function() return nil end,
  }
end

-- all of them -------------------------------------------------------------------------------------

local has_children = {
  table = function(value) return next(value) ~= nil or getmetatable(value) ~= nil end,
  ["function"] = function(value) return getinfo(value, "S").what ~= "C" and not P.is_probe(value) end,
  thread = function() return true end,
  userdata = function(value)
    return getmetatable(value) ~= nil or uservalue(value, 1) ~= nil
  end,
  cdata = function(value) return array_length(value) ~= nil end,
}

local open = {
  table = open_value, ["function"] = open_function, thread = open_thread, userdata = open_userdata, cdata = open_cdata,
}

-- A record to mint for the children of a value, and how many are named and indexed where that is
-- known; nil if it has none.
function P.container_of(value, name, frame)
  local kind = type(value)
  local test = has_children[kind]
  if not test or not test(value) then return nil end
  local record = { kind = "variables", value = value, name = name, frame = frame, open = open[kind] }
  if kind == "table" then return record, count_table(value) end
  if kind == "cdata" then return record, 0, array_length(value) end
  return record
end
