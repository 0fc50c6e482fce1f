-- The operations `evaluate` and `set_expression`: Lua in the world of a frame.
local P = ...

local lib = P.lib
local type, find, match, gsub, sub = lib.type, lib.string.find, lib.string.match, lib.string.gsub, lib.string.sub
local concat = lib.table.concat
local unpack = P.unpack

local CHUNK = "=(evaluate)"
P.EVALUATED = CHUNK -- the source of what a client asks for: not a place that can be shown

-- compiling ---------------------------------------------------------------------------------------

-- _ENV is the world for the text we compile: where the text says it, it means the frame's own. Under
-- LuaJIT, where a hook cannot break off a loop that runs inside of a hook, loops poll by themselves.
local function prepared(text)
  local tokens = P.tokens(text)
  local pieces, from = {}, 1
  for index = 1, #tokens do
    local token, before = tokens[index], tokens[index - 1]
    local add
    if token.text == "_ENV" and not P.is_51 and token.kind == "name" then
      add = P.ENVIRONMENT
    elseif P.is_jit and token.kind == "keyword" and (token.text == "do" or token.text == "repeat") then
      add = token.text .. " _ENV_poll();"
    elseif P.is_jit and token.text == "::" and before and before.kind == "name" then
      add = ":: _ENV_poll();"
    end
    if add then
      pieces[#pieces + 1] = sub(text, from, token.from - 1) .. add
      from = token.to + 1
    end
  end
  return concat(pieces) .. sub(text, from), tokens
end

local starters = {
  ["local"] = true, ["if"] = true, ["for"] = true, ["while"] = true, ["do"] = true, ["repeat"] = true, ["return"] = true,
  ["break"] = true, ["goto"] = true, ["::"] = true,
}

-- Whether the text means to be a statement, for the choice of the message when it is neither.
local function looks_like_statement(tokens)
  local first, second = tokens[1], tokens[2]
  if not first then return false end
  if starters[first.text] or first.text == "function" and second and second.kind == "name" then return true end
  local depth = 0
  for index = 1, #tokens do
    local text = tokens[index].kind == "symbol" and tokens[index].text
    if text == "(" or text == "{" or text == "[" then depth = depth + 1 end
    if text == ")" or text == "}" or text == "]" then depth = depth - 1 end
    if text == "=" and depth == 0 then return true end
  end
  return false
end

-- Lua's message without the place in the evaluated text, but for the line if there are several; nor a place
-- of ours, where a metamethod of the globals blames who asked. For Lua all names in the text are globals.
local function without_place(message, text, frame)
  local has_lines = find(text, "\n", 1, true)
  local stripped, count = gsub(message, "^%(evaluate%):(%d+): ", has_lines and "line %1: " or "")
  if count == 1 and frame then
    stripped = gsub(stripped, "global '([^']*)'", function(name)
      local kind = P.variable_of(frame, name)
      return kind and kind .. " '" .. name .. "'"
    end)
  end
  return (gsub(gsub(stripped, "^%[C%]:%d+: ", ""), P.ENVIRONMENT, "_ENV"))
end

-- The text as an expression if it is one, else as statements; and whether it is one.
local function compiled(text, world)
  local body, tokens = prepared(match(text, "^%s*=(.*)$") or text)
  local chunk, first = P.compile("return " .. body .. "\n", CHUNK, world)
  if chunk then return chunk, true end
  local second
  chunk, second = P.compile(body .. "\n", CHUNK, world)
  if chunk then return chunk, false end
  P.user_error(without_place(looks_like_statement(tokens) and second or first, text), "evaluation")
end

-- running -----------------------------------------------------------------------------------------

local function explain(problem, kind, text, frame)
  if kind == "cancelled" then P.user_error(problem, kind) end
  if type(problem) == "string" then P.user_error(without_place(problem, text, frame), "evaluation") end
  if P.has_metamethod(problem, "__tostring") then
    local said, fine = P.tostring_text(problem)
    if fine and type(said) == "string" then P.user_error(said, "evaluation") end
  end
  P.user_error("error value: " .. P.describe(problem), "evaluation")
end

-- Runs the user's code (of this text, in this frame) as an evaluation; its results, packed. Its errors
-- become ours.
function P.run_user(body, arguments, text, frame)
  local ok, results, kind = P.run(body, arguments or { n = 0 }, P.settings.eval_instructions, frame)
  P.generation = P.generation + 1
  if not ok then explain(results, kind, text or "", frame) end
  return results
end

local function varargs_of(frame, text)
  if not frame then return { n = 0 } end
  local values = P.varargs(frame)
  if not values and find(text, "...", 1, true) then
    local _, dots = P.free_names(text)
    if dots then P.user_error("Lua 5.1 does not tell what `...` is in another function.", "evaluation") end
  end
  return values or { n = 0 }
end

local function poll() return P.guard and P.guard.poll() end

-- The packed results of a text in a frame (nil: among the globals), and whether it is an expression.
local function results_of(text, frame)
  local world = P.world(frame, P.is_jit and { _ENV_poll = poll } or nil)
  local chunk, is_expression = compiled(text, world)
  if lib.jit then lib.jit.off(chunk, true) end
  return P.run_user(chunk, varargs_of(frame, text), text, frame), is_expression
end

-- The packed values of an expression, or of statements, in a frame.
function P.evaluate_values(text, frame) return (results_of(text, frame)) end

-- Refuses a text that is not one expression, before anything of it runs.
local function check_single(text, complaint)
  if P.compile("return (" .. text .. "\n)", CHUNK) then return end
  local list, message = P.compile("return " .. text .. "\n", CHUNK)
  local reason = "a single expression is expected."
  if list and not P.tokens(text)[1] or not list and P.compile(text .. "\n", CHUNK) then
    reason = "an expression is expected."
  elseif not list then
    reason = without_place(message, text)
  end
  P.user_error(complaint and complaint .. reason or (gsub(reason, "^a", "A")), "evaluation")
end

-- The value of an expression in a frame; the first one if it is a call that has several.
function P.evaluate_value(text, frame)
  text = match(text, "^%s*=(.*)$") or text
  check_single(text)
  return results_of(text, frame)[1]
end

-- telling -----------------------------------------------------------------------------------------

-- The expression that leads to the children of a result: only one that may be evaluated again freely.
local function base_of(text)
  local _, refused, target = P.pure(text)
  if refused then return nil end
  return target and match(text, "^%s*(.-)%s*$") or "(" .. text .. ")"
end

local function several(results, hex, frame)
  local texts = {}
  for index = 1, results.n do texts[index] = P.describe(results[index], hex) end
  local record = { kind = "variables", frame = frame, open = function() return P.open_values(results) end }
  return { value = concat(texts, ", "), type = "", ref = P.mint(record), indexed = results.n }
end

local function hovered(command, frame)
  return P.valued(P.pure_value(command.expr, frame), command.hex, base_of(command.expr), frame)
end

-- evaluate {expr, frame?, context?, hex?}: {value, type, ref?, named?, indexed?, memory?, location?,
-- hint?}. `context` "hover" runs nothing that could have an effect, "clipboard" gives the whole value
-- as Lua text; the others evaluate expressions and statements. Statements have an empty value.
function P.ops.evaluate(command)
  if not P.stop then P.clear_references() end -- while the program runs, results last until the next one
  local frame = P.frame_or_globals(command.frame)
  if command.context == "hover" then return hovered(command, frame) end
  local results, is_expression = results_of(command.expr, frame)
  if command.context == "clipboard" then return { value = P.serialize_values(results), type = type(results[1]) } end
  if results.n == 0 then return { value = "", type = "" } end
  if results.n > 1 then return several(results, command.hex, frame) end
  return P.valued(results[1], command.hex, is_expression and base_of(command.expr) or nil, frame)
end

-- The place of the additional argument that an expression is, as its evaluate name tells it; nil for others.
local function vararg_slot(text, frame)
  local index = lib.tonumber(match(gsub(text, "%s+", ""), "^%(?select%((%d+),%.%.%.%)%)?$"))
  local values = index and frame and P.varargs(frame)
  return values and index >= 1 and index <= values.n and -index or nil
end

-- Assigns to whatever else an expression is.
local function assign(text, value, frame)
  check_single(text, "This cannot be assigned to: ")
  local world = P.world(frame, { _ENV_value = function() return value end })
  local body = prepared(text)
  local chunk, message = P.compile(body .. "\n = _ENV_value()", CHUNK, world)
  if not chunk then P.user_error("This cannot be assigned to: " .. without_place(message, ""), "evaluation") end
  P.run_user(chunk, varargs_of(frame, text), text, frame)
end

-- set_expression {expr, value, frame?, hex?}: assigns, and answers the value as `evaluate` does.
function P.ops.set_expression(command)
  local frame = P.frame_or_globals(command.frame)
  local _, _, target = P.pure(command.expr)
  if frame and target and target.name then
    local kind, place = P.variable_of(frame, target.name)
    local reason = P.constant_reason(frame, target.name, kind == "local" and place or nil)
    if reason then P.user_error(reason) end
  end
  local value = P.evaluate_value(command.value, frame)
  local slot = vararg_slot(command.expr, frame)
  if slot then P.set_local_at(frame, slot, value) else assign(command.expr, value, frame) end
  return P.valued(value, command.hex, base_of(command.expr), frame)
end
