-- Hooks in pure Lua (debug.sethook): stepping, interrupts, breakpoints in code already loaded.
--
-- The same table is offered by the compiled accelerator; whichever is there becomes `P.hooks`. No
-- hook is set while nothing is armed.
local P = ...

local lib = P.lib
local getinfo, gethook, sethook = lib.debug.getinfo, lib.debug.gethook, lib.debug.sethook
local error, next, setmetatable, status = lib.error, lib.next, lib.setmetatable, lib.coroutine.status
local find = lib.string.find
local steps, running, user_hooks, counts = P.steps, P.running, P.user_hooks, P.counts
local amid, pending = P.amid, P.pending

local hooks = { is_native = false, own_frames = 1 } -- between the script and on_event stands the hook
P.hooks = hooks

local TRUSTS = P.version == "5.2" or P.version == "5.3" -- they look at lines by an address that may be any
local FAR = 10000 -- the last line that is looked up fast

function P.leave_unheard_while() end -- of the probes' handler, see breakpoints.lua

local function new_weak() return setmetatable({}, { __mode = "k" }) end

local on_event -- function(event, line, is_step): "line", "return", "interrupt", "out", "watch"
local wanted_lines = {} -- source -> line -> true
local lines = {} -- the same the other way round: line -> { source -> true }, or false
local has_lines = false
local has_watches = false
local doomed = new_weak() -- thread -> true: it is being ended
local telling = nil -- the event that is being told
local righted = new_weak() -- thread -> true: it is told returns that nobody wants, see put_right
local is_brief = false -- whether only lines with breakpoints matter among the lines
local rest_level = 0 -- the level that there is, as return_hook counts, while a step rests

hooks.is_armed = false -- whether any thread may need a hook
hooks.threads = {} -- read from outside (resuming.lua)
local everywhere = "" -- what all threads are armed for
local lent = new_weak() -- thread -> true: it has a hook for the step

-- Arming ------------------------------------------------------------------------------------------

local hook, line_hook, return_hook, arm

local function is_doomed(thread)
  if not P.is_jit then return doomed[thread] end
  for each in next, doomed do
    if status(each) ~= "dead" then return true end
    doomed[each] = nil
  end
end

-- The function that is to be called: a short one while nothing but breakpoints on lines is armed, or
-- a step waits for the return of what it steps over.
local function fitting(thread, mask, count)
  local is_rest = mask == "r" and count == 0 and not user_hooks.are_set()
  local rest = is_rest and steps.rest(thread or running()) or nil
  if P.is_jit and (rest or user_hooks.are_set() or not steps.is_on()) then P.leave_unheard_while(rest ~= nil) end
  if rest then
    rest_level = rest + 2
    return return_hook
  end
  local is_amid = amid.is_any(thread or running())
  return mask == "l" and count == 0 and is_brief and not is_amid and line_hook or hook
end

-- Sets the hook a thread needs now. `thread` nil: the running one. Where it needs none it keeps an
-- entry in Lua's table of hooks: an interrupt from outside needs one.
local function arm_thread(thread)
  local mask, count = "", 0
  if P.dying or is_doomed(thread or running()) then
    count = 1
  else
    mask = steps.mask(thread or running()) or ""
    if mask ~= "" then lent[thread or running()] = true end
    if (has_lines or has_watches) and mask ~= "lcr" then mask = mask .. "l" end
    if amid.needs_calls() and mask == "l" then mask = "lc" end
    if pending.needs_calls(thread or running()) then mask = "lcr" end
  end
  -- Never false in between: the hook may be called amid this, and takes itself away if it is.
  hooks.is_armed = has_lines or has_watches or P.dying or steps.is_on() or next(doomed) ~= nil or user_hooks.are_set()
  is_brief = has_lines and not has_watches and not steps.wants_lines() and not user_hooks.are_set()
  if user_hooks.are_set() then mask, count = user_hooks.joined(thread, mask, count) end
  if mask == "" and P.is_jit then amid.forget() end -- nobody is heard any longer
  local func, user_hook = fitting(thread, mask, count), user_hooks.of(thread)
  righted[thread or running()] = nil
  counts.keep(user_hook)
  if thread then sethook(thread, func, mask, count) else sethook(func, mask, count) end
  counts.give(user_hook)
end

-- The running thread, and the others where what all of them need has changed.
function arm()
  local wanted = P.dying and "end" or has_watches and "watch" or has_lines and "lines" or ""
  local has_changed = wanted ~= everywhere and not P.is_jit
  everywhere = wanted
  arm_thread()
  if not has_changed then return end
  local own = running()
  for thread in next, P.created_threads do
    if thread ~= own and status(thread) ~= "dead" then arm_thread(thread) end
  end
  if own ~= P.main then arm_thread(P.main) end
end

-- Has hooks set as they are needed now: that of a thread, or all.
function hooks.arm(thread)
  if thread then arm_thread(thread) else arm() end
end

-- Arms again those that had a hook for a step.
local function take_back()
  local own, others = running(), lent
  lent = new_weak()
  for thread in next, others do
    if thread ~= own and not P.is_jit then arm_thread(thread) end
  end
