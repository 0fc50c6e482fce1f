-- Values as text, towards Python and back: lua_debug/crossing.py says how that looks. A table is an array if
-- it holds the keys 1 to n and no others; metatables are not asked. What cannot cross is refused with its
-- path, unless it is only to be shown.
local P = ...

local lib = P.lib
local next, pcall, rawequal, rawget, select, tonumber, tostring, type =
  lib.next, lib.pcall, lib.rawequal, lib.rawget, lib.select, lib.tonumber, lib.tostring, lib.type
local byte, find, format, gsub, match, sub = lib.string.byte, lib.string.find, lib.string.format, lib.string.gsub, lib.string.match, lib.string.sub
local char, concat = lib.string.char, lib.table.concat
local getmetatable, setmetatable = lib.debug.getmetatable, lib.setmetatable
local floor, huge, math_type = lib.math.floor, lib.math.huge, lib.math.type
local rawlen = P.rawlen

local DEEPEST = 200 -- levels of tables in tables; the same stands in lua_debug/crossing.py

-- What marks an empty table as an array, and the null that is no nil.
local ARRAY = { __name = "array" }
local NULL = setmetatable({}, { __name = "null", __metatable = "null", __tostring = function() return "null" end })
P.null = NULL

-- Writing -------------------------------------------------------------------------------------------------

local escapes = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }
setmetatable(escapes, { __index = function(_, character) return format("\\u%04x", byte(character)) end })

local is_tagged = false -- whether what is being written holds tags
local takes_function, takes_shown = false, false -- what the argument being written may hold
local problem, path = nil, nil -- why it cannot be written, and where
local open = {} -- the tables that are being written

local function quoted(text)
  if find(text, '[%c"\\]') then text = gsub(text, '[%c"\\]', escapes) end
  return '"' .. text .. '"'
end

local function float_text(value)
  if value ~= value then return "NaN" end
  if value == huge then return "Infinity" end
  if value == -huge then return "-Infinity" end
  local text = format("%.17g", value)
  if find(text, ",", 1, true) then text = gsub(text, ",", ".") end -- some locales write a comma
  return find(text, "[.e]") and text or text .. ".0"
end

local number_text
if math_type then
  function number_text(value)
    if math_type(value) == "integer" then return format("%d", value) end
    return float_text(value)
  end
else
  function number_text(value)
    if value == floor(value) and value < 2 ^ 53 and value > -2 ^ 53 and (value ~= 0 or 1 / value > 0) then
      return format("%.0f", value)
    end
    return float_text(value)
  end
end

local function refuse(why)
  problem, path = why, ""
  return nil
end

local function key_text(key)
  if type(key) == "string" then
    return find(key, "^[%a_][%w_]*$") and "." .. key or "[" .. quoted(P.text(key)) .. "]"
  end
  return type(key) == "number" and "[" .. tostring(key) .. "]" or "[" .. type(key) .. "]"
end

-- What stands for a value that is only shown; asking it may run code of the script, which may call us.
local function shown(value)
  local were = { is_tagged, takes_function, takes_shown, open }
  open = {}
  local ok, text = pcall(tostring, value)
  takes_function, takes_shown, open = were[2], were[3], were[4]
  if not ok or type(text) ~= "string" then text = type(value) end
  is_tagged = true
  return '{"\\u0000d":[' .. quoted(P.text(text)) .. "," .. quoted(type(value)) .. "]}"
end

local write -- (out, count, value, depth): the new count; nil if it was refused

local function write_array(out, count, value, length, depth)
  out[count + 1], count = "[", count + 1
  for index = 1, length do
    local item = rawget(value, index)
    if item == nil then return false end -- a hole: it is none
    if index > 1 then out[count + 1], count = ",", count + 1 end
    count = write(out, count, item, depth)
    if not count then
      path = key_text(index) .. path
      return nil
    end
  end
  out[count + 1] = "]"
  return count + 1
end

-- With texts as keys; false if there are others.
local function write_map(out, count, value, depth)
  local mark = "{"
  for key, item in next, value do
    if type(key) ~= "string" or byte(key) == 0 then return false end
    out[count + 1], out[count + 2], out[count + 3] = mark, quoted(key), ":"
    count, mark = write(out, count + 3, item, depth), ","
    if not count then
      path = key_text(key) .. path
      return nil
    end
  end
  if mark == "{" then out[count + 1], count = mark, count + 1 end
  out[count + 1] = "}"
  return count + 1
end

local function write_key(out, count, key)
  local kind = type(key)
  if kind == "string" then
    out[count + 1] = quoted(key)
  elseif kind == "number" and key == floor(key) and key < 2 ^ 53 and key > -2 ^ 53 then
    out[count + 1] = format("%d", key)
  elseif takes_shown then
    out[count + 1] = quoted(P.text((select(2, pcall(tostring, key)))))
  else
    return refuse("has a key that is a " .. (kind == "number" and "float" or kind))
  end
  return count + 1
end

-- With texts and integers as keys.
local function write_pairs(out, count, value, depth)
  is_tagged = true
  out[count + 1], count = '{"\\u0000m":[', count + 1
  local mark = false
  for key, item in next, value do
    if mark then out[count + 1], count = ",", count + 1 end
    mark = true
    count = write_key(out, count, key)
    if not count then return nil end
    out[count + 1] = ","
    count = write(out, count + 1, item, depth)
    if not count then
      path = key_text(key) .. path
      return nil
    end
  end
  out[count + 1] = "]}"
  return count + 1
end

local function count_entries(value, most)
  local entries = 0
  for _ in next, value do
    entries = entries + 1
    if entries > most then return entries end
  end
  return entries
end

