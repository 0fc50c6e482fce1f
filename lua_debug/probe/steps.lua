-- Steps in pure Lua: what a step waits for, and which events end it.
--
-- A step waits in one frame, its target, known by its thread and by how many frames there are from it
-- on down. Lines end it there, and below if an error took the target away (a step in: anywhere); so
-- does the return into a function of the script. Through other callers (C, the probe's own functions)
-- it waits on, in the next one. While a function that the target called runs, only returns are told.
--
-- LuaJIT tells no returns of C functions, has one hook for all coroutines, and tells a line again
-- when a call comes back into the middle of it (lj_dispatch.c), so calls are noted there.
local P = ...

local lib = P.lib
local getinfo, getlocal, status = lib.debug.getinfo, lib.debug.getlocal, lib.coroutine.status
local next, type = lib.next, lib.type
local is_jit, running, compiler = P.is_jit, P.running, P.compiler

local steps = {}
P.steps = steps

-- `kind` "in", "over" or "out"; `thread` and `depth` of the target (no thread: none is left); lines
-- end the step in frames up to the depth `floor`; `waiting`: thread -> how many frames those have that
-- resumed the target's, as far as they are listened to, nil: not yet known; `mode` "lines", "returns" or "tails" (until a
-- function at the depth `rest` returns; "tails" where LuaJIT may not tell that) or "calls" (of a step
-- in, through code that is skipped); `only`: in no other thread.
local step = nil
local returned = nil -- what the function that was left returned; false: nothing to be shown
local function new_notes() return lib.setmetatable({}, { __mode = "k" }) end
local notes = new_notes() -- thread -> depth -> line, in the middle of which the frame is

-- Frames ------------------------------------------------------------------------------------------

-- Whether the running thread has more than `depth` frames from `level` (as the caller counts) on.
local function deeper_than(level, depth) return getinfo(level + depth + 1, "") ~= nil end
steps.deeper_than = deeper_than

-- How many frames the running thread has from `level` (as the caller counts) on.
local function depth_from(level)
  local low, high = level + 1, level + 2
  while getinfo(high, "") do low, high = high, high * 2 end
  while high - low > 1 do
    local middle = (low + high - (low + high) % 2) / 2
    if getinfo(middle, "") then low = middle else high = middle end
  end
  return low - level
end
steps.depth_from = depth_from

local function is_visible(info)
  return info and info.what ~= "C" and info.what ~= "tail" and not P.is_probe_info(info)
end

local function is_skipped(info) return P.source_of(info.source).skip end

-- Events of a thread --------------------------------------------------------------------------------

local masks = { lines = "lcr", returns = "r", tails = "cr", calls = "cr" }

-- The events that the step needs of a thread; nil: none.
function steps.mask(thread)
  if not step then return nil end
  if is_jit or step.thread == thread or step.kind == "in" and not step.only then return masks[step.mode] end
  return step.waiting and step.waiting[thread] and "r" or nil
end

-- How deep what returns is, below which nothing matters to the step in its thread; nil: all matters.
function steps.rest(thread)
  if not step or step.mode ~= "returns" or step.thread ~= thread then return nil end
  return (is_jit or step.waiting) and step.rest or nil
end

local function switch(mode, rest)
  step.mode, step.rest = mode, rest
  P.hooks.arm()
end

-- The middle of a line ------------------------------------------------------------------------------

-- Notes that a frame is in the middle of a line; no `line`: that it no longer is.
local function note(thread, depth, line)
  notes[thread] = notes[thread] or {}
  notes[thread][depth] = line
end
steps.note = note

-- Of a thread, or of all.
function steps.forget_notes(thread) if thread then notes[thread] = nil else notes = new_notes() end end

-- Whether a line event (of the frame at level 4) tells no new line; any other ends the one noted.
function steps.is_rest_of_line(line)
  local of_thread = notes[running()]
  if not of_thread then return false end
  local depth = depth_from(4)
  local noted = of_thread[depth]
  of_thread[depth] = nil
  return noted == line
end

-- LuaJIT: whoever called the function at `level` is in the middle of its line.
local function note_caller(thread, level)
  local depth = depth_from(level + 1)
  note(thread, depth, nil)
  local caller = getinfo(level + 2, "Sl")
  if is_visible(caller) then note(thread, depth - 1, caller.currentline) end
end

-- LuaJIT: what may go unheard -------------------------------------------------------------------------

local catchers = { [lib.pcall] = true, [lib.xpcall] = true, [lib.coroutine.resume] = true }
local harmless = {} -- C functions that catch no errors

local function note_harmless(library)
  for _, func in next, library do
    if type(func) == "function" and not catchers[func] then harmless[func] = true end
  end
end
note_harmless(lib)
for _, library in next, lib do
  if type(library) == "table" then note_harmless(library) end
end

