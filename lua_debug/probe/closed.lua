-- Closed libraries (`settings.libraries` is "closed"): no way leads from a script into the process it runs
-- in. What is the host's looks like a function in C that has nothing to show; what would change it is
-- refused, and so are the routes into memory: the registry, C code, bytecode, the ffi.
--
-- This file closes `debug` and the loaders of LuaJIT's own modules; closed_code.lua closes bytecode and C.
local P = ...

local lib = P.lib
local error, next, pcall, select, tonumber, type = lib.error, lib.next, lib.pcall, lib.select, lib.tonumber, lib.type
local find, floor, sub = lib.string.find, lib.math.floor, lib.string.sub
local getinfo, getlocal, running = lib.debug.getinfo, lib.debug.getlocal, lib.coroutine.running
local call, checked, pass = P.call, P.checked, P.pass

local FRAMES = 3 -- between an original and what called its stand-in: P.call, pcall, the stand-in

function P.closed(what)
  return what .. ' is closed to this script by the setting libraries = "closed"; where it is trusted, "full" opens it'
end

local function refusing(what)
  return function() error(P.closed(what), 2) end
end

-- Whose a function is ---------------------------------------------------------------------------------

local function is_scripts(func)
  local info = getinfo(func, "S")
  return info.what ~= "C" and info.source ~= "=[C]"
end

local public = {} -- functions that scripts find in their library
local hidden = {} -- functions in C that stand-ins took the place of, or that are the host's

local function collect(found, holder, seen)
  if seen[holder] then return end
  seen[holder] = true
  for _, value in next, holder do
    if type(value) == "function" then found[value] = true end
    if type(value) == "table" then collect(found, value, seen) end
  end
end

-- A function that the host gives to scripts.
function P.given(func)
  public[func] = true
  return func
end

-- Whether a script that meets a function on the stack may have it.
local function is_shown(func)
  if public[func] or is_scripts(func) then return true end
  return getinfo(func, "S").what == "C" and not hidden[func]
end

-- A variable may hold what is the host's. Code that LuaJIT has compiled does not write back what it needs no
-- more: a variable that will only be assigned to still has, where the code is left, what the stack held before.
-- And 5.1 to 5.3 call the hook for a return with a stack that ends at the results, so that the table of hooks
-- and the hook lie where the variables of the function were (lparser.c, luaK_ret(fs, 0, 0); ldblib.c, hookf).
local private = { [hidden] = true, [public] = true } -- tables of the host
private[private] = true

local ENTRIES = 100 -- of a table that are looked at

local function is_left_over(value)
  if type(value) == "function" then return not is_shown(value) end
  if type(value) ~= "table" then return false end
  if private[value] then return true end
  local key, each = next(value)
  for _ = 1, ENTRIES do
    if key == nil then return false end
    if private[each] or type(key) == "function" and not is_shown(key) then return true end
    if type(each) == "function" and not is_shown(each) then return true end
    key, each = next(value, key)
  end
  return false
end

local function keep_private(holder, but)
  if private[holder] or but[holder] then return end
  private[holder] = true
  for _, value in next, holder do
    if type(value) == "table" then keep_private(value, but) end
  end
end

-- Places ----------------------------------------------------------------------------------------------

-- The arguments of a function of `debug` that may begin with a thread. `here`: how the running one or none
-- was named; a level means another one to the original then, which we call from further inside.
local function split(...)
  local thread = ...
  if type(thread) == "thread" then
    return thread == (running() or P.main), thread, select(2, ...)
  end
  return true, nil, ...
end

-- A level as the original would count, or nil if it is none.
local function level_of(target)
  local level = type(target) ~= "function" and tonumber(target) or nil
  if not level or level ~= floor(level) or level < 0 or level > 2 ^ 31 - 16 then return nil end
  return level
end

-- Calls an original for a level of a thread, as its stand-in's caller counts.
local function at_level(original, here, thread, level, ...)
  if here then return pass(pcall(call, original, level + FRAMES + 1, ...)) end
  return pass(pcall(call, original, thread, level, ...))
end

-- Whether the frame at a level, as the caller of our caller counts, is one of a function of the script.
local function is_scripts_frame(here, thread, level)
  local info
  if here then info = getinfo(level + 2, "S") else info = getinfo(thread, level, "S") end
  return info == nil or info.what ~= "C" and info.source ~= "=[C]"
end

-- debug -----------------------------------------------------------------------------------------------

-- What Lua keeps on the stack for itself is not looked at when it is read, and has no type that would be
-- checked: what is left there of the host's own calls is seen in it. LuaJIT takes such slots for the
-- variable arguments of a function that is just being called.
local function is_own(name)
  return type(name) == "string" and find(name, "^%(") ~= nil and (P.is_jit or not find(name, "vararg", 1, true))
end

local function without_own(name, ...)
  if is_own(name) or is_left_over((...)) then return name, nil end
  return name, ...
end

