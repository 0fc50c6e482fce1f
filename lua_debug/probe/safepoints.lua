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

local COMPARISONS = 10 -- the first ones of the IR's instructions (lj_ir.h, IRDEF)
local GUARD = 128 -- in an instruction's type (lj_ir.h, IRT_GUARD)

-- Whether all guards between two instructions of a trace are other ones than comparisons. A guard exits by
-- the last snapshot before it; that of a comparison leads behind it (lj_record.c, rec_comp_fixup).
local function are_repeatable(number, first, last)
  for ref = first, last - 1 do
    local _, code = traceir(number, ref)
    if code and code % 256 >= GUARD and floor(code / 256) < COMPARISONS then return false end
  end
  return true
end

-- For each exit a letter: whether it may be taken at any time.
local function exits_of(number, info)
  local letters, first = {}, tracesnap(number, 0)[0]
  for exit = 0, info.nexit - 1 do
    local snapshot = tracesnap(number, exit + 1)
    local last = snapshot and snapshot[0] or info.nins + 1
    letters[exit + 1] = are_repeatable(number, first, last) and "y" or "n"
    first = last
  end
  return lib.table.concat(letters)
end

local roots = {} -- side trace -> root trace

-- A loop without such a guard can only be left by a safepoint in it.
local function note_trace(number, func)
  local info, code, address, loop = traceinfo(number), tracemc(number)
  if not info or not code then return end
  for exit = stubs, info.nexit do
    local stub = traceexitstub(exit)
    if not stub then break end
    hooks.note_stub(stub)
    stubs = exit + 1
  end
  local is_bounded = hooks.note_trace(address, #code, loop, number, exits_of(number, info))
  if is_bounded == nil then
    safepoints.wake()
    is_able = false
  elseif not is_bounded and not ENDS[info.linktype] and keep_awake(begun_in, func) then
    jit.flush(roots[number] or number)
  end
end

local function on_trace(what, number, func, at, parent, exit, ...)
  if what == "start" then
    begun_in = func
    roots[number] = parent and exit >= 0 and (roots[parent] or parent) or nil
  elseif what == "stop" then
    note_trace(number, func)
    begun_in = nil
  elseif what == "flush" then
    stubs, roots = 0, {}
    hooks.forget_traces()
  end
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
  if not is_able or P.guard or P.is_marked() then return end
  hooks.sleep()
  if P.flag[0] ~= 0 then hooks.wake() end
end

-- The trial ---------------------------------------------------------------------------------------

local TURNS = 200 -- after 56 turns a loop is compiled

local function make_work()
  local address, argument = hooks.try_guards()
  if not address then return nil end
  local nudge = ffi.cast("void (*)(void *)", ffi.cast("uintptr_t", address))
  argument = ffi.cast("void *", ffi.cast("uintptr_t", argument))
  local values = { 1, 3, 5, 7 }
  return function()
    local sum = 0
    for turn = 1, TURNS do
      nudge(argument)
      sum = sum + values[turn % 4 + 1]
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
  local is_right = hooks.find_vm_state() and work() == expected
  jit.flush()
  is_able = hooks.end_trial(is_right)
  if not is_able then
    jit.attach(on_trace)
    return
  end
  safepoints.install = install_attach
  hooks.sleep()
end