local function write_inside(out, count, value, depth)
  local length, written = rawlen(value), false
  if length > 0 and count_entries(value, length) == length then
    written = write_array(out, count, value, length, depth)
  elseif length == 0 and rawequal(getmetatable(value), ARRAY) and next(value) == nil then
    out[count + 1] = "[]"
    return count + 1
  end
  if written == false then written = write_map(out, count, value, depth) end
  if written == false then written = write_pairs(out, count, value, depth) end
  return written
end

local function write_table(out, count, value, depth)
  if rawequal(value, NULL) then
    is_tagged = true
    out[count + 1] = '{"\\u0000n":1}'
    return count + 1
  end
  local number = P.object_number(value)
  if number then
    is_tagged = true
    out[count + 1] = format('{"\\u0000o":%d}', number)
    return count + 1
  end
  local why = open[value] and "holds itself" or depth > DEEPEST and "is nested too deep" or nil
  if why then
    if not takes_shown then return refuse(why) end
    out[count + 1] = shown(value)
    return count + 1
  end
  if takes_shown then
    local metatable = getmetatable(value)
    if type(metatable) == "table" and rawget(metatable, "__tostring") then
      out[count + 1] = shown(value)
      return count + 1
    end
  end
  open[value] = true
  count = write_inside(out, count, value, depth + 1)
  open[value] = nil
  return count
end

function write(out, count, value, depth)
  local kind = type(value)
  local text
  if kind == "string" then
    text = quoted(value)
  elseif kind == "number" then
    text = number_text(value)
  elseif kind == "boolean" then
    text = value and "true" or "false"
  elseif kind == "table" then
    return write_table(out, count, value, depth)
  elseif kind == "nil" then
    text = "null"
  elseif kind == "function" and takes_function then
    is_tagged = true
    text = format('{"\\u0000f":%d}', P.keep_function(value))
  elseif takes_shown then
    text = shown(value)
  else
    return refuse("is a " .. kind)
  end
  out[count + 1] = text
  return count + 1
end

local function is_marked(marks, index)
  local last = #marks
  return byte(marks, index <= last and index or last) == 49
end

-- Values packed; or nil, the number of the one that cannot cross, why, and its path inside. `functions` and
-- `shows` say of each (of the last and all behind it) with "1" that it may hold a function, or is only shown.
function P.pack_values(functions, shows, count, ...)
  if count == 0 then return "p[]" end
  local out, at, values = { "" }, 1, { ... }
  is_tagged = false
  for index = 1, count do
    takes_function, takes_shown = is_marked(functions, index), is_marked(shows, index)
    out[at + 1] = ","
    at = write(out, at + 1, values[index], 0)
    if not at then
      open = {}
      if #path > 200 then path = sub(path, 1, 100) .. "…" .. sub(path, -20) end
      return nil, index, problem, path
    end
  end
  out[1], out[2], out[at + 1] = is_tagged and "s" or "p", "[", "]"
  return concat(out)
end

-- Reading -------------------------------------------------------------------------------------------------

local unescaped = { n = "\n", r = "\r", t = "\t", b = "\b", f = "\f" }

local function unescape(text)
  text = gsub(text, "\\(.)(%x?%x?%x?%x?)", function(letter, digits)
    if letter == "u" then return char(tonumber(digits, 16)) end -- Python escapes control characters so
    return (unescaped[letter] or letter) .. digits
  end)
  return text
end

-- The text that begins at `at`, behind its quote, and where it goes on.
local function read_text(text, at)
  local stop = find(text, '["\\]', at)
  if byte(text, stop) == 34 then return sub(text, at, stop - 1), stop + 1 end
  while byte(text, stop) ~= 34 do stop = find(text, '["\\]', stop + 2) end
  return unescape(sub(text, at, stop - 1)), stop + 1
end

local read -- (text, at): the value, and where it goes on

local function read_number(text, at)
  local _, stop = find(text, "^[-+.%deE]+", at)
  local digits = stop and sub(text, at, stop)
  local value = digits and (tonumber(digits) or tonumber((gsub(digits, "%.", ",")))) -- in some locales
  if value then return value, stop + 1 end
  local word = match(text, "^-?%a+", at)
  return word == "NaN" and 0 / 0 or word == "Infinity" and huge or -huge, at + #word
end

local function read_array(text, at)
  if byte(text, at) == 93 then return setmetatable({}, ARRAY), at + 1 end
  local items, count = {}, 0
  repeat
    count = count + 1
    items[count], at = read(text, at)
    at = at + 1
  until byte(text, at - 1) ~= 44
  return items, at, count
end

local function read_tagged(tag, content)
  tag = sub(tag, 2)
  if tag == "n" then return NULL end
  if tag == "o" then return P.object(content[1], content[2], content[3]) end
  local map = {}
  for index = 1, #content, 2 do map[content[index]] = content[index + 1] end
  return map
end

local function read_map(text, at)
  local map, key = {}, nil
  if byte(text, at) == 125 then return map, at + 1 end
  repeat
    key, at = read_text(text, at + 1)
    local value
    value, at = read(text, at + 1)
    if byte(key) == 0 then return read_tagged(key, value), at + 1 end
    map[key] = value
    at = at + 1
  until byte(text, at - 1) ~= 44
  return map, at
end

function read(text, at)
  local first = byte(text, at)
  if first == 34 then return read_text(text, at + 1) end
  if first == 123 then return read_map(text, at + 1) end
  if first == 91 then return read_array(text, at + 1) end
  if first == 116 then return true, at + 4 end
  if first == 102 then return false, at + 5 end
  if first == 110 then return nil, at + 4 end
  return read_number(text, at)
end

-- The values of a packed text in a table, and how many there are.
function P.unpack_values(packed)
  local values, _, count = read_array(packed, 3)
  return values, count or 0
end
