-- The operation `complete`: ways to go on with a text. Nothing of the script is run: values are read
-- raw and through __index tables.
local P = ...

local lib = P.lib
local type, next, rawget = lib.type, lib.next, lib.rawget
local getmetatable, getupvalue = lib.debug.getmetatable, lib.debug.getupvalue
local sub, lower = lib.string.sub, lib.string.lower

local MOST = 500 -- items
local LOOKS = 20000 -- keys looked at

local library = {} -- function of the library -> its name, such as string.format

-- string.format for that function; nil for one that is not the library's.
function P.library_name(func) return library[func] end

function P.name_function(func, name) library[func] = name end

-- Learns what the functions of the library are called, before the script can change that.
function P.note_library(globals)
  local function note(prefix, functions)
    for name, value in next, functions do
      if type(name) == "string" and type(value) == "function" then library[value] = prefix .. name end
    end
  end
  for name, value in next, globals do
    if type(value) == "table" and value ~= globals then note(name .. ".", value) end
  end
  note("", globals)
end

local kinds = { ["function"] = "function", table = "module" }

-- Collects items whose names begin with `partial` (case does not matter), each name once.
local function new_collector(partial, start, length)
  local wanted, seen, items = lower(partial), {}, P.array()
  local function add(name, value, group, kind, more, called)
    if #items >= MOST or seen[name] or lower(sub(name, 1, #wanted)) ~= wanted then return end
    seen[name] = true
    local item = more or { text = name, start = start, length = length }
    item.label, item.kind, item.sort_text = name, kind or kinds[type(value)] or "variable", group .. name
    if kind ~= "keyword" then item.detail = P.shorten(P.show(value), 60) end
    if type(value) == "function" then item.library = called or library[value] end
    items[#items + 1] = item
  end
  return items, add
end

-- fields ------------------------------------------------------------------------------------------

-- Calls visit(key, value, depth, name?) for the fields of a value, its own and those of its __index tables, and
-- for the methods of an object of the host.
local function each_field(value, visit)
  P.fill_table(value)
  P.each_method(value, function(key, item, name) visit(key, item, 2, name) end)
  local looks = 0
  for depth = 1, 20 do
    if type(value) == "table" then
      local key, item = next(value)
      while key ~= nil and looks < LOOKS do
        looks = looks + 1
        visit(key, item, depth)
        key, item = next(value, key)
      end
    end
    local metatable = getmetatable(value)
    value = type(metatable) == "table" and rawget(metatable, "__index")
    if type(value) ~= "table" then return end
  end
end

local function complete_fields(object, symbol, partial, start, length)
  local items, add = new_collector(partial, start, length)
  each_field(object, function(key, value, depth, name)
    if type(key) ~= "string" then return end
    local is_function = type(value) == "function"
    local group = depth .. (sub(key, 1, 2) == "__" and "~" or "")
    if P.is_name(key) then
      local kind = is_function and (symbol == ":" and "method" or "function") or "field"
      if symbol == "." or is_function then add(key, value, group, kind, nil, name) end
    elseif symbol == "." and #key <= 200 and lower(sub(key, 1, #partial)) == lower(partial) then
      local text = "[" .. P.lua_quote(key) .. "]" -- takes the place of the dot, too
      add(partial .. sub(key, #partial + 1), value, group, "field", { text = text, start = start - 1, length = length + 1 })
    end
  end)
  return items
end

-- names -------------------------------------------------------------------------------------------

local function complete_names(frame, partial, start, length)
  local items, add = new_collector(partial, start, length)
  if frame then
    local names = P.names(frame)
    for name in next, names.locals do
      local _, _, value = P.variable_of(frame, name)
      add(name, value, "1", type(value) == "function" and "function" or "variable")
    end
    for name, index in next, names.upvalues do
      local _, value = getupvalue(frame.func, index)
      if name ~= "_ENV" and P.is_name(name) then add(name, value, "2", type(value) == "function" and "function" or "variable") end
    end
  end
  for word in next, P.keywords do add(word, nil, "4", "keyword") end
  each_field(P.environment(frame), function(key, value)
    if type(key) == "string" and P.is_name(key) then add(key, value, "3") end
  end)
  return items
end

-- the text ----------------------------------------------------------------------------------------

local opening = { ["]"] = "[", [")"] = "(" }

-- The place of the bracket that token `at` closes; nil if there is none.
local function opened_at(tokens, at)
  local depth = 0
  for index = at, 1, -1 do
    local token = tokens[index]
    if token.kind == "symbol" then
      if token.text == tokens[at].text then depth = depth + 1 end
      if token.text == opening[tokens[at].text] then depth = depth - 1 end
      if depth == 0 then return index end
    end
  end
end

-- The first token of the expression that ends at `at`: a.b["c"].d; nil if it is none without calls.
local function expression_start(tokens, at)
  while true do
    local token = tokens[at]
    if not token then return nil end
    local before = tokens[at - 1]
    if token.text == "]" and token.kind == "symbol" then
      at = (opened_at(tokens, at) or 0) - 1
    elseif token.text == ")" and token.kind == "symbol" then
      return opened_at(tokens, at)
    elseif token.kind ~= "name" then
      return nil
    elseif before and (before.text == "." or before.text == ":") then
      at = at - 2
    else
      return at
    end
  end
end

local function object_before(text, tokens, at, frame)
  local first = expression_start(tokens, at)
  if not first then return false end
  local read = P.pure(sub(text, tokens[first].from, tokens[at].to))
  if not read then return false end
  return lib.pcall(read, frame)
end

local function sorted(items)
  lib.table.sort(items, function(left, right) return left.sort_text < right.sort_text end)
  return { items = items }
end

-- complete {text, column, frame?}: {items}, for what is typed up to byte `column`. An item is
-- {label, text, kind, detail?, library?, sort_text, start, length}: it replaces `length` bytes from `start`,
-- both counted from 0.
function P.ops.complete(command)
  local frame = P.frame_or_globals(command.frame)
  local text = sub(command.text, 1, command.column)
  local tokens, in_comment = P.tokens(text)
  local count = #tokens
  local last = tokens[count]
  if in_comment or last and not last.closed then return { items = P.array() } end
  local partial, start = "", #text
  if last and last.to == #text and (last.kind == "name" or last.kind == "keyword") then
    partial, start, count = last.text, last.from - 1, count - 1
  elseif last and last.kind == "number" and last.to == #text then
    return { items = P.array() }
  end
  local symbol = tokens[count] and tokens[count].text
  if symbol ~= "." and symbol ~= ":" then return sorted(complete_names(frame, partial, start, #partial)) end
  local known, object = object_before(text, tokens, count - 1, frame)
  if not known then return { items = P.array() } end
  return sorted(complete_fields(object, symbol, partial, start, #partial))
end
