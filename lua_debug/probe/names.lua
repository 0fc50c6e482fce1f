-- What functions, threads and places are called.
local P = ...

local lib = P.lib
local type, next, rawget = lib.type, lib.next, lib.rawget
local getinfo, getlocal, getupvalue = lib.debug.getinfo, lib.debug.getlocal, lib.debug.getupvalue
local getmetatable = lib.debug.getmetatable
local sub, match, find = lib.string.sub, lib.string.match, lib.string.find

-- "main" or "coroutine 3".
function P.thread_name(thread)
  local id = P.thread_id(thread)
  return id == 1 and "main" or "coroutine " .. id
end

-- functions that modules and global tables hold ---------------------------------------------------

local MAX_LOOKS = 20000 -- fields looked at in all; a program with more keeps some plain names
local known -- function -> dotted name, of the present stop

local function note(names, object, prefix, depth, seen, looks)
  if seen[object] then return looks end
  seen[object] = true
  local key, value = next(object)
  while key ~= nil and looks < MAX_LOOKS do
    looks = looks + 1
    if type(key) == "string" then
      if type(value) == "function" then
        names[value] = names[value] or prefix .. key
      elseif type(value) == "table" and depth > 0 then
        looks = note(names, value, prefix .. key .. ".", depth - 1, seen, looks)
      end
    end
    key, value = next(object, key)
  end
  return looks
end

local function collect()
  local names, seen = {}, {}
  local loaded = lib.package and lib.package.loaded
  local standard = { P.globals, "" }
  for _, name in next, { "string", "table", "math", "coroutine", "debug", "io", "os", "utf8", "package", "bit32", "bit" } do
    local library = rawget(P.globals, name)
    if type(library) == "table" then note(names, library, name .. ".", 0, seen, 0) end
  end
  if type(loaded) == "table" then seen[loaded] = true end
  local looks = note(names, standard[1], standard[2], 1, seen, 0)
  local name, module = next(loaded or {})
  while name ~= nil do
    if type(name) == "string" then
      if type(module) == "table" then looks = note(names, module, name .. ".", 1, seen, looks) end
      if type(module) == "function" then names[module] = names[module] or name end
    end
    name, module = next(loaded, name)
  end
  return names
end

function P.forget_names() known = nil end
P.at_resume(P.forget_names)

-- The dotted name under which a module or a global table holds a function; nil if none does.
function P.function_name(func)
  known = known or collect()
  local name = known[func]
  return name and P.text(P.cut(name, 100))
end

-- places ------------------------------------------------------------------------------------------

-- How a chunk is called in tracebacks: its path, its name, or [string "…"].
function P.chunk_name(info)
  local first = sub(info.source, 1, 1)
  if first == "@" or first == "=" then return P.text(sub(info.source, 2)) end
  return P.text(info.short_src)
end

-- Where a function begins, or stands at `line`: main.lua:12; of an original where there is one.
function P.place_text(info, line)
  local original, file = P.origin_of(info.source, line or info.linedefined)
  if original then return file .. ":" .. original end
  local source = P.source_of(info.source)
  return (source and source.name or P.chunk_name(info)) .. ":" .. (line or info.linedefined)
end

-- frames ------------------------------------------------------------------------------------------

-- Calls consider(name, value) for what is near a frame: the upvalues of its function, then the locals
-- and upvalues of its callers; true once that answers something.
local function search_near(frame, consider)
  local found
  local function visit(name, value) found = found or consider(name, value) end
  for above = 0, 4 do
    local level = frame.level + above
    local info = getinfo(frame.thread, level, "f")
    if not info or found then break end
    local is_own = info.func and P.is_probe(info.func)
    if above > 0 and not is_own then P.each_local({ thread = frame.thread, level = level }, visit) end
    for index = 1, info.func and not is_own and 60 or 0 do
      local name, value = getupvalue(info.func, index)
      if not name then break end
      visit(name, value)
    end
  end
  return found
end

-- The name of a table nearby that holds the function under this name: `Point` of Point:add.
local function owner_name(frame, name)
  return search_near(frame, function(variable, value)
    return type(value) == "table" and variable ~= "self" and rawget(value, name) == frame.func and P.text(variable)
  end)
end

-- The name of a variable nearby that holds the function: of one that pcall was given.
local function holder_name(frame)
  return search_near(frame, function(variable, value)
    return value == frame.func and variable ~= "" and P.text(variable)
  end)
end

local function class_name(frame, name)
  local first, self = getlocal(frame.thread, frame.level, 1)
  if first ~= "self" then return nil end
  local metatable = getmetatable(self)
  local named = type(metatable) == "table" and rawget(metatable, "__name")
  if type(named) == "string" and #named > 0 then return P.text(P.cut(named, 60)) end
  return owner_name(frame, name)
end

local function method_name(frame, name)
  local class = class_name(frame, name)
  return class and class .. ":" .. name or name
end

-- A method held by a global table or module is written with a colon where it was called with one.
local function dotted(frame, name, is_method)
  if not is_method and getlocal(frame.thread, frame.level, 1) ~= "self" then return name end
  local class, method = match(name, "^(.+)%.([^%.]+)$")
  return class and class .. ":" .. method or name
end

-- What the function of a frame is called: main chunk, fib, Point:add, string.rep, anonymous <file:12>.
-- `info` holds the frame's getinfo fields "nSf".
function P.frame_name(frame, info)
  if info.what == "main" then return "main chunk" end
  local caller = info.name and getinfo(frame.thread, frame.level + 1, "S")
  local name = caller and not P.is_probe_info(caller) and P.text(P.cut(info.name, 100)) or nil
  if name and find(name, "^[%(%?]") or name == "integer index" then name = nil end -- "(for generator)" and its like
  local is_method = info.namewhat == "method"
  local held = P.function_name(info.func)
  if info.what == "C" or P.is_probe(info.func) then
    local stands_for = info.what == "C" and P.traced_call(frame.thread, frame.level, info.func)
    return stands_for or held or name or "C function"
  end
  if held then return dotted(frame, held, is_method) end
  if info.namewhat == "metamethod" then return "metamethod " .. (name or "") end
  if name and info.namewhat ~= "hook" then return method_name(frame, name) end
  if info.name == "for iterator" or info.name == "(for generator)" then return "for iterator <" .. P.place_text(info) .. ">" end
  local holder = holder_name(frame)
  if holder then return holder end
  return "anonymous <" .. P.place_text(info) .. ">"
end