end

-- Events ------------------------------------------------------------------------------------------

-- Whether there is a breakpoint on a line of the function at `level`.
local function is_line_armed(line, level)
  local sources = lines[line]
  return sources and sources[getinfo(level, "S").source]
end

-- What a line event means: "line" (a breakpoint's, or where a step ends), "watch" (values may have
-- changed) or nothing; and whether a step ends. `wanted`: there is a breakpoint.
local function reached(line, wanted)
  amid.look_at_line(line)
  local is_step = steps.is_on() and steps.ends_here()
  if not wanted and (not (is_step or has_watches) or P.is_probe_info(getinfo(3, "S"))) then return nil end
  if steps.is_rest_of_line(line) then return nil end
  if wanted and P.is_jit then
    local place = amid.of(running())
    if place and not steps.deeper_than(3, place.depth) then amid.leave(running(), place) end
    amid.stay(steps.depth_from(3), line, false, true)
  end
  return (wanted or is_step) and "line" or "watch", is_step
end

local is_owed = false -- whether the event at hand is the end of a count that the script is to hear of
local INTERRUPT, OWED = 1, 2 -- what is counted to: from outside, and for the script when it was not its turn

-- Tells the script of the end of its count where its own code runs next, unless an interrupt comes first.
function hooks.tell_soon()
  local _, mask, every = gethook()
  if every ~= INTERRUPT then sethook(hook, mask, OWED) end
end

-- The count ran out: an interrupt, or the end of a thread; or it is one that the script counts by. The
-- probe's own work is not disturbed.
local function counted(halted)
  local _, mask, every = gethook()
  local is_probe = P.is_probe_info(getinfo(3, "S"))
  if every > INTERRUPT then
    is_owed = user_hooks.count_ended(every, is_probe or P.evaluating > 0, halted)
    if every == OWED and not is_probe and P.evaluating == 0 then arm() end
    return nil
  end
  if is_probe then
    if mask ~= "" then sethook(hook, "", INTERRUPT) end -- which takes its time where a stack is deep
    return nil
  end
  local user_hook = user_hooks.of()
  local is_all = user_hook ~= nil and user_hook.count == INTERRUPT -- which nobody can tell from an interrupt
  if P.evaluating > 0 and not P.dying then
    if mask ~= "" then sethook(hook, "", INTERRUPT) end
    if not P.guard and not is_all then P.condition_interrupted() end
    return nil
  end
  if P.dying then
    P.quiet_handler()
    error(P.death, 0)
  end
  if doomed[running()] then error("the coroutine was terminated", 0) end
  arm()
  is_owed = is_all
  return "interrupt", getinfo(3, "l").currentline
end

-- 5.2 and 5.3: at an instruction that is counted while lines are told, too, Lua goes on to look at lines
-- (ldebug.c, luaG_traceexec), and what it compares with is only put right by our return if some returns
-- or lines are still told then. Whether lines were told nobody can say here: an interrupt may write the
-- mask at any time.
local function put_right()
  local func, mask, count = gethook()
  if find(mask, "[lr]") then return end
  sethook(func or hook, mask .. "r", count) -- 5.3 does not tell one that is off
  righted[running()] = true
end

-- The next event after that: what nobody wants is not told any longer, unless a count of ours is under way.
local function stop_returns()
  local _, _, every = gethook()
  if every ~= INTERRUPT and every ~= OWED then arm_thread() end
end

-- What Lua's hooks tell. Between on_event and the frame of the event lies nothing but this function.
function hook(event, line)
  if is_brief and line and not lines[line] then
    local place = amid.of(running())
    if not place or place.is_left and getinfo(2 + place.depth, "") then return end
  end
  local told, at, is_step = nil, line, true
  local halted = user_hooks.has_counts and counts.halt(user_hooks.of())
  is_owed = false
  if not hooks.is_armed and event ~= "count" then
    local _, _, every = gethook()
    if every == 0 then sethook(hook, "") end -- left from a time when this thread was needed
  elseif event == "line" then
    told, is_step = reached(line, has_lines and is_line_armed(line, 3))
    if told and has_watches then
      telling = "watch"
      local has_stopped = on_event(pending.is_near(line) and "write" or "watch", line, "line")
      telling = nil
      if has_stopped or told == "watch" then told = nil end
    end
  elseif event == "count" then
    told, at = counted(halted)
  elseif steps.is_on() and (event == "call" or event == "tail call") then
    steps.called(event)
  elseif steps.is_on() then
    told, at = steps.returning()
  elseif event == "call" then
    amid.look_at_call()
  end
  if told then
    local was_armed = told == "interrupt" and has_lines and (not P.is_jit or is_line_armed(at, 3))
    telling = told
    on_event(told, at, is_step)
    if told == "interrupt" and telling then
      arm() -- what was asked for meanwhile
      -- A breakpoint may have come to the line that is about to begin; that it begins is told (5.1 to
      -- 5.5) only if lines were told before.
      if not was_armed and has_lines and is_line_armed(at, 3) then on_event("line", at) end
    end
    telling = nil
  end
  if has_watches and event ~= "line" and event ~= "count" then
    local what = pending.met(event)
    if what then on_event("write", 0, what) end
  end
  if TRUSTS and event == "count" then
    put_right()
  elseif TRUSTS and next(righted) and righted[running()] then
    stop_returns()
  end
  local others = user_hooks.are_set() and (is_owed or event ~= "count") and user_hooks.function_for(event)
  if halted then counts.after_event(halted, is_owed and others ~= nil) end
  if others then return others(event, line) end
