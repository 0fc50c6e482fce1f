-- Running a main chunk as the standalone interpreter does, and what that says when it fails: the
-- message handler, and the words of `report` (lua.c; for LuaJIT luajit.c).
local P = ...

local lib = P.lib
local pcall, xpcall, rawequal, tostring, type = lib.pcall, lib.xpcall, lib.rawequal, lib.tostring, lib.type
local create, resume, running = lib.coroutine.create, lib.coroutine.resume, lib.coroutine.running
local getinfo, getmetatable, sethook, traceback = lib.debug.getinfo, lib.debug.getmetatable, lib.debug.sethook, lib.debug.traceback
local gsub, sub, rawget, pack, unpack = lib.string.gsub, lib.string.sub, lib.rawget, P.pack, P.unpack

local main_chunk = nil

local NO_STRING = "(error object is not a string)"
local is_later = P.version == "5.3" or P.version == "5.4" or P.version == "5.5"

-- What is said of what is neither a string nor a number, by 5.1, 5.2 and LuaJIT.
local function early_words(err, is_converted)
  if err == nil then return nil, false end
  return (is_converted or P.version ~= "5.2") and NO_STRING or "(no error message)", false
end

-- What is said of an error value, nil for nothing; and whether a traceback follows. An error in its
-- __tostring is one in the message handler, which is called with that then.
local function words_of(err)
  if type(err) == "string" or type(err) == "number" then return tostring(err), true end
  local metatable = P.version ~= "5.1" and err ~= nil and getmetatable(err)
  local convert = type(metatable) == "table" and rawget(metatable, "__tostring")
  local text = nil
  if convert then text = convert(err) end
  if type(text) == "string" or type(text) == "number" and not is_later then return tostring(text), P.is_jit end
  if is_later then return "(error object is a " .. type(err) .. " value)", true end
  if convert then return early_words(text, true) end
  return early_words(err, false)
end

-- The words with the value of a table in them, where a person typed the code and wants to see it.
local function words_with_value(err)
  local text, is_traced = words_of(err)
  local is_luas = text == "(no error message)" or text and sub(text, 1, 16) == "(error object is"
  if not P.shows_error_values or type(err) ~= "table" or not is_luas then return text, is_traced end
  local ok, shown = pcall(P.show, err)
  return ok and sub(text, 1, -2) .. ": " .. shown .. ")" or text, is_traced
end

-- The first level of a thread that is none of the probe's: what raised the error. Level 0 is what
-- resumed our coroutine.
local function raiser(thread)
  local level = 1
  local info = getinfo(thread, level, "S")
  while info and info.source == "=[C]" and info.what ~= "C" do
    level = level + 1
    info = getinfo(thread, level, "S")
  end
  local outer = P.break_hook and getinfo(thread, level + 1, "f") -- the break key, by `error`
  return outer and outer.func == P.break_hook and level + 2 or level
end

local function traced(thread, text)
  return P.standard_traceback(thread, text, raiser(thread), P.version == "5.1" and 2 or 1, main_chunk)
end

-- The same where the stack is too full for a coroutine: Lua's own, without the rows that are ours.
local function traced_here(text)
  local rows = gsub(traceback(text, 2), "\n\t%[C%]:%d+: in [^\n]*", "")
  local bottom = P.version == "5.1" and "in main chunk\n\t[C]: ?" or "in main chunk\n\t[C]: in ?"
  return (gsub(rows, "in [^\n]*\n\t%[C%]: in %a+ 'xpcall'[^']*$", bottom))
end

-- The text that standalone Lua ends with, for an error whose stack is still there. `aside`: the thread
-- that raised it, if that is not the running one.
local function last_words(err, aside)
  local text, is_traced = words_with_value(err)
  if not text or not is_traced then return text end
  if aside then return traced(aside, text) end
  local ok, words = resume(create(traced), running() or P.main, text)
  return ok and words or traced_here(text)
end

-- Whether `load` is reading through a function that raised the error: it catches that, but calls the
-- handler nevertheless (ldo.c, luaD_protectedparser).
local function is_caught_by_load()
  for level = 3, 40 do
    local info = getinfo(level, "f")
    if not info then return false end
    if info.func == lib.load then return true end
  end
  return false
end

-- What the handler does where the stack has no room for it.
local function handle_aside(thread, err)
  P.error_uncaught(err, thread)
  local words = last_words(err, thread)
  P.keep_remains(err, words, thread)
  return words
end

-- As in lua.c, what it makes of the error is what variables that are to be closed are given.
local function handler(err)
  if P.dying or P.death and rawequal(err, P.death) then return err end
  if not P.handled_aside then
    sethook() -- nothing of ours is hooked, and lua.c goes on in C
  else
    local is_handled, words = P.handled_aside(handle_aside, err)
    if is_handled then return P.dying and P.death or words or err end
  end
  if is_caught_by_load() then
    if P.error_caught then P.error_caught(err) end
    return err
  end
  if P.error_uncaught then P.error_uncaught(err) end
  local words = last_words(err)
  if P.keep_remains then P.keep_remains(err, words) end
  return words or err
end
P.traced_calls[handler] = ""

-- The main chunk that runs, if this is its thread.
function P.main_chunk(thread) return thread == P.main and main_chunk or nil end

local function results_of(...) return ... end -- not as a tail call, which the traceback would tell

local function call(chunk, ...)
  if P.version ~= "5.1" then return xpcall(chunk, handler, ...) end
  local arguments = pack(...)
  return xpcall(function() return results_of(chunk(unpack(arguments, 1, arguments.n))) end, handler)
end

-- Runs a chunk as the main one: true and its results, or false and what is to be written to stderr ("" for
-- an error of which Lua says nothing).
local function ended(ok, ...)
  main_chunk = nil
  if P.tell_late_changes then P.tell_late_changes() end
  if ok then return true, ... end
  local problem = ...
  if type(problem) == "string" then return false, problem end
  return false, words_of(problem) or "" -- no memory or stack was left for the handler
end

function P.run_chunk(chunk, ...)
  main_chunk = chunk
  return ended(call(chunk, ...))
end

-- The same for a program, whose results nobody wants: nothing, or the text.
function P.run_main(chunk, ...)
  local ok, problem = P.run_chunk(chunk, ...)
  if not ok then return problem end
end

local function told(ok, ...)
  if not ok then return (...) end
  local packed = P.pack_values("0", "1", lib.select("#", ...), ...)
  P.out_there(P.host.hear_results, packed or "p[]")
end

-- The same for one whose results the host wants; those that are no data are told as what they are.
function P.tell_results(chunk, ...) return told(P.run_chunk(chunk, ...)) end
