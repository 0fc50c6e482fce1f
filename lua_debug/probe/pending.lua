-- Assignments under way in the threads of the script (writes.lua), and which events hooks in pure Lua
-- tell of them: lines on which one may begin, and what happens in a frame that one is under way in, or
-- below.
local P = ...

local lib = P.lib
local getinfo, next, setmetatable = lib.debug.getinfo, lib.next, lib.setmetatable
local deeper_than, running, is_jit = P.steps.deeper_than, P.running, P.is_jit

local IS_51 = P.version == "5.1"
local KEEPS_CALLER = P.version == "5.2" or P.version == "5.3" -- at a tail call both frames are there

-- `by_thread`: thread -> array of { depth =, ... }, the innermost last, none empty. `is_owed`: one is
-- over, and the next line tells.
local pending = { by_thread = setmetatable({}, { __mode = "k" }), is_owed = false }
P.pending = pending

local lines = {} -- line -> { source -> true }
local lines_of = {} -- source -> its lines

-- Sets the lines of a source on which an assignment may begin; nil: none.
function pending.set_lines(source, wanted)
  for line in next, lines_of[source] or {} do
    lines[line][source] = nil
    if not next(lines[line]) then lines[line] = nil end
  end
  lines_of[source] = wanted
  for line in next, wanted or {} do
    lines[line] = lines[line] or {}
    lines[line][source] = true
  end
end

-- Whether a thread has to be told of calls and returns, too. LuaJIT has one hook for all.
function pending.needs_calls(thread)
  if is_jit then return next(pending.by_thread) ~= nil end
  return pending.by_thread[thread] ~= nil
end

local function innermost()
  local stack = pending.by_thread[running()]
  return stack and stack[#stack]
end

-- Whether the frame at level 3 is what a tail call put in place of one of this depth; 5.1 still counts that.
local function is_in_place(depth)
  return IS_51 and not deeper_than(4, depth + 1) and getinfo(5, "S").what == "tail"
end

-- Whether an assignment may begin or be over at a line of the frame at level 3.
function pending.is_near(line)
  if pending.is_owed then return true end
  local sources = lines[line]
  if sources and sources[getinfo(3, "S").source] then return true end
  if not next(pending.by_thread) then return false end
  local top = innermost()
  return top ~= nil and (not deeper_than(3, top.depth) or is_in_place(top.depth))
end

-- What a call or return, of the frame at level 3, is to the innermost assignment: "return" (of its
-- frame), "tail", "lost" (an error led out of its frame); nil: nothing.
function pending.met(event)
  local top = innermost()
  if not top then return nil end
  local is_return = event == "return" or event == "tail return"
  local is_tail = event == "tail call" or is_jit and event == "call"
  local depth = is_tail and KEEPS_CALLER and top.depth + 1 or top.depth
  if deeper_than(3, depth) then return nil end
  if not deeper_than(3, depth - 1) then return "lost" end
  return is_return and "return" or is_tail and "tail" or "lost"
end
