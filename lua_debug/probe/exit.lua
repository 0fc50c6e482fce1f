-- os.exit: the program ends with a status, and what was written is told first.
local P = ...

local lib = P.lib
local error, format, tonumber, type = lib.error, lib.string.format, lib.tonumber, lib.type
local floor = lib.math.floor
local host = P.host

local has_integers = lib.math.type ~= nil
local takes_booleans = P.version ~= "5.1"

-- The status an argument stands for; raises what the original would (loslib.c, os_exit). `level` as
-- the caller counts.
local function status_of(code, level)
  if code == nil then return 0 end
  if takes_booleans and type(code) == "boolean" then return code and 0 or 1 end
  local number = (type(code) == "number" or type(code) == "string") and tonumber(code)
  if not number then
    error(format("bad argument #1 to 'exit' (number expected, got %s)", type(code)), level + 1)
  end
  if number == floor(number) then return lib.math.tointeger and lib.math.tointeger(number) or number end
  if has_integers then error("bad argument #1 to 'exit' (number has no integer representation)", level + 1) end
  return number < 0 and -floor(-number) or floor(number)
end

-- As `exit` of C the process ends where it stands: nothing is closed, unless that is asked for.
function P.install_exit(globals)
  globals.os.exit = function(code, closes)
    local status = status_of(code, 2)
    if closes and takes_booleans then
      P.finish()
      host.close_and_exit(status % 256) -- does not come back
    end
    P.exit_code = status % 256
    host.exit(P.exit_code)
    P.die()
  end
end
