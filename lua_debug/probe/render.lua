-- How a value is shown. No code of the script runs here: no metamethod is asked, everything is raw.
local P = ...

local lib = P.lib
local type, next, rawget, tonumber, pcall = lib.type, lib.next, lib.rawget, lib.tonumber, lib.pcall
local tostring = lib.tostring
local byte, format, gsub, match, sub, find = lib.string.byte, lib.string.format, lib.string.gsub, lib.string.match, lib.string.sub, lib.string.find
local concat, sort = lib.table.concat, lib.table.sort
local math_type, floor, huge = lib.math.type, lib.math.floor, lib.math.huge
local getmetatable, setmetatable, getinfo = lib.debug.getmetatable, lib.debug.setmetatable, lib.debug.getinfo
local status = lib.coroutine.status
local ELLIPSIS = "\226\128\166"

-- strings -----------------------------------------------------------------------------------------

local escapes = {
  ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ["\a"] = "\\a", ["\b"] = "\\b", ["\v"] = "\\v", ["\f"] = "\\f",
  ["\0"] = "\\0", ['"'] = '\\"', ["\\"] = "\\\\",
}
local function escape(character) return escapes[character] or format("\\x%02X", byte(character)) end

-- The first bytes of a string, at most `limit`, not in the middle of a UTF-8 character.
function P.cut(bytes, limit)
  if #bytes <= limit then return bytes end
  local last = limit
  while last > limit - 3 and last > 0 do
    local following = byte(bytes, last + 1)
    if following < 0x80 or following > 0xBF then break end
    last = last - 1
  end
  return sub(bytes, 1, last)
end

-- A string in quotes; one longer than `limit` bytes is cut and its length told.
function P.quote(bytes, limit)
  local shown = limit and P.cut(bytes, limit) or bytes
  local text = P.text((gsub(shown, '[%z\1-\31\127"\\]', escape)))
  if #shown == #bytes then return '"' .. text .. '"' end
  return '"' .. text .. ELLIPSIS .. '" (' .. #bytes .. " bytes)"
end

-- numbers -----------------------------------------------------------------------------------------

local function float_text(value)
  for digits = 14, 17 do
    local text = format("%." .. digits .. "g", value)
    if tonumber(text) == value then
      if math_type and not find(text, "[^%d-]") then text = text .. ".0" end
      return text
    end
  end
end

-- The shortest text that reads back as this number, as this version writes it (5.3: 1 and 1.0 differ).
function P.number_text(value, hex)
  if math_type and math_type(value) == "integer" then return format(hex and "0x%x" or "%d", value) end
  if value ~= value then return "nan" end
  if value == huge then return "inf" end
  if value == -huge then return "-inf" end
  if value == 0 then
    local zero = 1 / value < 0 and "-0" or "0"
    return math_type and zero .. ".0" or zero
  end
  if value == floor(value) and value <= 2 ^ 53 and value >= -2 ^ 53 and not math_type then
    if hex then return value < 0 and format("-0x%x", -value) or format("0x%x", value) end
    return format("%.0f", value)
  end
  return float_text(value)
end

-- things with an address --------------------------------------------------------------------------

local has_pointers = pcall(format, "%p", {}) -- Lua 5.4

local function bare_text(value)
  local metatable = getmetatable(value)
  if metatable == nil then return tostring(value) end
  setmetatable(value, nil) -- for the moment of this call: it would ask __tostring and __name
  local text = tostring(value)
  setmetatable(value, metatable)
  return text
end

-- Where a table, function, thread or userdata lies: 0x5581…
function P.address(value)
  if has_pointers then return format("%p", value) end
  if type(value) == "cdata" then
    local ffi = lib.require("ffi")
    local ok, text = pcall(function() return tostring(ffi.cast("void *", value)) end)
    return ok and match(text, "0x%x+") or "?"
  end
  return match(bare_text(value), "0x%x+") or match(bare_text(value), ": (%S+)") or "?"
end

local function function_text(value)
  local info = getinfo(value, "S")
  local name = P.function_name(value)
  if info.what == "C" or P.is_probe(value) then return "function: " .. (name or "C") end
  return "function: " .. (name and name .. " " or "") .. P.place_text(info)
end

local function thread_text(value)
  return "thread: " .. P.thread_name(value) .. ", " .. status(value)
end

local function userdata_text(value)
  local state = lib.io and lib.io.type and lib.io.type(value)
  local text = "userdata: " .. (state and state .. " " or "")
  return text .. P.address(value)
end

