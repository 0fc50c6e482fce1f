-- The operation `inspect`: what is known of the value that an expression without side effects has.
local P = ...

local lib = P.lib
local getinfo, getlocal = lib.debug.getinfo, lib.debug.getlocal
local type = lib.type

-- The names of a function's parameters; nil where this Lua does not tell them (5.1).
local function parameters_of(func)
  local info = getinfo(func, "u")
  if not info.nparams then return nil, nil end
  local names = P.array()
  for index = 1, info.nparams do
    local ok, name = lib.pcall(getlocal, func, index)
    names[index] = ok and name and P.text(name) or "?"
  end
  return names, info.isvararg
end

local function describe_function(told, func)
  told.name, told.library = P.function_name(func), P.library_name(func)
  local info = getinfo(func, "S")
  if info.what == "C" or P.is_probe(func) then return told end
  told.parameters, told.is_vararg = parameters_of(func)
  told.source, told.first, told.last = P.source_of(info.source), info.linedefined, info.lastlinedefined
  return told
end

-- inspect {expr, frame?}: {value, type, pretty, name?, library?, parameters?, is_vararg?, source?, first?, last?}.
function P.ops.inspect(command)
  local value = P.pure_value(command.expr, P.frame_or_globals(command.frame))
  local text, kind = P.show(value)
  local told = { value = text, type = kind, pretty = P.pretty(value) }
  if type(value) == "function" then return describe_function(told, value) end
  return told
end
