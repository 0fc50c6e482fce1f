-- What every file of the probe stands on: the library as it was before the script could change it,
-- text and JSON, and the table of operations. `P.version` is set by the host beforehand.
local P = ...

local G = _G
local type, next, error, select = type, next, error, select
local setmetatable, getmetatable = setmetatable, debug.getmetatable

-- the library -------------------------------------------------------------------------------------

local lib = {}
for name, value in next, G do
  if type(value) == "function" then lib[name] = value end
end
for _, name in next, { "debug", "coroutine", "string", "table", "math", "os", "io", "package", "utf8", "jit" } do
  local library = G[name]
  if type(library) == "table" then
    local copy = {}
    for key, value in next, library do copy[key] = value end
    lib[name] = copy
  end
end

if lib.jit and P.settings and P.settings.libraries == "closed" then -- the script will not find them
  local require = G.require
  local modules = { ffi = require("ffi"), ["jit.util"] = require("jit.util") }
  lib.require = function(name) return modules[name] or require(name) end
end

P.lib = lib
P.globals = G
P.is_jit = P.version == "luajit20" or P.version == "luajit21"
P.is_51 = P.is_jit or P.version == "5.1"
P.unpack = lib.unpack or lib.table.unpack
P.rawlen = lib.rawlen or function(object) return #object end -- 5.1: `#` asks no metatable of a table
function P.pack(...) return { n = select("#", ...), ... } end
P.ops = {}
P.settings = P.settings or {}

local byte, find, format, gsub, sub = lib.string.byte, lib.string.find, lib.string.format, lib.string.gsub, lib.string.sub
local concat = lib.table.concat
local math_type, floor, huge = lib.math.type, lib.math.floor, lib.math.huge

-- Compiles text (never a binary chunk) with `env` as its globals; nil and Lua's message if it fails.
if P.is_51 then
  local loadstring, setfenv = lib.loadstring, lib.setfenv
  function P.compile(text, chunkname, env)
    if byte(text, 1) == 27 then return nil, "a binary chunk is no text" end
    local chunk, message = loadstring(text, chunkname)
    if not chunk then return nil, message end
    return setfenv(chunk, env or G)
  end
else
  local load, pcall = lib.load, lib.pcall
  -- By pcall, since 5.4 and later give an overflow of the compiler to the message handler that is set.
  function P.compile(text, chunkname, env)
    local _, chunk, message = pcall(load, text, chunkname, "t", env or G)
    return chunk, message
  end
end

-- text --------------------------------------------------------------------------------------------

local function is_tail(value) return value ~= nil and value >= 0x80 and value <= 0xBF end

-- How many bytes the UTF-8 character at `at` has; nil if there is none (RFC 3629: no overlong
-- forms, no surrogates, nothing above U+10FFFF).
local function character_length(text, at)
  local first, second, third, fourth = byte(text, at, at + 3)
  if first < 0x80 then return 1 end
  if first < 0xC2 or first > 0xF4 or not is_tail(second) then return nil end
  if first < 0xE0 then return 2 end
  if not is_tail(third) then return nil end
  if first < 0xF0 then
    if first == 0xE0 and second < 0xA0 or first == 0xED and second > 0x9F then return nil end
    return 3
  end
  if not is_tail(fourth) or first == 0xF0 and second < 0x90 or first == 0xF4 and second > 0x8F then return nil end
  return 4
end
P.character_length = character_length

-- Valid UTF-8 for any bytes: what is none becomes \xHH.
function P.text(bytes)
  local at = find(bytes, "[\128-\255]")
  if not at then return bytes end
  local pieces, count, from = {}, 0, 1
  while at do
    local length = character_length(bytes, at)
    if length then
      at = at + length
    else
      pieces[count + 1] = sub(bytes, from, at - 1)
      pieces[count + 2] = format("\\x%02X", byte(bytes, at))
      count, at = count + 2, at + 1
      from = at
    end
    at = find(bytes, "[\128-\255]", at)
  end
  if count == 0 then return bytes end
  pieces[count + 1] = sub(bytes, from)
  return concat(pieces)
end

-- JSON --------------------------------------------------------------------------------------------

local Array = {}

-- Marks a table as an array, so that an empty one is written as [].
function P.array(items) return setmetatable(items or {}, Array) end

local escapes = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }
setmetatable(escapes, { __index = function(_, character) return format("\\u%04x", byte(character)) end })

local function json_number(value)
  if math_type and math_type(value) == "integer" then return format("%d", value) end
  if value ~= value or value == huge or value == -huge then return "null" end
  if value == floor(value) and value < 2 ^ 53 and value > -2 ^ 53 then return format("%.0f", value) end
  return (gsub(format("%.17g", value), ",", ".")) -- some locales write a comma
end

local write

local function write_table(out, count, value)
  if getmetatable(value) == Array then
    out[count + 1], count = "[", count + 1
    for index = 1, #value do
      if index > 1 then out[count + 1], count = ",", count + 1 end
      count = write(out, count, value[index])
    end
    out[count + 1] = "]"
    return count + 1
  end
  local mark = "{"
  for key, item in next, value do
    out[count + 1], out[count + 2] = mark, '"' .. gsub(key, '[%c"\\]', escapes) .. '":'
    count, mark = write(out, count + 2, item), ","
  end
  if mark == "{" then out[count + 1], count = mark, count + 1 end
  out[count + 1] = "}"
  return count + 1
end

function write(out, count, value)
  local kind = type(value)
  if kind == "table" then return write_table(out, count, value) end
  local text
  if kind == "string" then
    text = '"' .. gsub(value, '[%c"\\]', escapes) .. '"'
  elseif kind == "number" then
    text = json_number(value)
  elseif kind == "boolean" then
    text = value and "true" or "false"
  else
    text = "null"
  end
  out[count + 1] = text
  return count + 1
end

-- JSON of a table with string keys, or of an array made by P.array; strings must be valid UTF-8.
function P.json(value)
  local out = {}
  write(out, 0, value)
  return concat(out)
end

-- operations --------------------------------------------------------------------------------------

-- Ends an operation with a message for the user. `kind`: "user" (the default), "stale" (`reference` is
-- of an earlier stop), "evaluation" (the user's code failed), "cancelled".
function P.user_error(message, kind, reference)
  error({ user = P.text(message), kind = kind or "user", reference = reference }, 0)
end

local traceback, xpcall = lib.debug.traceback, lib.xpcall
local tostring = lib.tostring

local function failure(problem)
  if type(problem) == "table" and problem.user then return problem end
  local text = type(problem) == "string" and problem or type(problem)
  return { user = P.text(traceback(text, 2)), kind = "internal" }
end

-- Runs the operation named by `command.op`; never raises. Answers JSON: {"ok": result} or
-- {"error": message, "kind": "user" | "stale" | "evaluation" | "cancelled" | "internal"}.
function P.run_op(command)
  local operation = P.ops[command.op]
  if not operation then
    return P.json({ error = "there is no operation " .. P.text(tostring(command.op)), kind = "internal" })
  end
  local was_at_work = P.is_at_work
  P.is_at_work = true
  local ok, result = xpcall(function() return P.json({ ok = operation(command) or {} }) end, failure)
  P.is_at_work = was_at_work
  if ok then return result end
  if type(result) ~= "table" then result = { user = "no memory or stack left for " .. command.op, kind = "internal" } end
  return P.json({ error = result.user, kind = result.kind, reference = result.reference })
end

