-- What functions of the probe that stand in for originals have in common: their errors, which are as
-- they would be without us.
local P = ...

local lib = P.lib
local error, pcall, type = lib.error, lib.pcall, lib.type
local format, match, sub = lib.string.format, lib.string.match, lib.string.sub
local getinfo = lib.debug.getinfo

-- Keeps what it is called by on the stack: a tail call would not.
local function pass(...) return ... end
P.pass = pass

-- Calls an original. Errors that it raises itself carry the position of this line, those of the script
-- that pass through do not; and it is called "nameless" in them, if anything (lauxlib.c, luaL_error and
-- luaL_argerror).
function P.call(nameless, ...) return pass(nameless(...)) end

-- The error of an original, as it says it to what `called` (fields n) tells of, without a position.
local function reworded(message, called, name)
  local number, rest = match(message, "^bad argument #(%d+) to '[^']*'(.*)$")
  if not number then return message end
  if called.namewhat == "method" then number = number - 1 end -- `self` is not counted
  local known = match(message, "'([^']*)'")
  if known == "nameless" or known == "?" then known = called.name or not P.is_51 and name or "?" end
  if number == 0 then return format("calling '%s' on bad self%s", known, rest) end
  return format("bad argument #%d to '%s'%s", number, known, rest)
end

-- Raises an error that was caught from P.call: by the function at `level` (as our caller counts), which
-- stands in for the original. `name` is what the library calls that.
local function raise(message, name, level)
  local own = type(message) == "string" and match(message, "^%[C%]:%d+: ()")
  if not own then error(message, 0) end
  error(reworded(sub(message, own), getinfo(level + 1, "n"), name), level + 2)
end

-- The results of pcall(P.call, original, …), or its error. Called by what stands in for the original.
function P.checked(name, ok, ...)
  if not ok then raise((...), name, 2) end
  return ...
end

-- Raises what the original says of arguments that it does not take. Called by what stands in for it.
function P.refuse(original, name, ...)
  local ok, message = pcall(P.call, original, ...)
  if not ok then raise(message, name, 2) end
end
