-- The script's standard streams: what it writes is told with the line that writes it, and the host
-- knows when it waits for input.
--
-- Where the host captures the descriptors themselves (`settings.output` is "mark"), the originals go
-- on writing and the host is told the place whenever it changes: its order with what C libraries and
-- children write is then right by itself. Elsewhere ("tell") the texts go to the host.
local P = ...

local lib = P.lib
local concat, error, format, select, type = lib.table.concat, lib.error, lib.string.format, lib.select, lib.type
local getinfo, gsub, pcall, tostring = lib.debug.getinfo, lib.string.gsub, lib.pcall, lib.tostring
local getmetatable = lib.debug.getmetatable
local pack, unpack = P.pack, P.unpack
local host = P.host
local stdin, stdout, stderr = lib.io.stdin, lib.io.stdout, lib.io.stderr

-- Where the script stands: raw source and line of its innermost Lua function. `level` as the caller
-- counts.
local function position(level)
  level = level + 1
  local info = getinfo(level, "Sl")
  while info and (info.what == "C" or info.what == "tail" or info.source == "=[C]") do
    level = level + 1
    info = getinfo(level, "Sl")
  end
  if not info then return "", 0 end
  return info.source, info.currentline
end

-- Raises an error of an original as it would have been without us: the position put before it is
-- that of the original's caller, and it is called what that calls it, or else what the library does
-- (lauxlib.c, luaL_argerror). `level` of that caller, as our caller counts.
local function fail(message, level, library_name)
  if type(message) == "string" then
    local called = getinfo(level, "n")
    local name = called.name or not P.is_51 and library_name
    message = gsub(message, "^%[C%]:%d+: ", "")
    if name then message = gsub(message, "'%?'", "'" .. name .. "'") end
    if called.namewhat == "method" then -- `self` is not counted
      message = gsub(message, "^bad argument #(%d+)", function(number) return format("bad argument #%d", number - 1) end)
    end
  end
  error(message, level + 1)
end

-- Marking -------------------------------------------------------------------------------------------

local last_source, last_line

local function mark(level)
  local source, line = position(level + 1)
  P.flush_logs()
  if source ~= last_source or line ~= last_line then
    last_source, last_line = source, line
    host.mark(source, line)
  end
end

-- What comes next is written by somebody else.
local function unmark()
  last_source, last_line = nil, nil
  host.mark("", 0)
end

-- `original` with the place of its caller told before; the function returns one value if it works.
local function marking(original, library_name)
  return function(...)
    mark(2)
    local ok, result, message, code = pcall(original, ...)
    if not ok then fail(result, 2, library_name) end
    if message ~= nil then return result, message, code end
    return result
  end
end

local function marking_method(original)
  return function(file, ...)
    if file == stdout or file == stderr then mark(2) end
    local ok, result, message, code = pcall(original, file, ...)
    if not ok then fail(result, 2) end
    if message ~= nil then return result, message, code end
    return result
  end
end

local function unmarking(original)
  return function(...)
    unmark()
    return original(...)
  end
end

local function install_marks(globals, methods)
  local print = globals.print
  globals.print = function(...)
    mark(2)
    local ok, message = pcall(print, ...)
    if not ok then fail(message, 2) end
  end
  globals.io.write = marking(lib.io.write, "io.write")
  methods.write = marking_method(methods.write)
  if lib.os.execute then globals.os.execute = unmarking(lib.os.execute) end
  if lib.io.popen then globals.io.popen = unmarking(lib.io.popen) end
end

-- Telling -------------------------------------------------------------------------------------------

local uses_global_tostring = P.is_51 or P.version == "5.2" or P.version == "5.3"
local MUST = uses_global_tostring and "'tostring' must return a string to 'print'" or "'__tostring' must return a string"

-- One value as print writes it (lbaselib.c, luaB_print): up to 5.3 it calls the global tostring. The
-- errors are print's own; `level` of its caller, as our caller counts.
local function shown(value, level)
  local kind, convert = type(value), tostring
  if uses_global_tostring then
    convert = P.globals.tostring
    if convert == nil then error("attempt to call a nil value", 0) end
  elseif kind == "string" or kind == "number" then
    return kind == "string" and value or tostring(value)
  end
  local ok, text = pcall(convert, value)
  if ok and (type(text) == "string" or type(text) == "number") then return tostring(text) end
  if ok or text == MUST then error(MUST, level + 1) end
  error(text, 0)
