-- Conditions and log messages, evaluated on the running thread at full speed: a text is compiled once
-- for each place it is met at, with the slots of the locals and the numbers of the upvalues it names.
local P = ...

local lib = P.lib
local pcall, error, setmetatable, type = lib.pcall, lib.error, lib.setmetatable, lib.type
local getinfo, getlocal, getupvalue = lib.debug.getinfo, lib.debug.getlocal, lib.debug.getupvalue
local format, gsub, concat = lib.string.format, lib.string.gsub, lib.table.concat
local unpack = P.unpack

local MOVED = {} -- raised where a name is not in its slot: the place was another one after all

local function clean(message) return (gsub(message, "^condition:%d+: ", "")) end

local function new_condition(text)
  local names, dots = P.free_names(text)
  return {
    text = text, names = names, dots = dots,
    at_place = {}, -- place -> tester
    of_function = setmetatable({}, { __mode = "k" }), -- function -> { line -> tester }
    of_text = {}, -- "source:linedefined" -> the same table, for other closures of one function
  }
end

-- A condition of the text of an expression; nil and Lua's message if it is none.
function P.condition(text)
  local chunk, message = P.compile("return " .. text .. "\n", "=condition")
  if not chunk then return nil, clean(message) end
  local condition = new_condition(text)
  if condition.dots and P.version == "5.1" then
    return nil, "Lua 5.1 does not tell what `...` is in another function"
  end
  return condition
end

-- compiling ---------------------------------------------------------------------------------------

-- The slots of the locals visible at a level of the running thread, innermost of each name.
local function slots_at(level)
  local slots, slot = {}, 1
  while true do
    local name = getlocal(level + 1, slot)
    if not name then return slots end
    slots[name] = slot
    slot = slot + 1
  end
end

local function fetch_local(name, slot)
  return format("local %s dbg_n, %s = dbg_local(dbg_l, %d) if dbg_n ~= %q then dbg_moved() end", name, name, slot, name)
end

local function fetch_upvalue(name, index)
  return format("local %s dbg_n, %s = dbg_upvalue(dbg_f, %d) if dbg_n ~= %q then dbg_moved() end", name, name, index, name)
end

local function environment_line(has_own)
  if P.is_51 then return "dbg_setfenv(1, dbg_getfenv(dbg_f))" end
  return not has_own and "local _ENV = dbg_globals" or nil
end

