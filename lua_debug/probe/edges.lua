-- Where Python calls Lua. lupa looks up the global `debug` before each call, unprotected: a script whose
-- globals raise an error at that (strict modules do) would abort the process. So while no Lua runs, the
-- state has other globals than the script's.
local P = ...

local lib = P.lib
local error, getfenv, pcall = lib.error, lib.getfenv, lib.pcall
local rawequal, setfenv = lib.rawequal, lib.setfenv
local registry = lib.debug.getregistry()
local GLOBALS = 2 -- lua.h, LUA_RIDX_GLOBALS; 5.1 and LuaJIT: the environment of the thread

local has_begun = false
local outside = { debug = { traceback = lib.debug.traceback } }
local inside = P.globals

local function enter()
  if setfenv then setfenv(0, inside) else registry[GLOBALS] = inside end
end

local function leave(...)
  if setfenv then
    inside = getfenv(0)
    setfenv(0, outside)
  else
    inside, registry[GLOBALS] = registry[GLOBALS], outside
  end
  return ...
end

local function is_outside()
  if setfenv then return rawequal(getfenv(0), outside) end
  return rawequal(registry[GLOBALS], outside)
end

-- What Python is to call in the place of a function that may run the script's code. Where the script has
-- called Python and that calls Lua again, the script's globals stay.
function P.at_the_edge(func)
  return function(...)
    if has_begun and not is_outside() then return func(...) end
    has_begun = true
    enter()
    return leave(func(...))
  end
end

local function came_back(ok, ...)
  enter()
  if not ok then error((...), 0) end
  return ...
end

-- Calls a function of Python that may call Lua again before it returns.
function P.out_there(func, ...)
  leave()
  return came_back(pcall(func, ...))
end
