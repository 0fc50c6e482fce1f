-- The tokens of a Lua text, whole or half typed: what conditions, hovers and completion read.
-- One grammar for all versions (Lua 5.5 manual, 3.1; LuaJIT's number suffixes and names).
local P = ...

local lib = P.lib
local find, sub, match, byte = lib.string.find, lib.string.sub, lib.string.match, lib.string.byte

local words = "and break do else elseif end false for function if in local nil not or repeat return then true until while"
P.keywords = {}
for word in lib.string.gmatch(words, "%a+") do P.keywords[word] = true end
if P.version ~= "5.1" then P.keywords["goto"] = true end

local NAME = "^[%a_\128-\255][%w_\128-\255]*()"
local operators = { "^%.%.%.()", "^%.%.()", "^[=~<>]=()", "^//()", "^::()", "^<<()", "^>>()" }

-- The end of a long bracket that opens at `at`; the end of the text and false if it is not closed.
local function long_end(text, at)
  local level = match(text, "^%[(=*)%[", at)
  if not level then return nil end
  local _, last = find(text, "]" .. level .. "]", at, true)
  if last then return last + 1, true end
  return #text + 1, false
end

local function string_end(text, at)
  local quote = sub(text, at, at)
  local place = at + 1
  while true do
    local stop = find(text, "[\\\r\n" .. quote .. "]", place)
    if not stop then return #text + 1, false end
    local found = sub(text, stop, stop)
    if found == quote then return stop + 1, true end
    if found ~= "\\" then return stop, false end
    place = stop + 2
  end
end

local function number_end(text, at)
  local stop = match(text, "^0[xX][%x%.]*()", at)
  if stop then
    stop = match(text, "^[pP][+-]?%d*()", stop) or stop
  else
    stop = match(text, "^%d*%.?%d*()", at)
    stop = match(text, "^[eE][+-]?%d*()", stop) or stop
  end
  return match(text, "^[uUlLiI]+()", stop) or stop
end

local function skip_blank(text, at)
  while true do
    at = match(text, "^%s*()", at)
    if sub(text, at, at + 1) ~= "--" then return at end
    local stop, closed = long_end(text, at + 2)
    stop = stop or find(text, "\n", at, true)
    if not stop or closed == false then return #text + 1, true end
    at = stop
  end
end

local function next_token(text, at)
  local stop = match(text, NAME, at)
  if stop then return "name", stop, true end
  local first = sub(text, at, at)
  if match(text, "^%.?%d", at) then return "number", number_end(text, at), true end
  if first == '"' or first == "'" then return "string", string_end(text, at) end
  if first == "[" then
    local last, closed = long_end(text, at)
    if last then return "string", last, closed end
  end
  for index = 1, #operators do
    stop = match(text, operators[index], at)
    if stop then return "symbol", stop, true end
  end
  return "symbol", at + 1, true
end

-- An array of tokens {kind, text, from, to, closed}: kind is "name", "keyword", "number", "string"
-- or "symbol"; `closed` is false for a string that does not end. The second result is true when the
-- text ends inside a comment.
function P.tokens(text)
  local tokens, count = {}, 0
  local at, in_comment = skip_blank(text, 1)
  while at <= #text do
    local kind, stop, closed = next_token(text, at)
    local word = sub(text, at, stop - 1)
    if kind == "name" and P.keywords[word] then kind = "keyword" end
    count = count + 1
    tokens[count] = { kind = kind, text = word, from = at, to = stop - 1, closed = closed }
    at, in_comment = skip_blank(text, stop)
  end
  return tokens, in_comment or false
end

-- The names in `text` that are variables (not fields), each once and in order, and whether `...` occurs.
function P.free_names(text)
  local names, seen, dots = {}, {}, false
  local tokens = P.tokens(text)
  for index = 1, #tokens do
    local token, before = tokens[index], tokens[index - 1]
    local is_field = before and (before.text == "." or before.text == ":")
    if token.kind == "name" and not is_field and not seen[token.text] then
      seen[token.text] = true
      names[#names + 1] = token.text
    elseif token.text == "..." then
      dots = true
    end
  end
  return names, dots, seen
end

-- Whether `text` can be written as a name: `x.text`.
function P.is_name(text)
  return match(text, "^[%a_][%w_]*$") ~= nil and not P.keywords[text] and byte(text) < 128
end
