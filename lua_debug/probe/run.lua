-- Running the user's code on the debugger's account: in a coroutine of its own, whose hooks are its
-- own too (but for LuaJIT), so that it can be broken off even where the program stopped in a hook.
local P = ...

local lib = P.lib
local rawget, rawset, type, select, error = lib.rawget, lib.rawset, lib.type, lib.select, lib.error
local pcall = lib.pcall
local create, resume, status, running = lib.coroutine.create, lib.coroutine.resume, lib.coroutine.status, lib.coroutine.running
local sethook, gethook = lib.debug.sethook, lib.debug.gethook
local pack, unpack = P.pack, P.unpack
local huge = lib.math.huge
local close = lib.coroutine.close or function() end

-- How many evaluations are under way: breakpoints do not stop inside of them.
P.evaluating = 0

local STEP = 100000 -- instructions between two looks at the clock of our patience
local CANCELLED, LIMIT = { "cancelled" }, { "limit" } -- raised as errors

-- A guard breaks off the coroutines it is armed on: when the host says so, or after `budget`
-- instructions (nil: no limit). Once it spoke it speaks at every instruction, so no pcall outlives it.
local function new_guard(budget)
  local step = budget and budget < STEP and budget or STEP
  local left = budget or huge
  local guard = { ended = false, verdict = nil }
  local owner = running()

  local function decide(instructions)
    left = left - instructions
    local cancelled = P.host.cancelled
    guard.verdict = left <= 0 and LIMIT or cancelled and cancelled() and CANCELLED or nil
    return guard.verdict
  end

  local function hook()
    local thread = running()
    if guard.ended then return sethook(thread) end -- a coroutine that outlived its evaluation
    if thread == owner then return sethook() end -- LuaJIT: the run is over already
    if not guard.verdict and not decide(step) then return end
    sethook(thread, hook, "", 1)
    error(guard.verdict, 0)
  end

  -- Another hook came between: look now, and have ours back (LuaJIT has one for all threads).
  function guard.again()
    local thread = running()
    if guard.ended or thread == owner then return end
    sethook(thread, hook, "", guard.verdict and 1 or step)
    if guard.verdict or decide(step) then error(guard.verdict, 0) end
  end

  -- For code that polls by itself, each time round a loop.
  local rounds = 0
  function guard.poll()
    rounds = rounds + 1
    if guard.ended or not guard.verdict and (rounds % 1000 > 0 or not decide(1000)) then return end
    error(guard.verdict, 0)
  end

  function guard.arm(thread) sethook(thread, hook, "", step) end
  return guard
end

-- Coroutines made or resumed by evaluated code obey the guard as well (LuaJIT has one hook for all), and
-- when they are dead, nobody wants to see them.
local function guarded_body(guard, body)
  return function(...)
    P.leave_unmourned(running())
    if not P.is_jit and not guard.ended then guard.arm(running()) end
    return body(...)
  end
end

-- A hook that is no Lua function ("external hook") is the accelerator's, which sets it by itself.
local function restored(thread, hook, mask, count, ...)
  if type(hook) == "function" then sethook(thread, hook, mask, count) else sethook(thread) end
  return ...
end

-- What evaluated code asks of its own place is that of the frame it is evaluated in.
local function running_there(guard, original)
  local frame = guard.frame
  return frame and function(...)
    if running() ~= guard.thread then return original(...) end
    local is_main = frame.thread == P.main
    if P.is_51 then return not is_main and frame.thread or nil end
    return frame.thread, is_main
  end
end

local function traceback_there(guard, original)
  local frame = guard.frame
  return frame and function(...)
    local message, level = ...
    local is_text = message == nil or type(message) == "string" or type(message) == "number"
    if not is_text or running() ~= guard.thread then return original(...) end
    level = type(level) == "number" and level >= 1 and level or 1
    return P.standard_traceback(frame.thread, message, frame.level + level - 1, level, P.main_chunk(frame.thread))
  end
end