-- A function that ends with a tail call of a C function returns without being told.
local tail_calls = {} -- opcodes
local with_tails = lib.setmetatable({}, { __mode = "k" }) -- function -> whether it makes tail calls
local bytecode = is_jit and lib.require("jit.util").funcbc

local function has_tail_calls(func)
  if with_tails[func] == nil then
    with_tails[func] = false
    local at = 1
    local instruction = bytecode(func, at)
    while instruction and not with_tails[func] do
      with_tails[func] = tail_calls[instruction % 256] or false
      at = at + 1
      instruction = bytecode(func, at)
    end
  end
  return with_tails[func]
end

if is_jit then
  tail_calls[bytecode(function(f) return f() end, 2) % 256] = true
  tail_calls[bytecode(function(f, ...) return f(...) end, 3) % 256] = true
end

local FAR = 200 -- how many callers are looked at

-- Whether an error could unwind from above the frame at `level` to another one of the script, which
-- would not be told.
local function may_be_unwound(level)
  if running() ~= P.main then return true end
  local is_caught = false
  for caller = level + 2, level + FAR do
    local info = getinfo(caller, "Sf")
    if not info then return false end
    if is_caught and is_visible(info) then return true end
    if info.what == "C" and not harmless[info.func] then is_caught = true end
  end
  return false
end

-- A function was called at `level`: if the target did that, directly or through C, only its return
-- matters, as far as that is certain to be told.
local function rest_on_jit(level)
  local info = getinfo(level + 1, "Sf")
  if step.keeps_lines or info.what == "C" then return end
  local rest = step.depth + 1
  if deeper_than(level + 1, rest) then
    local between = getinfo(level + 2, "Sf")
    rest = rest + 1
    if between.what ~= "C" or not harmless[between.func] or deeper_than(level + 1, rest) then return end
  end
  switch(has_tail_calls(info.func) and "tails" or "returns", rest)
end

-- Leaving the target ----------------------------------------------------------------------------------

-- LuaJIT: the step goes on in the next function of the script below `level`; without one, anywhere.
local function wait_below(level)
  local below = level + 2
  local info = getinfo(below, "Sf")
  while info and not is_visible(info) do
    below = below + 1
    info = getinfo(below, "Sf")
  end
  notes = new_notes()
  if not info then
    step.thread = nil
  else
    step.depth = depth_from(below)
    step.floor = step.depth
    if step.kind == "out" then step.kind = P.targets.is_sought() and "in" or "over" end
    compiler.interpret(info.func)
  end
  switch("lines")
end

-- LuaJIT: a C function was called at `level`, perhaps as the last thing of the one that is waited for.
local function finish_on_jit(level)
  if deeper_than(level + 1, step.rest) or getinfo(level + 1, "S").what ~= "C" then return end
  if step.rest > step.depth then switch("lines") else wait_below(level + 1) end
end

-- The frame at `level`, the target or what is in its place, is left. "return" and the line it returns
-- to, if that is in the script.
local function leave(level)
  local caller = getinfo(level + 2, "Sl")
  if is_visible(caller) then return "return", caller.currentline end
  if is_jit then
    wait_below(level + 1)
  else
    step.depth = depth_from(level + 1) - 1
    if step.kind ~= "in" then
      step.kind = "out"
      switch("returns", step.depth)
    end
  end
end

-- A tail call put the function at `level` in the place of the target.
local function replaced(level)
  if is_jit and getinfo(level + 1, "S").what == "C" then
    wait_below(level + 1)
    return
  end
  step.kind, step.floor = "out", step.depth - 1
  if not step.keeps_lines then switch(is_jit and "tails" or "returns", step.depth) end
end

-- Coroutines ----------------------------------------------------------------------------------------

-- What resumed the target's thread, and that thread's, is listened to: its next return, the one of
-- `resume` or of what comes after an error, tells that the target's thread gave control back.
local function listen_to_resumers()
  step.waiting = {}
  local thread = P.resumer(step.thread)
  while thread do
    step.waiting[thread] = P.depth_of(thread)
    P.hooks.arm(thread)
    thread = P.resumer(thread)
  end
  P.hooks.arm(step.thread)
end

local function stop_listening()
  local waiting = step.waiting
  step.waiting = nil
  P.hooks.arm(step.thread)
  for thread in next, waiting do P.hooks.arm(thread) end
end

-- The running thread, which waited for the step's: that is dead, and the step goes on here; or it is
-- suspended, and the step, unless it is one into anything, goes on when it does.
local function take_over(thread)
  local depth, is_over = step.waiting[thread], status(step.thread) == "dead"
  if is_over or step.kind == "in" and not step.only then
    step.thread, step.depth, returned = thread, depth, returned or false
    step.waiting[thread] = nil
    step.kind = "out"
    switch("returns", depth)
  else
    stop_listening()
  end
end

