-- Errors on their way from coroutine to coroutine, for hooks in Lua: what the accelerator tells by itself
-- is found out here.
--
-- coroutine.resume is replaced. What coroutine.wrap makes stays as it is: that an error came through it
-- is seen when it is raised again, and the stack of the dead coroutine is still there. Where it is not
-- (5.4 and later close it first) or has no names any more (LuaJIT), the coroutine's body runs under a
-- handler.
local P = ...

local lib = P.lib
local resume, status, wrap = lib.coroutine.resume, lib.coroutine.status, nil
local error, type, xpcall = lib.error, lib.type, lib.xpcall
local getinfo, find, sub = lib.debug.getinfo, lib.string.find, lib.string.sub
local wants, mourned, pass = P.wants_errors, P.mourned, P.pass

local has_handlers = P.is_jit or P.version == "5.4" or P.version == "5.5"

-- By a handler ----------------------------------------------------------------------------------------

local function wrap_handler(err)
  P.remains_pass_here(err)
  if not (wants.caught or wants.uncaught) then return err end
  local thread = P.running()
  local resumer = P.resumer(thread)
  if not P.was_told(thread, err) then P.stop_on_error(P.is_caught_here() and "caught" or "uncaught", err) end
  if resumer then P.passes_on(resumer, err) end
  return err
end
P.traced_calls[wrap_handler] = ""

local function finish(ok, ...)
  if ok then return ... end
  error((...), 0)
end

local function handled_wrap(...)
  local body = ...
  if type(body) ~= "function" then P.refuse(lib.coroutine.wrap, "coroutine.wrap", ...) end
  if not (P.is_jit or wants.caught or wants.uncaught) then return wrap(body) end
  return wrap(function(...) return finish(xpcall(body, wrap_handler, ...)) end)
end

-- By the dead -----------------------------------------------------------------------------------------

-- The thread that is dead of the error that a function of coroutine.wrap raises again.
local function dead_of(info)
  if not info or info.what ~= "C" then return nil end
  local thread = P.wrapped_thread(info.func)
  if not thread or status(thread) ~= "dead" or mourned[thread] then return nil end
  return getinfo(thread, 0, "l") and thread
end

-- The innermost of the threads that died of an error, from the outermost one.
local function origin_of(thread)
  local deeper = dead_of(getinfo(thread, 0, "Sf"))
  while deeper do
    mourned[thread] = true
    thread, deeper = deeper, dead_of(getinfo(deeper, 0, "Sf"))
  end
  return thread
end

-- Stops on an error that is told by a handler if it came through coroutine.wrap; whether it did.
local function passed_on(mode, err)
  local level = 2
  local info = getinfo(level, "Sf")
  while info and (info.what == "tail" or P.is_probe_info(info)) do
    level = level + 1
    info = getinfo(level, "Sf")
  end
  local dead = dead_of(info)
  if not dead or type(err) == "string" and find(err, "cannot resume dead coroutine$") then return false end
  local caller = getinfo(level + 1, "Sl")
  local position = caller and caller.short_src .. ":" .. caller.currentline .. ": " -- wrap puts it before texts
  if position and type(err) == "string" and sub(err, 1, #position) == position then err = sub(err, #position + 1) end
  local origin = origin_of(dead)
  mourned[origin] = true
  P.stop_on_error(mode, err, origin, nil, info.func)
  return true
end

-- A coroutine under coroutine.resume ------------------------------------------------------------------

local function resumed(thread, ok, ...)
  if not ok and wants.caught and type(thread) == "thread" and status(thread) == "dead" then
    P.make_room() -- it may be dead of having none
    P.resume_failed(has_handlers and thread or origin_of(thread), (...))
    mourned[thread] = true
  end
  return ok, ...
end

function P.install_passing(globals)
  if P.hooks.is_native and not P.is_jit then return end
  local library = globals.coroutine
  wrap = library.wrap
  if has_handlers then library.wrap = handled_wrap else P.passed_on = passed_on end
  function library.resume(thread, ...)
    if type(thread) ~= "thread" then P.refuse(resume, "coroutine.resume", thread, ...) end
    return pass(resumed(thread, resume(thread, ...))) -- no tail call: this is the frame that is shown
  end
end
