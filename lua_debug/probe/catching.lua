-- The functions that catch errors, replaced so that an error is seen where it is raised: pcall,
-- xpcall, coroutine.resume and, because it passes errors on from stack to stack, coroutine.wrap.
--
-- They are there from the start, so that errors can be asked for at any time, however the script
-- keeps these functions and whatever is being caught already.
local P = ...

local lib = P.lib
local xpcall, error, select, type = lib.xpcall, lib.error, lib.select, lib.type
local resume, status = lib.coroutine.resume, lib.coroutine.status
local getinfo, gsub, floor = lib.debug.getinfo, lib.string.gsub, lib.math.floor
local find, format, match, tonumber = lib.string.find, lib.string.format, lib.string.match, lib.tonumber
local wants, unpack, pass = P.wants_errors, P.unpack, P.pass
local CALLS_OUT = P.CALLS_OUT

-- pcall and xpcall ------------------------------------------------------------------------------------

local NEAR = 20 -- levels in which who called a pcall is looked for

-- An error whose position is ours, since it was to be told of what called pcall: with the script's.
local function repositioned(err)
  local line, rest = match(err, "^%[C%]:(%d+): (.*)")
  for level = 3, NEAR do
    local info = getinfo(level, "Sl")
    if not info then break end
    if P.is_probe_info(info) and info.currentline == tonumber(line) then
      local caller = getinfo(level + 1, "Sl")
      local is_placed = caller and caller.currentline > 0
      return is_placed and format("%s:%d: %s", caller.short_src, caller.currentline, rest) or rest
    end
  end
  return err
end

local function caught(err)
  if type(err) == "string" and find(err, "^%[C%]:%d+: ") then err = repositioned(err) end
  if wants.caught then P.error_caught(err) end
  return err
end
P.traced_calls[caught] = "pcall"

local function traced_pcall(...)
  local func = ...
  if func == nil and select("#", ...) == 0 then P.refuse(lib.pcall, "pcall") end
  return xpcall(func, caught, select(2, ...))
end

-- The handler of the script, called as it would be; an error in it calls it again, and again.
local function traced_xpcall(...)
  local func, handler = ...
  if type(handler) ~= "function" then return pass(P.checked("xpcall", lib.pcall(P.call, xpcall, ...))) end
  local times = 0
  local function traced(err)
    if P.dying then return err end
    times = times + 1
    if wants.caught and times <= 2 then P.error_caught(err) end
    return handler(err)
  end
  return xpcall(func, traced, select(3, ...))
end

-- 5.1: xpcall passes no arguments. No tail calls, which would show in the script's levels.
if P.version == "5.1" then
  -- A C function that pcall calls finds no caller with a position, and no name for itself.
  local function caught_from_c(err)
    if type(err) == "string" then err = gsub(gsub(err, "^%[C%]:%d+: ", ""), "'nameless'", "'?'") end
    return pass(caught(err))
  end
  P.traced_calls[caught_from_c] = "pcall"

  function traced_pcall(...)
    local nameless, one, two = ...
    local count, out = select("#", ...) - 1, CALLS_OUT
    if count < 0 then P.refuse(lib.pcall, "pcall") end
    if count == 0 or type(nameless) ~= "function" then return pass(xpcall(nameless, caught)) end
    if count <= 2 then
      return pass(xpcall(function()
        if out and count == 1 then return pass(nameless(one)) end
        return pass(nameless(one, two))
      end, caught_from_c))
    end
    local arguments = { select(2, ...) }
    return pass(xpcall(function() return pass(nameless(unpack(arguments, out and 1, count))) end, caught_from_c))
  end
end

-- Who catches ---------------------------------------------------------------------------------------

-- Levels that are searched from the inside; of deeper stacks also the outer end. Lua looks for each
-- from the inside, one after the other.
local DEEP = 10000
local ENDS = 40

local function is_catcher(thread, level, func)
  if func == lib.pcall or func == lib.load then return true end
  return func == xpcall and P.traced_call(thread, level, func) ~= ""
end

local function catches_between(thread, first, last)
  for level = first, last do
    local info = getinfo(thread, level, "f")
    if not info then return false end
    if is_catcher(thread, level, info.func) then return true end
  end
  return nil
end

-- Whether a function on the stack of a thread catches errors.
local function has_catcher(thread)
  local found = catches_between(thread, 0, DEEP)
  if found ~= nil then return found end
  local low, high = DEEP, DEEP * 2
  while getinfo(thread, high, "l") do low, high = high, high * 2 end
  while high - low > 1 do
    local middle = floor((low + high) / 2)
    if getinfo(thread, middle, "l") then low = middle else high = middle end
  end
  return catches_between(thread, low - ENDS, low) or false
end

-- Whether a thread goes on by coroutine.resume: then that catches what ends it.
local function is_resumed(resumer)
  local top = getinfo(resumer, 0, "f").func
  if top == P.script_resume then return true end
  if top ~= resume then return false end
  local caller = getinfo(resumer, 1, "Sf")
  return not P.is_probe_info(caller) or caller.func == P.script_resume
end

-- Whether an error that is raised in `thread`, which others may wait for, is caught by somebody.
local function is_caught_in(thread)
  while thread do
    if has_catcher(thread) then return true end
    local resumer = P.resumer(thread)
    if resumer and is_resumed(resumer) then return true end
    thread = resumer
  end
  return false
end

-- The same for the running thread.
function P.is_caught_here()
  local helper = P.private_thread(is_caught_in)
  local ok, is_caught = resume(helper, P.running())
  return not ok or is_caught
end

-- Coroutines ----------------------------------------------------------------------------------------
--
-- What the accelerator tells by itself is found out here for the hooks in Lua: `resume` is replaced, and
-- an error in what `wrap` made is seen where it is raised again, by the dead coroutine's stack; or, where
-- Lua closes it first (5.4 and later) or forgets names (LuaJIT), where it is raised, by a handler.

local mourned = P.mourned

-- A coroutine under coroutine.resume died of an error; its stack is still there.
function P.resume_failed(thread, err)
  if mourned[thread] or not wants.caught then return P.give_room_back() end
  P.make_room() -- it may be dead of having none
  mourned[thread] = true
  if not P.was_told(thread, err) then P.stop_on_error("caught", err, thread) end
  P.give_room_back()
end

-- A coroutine under coroutine.wrap is dead of an error, which is raised again in the running one.
local function wrap_failed(thread, err)
  P.remains_pass(thread, err)
  if mourned[thread] or not (wants.caught or wants.uncaught) then return P.give_room_back() end
  P.make_room()
  mourned[thread] = true
  if not P.was_told(thread, err) then P.stop_on_error(P.is_caught_here() and "caught" or "uncaught", err, thread) end
  P.passes_on(P.running(), err)
  P.give_room_back()
end

P.tell_of_death = { [P.resume_failed] = true, [wrap_failed] = true } -- called by what resumed a thread

function P.install_catching(globals)
  globals.pcall, globals.xpcall = traced_pcall, traced_xpcall
  P.install_passing(globals)
  P.script_resume = globals.coroutine.resume
  P.hooks.on_wrap_error, P.hooks.on_resume_error = wrap_failed, P.resume_failed
end
