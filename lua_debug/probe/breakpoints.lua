-- Breakpoints: the handler behind the source probes, and what decides whether one stops.
--
-- A probe is the call `(true)(id)` compiled into the script: booleans have no metatable of their own
-- (Lua manual, section on metatables), so ours gives them one whose __call is the handler below. It
-- costs a look-up while nothing is set there.
local P = ...

local lib = P.lib
local getinfo, setmetatable = lib.debug.getinfo, lib.debug.setmetatable
local error, format, next = lib.error, lib.string.format, lib.next
local rawequal, rawget, rawset = lib.rawequal, lib.rawget, lib.rawset
local host = P.host

local SAFEPOINT, TESTED = 1929379840, -1 -- probes without a breakpoint; in a condition (syntax/safepoints.py)

local at_probe = { [SAFEPOINT] = false } -- probe id -> array of breakpoints with `place`, or false
local at_line = {} -- raw source -> line -> array of breakpoints with `loop` and `functions`
local newest = 0 -- the number of the command that set them
local hits = { code = {}, data = {} } -- of breakpoints on each: id -> { key =, count = }
local pending = nil -- a step that ends at the probe that follows on its line: { step =, command = }
local marked = nil -- first lines of functions whose entry the accelerator has to hear -> true
local entered = {} -- probe id of a loop's head -> true until its body began

-- Deciding ----------------------------------------------------------------------------------------

local compare = {
  ["=="] = function(count, wanted) return count == wanted end,
  [">"] = function(count, wanted) return count > wanted end,
  [">="] = function(count, wanted) return count >= wanted end,
  ["<"] = function(count, wanted) return count < wanted end,
  ["<="] = function(count, wanted) return count <= wanted end,
  ["%"] = function(count, wanted) return count % wanted == 0 end,
}

local function log(breakpoint, level, place)
  local info = getinfo(level + 1, "Sl")
  local text = P.log_message(breakpoint.log, level + 1, place)
  P.log(text, info.source, info.currentline)
end

-- Whether a breakpoint stops; `level` is the script's frame as the caller counts, `place` as for
-- P.test. A condition that fails stops, too, and its message says why.
local function decide(breakpoint, level, place)
  if breakpoint.condition then
    local ok, value = P.test(breakpoint.condition, level + 1, place)
    if not ok then
      if host.has_end() then P.interrupted() end -- nobody wants to see a stop
      return true, "Condition failed: " .. P.text(value)
    end
    if not value then return false end
  end
  local hit = breakpoint.hit
  hit.count = hit.count + 1
  local counts = breakpoint.counts
  for index = 1, counts and #counts or 0 do
    if not compare[counts[index][1]](hit.count, counts[index][2]) then return false end
  end
  if breakpoint.log then
    log(breakpoint, level + 1, place)
    return false
  end
  return true
end

P.passes = decide

-- LuaJIT lets nobody touch its compiler while a finalizer runs, which looking at a stop has to.
local function cannot_stop()
  local jit = lib.jit
  if not jit or lib.pcall(jit.status() and jit.on or jit.off) then return false end
  if not P.told_of_finalizers then
    P.told_of_finalizers = true
    host.log("A breakpoint in a finalizer (__gc) was passed: LuaJIT cannot be stopped there.")
  end
  return true
end