-- Whether an event of a thread is one of the step's own.
local function is_own(thread)
  if thread == step.thread then
    if not step.waiting and not is_jit then listen_to_resumers() end
    return true
  end
  if not is_jit and step.waiting and step.waiting[thread] then take_over(thread) end
  return thread == step.thread
end

-- The coroutine that the C function at `level` is about to resume needs the hook of a step in.
local function arm_resumed(level)
  local info = getinfo(level + 1, "Sf")
  if info.what ~= "C" then return end
  local _, argument = getlocal(level + 1, 1)
  local thread = info.func == lib.coroutine.resume and argument or P.wrapped_thread(info.func)
  if type(thread) == "thread" and status(thread) == "suspended" then P.hooks.arm(thread) end
end

-- What the hook tells; the frame of the event is at level 3 -----------------------------------------

-- A step in goes through skipped code: only calls and returns are told until that is left.
local function look_for_script(level)
  local info = getinfo(level + 1, "S")
  if is_visible(info) and not is_skipped(info) then switch("lines") end
end

function steps.called(event)
  local thread = running()
  local is_ours = is_own(thread)
  if step.kind == "in" then
    if not is_jit and not step.only then arm_resumed(3) end
    if step.mode == "calls" then look_for_script(3) end
    if is_jit and step.mode == "calls" then look_for_script(4) end -- an error may have led there
    if is_jit and step.mode == "lines" then note_caller(thread, 3) end
  elseif not is_ours then
    return
  elseif step.mode == "tails" then
    finish_on_jit(3)
  elseif step.mode == "lines" then
    if event == "tail call" or is_jit and not deeper_than(3, step.depth) then
      replaced(3)
    elseif not is_jit then
      switch("returns", step.depth + 1)
    else
      if not deeper_than(3, step.depth + 1) then note_caller(thread, 3) end
      rest_on_jit(3)
    end
  end
end

-- "return" and a line if the step ends.
function steps.returning()
  if step.mode == "calls" then look_for_script(4) end
  if not is_own(running()) then return nil end
  local is_resting = step.mode == "returns" or step.mode == "tails"
  if is_resting and deeper_than(3, step.rest) then return nil end
  if deeper_than(3, step.depth) then
    if is_resting then switch("lines") end -- what the target called is back
    return nil
  end
  if returned == nil then returned = P.results(3) end
  local event, line = leave(3)
  return event, line
end

-- Whether the step ends at a line that is reached by the frame at level 4.
function steps.ends_here()
  if step.mode ~= "lines" then return false end
  local thread = running()
  if step.thread and not is_own(thread) and (step.kind ~= "in" or step.only) then
    return is_jit and status(step.thread) == "dead"
  end
  return step.thread ~= thread or step.kind == "in" or not deeper_than(4, step.floor)
end

-- Beginning and ending ------------------------------------------------------------------------------

local function target_of(level, thread)
  if thread then
    local depth = P.depth_of(thread) - level
    return depth, getinfo(thread, level, "Slf")
  end
  local depth = depth_from(level + 1)
  return depth, getinfo(level + 1, "Slf")
end

local function prepare_jit(info, level, thread)
  compiler.release()
  compiler.stand_by("step", step.kind == "in")
  if info and info.what ~= "C" then compiler.interpret(info.func) end
  step.keeps_lines = thread ~= nil or level and may_be_unwound(level + 1)
  if step.kind == "out" and not step.keeps_lines then
    step.mode = info.what ~= "C" and not has_tail_calls(info.func) and "returns" or "tails"
  end
end

-- Begins a step from the frame at `level` (as the caller counts; nil: from outside of all frames) of
-- the running thread, or of another one (`level` as seen from outside).
function steps.start(kind, level, thread)
  local depth, info = 0, nil
  if level then depth, info = target_of(level + (thread and 0 or 1), thread) end
  step = { kind = kind, thread = thread or running(), depth = depth, floor = depth, mode = "lines" }
  if kind == "out" then step.floor, step.rest = depth - 1, depth end
  step.only = thread ~= nil
  if not is_jit and not thread then listen_to_resumers() end
  returned = nil
  if is_jit then
    prepare_jit(info, level and level + 1, thread)
  elseif kind == "out" then
    step.mode = "returns"
  elseif thread and kind == "over" then
    step.mode, step.rest = "returns", depth + 1
  end
  if thread and not is_jit then P.hooks.arm(thread) end
end

function steps.stop()
  step, returned = nil, nil
  if is_jit then
    compiler.release()
    compiler.stand_by("step", false)
  end
end

function steps.is_on() return step ~= nil end

-- Whether a step may end at a line.
function steps.wants_lines() return step ~= nil and step.mode == "lines" end

function steps.returned() return returned or nil end

-- The step is in code that is skipped; it asks for less there.
function steps.skip()
  if step and step.kind == "in" then switch("calls") end
end
