-- Replacements of library functions that would otherwise hurt the debugger.
local P = ...

local lib = P.lib
local find, sub = lib.string.find, lib.string.sub
local pcall, select, tonumber, type = lib.pcall, lib.select, lib.tonumber, lib.type
local pack, unpack = P.pack, P.unpack

-- debug.setmetatable keeps the probes' metatable of booleans working, and getmetatable keeps silent
-- about it where the script has set none.
local function install_metatables(debug)
  local original = lib.debug.setmetatable
  function debug.setmetatable(...)
    local value, metatable = ...
    local is_ours = type(value) == "boolean" and (metatable == nil or type(metatable) == "table")
    if not is_ours or select("#", ...) < 2 then
      return P.pass(P.checked("debug.setmetatable", pcall(P.call, original, ...)))
    end
    P.set_boolean_metatable(metatable)
    return P.version == "5.1" or P.is_jit or value
  end
  local get = lib.debug.getmetatable
  function debug.getmetatable(...)
    if type((...)) == "boolean" then return P.boolean_metatable() end
    return P.pass(P.checked("debug.getmetatable", pcall(P.call, get, ...)))
  end
end

-- debug.sethook and debug.gethook: the script's hook and ours share what Lua has one of. ------------

local hooks = lib.setmetatable({}, { __mode = "k" }) -- thread -> { func, mask, count }
local none = pack(lib.debug.gethook(P.private_thread(function() end))) -- what gethook answers without

-- Whose hook it is: LuaJIT has one for all threads.
local function owner(thread) return P.is_jit and P.main or thread or P.running() end

local function letters(mask)
  local found = ""
  for index = 1, 3 do
    local letter = sub("crl", index, index)
    if find(mask, letter, 1, true) then found = found .. letter end
  end
  return found
end

local function set_hook(thread, func, mask, count)
  mask, count = func and letters(mask) or "", func and tonumber(count) or 0
  if mask == "" and count <= 0 then func = nil end
  hooks[owner(thread)] = func and { func, mask, count } or nil
  P.hooks.user_hook(thread, func, mask, count)
  if not P.is_jit then return end
  -- what a safepoint takes of the script's count is given back, but not by one that sleeps
  P.is_counted = func ~= nil and count > 0
  if P.is_counted then P.safepoints.wake() else P.safepoints.sleep() end
end

-- A thread has the script's own hook again, if it has one, in place of another.
function P.restore_hook(thread)
  local hook = hooks[owner(thread)] or {}
  set_hook(thread, hook[1], hook[2], hook[3])
end

local function install_hooks(debug)
  local original = lib.debug.sethook
  function debug.sethook(...)
    if P.has_budget then P.lib.error("the instructions of this cell are counted, so it has no hooks", 2) end
    local thread, func, mask, count = ...
    if type(thread) ~= "thread" then thread, func, mask, count = nil, ... end
    local is_off = func == nil
    if not is_off and not (type(func) == "function" and type(mask) == "string" and (count == nil or type(count) == "number")) then
      local ok, message = pcall(P.call, original, ...)
      P.hooks.arm(thread)
      P.checked("debug.sethook", ok, message)
    end
    set_hook(thread, func, mask, count)
  end
  function debug.gethook(thread)
    local hook = hooks[owner(type(thread) == "thread" and thread or nil)]
    if not hook then return unpack(none, 1, none.n) end
    return hook[1], hook[2], hook[3]
  end
end

function P.install_guards(globals)
  install_metatables(globals.debug)
  install_hooks(globals.debug)
  if not globals.jit then return end
  P.safepoints.install(globals.jit)
  if not P.hooks.is_native then P.compiler.install(globals.jit) end
end
