-- Errors that leave no room to handle them where they are raised: Lua's C stack is full (200 calls of C
-- functions by C functions), or LuaJIT's only one, of which a message handler gets 40 slots more. They
-- are handled on a stack of their own.
local P = ...

local lib = P.lib
local pcall, sub, tostring, type = lib.pcall, lib.string.sub, lib.tostring, lib.type
local create, resume, yield = lib.coroutine.create, lib.coroutine.resume, lib.coroutine.yield
local resume_anew = P.host.resume_anew

local ROOM = 20 -- calls of C functions by C functions that a stop needs

local function has_calls(count)
  if count == 0 then return true end
  local ok, has = pcall(has_calls, count - 1)
  return ok and has
end

local function nothing() end

-- Whether the debugger can work in the running thread: a command that is begun must not fail for that.
-- A handler of a full stack has some calls more, but no coroutine.
function P.has_room() return has_calls(ROOM) and (resume(create(nothing))) end

-- LuaJIT: whether this is the error of a full stack. No C function is called, which needs 20 slots.
local function is_overflow(err) return type(err) == "string" and sub(err, -14) == "stack overflow" end

local helper = nil -- made before it is needed: afterwards there is no room to make it

local function renew_helper()
  helper = create(function(func, thread, err)
    while true do func, thread, err = yield(func(thread, err)) end
  end)
end

local function run_jit(func, thread, err)
  local ok, result = resume(helper, func, thread, err)
  if not ok then renew_helper() end
  return ok and result or nil
end

-- Lua counts the C calls of who resumes a coroutine as its own. The host resumes it from nowhere.
local function run_anew(func, thread, err)
  local result = nil
  local other = create(function() result = func(thread, err) end)
  resume_anew(tostring(other))
  return result
end

-- Called in a message handler, to make room of every kind: false if `err` can be handled where it is; else true and what
-- func(thread, err) answers, `thread` being the running one.
function P.handled_aside(func, err)
  P.make_room()
  if P.is_jit then
    if not is_overflow(err) then return false end
    return true, run_jit(func, P.running(), err)
  end
  if P.has_room() then return false end
  return true, run_anew(func, P.running(), err)
end

if P.is_jit then renew_helper() end