local function cdata_text(value)
  local ffi = lib.require("ffi")
  if ffi.istype("int64_t", value) or ffi.istype("uint64_t", value) or ffi.istype("complex", value) then
    return tostring(value) -- basic types have no metamethods
  end
  return tostring(ffi.typeof(value)) .. ": " .. P.address(value)
end

-- tables ------------------------------------------------------------------------------------------

local ITEMS, MAX_KEYS, MAX_LENGTH, MAX_DEPTH = 10, 40, 120, 2
local preview

local function short(value, depth, hex)
  local kind = type(value)
  if kind == "table" then return preview(value, depth - 1, MAX_LENGTH / 2, hex) end
  if kind == "string" then return P.quote(value, 40) end
  if kind == "function" or kind == "thread" or kind == "userdata" then return kind end
  return (P.show(value, hex))
end

-- A key as it is written in a constructor and in a list of fields: x, [1], ["a b"], [{…}].
function P.key_text(key)
  if type(key) == "string" then
    if P.is_name(key) then return key end
    return "[" .. P.quote(key, 200) .. "]"
  end
  return "[" .. short(key, 1) .. "]"
end

-- At most MAX_KEYS keys that are not in 1..border (a small one), in a good order if that is all.
local function some_keys(object, border)
  local keys, count = {}, 0
  local key = next(object)
  while key ~= nil and count < MAX_KEYS do
    if not (type(key) == "number" and key >= 1 and key <= border and key == floor(key)) then
      count = count + 1
      keys[count] = key
    end
    key = next(object, key)
  end
  if key == nil then P.sort_keys(keys) end
  return keys
end

function preview(object, depth, room, hex)
  if next(object) == nil then return "{}" end
  if depth <= 0 then return "{" .. ELLIPSIS .. "}" end
  local pieces, count, length = {}, 0, 0
  local most = P.settings.max_preview or ITEMS
  local function add(text)
    if count >= most or length > room then
      pieces[count + 1] = ELLIPSIS
      return false
    end
    count, length = count + 1, length + #text + 2
    pieces[count] = text
    return true
  end
  local border = P.rawlen(object)
  local going = true
  for index = 1, border do
    going = add(short(rawget(object, index), depth, hex))
    if not going then break end
  end
  local keys = going and some_keys(object, border) or {}
  for index = 1, #keys do
    local value = short(rawget(object, keys[index]), depth, hex)
    if not add(P.key_text(keys[index]) .. " = " .. value) then break end
  end
  return "{" .. concat(pieces, ", ") .. "}"
end

-- The name a type gives itself: __name of its metatable (Lua manual, luaL_newmetatable).
function P.own_name(value)
  local metatable = getmetatable(value)
  local name = type(metatable) == "table" and rawget(metatable, "__name")
  return type(name) == "string" and P.text(P.cut(name, 60)) or nil
end

local function table_text(value, hex)
  local name = P.own_name(value)
  return (name and name .. " " or "") .. preview(value, MAX_DEPTH, MAX_LENGTH, hex)
end

local texts = {
  ["nil"] = function() return "nil" end,
  boolean = function(value) return value and "true" or "false" end,
  number = P.number_text,
  string = function(value) return P.quote(value, P.settings.max_string or 1000) end,
  table = table_text,
  ["function"] = function_text,
  thread = thread_text,
  userdata = userdata_text,
  cdata = cdata_text,
}

-- The text and the type of a value; its integers, and those of a table's preview, in hexadecimal if `hex`.
function P.show(value, hex)
  local kind = type(value)
  local text = texts[kind]
  if not text then return kind, kind end
  if kind == "table" or kind == "userdata" then
    return text(value, hex), P.own_name(value) or kind
  end
  return text(value, hex), kind
end

-- order -------------------------------------------------------------------------------------------

local rank = { string = 1, number = 2, boolean = 3 }

local function padded(digits) return format("%20s", digits) end

-- Sorts keys as a reader expects: names first ("item2" before "item10", case does not matter), then
-- numbers, then the rest as it came.
function P.sort_keys(keys)
  local order, place = {}, {}
  for index = 1, #keys do
    local key = keys[index]
    place[key] = index
    if type(key) == "string" then order[key] = gsub(lib.string.lower(sub(key, 1, 200)), "%d+", padded) end
  end
  sort(keys, function(left, right)
    local a, b = rank[type(left)] or 4, rank[type(right)] or 4
    if a ~= b then return a < b end
    if a == 2 then return left < right end
    if a == 1 and order[left] ~= order[right] then return order[left] < order[right] end
    return place[left] < place[right]
  end)
end