end

-- The same for the time when nothing but breakpoints on lines is armed: Lua calls it at every line. The
-- way past a line is short, and a line itself: Lua looks at each instruction of a hook, too, and more
-- so at each line, to find that it is one.
function line_hook(_, line)
  if not lines[line] then return end
  if not lines[line][getinfo(2, "S").source] or not reached(line, true) then return end
  telling = "line"
  on_event("line", line, false)
  telling = nil
  if amid.of(running()) then arm() end
end

-- The same for the time when a step rests: Lua calls it at every return.
function return_hook(event)
  if event == "return" and getinfo(rest_level, "") then return end
  if event == "count" then return sethook(hook, "r", INTERRUPT) end
  local told, at = steps.returning()
  if not told then return end
  telling = told
  on_event(told, at, true)
  telling = nil
end

-- An interrupt, which has no line, comes here, and so do lines far down.
setmetatable(lines, { __index = function(_, line)
  if line == nil then sethook(hook, "l", INTERRUPT) end
end })

hooks.function_ = hook

-- Lua's table of hooks keeps no coroutine alive, but in 5.2 only if sethook is called before gethook
-- (ldblib.c, db_sethook).
sethook(hook, "")
sethook()

-- What the rest of the probe calls ------------------------------------------------------------------

function hooks.start(callback)
  on_event = callback
  hooks.note_main(P.main)
  hooks.exchange = P.is_jit and P.try_layout() and P.exchange or nil
  arm()
end

local function watch_compiler()
  if P.is_jit then P.compiler.stand_by("lines", has_lines or has_watches) end
end

-- Stops at these lines of a source, whatever loaded it; `wanted` nil forgets the source. Takes
-- effect with the next arm(): at the end of a stop or of an interrupt.
function hooks.set_lines(source, wanted)
  for line in next, wanted_lines[source] or {} do
    lines[line][source] = nil
    if not next(lines[line]) then lines[line] = false end
  end
  if wanted and not next(wanted) then wanted = nil end
  wanted_lines[source] = wanted
  has_lines = next(wanted_lines) ~= nil
  if wanted then
    for line = #lines + 1, FAR do lines[line] = false end -- Lua looks faster into an array
  end
  for line in next, wanted or {} do
    lines[line] = lines[line] or {}
    lines[line][source] = true
  end
  watch_compiler()
end

function hooks.loaded() end

-- Tells of these lines of a source that an assignment may begin there (event "write"); nil: of none.
hooks.set_written = pending.set_lines

-- Has calls and returns told as assignments that are pending need it; `level`: the frame of the innermost.
function hooks.await() arm_thread() end

-- Whether the next line is to be told, as an assignment is over.
function hooks.owe(is_owed) pending.is_owed = is_owed end

-- Whether values are to be compared at every line (event "watch"); takes effect with arm().
function hooks.watch(wanted)
  has_watches = wanted
  watch_compiler()
end

-- How many frames the running thread has from `level` (as the caller counts) on.
function hooks.depth_at(level)
  local depth = steps.depth_from(level + 1)
  return depth
end

-- Arms a step from the frame at `level` (as the caller counts; nil: from outside of all frames) of
-- the running thread, or of another one (`level` as seen from outside). `kind` nil: no step.
function hooks.step(kind, level, thread)
  amid.forget(P.is_jit and has_lines and running()) -- what others stopped amid is told again when they go on
  if kind then steps.start(kind, level and not thread and level + 1 or level, thread) else steps.stop() end
  local is_amid = telling == "interrupt" or P.is_jit and telling ~= "line"
  if level and not thread and (is_amid or P.is_jit) then amid.stay_on_lines(level + 1, is_amid, has_lines and is_line_armed) end
  telling = nil
  take_back()
  arm()
end

-- The values of the function that a step left: a table with n, or nil if they are not known.
hooks.returned = steps.returned

-- The step is in code that is skipped.
hooks.skip = steps.skip

-- The script's own hook of a thread (nil: the running one) goes on beside ours; `func` nil: none.
function hooks.user_hook(thread, func, mask, count)
  user_hooks.set(thread, func, mask, count)
  arm_thread(thread)
  if TRUSTS and not thread then put_right() end -- the script's hook for counts may have called this
end

-- Ends a thread by an error at its next instruction and at every one after that.
function hooks.doom(thread)
  doomed[thread] = true
  arm_thread(thread)
end

-- Silence while the probe works in the running thread; arm() ends it.
function hooks.quiet() sethook(hook, "") end