end

local function printed(level, ...)
  local parts = {}
  for index = 1, select("#", ...) do parts[index] = shown(select(index, ...), level + 1) end
  return concat(parts, "\t") .. "\n"
end

-- A number as io.write writes it: LUAI_NUMFFORMAT, which tostring makes look like a float from 5.3 on.
local function number_text(value)
  if P.version == "5.3" or P.version == "5.4" then
    return lib.math.type(value) == "integer" and tostring(value) or format("%.14g", value)
  end
  return tostring(value)
end

-- What io.write and file:write write (liolib.c, g_write): strings and numbers. If something else is
-- among them, what comes before it, and the arguments with which the original raises its error.
local function written(...)
  local parts, arguments = {}, pack(...)
  for index = 1, arguments.n do
    local value = arguments[index]
    local kind = type(value)
    if kind ~= "string" and kind ~= "number" then return concat(parts), arguments end
    parts[index] = kind == "string" and value or number_text(value)
    arguments[index] = ""
  end
  return concat(parts), nil
end

local function install_telling(globals, methods)
  globals.print = function(...)
    local text = printed(2, ...)
    P.flush_logs()
    host.output(text, "stdout", position(2))
  end

  -- `original` with what it would write to `file` told instead, if that is a stream of ours.
  local function telling(original, file, level, library_name, ...)
    local category = file == stdout and "stdout" or file == stderr and "stderr"
    local arguments = pack(...)
    if category then
      local text, bad = written(...)
      if text ~= "" then
        P.flush_logs()
        host.output(text, category, position(level + 1))
      end
      if not bad then return P.is_51 and true or file end
      arguments = bad
    end
    local results
    if library_name then
      results = pack(pcall(original, unpack(arguments, 1, arguments.n)))
    else
      results = pack(pcall(original, file, unpack(arguments, 1, arguments.n)))
    end
    if not results[1] then fail(results[2], level + 1, library_name) end
    return unpack(results, 2, results.n)
  end

  local write, output = methods.write, lib.io.output
  methods.write = function(file, ...)
    local results = pack(telling(write, file, 2, nil, ...))
    return unpack(results, 1, results.n)
  end
  globals.io.write = function(...)
    local results = pack(telling(lib.io.write, output(), 2, "io.write", ...))
    return unpack(results, 1, results.n)
  end
end

-- Reading -------------------------------------------------------------------------------------------

local function finish(level, library_name, ok, ...)
  host.reading(false)
  if not ok then fail((...), level + 1, library_name) end
  return ...
end

-- `original` reads from `file`, or from the default input if that is nil.
local function read(original, file, ...)
  host.reading(true)
  if file ~= nil then return finish(3, nil, pcall(original, file, ...)) end
  return finish(3, "io.read", pcall(original, ...))
end

local function install_input(globals, methods)
  local io, input = globals.io, lib.io.input
  local io_read, file_read = lib.io.read, methods.read
  function io.read(...)
    if input() ~= stdin then return io_read(...) end
    return read(io_read, nil, ...)
  end
  function methods.read(file, ...)
    if file ~= stdin then return file_read(file, ...) end
    return read(file_read, file, ...)
  end
  local io_lines, file_lines = lib.io.lines, methods.lines
  local function reading_lines(following)
    return function()
      host.reading(true)
      return finish(2, nil, pcall(following))
    end
  end
  function io.lines(...) -- 5.1 takes no nil for no argument
    if (...) ~= nil or input() ~= stdin then return io_lines(...) end
    return reading_lines(io_lines(...))
  end
  function methods.lines(file, ...)
    if file ~= stdin then return file_lines(file, ...) end
    return reading_lines(file_lines(file, ...))
  end
end

function P.install_streams(globals)
  local methods = getmetatable(stdout).__index
  local install = P.settings.output == "mark" and install_marks or install_telling
  install(globals, methods)
  install_input(globals, methods)
end
