-- LuaJIT with the accelerator: safepoints sleep while nobody wants to be heard, so that they cost
-- nothing. To be heard, the host sets the flag they look at and has them woken; compiled code, which
-- was made without them, is left for that at one of its guards.
local P = ...

local safepoints = {}
P.safepoints = safepoints

local nobody = function() end
safepoints.note, safepoints.wake, safepoints.sleep, safepoints.install = nobody, nobody, nobody, nobody
if not P.is_jit then return end

local lib = P.lib
local jit, ffi, util = lib.jit, lib.require("ffi"), lib.require("jit.util")
local traceexitstub, traceinfo, traceir, tracemc = util.traceexitstub, util.traceinfo, util.traceir, util.tracemc
local tracesnap, floor = util.tracesnap, lib.math.floor

local is_able = false
local hooks = nil
local stubs = 0 -- how many exit stubs are known
local begun_in = nil -- the function that the trace which is being made begins in
local theirs = nil -- what the script attached to the events of traces

-- Traces ------------------------------------------------------------------------------------------

local ENDS = { interpreter = true, ["return"] = true, stitch = true, none = true } -- what repeats nothing

-- Has both functions stay awake; whether that changes something.
local function keep_awake(one, other)
  local has_changed = one and hooks.stay_awake(one)
  return other and hooks.stay_awake(other) or has_changed
end

-- Guards exit by the last snapshot before them. That of a comparison, and of a loop's end, leads behind it,
-- to the other branch; no other guard is there before the next snapshot (lj_record.c, rec_comp_fixup and
-- rec_for). All others lead before the instruction, which is done once more. The exceptions are
-- comparisons of cdata (rec_mm_comp_cdata): of integers of 64 bits, and of addresses, which are compared
-- otherwise where a key is not in a table.
local COMPARISONS = 10 -- the first ones of the IR's instructions (lj_ir.h, IRDEF)
local GUARD = 128 -- in an instruction's type (lj_ir.h, IRT_GUARD); the type itself is below 32
local HREF = 58
local NONE, P32, P64, I64, U64 = 0, 5, 9, 21, 22

-- Of an instruction: whether it is a guard, a comparison, and one that cdata may have made.
local function kind_of(number, ref)
  local _, code, operand = traceir(number, ref)
  local kind = code and code % 256 >= GUARD and code % 32
  if not kind or kind == NONE then return false end -- NONE: where the loop begins
  if code >= COMPARISONS * 256 then return true, false, false end
  if kind ~= P32 and kind ~= P64 then return true, true, kind == I64 or kind == U64 end
  local _, compared = traceir(number, operand)
  return true, true, not compared or floor(compared / 256) ~= HREF
end

-- Whether the exit for the guards between two instructions of a trace may be taken at any time.
local function is_repeatable(number, first, last)
  local guards, comparisons = 0, 0
  for ref = first, last - 1 do
    local is_guard, is_comparison, is_suspect = kind_of(number, ref)
    if is_suspect then return false end
    if is_guard then guards = guards + 1 end
    if is_comparison then comparisons = comparisons + 1 end
  end
  return guards ~= 1 or comparisons == 0
end

-- For each exit a letter: whether it may be taken at any time.
local function exits_of(number, info)
  local letters, first = {}, tracesnap(number, 0)[0]
  for exit = 0, info.nexit - 1 do
    local snapshot = tracesnap(number, exit + 1)
    local last = snapshot and snapshot[0] or info.nins + 1
    letters[exit + 1] = is_repeatable(number, first, last) and "y" or "n"
    first = last
  end
  return lib.table.concat(letters)
end

local traces = {} -- trace -> {parent = trace, exit =, first =}: the first exit by which it can be left

-- Whether what leads to a side trace is left before it comes there.
local function is_left_before(trace)
  while trace.parent do
    local parent = traces[trace.parent]
    if not parent then return false end
    if parent.first >= 0 and parent.first <= trace.exit then return true end
    trace = parent
  end
  return false
end

local function forget_traces()
  stubs, traces = 0, {}
  hooks.forget_traces()
end

