-- A stop: the loop in which the stopped thread serves commands, and how it goes on.
local P = ...

local lib = P.lib
local getinfo = lib.debug.getinfo
local resume = lib.coroutine.resume
local error, next, tostring = lib.error, lib.next, lib.tostring
local host = P.host

P.stop = nil -- what the debuggee stands at, see P.stop_here
P.dying = false -- the program is being ended
P.death = {} -- the error that ends it, raised again at every instruction

-- Commands ----------------------------------------------------------------------------------------

-- Runs a command, a Lua text of the host that returns a table. Its chunk is the probe's own: an interrupt
-- that came in the middle of it would run later commands first.
function P.run_command(text) return P.run_op(P.compile(text, "=[C]", {})()) end

local function run(text) host.answer(P.run_command(text)) end

local function run_waiting()
  local text = host.poll()
  while text do
    run(text)
    text = host.poll()
  end
end

local is_polling = false

-- Runs the commands that wait, without stopping; called wherever the debuggee passes by. A finalizer of the
-- script may run amid that and be interrupted: what waits is not run before what has begun.
function P.poll()
  if is_polling then return end
  is_polling = true
  local ok, problem = lib.pcall(run_waiting)
  is_polling = false
  if not ok then error(problem, 0) end
end

-- place {frame}: where a frame stands: its source, the line, and the lines on which its function
-- begins (0: the main chunk) and ends; `top` of the frame from which a step would begin, see targets.lua.
function P.ops.place(command)
  local frame = P.lookup(command.frame, "frame")
  local info = P.place_of(frame)
  return {
    source = P.source_of(info.source), line = info.currentline,
    function_line = info.linedefined, last_line = info.lastlinedefined,
    top = not frame.kept and P.targets.place(P.stop, frame) or nil,
  }
end

-- Frames of the script -----------------------------------------------------------------------------

-- Whether a frame is none of a Lua function of the script.
local function is_between(info) return info.what == "C" or info.what == "tail" or P.is_probe_info(info) end

-- The level of the innermost frame of the script in another thread.
local function top_level(thread)
  local level = 0
  local info = getinfo(thread, level, "S")
  while info and is_between(info) do
    level = level + 1
    info = getinfo(thread, level, "S")
  end
  return level
end
P.top_level = top_level

-- The same in the running thread, as the caller counts.
local function script_level()
  local level = 2
  local info = getinfo(level, "S")
  while info and is_between(info) do
    level = level + 1
    info = getinfo(level, "S")
  end
  return level - 1
end

-- The level where the stopped thread is shown to stand, from outside. A function on its way out,
-- which may be any, is the one that the hook is about.
local function user_level(stop)
  if not stop.is_returning then
    local level = top_level(stop.thread)
    return getinfo(stop.thread, level, "l") and level or 0 -- a coroutine may consist of C functions
  end
  local level, is_left = 1, false
  local info = getinfo(stop.thread, level, "Sf")
  while info and (not is_left or P.is_probe_info(info) or info.what == "tail") do
    level = level + 1
    if not is_left and info.func == P.on_event then
      is_left = true
      level = level + P.hooks.own_frames + 1
    end
    info = getinfo(stop.thread, level, "Sf")
  end
  return level
end

local function is_skipped(level)
  local info = getinfo(level + 1, "S")
  return info ~= nil and not is_between(info) and P.source_of(info.source).skip
end

-- Runs in a coroutine of its own, so that the stopped thread is looked at from outside and
-- evaluated code has hooks of its own.
local function serve(stop)
  stop.level = user_level(stop)
  stop.running_level = P.running_level(stop)
  P.resume_command = nil
  P.tell_ended_threads()
  P.tell_thread(stop.thread)
  P.emit({
    event = "stopped", thread = P.thread_id(stop.thread), reason = stop.reason,
    description = stop.description, text = stop.text, breakpoints = stop.breakpoints,
  })
  repeat
    run(host.next())
  until P.resume_command
  return P.resume_command
end

-- resume {kind, thread, single?, target?, by_line?}: `single`: nothing stops in other threads but errors;
-- `target`: the call that a step in is to enter (targets.lua); `by_line`: the turns of a loop on one line
-- are one step.
function P.ops.resume(command)
  if not P.stop then P.user_error("The program is not stopped.") end
  local thread = P.thread_by_id(command.thread)
  if command.kind ~= "continue" and thread ~= P.stop.thread and (not thread or lib.coroutine.status(thread) == "dead") then
    P.user_error("Thread " .. tostring(command.thread) .. " has ended; it cannot be stepped.")
  end
  P.resume_command = command
  return {}