-- The lines that fetch what the condition names, and whether the function itself is asked for.
local function fetches(condition, slots, func, info)
  local lines, needs_function, needs_globals = {}, false, false
  local function fetch(name)
    local slot = slots[name]
    local index = not slot and P.upvalue(func, name)
    if slot then
      lines[#lines + 1] = fetch_local(name, slot)
    elseif index then
      lines[#lines + 1] = fetch_upvalue(name, index)
      needs_function = true
    end
    return slot or index
  end
  local function fetch_constant(name)
    local _, text = P.constant(info, name, -1)
    if not text or text == "" then return false end
    lines[#lines + 1] = format("local %s = %s", name, text)
    return true
  end
  for index = 1, #condition.names do
    local name = condition.names[index]
    if name ~= "_ENV" and not fetch(name) and not fetch_constant(name) then needs_globals = true end
  end
  if needs_globals then
    local has_own = not P.is_51 and fetch("_ENV")
    lines[#lines + 1] = environment_line(has_own)
    needs_function = needs_function or P.is_51
  end
  return lines, needs_function
end

local function varargs(level)
  local values, count = {}, 0
  while true do
    local name, value = getlocal(level + 1, -count - 1)
    if not name then return unpack(values, 1, count) end
    count = count + 1
    values[count] = value
  end
end

local function moved() error(MOVED, 0) end

local function has_loop(text)
  local tokens = P.tokens(text)
  for index = 1, #tokens do
    local word = tokens[index].text
    if word == "do" or word == "repeat" or word == "goto" then return true end
  end
  return false
end

local HEAD = "local dbg_local, dbg_upvalue, dbg_info, dbg_moved, dbg_globals, dbg_varargs, dbg_getfenv, dbg_setfenv = ... "

-- A function(level, func?) that evaluates the condition; the level as it counts itself.
local function compile(condition, slots, func, info)
  local lines, needs_function = fetches(condition, slots, func, info)
  local text = condition.text
  if condition.dots then text = "(function(...) return " .. text .. "\n end)(dbg_varargs(dbg_l))" end
  local fetch_function = needs_function and "dbg_f = dbg_f or dbg_info(dbg_l, 'f').func " or ""
  local code = HEAD .. "return function(dbg_l, dbg_f) local dbg_n " .. fetch_function .. concat(lines, " ") .. " return " .. text .. "\n end"
  local chunk, message = P.compile(code, "=condition")
  if not chunk then
    message = clean(message)
    return function() error(message, 0) end
  end
  -- A loop in it has no probes that would hear an interrupt, and compiled code has no hooks (LuaJIT).
  if lib.jit and has_loop(text) then pcall(lib.jit.off, chunk, true) end
  P.evaluating = P.evaluating + 1 -- no step may end in here
  local tester = chunk(getlocal, getupvalue, getinfo, moved, P.globals, varargs, lib.getfenv, lib.setfenv)
  P.evaluating = P.evaluating - 1
  return tester
end

-- breaking off -------------------------------------------------------------------------------------

local PATIENCE = 0.5 -- seconds of work that a condition has while somebody waits to be heard
local clock = lib.os.clock
local NEVER = -1 -- on the clock
local since, last = NEVER, NEVER -- when the first of the interrupts of an evaluation came, and the last

-- An interrupt came while a condition or a log message is evaluated. They are soon done, and then it
-- comes again; one that is not is broken off, so that it stops as one that failed. For the end of the
-- script that is done at once.
function P.condition_interrupted()
  if P.host.has_end() then error("it was broken off", 0) end
  local now = clock()
  if last == NEVER or now - last > PATIENCE / 2 then since = now end
  last = now
  if now - since < PATIENCE then return end
  since = now
  error("it took too long and was broken off", 0)
end

-- finding the tester of a place -------------------------------------------------------------------

local function lines_of(condition, func)
  local info = getinfo(func, "S")
  local key = info.source .. ":" .. info.linedefined
  local lines = condition.of_text[key] or {}
  condition.of_text[key] = lines
  condition.of_function[func] = lines
  return lines
end

local function tester_at(condition, level, place, again)
  local home, key = condition.at_place, place
  local info
  if place == nil then
    info = getinfo(level + 1, "fl")
    home, key = condition.of_function[info.func] or lines_of(condition, info.func), info.currentline
  end
  local func = info and info.func
  local tester = home[key]
  if tester and not again then return tester, func end
  local whole = getinfo(level + 1, "Slf")
  tester = compile(condition, slots_at(level + 1), whole.func, whole)
  home[key] = tester
  return tester, func
end

-- Whether a condition holds for the function at `level` of the running thread, as the caller would
-- write it for debug.getlocal: true and the value, or false and the message of its error. `place`,
-- if given, is a key that stands for one statement of one text (the id of a probe): it saves asking
-- which function runs. Must not be called by a tail call.
function P.test(condition, level, place)
  last = NEVER
  local tester, func = place and condition.at_place[place], nil
  if not tester then tester, func = tester_at(condition, level + 1, place) end
  local evaluating = P.evaluating
  P.evaluating = evaluating + 1
  local ok, value = pcall(tester, level + 3, func)
  if not ok and value == MOVED then
    tester = tester_at(condition, level + 1, place, true)
    ok, value = pcall(tester, level + 3)
  end
  P.evaluating = evaluating
  if ok then return true, value end
  return false, clean(P.error_text(value))
end

-- log messages ------------------------------------------------------------------------------------

local messages = setmetatable({}, { __mode = "k" }) -- parts -> prepared message

-- One condition that gives all the values at once, and one each for when that fails.
local function prepare(parts)
  local singles, texts = {}, {}
  for index = 2, #parts, 2 do
    local single, problem = P.condition(parts[index])
    singles[#singles + 1] = single or { problem = problem }
    texts[#texts + 1] = "(" .. parts[index] .. "\n)"
  end
  local message = { singles = singles, all = P.condition(concat(texts, ", ")) }
  messages[parts] = message
  return message
end

-- A value in a log message, as print would show it, but that its errors are text, too.
local function logged(value)
  local kind = type(value)
  if kind == "string" then return P.text(value) end
  if kind == "number" then return P.number_text(value) end
  if (kind == "table" or kind == "userdata") and P.view(value, "line") == nil and P.has_metamethod(value, "__tostring") then
    local text = P.tostring_text(value)
    return type(text) == "string" and P.text(text) or "<__tostring>"
  end
  return (P.describe(value))
end

local function filled(parts, ok, ...)
  if not ok then return nil end
  local pieces, values = {}, { ... }
  for index = 1, #parts do
    pieces[index] = index % 2 == 1 and P.text(parts[index]) or logged(values[index / 2])
  end
  return concat(pieces)
end

local function filled_singly(parts, singles, level)
  local pieces = {}
  for index = 1, #parts do
    local piece = P.text(parts[index])
    if index % 2 == 0 then
      local single = singles[index / 2]
      local ok, value = false, single.problem
      if not value then ok, value = P.test(single, level + 1) end
      piece = ok and logged(value) or "{" .. piece .. ": " .. P.text(value) .. "}"
    end
    pieces[index] = piece
  end
  return concat(pieces)
end

-- The text of a log message at a level as for P.test. `parts` is an array of texts (odd places) and
-- expressions (even places); an expression that fails shows its error.
function P.log_message(parts, level, place)
  local message = messages[parts] or prepare(parts)
  if #parts < 2 then return P.text(parts[1] or "") end
  local text
  if message.all then
    local tester, func = tester_at(message.all, level + 1, place)
    P.evaluating = P.evaluating + 1
    text = filled(parts, pcall(tester, level + 3, func))
    P.evaluating = P.evaluating - 1
  end
  if text then return text end
  text = filled_singly(parts, message.singles, level + 1)
  return text
end
