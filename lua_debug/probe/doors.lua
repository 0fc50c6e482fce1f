-- The doors to the host: `P.host` holds a function for each function of the host. They take texts, numbers,
-- booleans and nil, and give such; what the host raises is an error whose value is a text.
--
-- Behind them is one C function (lua_debug/doors.py). It cannot raise errors nor make texts, so it tells
-- whether all went well, or answers a function that does.
local P = ...

local error, type = error, type
local call = P.call_host
P.host = {}

local function answered(ok, ...)
  if ok == true then return ... end
  if type(ok) == "function" then return answered(ok()) end
  error((...) or "not enough memory", 0)
end

local function open(name)
  P.host[name] = function(...) return answered(call(name, ...)) end
end

for name in string.gmatch(P.doors, "%S+") do open(name) end
P.doors = nil
