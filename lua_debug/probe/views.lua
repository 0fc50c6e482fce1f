-- Custom views: how types want to be shown. A metatable, or an entry of P.views for types that one
-- does not own, may hold
--   __debugline      a text with {expressions} of `self`, or a function(self) -> text
--   __debugtype      the name of the type, or a function(self) -> text
--   __debugcontents  function(self) -> table of children | iterator, state, first | false
-- Their code runs with an instruction limit; its errors are shown as text.
local P = ...

local lib = P.lib
local type, rawget, setmetatable, tostring = lib.type, lib.rawget, lib.setmetatable, lib.tostring
local getmetatable = lib.debug.getmetatable
local gsub, sub, byte = lib.string.gsub, lib.string.sub, lib.string.byte

local LINE_LIMIT = 200 -- bytes of a line
local INSTRUCTIONS = 200000
local MAX_CONTENTS = 1000

-- Views by metatable, or by the __name of one: {line =, type =, contents =}. Scripts enter theirs
-- through require("llmspell.views"), which there is only under the debugger.
P.views = setmetatable({}, { __mode = "k" })
P.globals.package.preload["llmspell.views"] = function() return P.views end

local names = { line = "__debugline", type = "__debugtype", contents = "__debugcontents" }

-- What a value's type says about `part` ("line", "type", "contents"); nil if nothing.
function P.view(value, part)
  local kind = type(value)
  if kind ~= "table" and kind ~= "userdata" then return nil end
  local metatable = getmetatable(value)
  if type(metatable) ~= "table" then return nil end
  local own = rawget(metatable, names[part])
  if own ~= nil then return own end
  local name = rawget(metatable, "__name")
  local view = P.views[metatable] or name ~= nil and P.views[name]
  return type(view) == "table" and rawget(view, part) or nil
end

-- Runs code of the script for display, limited.
function P.run_limited(body, ...)
  return P.run(body, P.pack(...), P.settings.view_instructions or INSTRUCTIONS)
end

-- The message of an error value, as one line of text.
function P.error_text(problem)
  if type(problem) == "string" then return P.text(problem) end
  local text = P.show(problem)
  return text
end

-- templates: "{self.x}, {self.y}" -----------------------------------------------------------------

local function evaluated(expression, value)
  local environment = setmetatable({ self = value }, { __index = function(_, name)
    local field = value[name]
    if field == nil then return P.globals[name] end
    return field
  end })
  local chunk, message = P.compile("return " .. expression .. "\n", "=" .. names.line, environment)
  if not chunk then return "{" .. message .. "}" end
  return P.plain_text(chunk())
end

local function fill(template, value)
  return (gsub(template, "{([^{}]*)}", function(expression) return evaluated(expression, value) end))
end

-- A value inside a text that a person reads: strings without quotes.
function P.plain_text(value)
  if type(value) == "string" then return value end
  return (P.describe(value))
end

local function view_text(view, value)
  if type(view) == "string" then return P.run_limited(fill, view, value) end
  if type(view) ~= "function" then return false, "it has to be a text or a function, not a " .. type(view) end
  return P.run_limited(view, value)
end

local function line_text(view, value)
  local ok, results = view_text(view, value)
  if not ok then return "<" .. names.line .. ": " .. P.error_text(results) .. ">" end
  local line = results[1]
  if type(line) ~= "string" then line = P.show(line) end
  return P.shorten(P.text(line), LINE_LIMIT)
end

local function type_text(view, value)
  if type(view) == "function" then
    local ok, results = P.run_limited(view, value)
    view = ok and results[1]
  end
  return type(view) == "string" and P.text(P.cut(view, LINE_LIMIT)) or nil
end

-- The text and the type of a value as its type wants it shown, else as P.show does.
function P.describe(value, hex)
  local kind = type(value)
  if kind ~= "table" and kind ~= "userdata" then return P.show(value, hex) end
  local line, own_type = P.view(value, "line"), P.view(value, "type")
  local type_name = own_type ~= nil and type_text(own_type, value) or nil
  if line ~= nil then
    local _, shown_type = P.show(value)
    return line_text(line, value), type_name or shown_type
  end
  local text, shown_type = P.show(value, hex)
  return text, type_name or shown_type
end

-- Text of at most `limit` bytes, whole characters, with an ellipsis for what is cut.
function P.shorten(text, limit)
  if #text <= limit then return text end
  return P.cut(text, limit) .. "\226\128\166"
end

-- What __tostring says, or the error it raises.
function P.tostring_text(value)
  local ok, results = P.run_limited(tostring, value)
  if not ok then return "<__tostring: " .. P.error_text(results) .. ">", false end
  return results[1], true
end

-- Whether a value has the metamethod; asked without running anything.
function P.has_metamethod(value, name)
  local metatable = getmetatable(value)
  return type(metatable) == "table" and rawget(metatable, name) ~= nil
end

-- pairs of a value --------------------------------------------------------------------------------

local function gather(first, value)
  local items, count = {}, 0
  local iterator, state, control = first(value)
  if type(iterator) == "table" then iterator, state, control = lib.next, iterator, nil end
  if type(iterator) ~= "function" then return items end
  while count < MAX_CONTENTS do
    local key, item = iterator(state, control)
    if key == nil then break end
    count, control = count + 1, key
    items[count] = { key = key, value = item }
  end
  return items
end

-- The children that `contents` (a __debugcontents or __pairs) gives for a value: an array of {key,
-- value}, at most 1,000; nil and a message when it fails.
function P.contents_of(contents, value)
  if type(contents) ~= "function" then return {} end
  local ok, results = P.run_limited(gather, contents, value)
  if not ok then return nil, P.error_text(results) end
  return results[1]
end

-- How a key reads as a name without quotes where that is clear: what views give are names.
function P.view_name(key)
  if type(key) == "string" and key ~= "" and byte(key) ~= 91 then return P.text(sub(key, 1, 200)) end
  return P.key_text(key)
end