end

-- Raises the error that ends the program; every instruction raises it again until nothing is left.
-- `thread`, if given, runs below this one.
function P.die(thread)
  if lib.jit and not P.dying then P.had_compiler = lib.jit.status() end
  P.dying = true
  if lib.jit then
    local flush = P.hooks.flush or lib.jit.flush
    lib.jit.off()
    flush()
  end
  P.hooks.step(nil)
  P.quiet_handler() -- before every instruction is heard
  if thread then P.hooks.arm(thread) end
  P.hooks.arm()
  error(P.death, 0)
end

-- Going on ------------------------------------------------------------------------------------------

P.step_origin = nil -- where the step under way began, see P.origin_of_step
local only = nil -- the one thread that may stop
local kind_of_step = nil -- of the step under way, as it was asked for
local entry = false -- the next step that ends is the entry of the program: why that stops
local whole_line = nil -- the line that the step under way has to leave: { thread =, func =, line =, depth = }

-- A step of a thread that does not run: it ends when that goes on.
local function step_other(kind, thread)
  P.hooks.step(kind, top_level(thread), thread)
end

local function step(kind, level)
  if kind == "over" and is_skipped(level + 1) then kind = "out" end
  P.hooks.step(kind, level + 1)
end

-- Arms what a command asks for; `level` is where the thread stands, as the caller counts, nil if it
-- lies below this coroutine.
local function go_on(command, stop, level)
  local thread = P.thread_by_id(command.thread) or stop.running
  only, kind_of_step = command.single and thread or nil, command.kind
  P.step_origin, whole_line = nil, nil
  P.targets.forget()
  if command.kind == "continue" then
    P.hooks.step(nil, level and stop.thread == stop.running and level + 1 or nil)
  elseif thread == stop.running and level then
    local info = getinfo(level + 1, "Sfl")
    P.step_origin = info and P.origin_of_step(info, level + 1)
    if command.by_line and info then
      whole_line = { thread = thread, func = info.func, line = info.currentline, depth = P.hooks.depth_at(level + 1) }
    end
    P.targets.begin(info and command.target, level + 1)
    step(command.kind, level + 1)
  elseif thread == stop.thread and level then -- dead: its error goes on in the one that resumed it
    step("over", script_level())
  else
    step_other(command.kind, thread)
  end
end

