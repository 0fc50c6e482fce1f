-- The script's standard streams: what it writes is told with the line that writes it, and the host
-- knows when it waits for input.
--
-- Where the host captures the descriptors themselves (`settings.output` is "mark"), the originals go
-- on writing and the host is told the place whenever it changes: its order with what C libraries and
-- children write is then right by itself. Elsewhere ("tell") the texts go to the host.
local P = ...

local lib = P.lib
local concat, error, format, select, type = lib.table.concat, lib.error, lib.string.format, lib.select, lib.type
local getinfo, pcall, tostring = lib.debug.getinfo, lib.pcall, lib.tostring
local getmetatable, match = lib.debug.getmetatable, lib.string.match
local pack, unpack = P.pack, P.unpack
local call, checked, pass = P.call, P.checked, P.pass
local host = P.host
local stdin, stdout, stderr = lib.io.stdin, lib.io.stdout, lib.io.stderr
local flush = stdout and stdout.flush

-- Where the script stands: raw source and line of its innermost Lua function; nowhere in what a client
-- has evaluated. `level` as the caller counts.
local function position(level)
  level = level + 1
  local info = getinfo(level, "Sl")
  while info and (info.what == "C" or info.what == "tail" or info.source == "=[C]") do
    level = level + 1
    info = getinfo(level, "Sl")
  end
  if not info or info.source == P.EVALUATED then return "", 0 end
  return info.source, info.currentline
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

-- `original` with the place of its caller told before.
local function marking(original, name)
  return function(...)
    mark(2)
    return pass(checked(name, pcall(call, original, ...)))
  end
end

local function marking_method(original)
  return function(...)
    local file = ...
    if file == stdout or file == stderr then mark(2) end
    return pass(checked(nil, pcall(call, original, ...)))
  end
end

local function unmarking(original, name)
  return function(...)
    unmark()
    return pass(checked(name, pcall(call, original, ...)))
  end
end

local function install_marks(globals, methods)
  P.unmark = unmark
  globals.print = marking(globals.print, "print")
  globals.io.write = marking(lib.io.write, "io.write")
  methods.write = marking_method(methods.write)
  if lib.os.execute then globals.os.execute = unmarking(globals.os.execute, "os.execute") end
  if lib.io.popen then globals.io.popen = unmarking(globals.io.popen, "io.popen") end
end

-- Telling -------------------------------------------------------------------------------------------

local uses_global_tostring = P.is_51 or P.version == "5.2" or P.version == "5.3"
local MUST = uses_global_tostring and "'tostring' must return a string to 'print'" or "'__tostring' must return a string"

-- One value as print writes it (lbaselib.c, luaB_print): up to 5.3 it calls the global tostring. The
-- errors are print's own; `level` of its caller, as our caller counts. A position of ours in an error is
-- one that is that caller's.
local function shown(value, level)
  local kind, convert = type(value), tostring
  if uses_global_tostring then
    convert = P.globals.tostring
    if convert == nil then error("attempt to call a nil value", 0) end
  elseif kind == "string" or kind == "number" then
    return kind == "string" and value or tostring(value)
  end
  local ok, text
  if uses_global_tostring then ok, text = pcall(convert, value) else ok, text = pcall(call, convert, value) end
  if ok and (type(text) == "string" or type(text) == "number") then return tostring(text) end
  if ok then text = "[C]:0: " .. MUST end
  local own = type(text) == "string" and match(text, "^%[C%]:%d+: (.*)$")
  error(own or text, own and level + 1 or 0)
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

  -- Tells what would be written to `file`, if that is a stream of ours; whether everything was told.
  -- If not, the arguments with which the original has still to be called.
  local function tell(file, level, ...)
    local category = file == stdout and "stdout" or file == stderr and "stderr"
    if not category then return false, pack(...) end
    local text, bad = written(...)
    if text ~= "" then
      P.flush_logs()
      host.output(text, category, position(level + 1))
    end
    return not bad, bad
  end

  local write, output = methods.write, lib.io.output
  methods.write = function(...)
    if select("#", ...) == 0 then P.refuse(write) end
    local file = ...
    local is_told, arguments = tell(file, 2, select(2, ...))
    if is_told then return P.is_51 and true or file end
    return pass(checked(nil, pcall(call, write, file, unpack(arguments, 1, arguments.n))))
  end
  globals.io.write = function(...)
    local file = output()
    local is_told, arguments = tell(file, 2, ...)
    if is_told then return P.is_51 and true or file end
    return pass(checked("io.write", pcall(call, lib.io.write, unpack(arguments, 1, arguments.n))))
  end
end

-- Reading -------------------------------------------------------------------------------------------

-- Calls an original that may wait for input; `done` ends that. What was asked just before is answered
-- first: otherwise it would wait for a line, and who has to type that for the answer.
local function read(...)
  pcall(flush, stdout) -- a question is there before it is answered, whatever C's buffers would do
  local is_asked = host.reading(true)
  if is_asked and P.evaluating == 0 and P.has_room() then P.poll() end
  return pcall(call, ...)
end

local function done(...)
  host.reading(false)
  return ...
end

local function install_input(globals, methods)
  local io, input = globals.io, lib.io.input
  local io_read, file_read = lib.io.read, methods.read
  function io.read(...)
    if input() ~= stdin then return pass(checked("io.read", pcall(call, io_read, ...))) end
    return pass(checked("io.read", done(read(io_read, ...))))
  end
  function methods.read(...)
    if (...) ~= stdin then return pass(checked(nil, pcall(call, file_read, ...))) end
    return pass(checked(nil, done(read(file_read, ...))))
  end
  local io_lines, file_lines = lib.io.lines, methods.lines
  local function reading_lines(following)
    return function(...) return pass(checked(nil, done(read(following, ...)))) end
  end
  function io.lines(...) -- 5.1 takes no nil for no argument
    if (...) ~= nil or input() ~= stdin then return pass(checked("io.lines", pcall(call, io_lines, ...))) end
    return reading_lines(pass(checked("io.lines", pcall(call, io_lines, ...))))
  end
  function methods.lines(...)
    if (...) ~= stdin then return pass(checked(nil, pcall(call, file_lines, ...))) end
    return reading_lines(pass(checked(nil, pcall(call, file_lines, ...))))
  end
end

function P.install_streams(globals)
  local methods = getmetatable(stdout).__index
  local install = P.settings.output == "mark" and install_marks or install_telling
  install(globals, methods)
  if host.read_line then P.install_asking(globals) else install_input(globals, methods) end
end
