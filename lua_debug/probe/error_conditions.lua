-- Conditions of error filters, asked where the error was raised: they see what that frame sees, and the
-- error as `err`.
local P = ...

local lib = P.lib
local gsub, getinfo, type = lib.string.gsub, lib.debug.getinfo, lib.type
local resume, status = lib.coroutine.resume, lib.coroutine.status

-- The frame of the script that raised an error in `thread`; nil if there is none.
local function raising_frame(thread)
  local level = P.top_level(thread)
  local info = getinfo(thread, level, "f")
  return info and { thread = thread, level = level, func = info.func }
end

-- A function(err, ...) of the text of an expression; raises Lua's message for the user.
local function compiled(text, world)
  local chunk, message = P.compile("return " .. text .. "\n", "=condition", world)
  if not chunk then P.user_error((gsub(message, "^condition:%d+: ", ""))) end
  return P.compile("return function(err, ...) return " .. text .. "\n end", "=condition", world)()
end

local function asked(holds, look_from, thread, err)
  local frame = raising_frame(thread)
  look_from(frame)
  local values = frame and P.varargs(frame) or { n = 0 }
  return holds(err, P.unpack(values, 1, values.n))
end

-- Compiles a condition: a function(err, thread) that answers true and its value for an error raised in
-- `thread`, or false and the error it failed with itself. A coroutine asks, so that the thread is looked
-- at from outside, as at a stop.
function P.error_condition(text)
  local world, look_from = P.movable_world()
  local holds = compiled(text, world)
  return function(err, thread)
    local asking = P.private_thread(asked)
    local ok, value = resume(asking, holds, look_from, thread, err)
    look_from(nil)
    if status(asking) == "suspended" then return false, "attempt to yield from a condition" end
    if not ok and type(value) == "string" then value = gsub(value, "^[^:]*:%d+: ", "") end
    return ok, value
  end
end