-- Stops if one of the breakpoints says so; true if it did.
local function visit(breakpoints, level, place)
  local ids, text, reason = nil, nil, nil
  for index = 1, #breakpoints do
    local breakpoint = breakpoints[index]
    local stops, problem = decide(breakpoint, level + 1, place)
    if stops then
      ids = ids or P.array()
      ids[#ids + 1] = breakpoint.id
      text = text or problem
      reason = reason or breakpoint.reason
    end
  end
  if not ids or cannot_stop() then return false end
  P.stop_here({ reason = reason or "breakpoint", breakpoints = ids, text = text, description = text })
  return true
end

-- Probes ------------------------------------------------------------------------------------------

-- The step that waits for the next probe, unless the program was resumed otherwise since.
local function take_pending()
  local taken = pending
  pending = nil
  return taken and taken.command == P.resume_command and taken.step or nil
end

-- `between`: how many functions stand between the script's and the handler.
local function reach(breakpoints, between)
  if P.evaluating > 0 then return end
  local step = take_pending()
  if breakpoints and visit(breakpoints, 3 + (between or 0), breakpoints.place) then return end
  if step then step() end
end

-- A boolean of the script was called: the error that Lua raises (ldebug.c, luaG_typeerror).
local function not_callable(value)
  local info = getinfo(2, "n")
  local name = info.name and info.namewhat ~= "" and format("%s '%s'", info.namewhat, info.name)
  if P.is_51 or P.version == "5.2" then
    error(format("attempt to call %sa boolean value%s", name and name .. " (" or "", name and ")" or ""), 3)
  end
  error("attempt to call a boolean value" .. (name and " (" .. name .. ")" or ""), 3)
end

-- Whether a passage of a probe is a visit of its line. A loop that shares its line with its body has
-- a probe in both; the head's passage belongs to the visit of the first turn (see syntax/probes.py).
local function is_visit(id, form)
  local was_entered = entered[id]
  entered[id] = (form == 1 or form == 3 or form == 4) or nil
  if form == 4 then return false end
  return form == 1 or not was_entered
end

local function handler(value, id, form, between)
  local breakpoints = at_probe[id]
  if breakpoints == nil then
    not_callable(value)
  elseif breakpoints or pending then
    reach((not form or is_visit(id, form)) and breakpoints, between)
  end
end

-- LuaJIT runs no hooks in compiled code, so there the probes (at least one in every function and
-- every turn of a loop) look at a byte that the host sets to be heard. Filling memory
-- beside it keeps the compiler from taking the look out of the loop. At the entry of a function the
-- form is its first line: where a breakpoint was added later, the accelerator has to hear lines.
-- While a call is stepped over, returns are hooked; a function of C returns unheard, so that loops with
-- probes are compiled all the same. (LuaJIT 2.0 then cannot compile the handler by itself, so there it is
-- done where the handler is hardly called at all, because safepoints sleep, and while a step rests.)
local function make_polling_handler(leaves_unheard)
  local fill = lib.require("ffi").fill
  local flag = P.flag
  local beside = flag + 8
  P.probes_call_last = leaves_unheard
  local function heard()
    if P.is_at_work and P.evaluating == 0 then return end -- what the script attached to the events of traces
    flag[0] = 0
    P.exchange_again()
    if P.evaluating == 0 then P.interrupted()
    elseif P.guard then P.guard.again()
    else P.condition_interrupted() end
    P.safepoints.sleep()
  end
  local function pass(value, id, form, between)
    if id ~= SAFEPOINT then
      local breakpoints = at_probe[id]
      if breakpoints == nil then
        not_callable(value)
      elseif breakpoints or pending then
        reach((not form or is_visit(id, form)) and breakpoints, between)
      end
    elseif marked[form] then
      P.hooks.enter()
      return false
    end
    if leaves_unheard then return rawequal(id, nil) end
  end
  -- Most pass by one line, because hooks in Lua are called at each.
  if leaves_unheard then
    return function(value, id, form, between)
      fill(beside, 1) if flag[0] ~= 0 then heard() end if id == SAFEPOINT and not marked then return rawequal(id, nil) end
      return pass(value, id, form, between)
    end
  end
  return function(value, id, form, between)
    fill(beside, 1) if flag[0] ~= 0 then heard() end if id == SAFEPOINT and not marked then return end
    return pass(value, id, form, between)
  end
end
if P.is_jit then
  local ffi = lib.require("ffi")
  P.flag = ffi.new("uint8_t[64]")
  P.flag_address = lib.tonumber(ffi.cast("uintptr_t", P.flag))
  handler = make_polling_handler(lib.jit.version_num >= 20100)
end

-- The same while the script counts instructions, which ours are none of.
local function counting_handler(value, id, form, between)
  if at_probe[id] == nil then not_callable(value) end
  local halted = P.counts.halt_in_probe(P.user_hooks.of())
  handler(value, id, form, (between or 0) + 1)
  if halted then P.counts.after_probe(halted, form and (form == TESTED and 2 or 1) or 0) end
end

local its_metatable = nil -- the one the script gave booleans
local its_call = nil -- what was __call in it
local is_counted = false -- whether the script counts instructions

-- Gives booleans a metatable in which calls reach the probes; the script may bring its own.
function P.set_boolean_metatable(metatable)
  if its_metatable then rawset(its_metatable, "__call", its_call) end
  its_metatable, its_call = metatable, metatable and rawget(metatable, "__call")
  local reached = is_counted and counting_handler or handler
  if its_call then
    local passed = reached
    function reached(value, id, ...)
      if at_probe[id] == nil then return its_call(value, id, ...) end
      passed(value, id, (...), 1)
    end
  end
  metatable = metatable or { __metatable = false } -- as if there were none
  rawset(metatable, "__call", reached)
  setmetatable(true, metatable)
  P.handler = reached
end

-- LuaJIT: from now on the handler returns unheard.
function P.leave_unheard()
  handler = make_polling_handler(true)
  P.set_boolean_metatable(its_metatable)
end

-- LuaJIT 2.0 with hooks in Lua: the handler returns unheard while a step rests. What was compiled with the other
-- one is thrown away when a step begins.
local usual, unheard = handler, nil
function P.leave_unheard_while(is_resting)
  if P.probes_call_last and not unheard or is_resting == (handler == unheard) then return end
  unheard = unheard or make_polling_handler(true)
  handler = is_resting and unheard or usual
  if is_resting then lib.jit.on(handler) else lib.jit.flush() end -- it may have been found not to be compiled
  P.set_boolean_metatable(its_metatable)
end

function P.boolean_metatable() return its_metatable end

-- The script begins or ends to count instructions.
function P.count_probes(is_wanted)
  is_counted = is_wanted
  P.set_boolean_metatable(its_metatable)
end

-- Lines -------------------------------------------------------------------------------------------

-- Those breakpoints of a line that this visit is about: they are about the functions in which statements
-- begin there, and those on functions about the beginning of these, not about what else the line holds.
local function concerned(breakpoints, level)
  local functions, owners = breakpoints.functions, breakpoints.owners
  local first = (functions or owners) and getinfo(level + 1, "S").linedefined
  if owners and not owners[first] then return {} end
  if breakpoints.loop and not P.is_loop_visit(breakpoints.loop, level + 1) then return {} end
  if not functions or functions[first] then return breakpoints end
  local others = {}
  for index = 1, #breakpoints do
    if not breakpoints[index].reason then others[#others + 1] = breakpoints[index] end
  end
  return others
end

-- Whether the step that is under way came back to a line from within the statement that begins there,
-- up to the line `last`: then no probe follows.
local function is_revisit(line, last, level)
  local origin = P.step_origin
  return origin and origin.line > line and origin.line <= last and origin.func == getinfo(level + 1, "f").func
end

-- The hook reached a line where breakpoints are set, or where a step ends (`step` stops then). Where
-- a probe stands on the line it comes next, and decides for both; if it does not, the step ends a line
-- later.
function P.line_reached(source, line, step)
  local late = take_pending()
  local level = 3 + P.hooks.own_frames
  local breakpoints = at_line[source] and at_line[source][line]
  if breakpoints and visit(concerned(breakpoints, level), level) then return end
  if not step then return late and late() end
  if P.source_of(source).skip then
    if P.hooks.skip then P.hooks.skip() end
    return
  end
  local last = P.probed[source] and P.probed[source][line]
  if last and not late and not is_revisit(line, last, level) then
    pending = { step = step, command = P.resume_command }
  else
    step()
  end
end

-- Setting -----------------------------------------------------------------------------------------

P.probed = {} -- raw source -> line where a probe stands -> last line of the statement

-- Makes of a specification what decides fast; that its texts compile was checked by the host.
local function prepare(spec, known)
  spec.hit = known[spec.id]
  if not spec.hit or spec.hit.key ~= spec.key then spec.hit = { key = spec.key, count = 0 } end
  if spec.condition then
    local condition, message = P.condition(spec.condition)
    if not condition then P.user_error(message) end
    spec.condition = condition
  end
  return spec
end

-- Prepares all breakpoints on "code" or "data"; counts of hits go on where nothing changed.
function P.prepare_breakpoints(what, specs)
  local counts = {}
  for id, spec in next, specs do
    prepare(spec, hits[what])
    counts[id] = spec.hit
  end
  hits[what] = counts
end

local function pick(numbers, specs)
  local picked = {}
  for index = 1, #numbers do picked[index] = specs[numbers[index]] end
  return picked
end

local function arm_probes(probes, specs)
  for id in next, at_probe do at_probe[id] = false end
  for id, probe in next, probes do
    if #probe.ids > 0 then
      at_probe[id] = pick(probe.ids, specs)
      at_probe[id].place = probe.is_single and id or nil
    else
      at_probe[id] = false
    end
  end
end

local function arm_lines(command)
  for source in next, at_line do P.hooks.set_lines(source, nil) end
  at_line, marked = {}, nil
  for source, lines in next, command.lines do
    local loops, functions, owners = command.loops[source] or {}, command.entries[source] or {}, command.owners[source]
    local wanted = {}
    for line, numbers in next, lines do
      wanted[line] = pick(numbers, command.specs)
      wanted[line].loop, wanted[line].functions = loops[line], functions[line]
      wanted[line].owners = next(owners[line]) and owners[line]
    end
    at_line[source] = wanted
    local marks = P.hooks.enter and command.marks[source]
    for first in next, marks or {} do
      marked = marked or {}
      marked[first] = true
    end
    P.hooks.set_lines(source, wanted, marks ~= nil)
  end
  if marked then P.safepoints.wake() else P.safepoints.sleep() end
end

-- Whether safepoints have to tell which functions are entered.
function P.is_marked() return marked ~= nil end

-- Replaces all line and function breakpoints.
--   specs: id -> {id, key, condition, counts: array of {operator, count}, log, reason}
--   probes: probe id -> {ids, is_single: it is one statement in one function}
--   lines: raw source -> line -> ids; loops: -> line -> the `for` that begins there;
--   entries: -> line -> first lines of the functions that begin there; owners: -> line -> those of the
--   functions in which statements begin there, none: any; probed: -> line with a probe ->
--   last line of the statement that begins there; marks: raw source -> first lines of the functions
--   with breakpoints, if safepoints tell their entries
--   number: what was made later has a higher one; what a chunk that is being loaded brings along may be
--   later than a command that still waits, which knows nothing of that chunk
function P.ops.arm(command)
  if command.number < newest then return {} end
  if command.exchanges then command = P.with_exchanges(command) end
  newest = command.number
  P.prepare_breakpoints("code", command.specs)
  arm_probes(command.probes, command.specs)
  arm_lines(command)
  P.probed = command.probed
  P.ops.forget_sources()
  if not P.stop and not P.guard then P.hooks.arm() end
  return {}
end
