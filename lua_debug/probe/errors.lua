-- Errors: which of them stop, and what a stop says.
--
-- Whoever sees an error on its way says so: the message handler of the main chunk (program.lua), and
-- those of the functions that catch errors (catching.lua).
local P = ...

local lib = P.lib
local rawequal, setmetatable, type = lib.rawequal, lib.setmetatable, lib.type
local find, sub = lib.string.find, lib.string.sub
local getinfo = lib.debug.getinfo

local MODES = { all = { "caught", "uncaught" }, caught = { "caught" }, uncaught = { "uncaught" } }

local filters = { caught = {}, uncaught = {} } -- arrays of { id =, condition = P.error_condition() | nil }
P.wants_errors = { caught = false, uncaught = false }

-- Filters -------------------------------------------------------------------------------------------

-- exceptions {filters}: the errors to stop on from now on, each {filter, id, condition?}.
function P.ops.exceptions(command)
  local chosen = { caught = {}, uncaught = {} }
  for index = 1, #command.filters do
    local wanted = command.filters[index]
    local entry = { id = wanted.id, condition = wanted.condition and P.error_condition(wanted.condition) }
    local modes = MODES[wanted.filter]
    for each = 1, #modes do
      local entries = chosen[modes[each]]
      entries[#entries + 1] = entry
    end
  end
  filters = chosen
  for mode in lib.next, P.wants_errors do P.wants_errors[mode] = #chosen[mode] > 0 end
  return {}
end

-- The ids of the filters that stop on an error, nil if none does; and the message of a condition that
-- failed, which stops, too.
local function decide(mode, err, thread)
  local ids, problem
  P.evaluating = P.evaluating + 1 -- nothing stops in there
  for index = 1, #filters[mode] do
    local entry, ok, holds = filters[mode][index], true, true
    if entry.condition then ok, holds = entry.condition(err, thread) end
    if not ok then problem = P.error_text(holds) end
    if holds then
      ids = ids or P.array()
      ids[#ids + 1] = entry.id
    end
  end
  P.evaluating = P.evaluating - 1
  return ids, problem
end

-- Stopping ------------------------------------------------------------------------------------------

local LONG = 4000 -- characters of an error's text that are shown; its value has the rest

-- What an error says to a person, in one text.
function P.error_message(err)
  if type(err) == "string" then return P.shorten(P.text(err), LONG) end
  if P.has_metamethod(err, "__tostring") then
    local text, fine = P.tostring_text(err)
    if fine and type(text) == "string" then return P.shorten(P.text(text), LONG) end
  end
  return (P.describe(err))
end

-- Stops on an error if a filter says so. `mode` is "caught" or "uncaught"; `thread`, if given, is dead
-- of it; `running`, if given, is the script's thread that runs, below this one; `resumed_by`, if given, is
-- the function on the running stack by which the dead one was resumed.
function P.stop_on_error(mode, err, thread, running, resumed_by)
  if not P.wants_errors[mode] then return end
  if P.dying or P.stop or P.evaluating > 0 or rawequal(err, P.death) then return end
  P.make_room()
  local ids, problem = decide(mode, err, thread or running or P.running())
  if not ids or P.dying then return end
  P.stop_here({
    reason = "exception", breakpoints = ids, thread = thread, running = running,
    resumed_by = resumed_by, error = err, has_error = true,
    mode = mode == "caught" and "always" or "unhandled", text = P.error_message(err),
    description = "Paused on error" .. (problem and "; its condition failed: " .. problem or ""),
  })
end

-- Errors on their way through coroutine.wrap --------------------------------------------------------------

local passing = nil -- { thread =, err = }: what was told already is about to be raised again there

-- From now on the same error is not told again when it is raised in `thread`.
function P.passes_on(thread, err) passing = { thread = thread, err = err } end

-- Whether `err` in `thread` is such an error; asked once. coroutine.wrap puts a position before texts.
function P.was_told(thread, err)
  if not passing or passing.thread ~= thread then return false end
  local known = passing.err
  passing = nil
  if rawequal(known, err) then return true end
  return type(known) == "string" and type(err) == "string" and sub(err, -#known) == known
end

P.mourned = setmetatable({}, { __mode = "k" }) -- thread, dead of an error that is known -> true

-- Stops on an error if it came through coroutine.wrap and that was not told; whether it did.
function P.passed_on(_mode, _err) return false end

local function tell(mode, err, running)
  if P.wants_errors[mode] and not P.was_told(running or P.running(), err) then
    if running or not P.passed_on(mode, err) then P.stop_on_error(mode, err, nil, running) end
  end
  P.give_room_back()
end

-- An error was raised in the running thread, or in `running`, which lies below.
function P.error_uncaught(err, running) tell("uncaught", err, running) end

local function caught_aside(running, err) tell("caught", err, running) end

function P.error_caught(err)
  if P.wants_errors.caught and not P.handled_aside(caught_aside, err) then tell("caught", err) end
end

-- Kinds ---------------------------------------------------------------------------------------------

local raisers = { [lib.error] = "error", [lib.assert] = "assert" }

-- The function whose frame raised the error of a stop.
local function raiser(stop)
  local level = stop.thread == stop.running and 1 or 0
  local info = getinfo(stop.thread, level, "Sf")
  while info and P.is_probe_info(info) do
    level = level + 1
    info = getinfo(stop.thread, level, "Sf")
  end
  return info and info.func
end

-- A short name for the kind of error: by Lua's own messages and by what raised it.
function P.error_kind(stop)
  local text = type(stop.error) == "string" and stop.error or ""
  if find(text, "not enough memory$") then return "memory" end
  if find(text, "stack overflow") then return "stack overflow" end
  if find(text, "^error in ") or text == "C stack overflow" then return "error in error handling" end
  if find(text, ":%d+: [^\n]* near [^\n]+$") then return "syntax error" end
  return raisers[raiser(stop)] or "runtime error"
end
