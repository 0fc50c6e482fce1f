-- Message handlers of a script that is being ended.
--
-- The error that ends it is raised by a hook, and Lua calls the handler of `xpcall` where the error is raised
-- (ldebug.c, luaG_errormsg): amid the hook, where no hook is called. A handler that loops would never be
-- interrupted. So the handler makes room for one that does nothing, before the error is raised. It lies in a
-- slot of the stack of xpcall's own frame, where Lua looks for it when there is an error (lbaselib.c,
-- luaB_xpcall; ldo.c, luaD_pcall), and which debug.setlocal can set. LuaJIT calls no handler there.
local P = ...

local lib = P.lib
local getinfo, getlocal, setlocal = lib.debug.getinfo, lib.debug.getlocal, lib.debug.setlocal
local type = lib.type

local SLOT = (P.version == "5.1" or P.version == "5.2") and 1 or 2
local FAR = 10000 -- levels that are looked at: Lua counts them one by one, from the top each time

local function pass_on(err) return err end

-- For the protected call that the error will end, on the running thread.
function P.quiet_handler()
  local is_in_script = false
  for level = 2, FAR do
    local info = getinfo(level, "Sf")
    if not info or is_in_script and info.func == lib.pcall then return end
    if is_in_script and info.func == lib.xpcall then
      local _, handler = getlocal(level, SLOT)
      if type(handler) ~= "function" or not P.is_probe(handler) then setlocal(level, SLOT, pass_on) end
      return
    end
    is_in_script = is_in_script or info.what ~= "C" and not P.is_probe_info(info)
  end
end

if P.is_jit then P.quiet_handler = function() end end