local function install_frames(debug)
  local original, get, set = lib.debug.getinfo, lib.debug.getlocal, lib.debug.setlocal
  function debug.getinfo(...)
    local here, thread, target, what = split(...)
    if type(what) == "string" and sub(what, 1, 1) == ">" then -- 5.1 to 5.3 look at whatever lies there
      error("bad argument #" .. (thread and 3 or 2) .. " to 'getinfo' (invalid option)", 2)
    end
    local level = level_of(target)
    if not level then return pass(checked("debug.getinfo", pcall(call, original, ...))) end
    local info = checked("debug.getinfo", at_level(original, here, thread, level, what or "flnSu"))
    if info and info.func and not is_shown(info.func) then info.func = nil end
    return info
  end
  function debug.getlocal(...)
    local here, thread, target, number = split(...)
    local level = level_of(target)
    if not level then return pass(checked("debug.getlocal", pcall(call, get, ...))) end
    if not is_scripts_frame(here, thread, level) then return nil end
    return without_own(checked("debug.getlocal", at_level(get, here, thread, level, number)))
  end
  function debug.setlocal(...)
    local here, thread, target, number, value = split(...)
    local level = level_of(target)
    if not level then return pass(checked("debug.setlocal", pcall(call, set, ...))) end
    local name = checked("debug.setlocal", at_level(get, here, thread, level, number))
    if is_own(name) or not is_scripts_frame(here, thread, level) then error(P.closed("this local variable"), 2) end
    return pass(checked("debug.setlocal", at_level(set, here, thread, level, number, value)))
  end
end

-- What Lua's table of hooks says of a thread may be the host's, or stand there since an earlier thread.
local function install_hooks(debug)
  local original = debug.gethook
  function debug.gethook(...)
    local func, mask, count = original(...)
    if type(func) == "function" and not is_shown(func) then return nil end
    return func, mask, count
  end
end

local function install_upvalues(debug)
  local function is_ours(func) return type(func) == "function" and not is_scripts(func) end
  for _, name in next, { "getupvalue", "upvalueid" } do
    local original = lib.debug[name]
    debug[name] = original and function(...)
      if is_ours((...)) then return nil end
      return pass(checked("debug." .. name, pcall(call, original, ...)))
    end
  end
  for _, name in next, { "setupvalue", "upvaluejoin" } do
    local original = lib.debug[name]
    debug[name] = original and function(...)
      local first, _, other = ...
      if is_ours(first) or name == "upvaluejoin" and is_ours(other) then
        error(P.closed("debug." .. name .. " for functions of the host and in C"), 2)
      end
      return pass(checked("debug." .. name, pcall(call, original, ...)))
    end
  end
end

local function install_metatables(debug)
  local original = debug.setmetatable
  function debug.setmetatable(...)
    local kind = type((...))
    if kind == "userdata" or kind == "cdata" then error(P.closed("debug.setmetatable for userdata"), 2) end
    return pass(checked("debug.setmetatable", pcall(call, original, ...)))
  end
end

-- 5.1 and LuaJIT: environments. A file's holds functions that Lua calls without looking.
local function install_environments(globals)
  local get, set, debug = lib.debug.getfenv, lib.debug.setfenv, globals.debug
  if not get then return end
  local function is_opened(value) return type(value) ~= "userdata" and (type(value) ~= "function" or is_scripts(value)) end
  function debug.getfenv(...)
    if not is_opened((...)) then return type((...)) == "function" and globals or nil end
    return pass(checked("debug.getfenv", pcall(call, get, ...)))
  end
  function debug.setfenv(...)
    if not is_opened((...)) then error(P.closed("debug.setfenv for functions of the host, in C, and for userdata"), 2) end
    return pass(checked("debug.setfenv", pcall(call, set, ...)))
  end
  local setfenv = lib.setfenv
  function globals.setfenv(...)
    local target, environment = ...
    local level = level_of(target)
    if level and level > 0 then
      if not is_scripts_frame(true, nil, level) then error("'setfenv' cannot change environment of given object", 2) end
      return pass(checked("setfenv", pcall(call, setfenv, level + FRAMES, environment)))
    end
    if not is_opened(target) then error("'setfenv' cannot change environment of given object", 2) end
    return pass(checked("setfenv", pcall(call, setfenv, ...)))
  end
end

-- debug.debug, which would take bytecode, too (ldblib.c, db_debug).
local function converse()
  while true do
    lib.io.stderr:write("lua_debug> ")
    local text = lib.io.read("*l")
    if not text or text == "cont" then return end
    local chunk, message = P.compile(text, "=(debug command)")
    local ok = chunk ~= nil
    if chunk then ok, message = pcall(chunk) end
    if not ok then lib.io.stderr:write(lib.tostring(message), "\n") end
  end
end

-- LuaJIT ------------------------------------------------------------------------------------------------

local MODULES = { "ffi", "jit.util", "string.buffer" } -- they reach any memory

local function install_jit(globals)
  local package, jit = globals.package, globals.jit
  for _, name in next, MODULES do
    local text = P.closed("the module " .. name)
    hidden[package.preload[name] or refusing] = true
    package.loaded[name] = nil
    package.preload[name] = function() error(text, 0) end
  end
  jit.util = nil
  hidden[jit.attach] = true
  jit.attach = refusing("jit.attach")
end

-- To be called when all other stand-ins are in their places.
function P.install_closed(globals)
  if P.settings.libraries ~= "closed" then return end
  local debug, package = globals.debug, globals.package
  collect(hidden, lib, { [globals] = true, [package.loaded] = true })
  collect(hidden, P.hooks or {}, {})
  hidden[P.call_host or refusing] = true
  install_frames(debug)
  install_hooks(debug)
  install_upvalues(debug)
  install_metatables(debug)
  install_environments(globals)
  debug.getregistry, debug.debug = refusing("debug.getregistry"), converse
  if globals.jit then install_jit(globals) end
  P.install_closed_code(globals)
  local visible = {}
  collect(public, globals, visible)
  collect(public, lib.debug.getmetatable(lib.io.stdout), visible)
  keep_private(P, visible)
  keep_private(lib.debug.getregistry(), visible)
end