-- Stops the running thread here until a command resumes it. `stop` holds `reason` and, as they
-- apply, description, text, breakpoints (array of ids), error with has_error and mode, thread
-- (one that is dead of its error), running (one below this coroutine, which is not the script's),
-- is_returning (the innermost function is on its way out and no longer shown).
function P.stop_here(stop)
  if P.stop or P.dying then return end
  local runner = P.running()
  stop.running = stop.running or runner
  if only and only ~= stop.running and not stop.has_error and stop.reason ~= "pause" then return end
  stop.thread = stop.thread or stop.running
  stop.returned = P.hooks.returned()
  P.hooks.quiet()
  P.stop = stop
  entry = false
  local ok, command = resume(P.private_thread(serve), stop)
  P.stop = nil
  P.clear_references()
  if not ok then -- a full C stack has no room for a coroutine
    host.log("The program could not be stopped: " .. P.text(tostring(command)))
    P.hooks.step(nil)
    return
  end
  if command.kind == "terminate" then P.die(stop.running ~= runner and stop.running or nil) end
  go_on(command, stop, stop.running == runner and stop.level or nil)
end

-- Pausing -----------------------------------------------------------------------------------------

local wants_pause = false

function P.ops.pause()
  wants_pause = not P.stop
  return {}
end

function P.ops.terminate()
  P.wants_end = true
  if P.stop then P.resume_command = { kind = "terminate" } end
  return {}
end

-- detach {stays?}: the client is gone, and so are its breakpoints: no step goes on, and a stop ends, unless
-- it stays.
function P.ops.detach(command)
  if not P.stop then
    P.hooks.step(nil)
  elseif not command.stays then
    P.resume_command = { kind = "continue" }
  end
  wants_pause = false
  return {}
end

-- Ends coroutines: suspended ones are closed where Lua can do that, the others raise an error at
-- their next instruction, again and again until they are dead.
function P.ops.terminate_threads(command)
  for index = 1, #command.threads do
    local thread = P.thread_to_end(command.threads[index])
    if thread and lib.coroutine.close and lib.coroutine.status(thread) == "suspended" then
      lib.coroutine.close(thread)
    elseif thread then
      P.hooks.doom(thread)
    end
  end
  return {}
end

-- An interrupt arrived: serve what waits, then end or stop if that was asked for.
function P.interrupted()
  if not P.has_room() then return end -- the host tries again
  P.poll()
  if P.wants_end then P.die() end
  if wants_pause and P.evaluating == 0 then
    wants_pause = false
    P.stop_here({ reason = "pause" })
  end
end

-- Events of the hooks -------------------------------------------------------------------------------

-- The raw source of the script's function that an event is about.
local function event_source()
  local level = 3
  local info = getinfo(level, "S")
  while P.is_probe_info(info) do
    level = level + 1
    info = getinfo(level, "S")
  end
  return info.source
end

-- The program is about to run, and stops at its entry if that is wanted, or a pause: that came too early
-- for an interrupt.
function P.prepare_entry(is_wanted)
  if is_wanted or wants_pause then
    P.hooks.step("in", nil)
    entry = is_wanted and "entry" or "pause"
  end
  wants_pause = false
end

-- Whether a step that came to the frame at `level` has to go on to the call that it is to enter; it does so
-- then. `is_return`: it came by a return into that frame.
local function goes_on(level, is_return)
  local kind = P.targets.next_step(level + 1, is_return)
  if kind then P.hooks.step(kind, level + 1) end
  return kind ~= nil
end

-- A step came to code that is skipped, in the frame at `level`. A step in goes on to any other code,
-- the others to what called it.
local function skip(level)
  P.hooks.step(kind_of_step == "in" and "in" or "out", level + 1)
end

-- Whether a step that came to the frame at `level` passes over it; it goes on then.
local function passes_over(level, returns)
  if not P.is_passed_over(P.step_origin, level + 1, returns) then return false end
  P.hooks.step((kind_of_step == "in" or entry) and "in" or "over", level + 1)
  return true
end

-- A step came to where a function returns to.
local function left()
  local level = 4 + P.hooks.own_frames -- left, on_event, the hook, and the function that returns
  while getinfo(level, "S").what == "tail" do level = level + 1 end
  if goes_on(level, true) then return end
  if is_skipped(level) then
    skip(level)
  elseif not passes_over(level, true) then
    P.stop_here({ reason = "step", is_returning = true })
  end
end

-- Whether the frame at `level` is still on the line that the step has to leave.
local function is_on_line(level)
  if not whole_line or whole_line.thread ~= P.running() then return false end
  local info = getinfo(level + 1, "fl")
  return info.func == whole_line.func and info.currentline == whole_line.line and P.hooks.depth_at(level + 1) == whole_line.depth
end

-- A step came to where the script stands now.
local function stepped()
  local level = script_level()
  if is_skipped(level) then
    skip(level)
  elseif is_on_line(level) then
    P.hooks.step(kind_of_step, level)
  elseif not goes_on(level) and not passes_over(level) then
    P.stop_here({ reason = entry or "step" })
  end
end

-- `is_step`: the event is (also) one that the armed step waits for; "gone": the watch of the number `line`
-- has nothing to watch any more; else what happens to an assignment (writes.lua).
function P.on_event(event, line, is_step)
  if P.evaluating > 0 then
    if event == "interrupt" and not P.guard then P.condition_interrupted() end
    return
  end
  if event == "interrupt" then
    P.interrupted()
  elseif event == "out" then
    stepped()
  elseif event == "return" then
    left()
  elseif event == "watch" then
    if is_step == "gone" then return P.watch_gone(line) end
    local has_stopped = P.data_changed(3 + P.hooks.own_frames)
    return has_stopped
  elseif event == "write" then
    local has_stopped = P.write_noticed(is_step, line, 3 + P.hooks.own_frames)
    return has_stopped
  else
    P.line_reached(event_source(), line, is_step and stepped)
  end
end