local function note_stubs(count)
  for exit = stubs, count do
    local stub = traceexitstub(exit)
    if not stub then return end
    hooks.note_stub(stub)
    stubs = exit + 1
  end
end

-- What repeats itself without such a guard can only be left by a safepoint in it.
local function note_trace(number, func)
  local info, code, address, loop = traceinfo(number), tracemc(number)
  if not info or not code then return end
  note_stubs(info.nexit)
  local trace, is_left = traces[number], nil
  is_left, trace.first = hooks.note_trace(address, #code, loop, number, exits_of(number, info))
  trace.first = trace.first or -1
  if is_left or ENDS[info.linktype] or is_left_before(trace) then return end
  if not keep_awake(begun_in, func) then return end
  -- all of it: where single traces are gone, LuaJIT may still stitch one to them (lj_trace.c, trace_stop)
  jit.flush()
  forget_traces() -- no event tells, amid this one
end

local function on_trace(what, number, func, at, parent, exit, ...)
  if what ~= "flush" then hooks.recording(what == "start") end
  if what == "start" then
    local is_side = parent and exit >= 0 -- the others are stitched to their parent (lj_trace.c, trace_start)
    traces[number] = { parent = is_side and parent or nil, exit = exit, first = -1 }
  elseif what == "stop" then
    note_trace(number, func)
  elseif what == "flush" then
    forget_traces()
  end
  begun_in = what == "start" and func or nil
  if theirs then theirs(what, number, func, at, parent, exit, ...) end
end

-- jit.attach, which knows one function for each event.
local function install_attach(library)
  local attach, checked = lib.jit.attach, P.checked
  function library.attach(...)
    local func, event = ...
    if event == "trace" and lib.type(func) == "function" then
      theirs = func
    else
      if event == nil and func == theirs then theirs = nil end
      return P.pass(checked("jit.attach", lib.pcall(P.call, attach, ...)))
    end
  end
end

-- Sleep -------------------------------------------------------------------------------------------

-- A function has been loaded that has safepoints, as those have that it makes.
function safepoints.note(func)
  if not is_able then return end
  hooks.note_safepoints(func)
  if P.flag[0] ~= 0 then hooks.wake() end
end

function safepoints.wake()
  if is_able then hooks.wake() end
end

-- Lets them sleep, unless somebody waits for one.
function safepoints.sleep()
  if not is_able or P.guard or P.is_marked() or P.is_counted then return end
  hooks.sleep()
  if P.flag[0] ~= 0 then hooks.wake() end
end

-- The trial ---------------------------------------------------------------------------------------

local TURNS = 200 -- after 56 turns a loop is compiled

local values, keys = { a = 1, b = 3, c = 5, d = 7 }, { "a", "b", "c", "d" }

-- Whether the IR of a loop that looks up keys shows that it does, with numbers that are known.
local function is_known(number)
  for ref = 1, traceinfo(number).nins do
    local _, code, operand = traceir(number, ref)
    if code % 256 >= GUARD and code > COMPARISONS * 256 and operand > 0 then
      local _, loaded = traceir(number, operand)
      if floor(loaded / 256) == HREF then return true end
    end
  end
  return false
end

local function make_work()
  local address, argument = hooks.try_guards()
  if not address then return nil end
  local nudge = ffi.cast("void (*)(void *)", ffi.cast("uintptr_t", address))
  argument = ffi.cast("void *", ffi.cast("uintptr_t", argument))
  return function()
    local sum = 0
    for turn = 1, TURNS do
      nudge(argument)
      sum = sum + values[keys[turn % 4 + 1]]
    end
    return sum
  end
end

-- From now on they sleep, if this LuaJIT's compiled code can be left.
function P.let_safepoints_sleep()
  if not P.is_jit or not P.hooks.is_native or not jit.status() then return end
  hooks = P.hooks
  local work = make_work()
  if not work then return end
  jit.attach(on_trace, "trace")
  local expected = work()
  local is_right = is_known(1) and hooks.find_vm_state() and work() == expected
  jit.flush()
  is_able = hooks.end_trial(is_right)
  if not is_able then
    jit.attach(on_trace)
    return
  end
  safepoints.install = install_attach
  P.leave_unheard()
  hooks.sleep()
end
