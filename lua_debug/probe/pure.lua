-- Expressions without side effects, read and evaluated by ourselves: names, fields, constants and
-- operators on plain values; no call, no metamethod. For hovers, and to find out what a name means.
local P = ...

local lib = P.lib
local type, rawget, rawequal, error, tostring = lib.type, lib.rawget, lib.rawequal, lib.error, lib.tostring
local getmetatable = lib.debug.getmetatable

local function fail(message) error({ pure = message }, 0) end

-- A field as a program would read it, but that functions in __index are not called.
local function field(object, key)
  for _ = 1, 100 do
    if type(object) == "table" then
      local value = rawget(object, key)
      if value ~= nil then return value end
    end
    local metatable = getmetatable(object)
    local index = type(metatable) == "table" and rawget(metatable, "__index")
    if type(index) == "function" and P.fill_table(object) then return field(object, key) end
    if type(index) == "function" then fail("this field is computed by a function") end
    if not index then
      if type(object) == "table" then return nil end
      fail("attempt to index a " .. type(object) .. " value")
    end
    object = index
  end
  fail("'__index' chain too long; possibly a loop")
end
P.field = field

-- The variable a name means in a frame (nil: a global); raises when there is none.
local function variable(frame, name)
  if frame then
    local kind, _, value = P.variable_of(frame, name)
    if kind then return value end
    local is_error, err = P.error_of(frame)
    if is_error and name == "err" then return err end
    local is_constant, constant = P.constant_value(frame, name)
    if is_constant then return constant end
  end
  local environment = P.environment(frame)
  if name == "_ENV" and not P.is_51 then return environment end
  local value = field(environment, name)
  if value == nil then fail(frame and P.uncaptured_reason(frame, name) or "there is no variable " .. name .. " here") end
  return value
end

-- operators ---------------------------------------------------------------------------------------

local priority = {
  ["or"] = { 1, 1 }, ["and"] = { 2, 2 }, ["<"] = { 3, 3 }, [">"] = { 3, 3 }, ["<="] = { 3, 3 }, [">="] = { 3, 3 },
  ["~="] = { 3, 3 }, ["=="] = { 3, 3 }, ["|"] = { 4, 4 }, ["~"] = { 5, 5 }, ["&"] = { 6, 6 }, ["<<"] = { 7, 7 },
  [">>"] = { 7, 7 }, [".."] = { 9, 8 }, ["+"] = { 10, 10 }, ["-"] = { 10, 10 }, ["*"] = { 11, 11 }, ["/"] = { 11, 11 },
  ["//"] = { 11, 11 }, ["%"] = { 11, 11 }, ["^"] = { 14, 13 },
}
local UNARY = 12

local operations = {}
local function operation(symbol)
  local made = operations[symbol]
  if made == nil then
    local chunk = P.compile("return function(a, b) return a " .. symbol .. " b end", "=operator")
    made = chunk and chunk() or false
    operations[symbol] = made
  end
  return made or fail("this Lua has no operator " .. symbol)
end

local function is_plain(value) return type(value) == "number" or type(value) == "string" end

local function binary(symbol, left, right)
  if symbol == "==" then return rawequal(left, right) end
  if symbol == "~=" then return not rawequal(left, right) end
  if not is_plain(left) or not is_plain(right) then
    fail("attempt to compute with a " .. type(is_plain(left) and right or left) .. " value")
  end
  return operation(symbol)(left, right)
end

local unary = {
  ["not"] = function(value) return not value end,
  ["-"] = function(value) return type(value) == "number" and -value or fail("attempt to negate a " .. type(value) .. " value") end,
  ["~"] = function(value) return type(value) == "number" and operation("~")(value, -1) or fail("attempt to negate a " .. type(value) .. " value") end,
  ["#"] = function(value)
    if type(value) == "string" then return #value end
    return type(value) == "table" and P.rawlen(value) or fail("attempt to get the length of a " .. type(value) .. " value")
  end,
}

-- reading -----------------------------------------------------------------------------------------

local expression

local function take(state)
  local token = state.tokens[state.at]
  state.at = state.at + 1
  return token
end

local function peek(state)
  local token = state.tokens[state.at]
  return token and token.kind ~= "string" and token.text or nil
end

local function expect(state, text)
  local token = take(state)
  if not token or token.text ~= text then fail(text .. " expected") end
end

local function constant(token)
  local chunk, message = P.compile("return " .. token.text, "=constant")
  if not chunk then fail(message) end
  local value = chunk()
  return function() return value end
end

local words = { ["nil"] = true, ["true"] = true, ["false"] = true }

local function primary(state)
  local token = take(state)
  if not token then fail("an expression is expected") end
  if token.kind == "name" then
    local name = token.text
    return function(frame) return variable(frame, name) end, { name = name }
  end
  if token.kind == "number" or token.kind == "string" or words[token.text] then return constant(token) end
  if token.text == "(" then
    local inner = expression(state, 0)
    expect(state, ")")
    return inner
  end
  fail("no expression without side effects begins with " .. token.text)
end

local function suffixed(state)
  local object, target = primary(state)
  while true do
    local symbol = peek(state)
    local key
    if symbol == "." or symbol == ":" then
      take(state)
      local name = take(state)
      if not name or name.kind ~= "name" then fail("a name is expected") end
      local text = name.text
      key = function() return text end
    elseif symbol == "(" or symbol == "{" or state.tokens[state.at] and state.tokens[state.at].kind == "string" then
      fail("nothing is called here")
    elseif symbol == "[" then
      take(state)
      key = expression(state, 0)
      expect(state, "]")
    else
      return object, target
    end
    local container = object
    target = { container = container, key = key }
    object = function(frame) return field(container(frame), key(frame)) end
  end
end

local function unary_or_suffixed(state)
  local symbol = peek(state)
  local compute = symbol and unary[symbol]
  if not compute then return suffixed(state) end
  take(state)
  local operand = expression(state, UNARY)
  return function(frame) return compute(operand(frame)) end
end

local function combined(symbol, left, right)
  if symbol == "and" then return function(frame) return left(frame) and right(frame) end end
  if symbol == "or" then return function(frame) return left(frame) or right(frame) end end
  return function(frame) return binary(symbol, left(frame), right(frame)) end
end

function expression(state, limit)
  local left, target = unary_or_suffixed(state)
  while true do
    local symbol = peek(state)
    local strength = symbol and priority[symbol]
    if not strength or strength[1] <= limit then return left, target end
    take(state)
    left, target = combined(symbol, left, expression(state, strength[2])), nil
  end
end

-- A function(frame) that evaluates the text and raises {pure = message}; or nil and a message if it
-- might have side effects or is no expression. The third result tells what the text names, if that
-- is a variable or a field: {name} or {container = function(frame), key = function(frame)}.
function P.pure(text)
  local state = { tokens = P.tokens(text), at = 1 }
  local ok, result, target = lib.pcall(expression, state, 0)
  if not ok then return nil, type(result) == "table" and result.pure or tostring(result) end
  if state.tokens[state.at] then return nil, "unexpected " .. state.tokens[state.at].text end
  return result, nil, target
end

-- The value of a text without side effects in a frame (nil: among the globals); raises user errors.
function P.pure_value(text, frame)
  local read, message = P.pure(text)
  if not read then P.user_error(message, "evaluation") end
  local ok, value = lib.pcall(read, frame)
  if ok then return value end
  P.user_error(type(value) == "table" and value.pure or P.error_text(value), "evaluation")
end
