-- Values as Lua text, whole: what is copied to the clipboard.
local P = ...

local lib = P.lib
local type, next, rawget = lib.type, lib.next, lib.rawget
local byte, format, gsub, sub, find, rep = lib.string.byte, lib.string.format, lib.string.gsub, lib.string.sub, lib.string.find, lib.string.rep
local concat = lib.table.concat
local huge = lib.math.huge

local named = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ['"'] = '\\"', ["\\"] = "\\\\" }
local function escape(character) return named[character] or format("\\%03d", byte(character)) end

local function escape_bad(text)
  local pieces, from, at = {}, 1, find(text, "[\128-\255]")
  while at do
    local length = P.character_length(text, at)
    if not length then
      pieces[#pieces + 1] = sub(text, from, at - 1) .. format("\\%03d", byte(text, at))
      from = at + 1
    end
    at = find(text, "[\128-\255]", at + (length or 1))
  end
  return concat(pieces) .. sub(text, from)
end

-- A string constant that every version reads back to the same bytes, and that is valid UTF-8.
function P.lua_quote(bytes)
  return '"' .. escape_bad((gsub(bytes, '[%z\1-\31\127"\\]', escape))) .. '"'
end

-- A number or boolean as a constant expression.
function P.lua_constant(value)
  if type(value) ~= "number" then return value and "true" or "false" end
  if value ~= value then return "(0/0)" end
  if value == huge then return "math.huge" end
  if value == -huge then return "-math.huge" end
  if lib.math.mininteger and value == lib.math.mininteger and lib.math.type(value) == "integer" then return "math.mininteger" end
  return P.number_text(value)
end

local write

local function key_text(key)
  if type(key) == "string" then return P.is_name(key) and key or "[" .. P.lua_quote(key) .. "]" end
  if type(key) == "number" or type(key) == "boolean" then return "[" .. P.lua_constant(key) .. "]" end
  return "[" .. (P.show(key)) .. "]"
end

local function write_table(out, object, depth, path, open)
  if open[object] then
    out[#out + 1] = "nil --[[ cycle: " .. open[object] .. " ]]"
    return
  end
  if next(object) == nil or depth > 100 then
    out[#out + 1] = next(object) == nil and "{}" or "nil --[[ too deep ]]"
    return
  end
  open[object] = path
  local indent = "\n" .. rep("  ", depth + 1)
  out[#out + 1] = "{"
  local border = P.rawlen(object)
  for index = 1, border do
    out[#out + 1] = indent
    write(out, rawget(object, index), depth + 1, path .. "[" .. index .. "]", open)
    out[#out + 1] = ","
  end
  local record = { value = object }
  local index, key = 1, P.named_key(record, 1)
  while key ~= nil do
    local text = key_text(key)
    out[#out + 1] = indent .. text .. " = "
    write(out, rawget(object, key), depth + 1, path .. (sub(text, 1, 1) == "[" and "" or ".") .. text, open)
    out[#out + 1] = ","
    index = index + 1
    key = P.named_key(record, index)
  end
  out[#out + 1] = "\n" .. rep("  ", depth) .. "}"
  open[object] = nil
end

function write(out, value, depth, path, open)
  local kind = type(value)
  if kind == "table" then
    write_table(out, value, depth, path, open)
  elseif kind == "string" then
    out[#out + 1] = P.lua_quote(value)
  elseif kind == "number" then
    out[#out + 1] = P.lua_constant(value)
  elseif kind == "boolean" or kind == "nil" then
    out[#out + 1] = kind == "nil" and "nil" or value and "true" or "false"
  else
    out[#out + 1] = "nil --[[ " .. gsub((P.show(value)), "]]", "] ]") .. " ]]"
  end
end

-- Packed values as the text of an expression list; a lone string as it is.
function P.serialize_values(values)
  if values.n == 1 and type(values[1]) == "string" then return P.text(values[1]) end
  local out = {}
  for index = 1, values.n do
    if index > 1 then out[#out + 1] = ", " end
    write(out, values[index], 0, "value", {})
  end
  return concat(out)
end