local stand_ins = {
  { "coroutine", "running", running_there },
  { "debug", "traceback", traceback_there },
  { "coroutine", "create", function(guard, original)
    return function(body) return original(type(body) == "function" and guarded_body(guard, body) or body) end
  end },
  { "coroutine", "wrap", function(guard, original)
    return function(body) return original(type(body) == "function" and guarded_body(guard, body) or body) end
  end },
  { "coroutine", "resume", function(guard, original)
    return function(thread, ...)
      if type(thread) ~= "thread" or status(thread) ~= "suspended" then return original(thread, ...) end
      local hook, mask, count = gethook(thread)
      guard.arm(thread)
      return restored(thread, hook, mask, count, original(thread, ...))
    end
  end },
  { "os", "exit", function()
    return function() error("os.exit would end the program; evaluated code may not call it", 0) end
  end },
}

-- Puts the stand-ins into the script's libraries; the result takes them out again.
local function put_stand_ins(guard)
  local undo = {}
  for index = 1, #stand_ins do
    local library_name, name, make = unpack(stand_ins[index])
    local library = rawget(P.globals, library_name)
    local original = type(library) == "table" and rawget(library, name)
    local is_needed = not P.is_jit or name ~= "resume"
    local stand_in = is_needed and type(original) == "function" and make(guard, original)
    if stand_in then
      rawset(library, name, stand_in)
      undo[#undo + 1] = function()
        if rawget(library, name) == stand_in then rawset(library, name, original) end
      end
    end
  end
  return function()
    for index = 1, #undo do undo[index]() end
  end
end

-- LuaJIT: compiled code asks no hook, so nothing is compiled meanwhile; and hooks are one for all.
local function without_compiler()
  local jit = lib.jit
  if not jit then return function() end end
  local was_on = jit.status()
  local hook, mask, count = gethook()
  if was_on then
    jit.off()
    local flush = P.hooks.flush or jit.flush
    flush()
  end
  return function()
    if type(hook) == "function" then sethook(hook, mask, count) else sethook() end
    if type(hook) == "string" and not P.stop then P.hooks.arm() end
    if was_on then jit.on() end
  end
end

local function outcome(guard, thread, results)
  if guard.verdict == CANCELLED then return false, "The evaluation was cancelled.", "cancelled" end
  if guard.verdict == LIMIT then return false, "The evaluation took too long and was broken off.", "limit" end
  if not results[1] then return false, results[2], "evaluation" end
  if status(thread) == "suspended" then
    close(thread)
    return false, "attempt to yield from evaluated code", "evaluation"
  end
  return true, pack(select(2, unpack(results, 1, results.n)))
end

-- `P.guard` is the guard of the run under way. A run inside of another obeys that one's.
local function run_inside(body, arguments)
  local results = pack(pcall(body, unpack(arguments, 1, arguments.n)))
  if not results[1] then return false, results[2], "evaluation" end
  return true, pack(select(2, unpack(results, 1, results.n)))
end

-- Runs body(...) with the packed `arguments`, at most `budget` instructions (nil: until the host's
-- `cancelled` says so). True and the packed results; or false, the error value, and "evaluation",
-- "limit" or "cancelled". `frame`: the one it is evaluated in, if any.
function P.run(body, arguments, budget, frame)
  if P.guard then return run_inside(body, arguments) end
  local guard = new_guard(budget)
  guard.frame = frame and frame.thread and not frame.kept and frame or nil
  local take_out = put_stand_ins(guard)
  local restore = without_compiler()
  P.safepoints.wake()
  local thread = create(function(...) return body(...) end) -- 5.1 takes no C functions
  guard.thread = thread
  P.evaluating, P.guard = P.evaluating + 1, guard
  guard.arm(thread)
  local results = pack(resume(thread, unpack(arguments, 1, arguments.n)))
  guard.ended = true
  if not P.is_jit then sethook(thread) end
  P.evaluating, P.guard = P.evaluating - 1, nil
  P.safepoints.sleep()
  restore()
  take_out()
  return outcome(guard, thread, results)
end
