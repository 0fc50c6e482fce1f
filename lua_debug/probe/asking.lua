-- Standard input as a conversation: each line is asked for, of whoever runs the cell. io.read, io.lines and
-- the methods of io.stdin read from what was answered (Lua manual, file:read; liolib.c, g_read).
local P = ...

local lib = P.lib
local error, floor, select, tonumber, type = lib.error, lib.math.floor, lib.select, lib.tonumber, lib.type
local find, format, gsub, match, sub = lib.string.find, lib.string.format, lib.string.gsub, lib.string.match, lib.string.sub
local getmetatable, pcall, unpack = lib.debug.getmetatable, lib.pcall, P.unpack
local call, checked, pass = P.call, P.checked, P.pass
local stdin = lib.io.stdin

local LONGEST = 200 -- characters of a numeral (liolib.c, L_MAXLENNUM)

local buffer = "" -- what was answered and nobody has read

-- Answers --------------------------------------------------------------------------------------------

-- Has another line in the buffer; false at the end of input.
local function ask()
  P.flush_logs()
  local told = P.out_there(P.host.read_line, "", false) -- commands are served meanwhile
  local mark, text = sub(told, 1, 1), sub(told, 2)
  if mark == "^" then
    if P.guard then P.guard.again() end -- the evaluation is cancelled
    P.die() -- the cell is interrupted
  end
  if mark == "!" then error(text, 0) end
  if mark == "$" then return false end
  buffer = buffer .. text .. "\n"
  return true
end

-- A cell begins, or has ended: what is left was answered by whoever ran the one before.
function P.forget_input() buffer = "" end

local function take(length)
  local text = sub(buffer, 1, length)
  buffer = sub(buffer, length + 1)
  return text
end

-- Formats --------------------------------------------------------------------------------------------

local function read_line(keeps_end)
  local last = find(buffer, "\n", 1, true)
  while not last do
    if not ask() then
      return buffer ~= "" and take(#buffer) or nil
    end
    last = find(buffer, "\n", 1, true)
  end
  local line = take(last)
  return keeps_end and line or sub(line, 1, -2)
end

local function read_all()
  while ask() do end
  return take(#buffer)
end

local function read_bytes(count)
  if buffer == "" and not ask() then return nil end
  while #buffer < count and ask() do end
  return take(count)
end

local numerals = { "^[-+]?0[xX]%x*%.?%x*[pP]?[-+]?%d*", "^[-+]?%d*%.?%d*[eE]?[-+]?%d*" }

local function read_number()
  while not find(buffer, "%S") do
    if not ask() then return nil end
  end
  buffer = gsub(buffer, "^%s+", "")
  for index = 1, #numerals do
    local numeral = match(buffer, numerals[index])
    if numeral and numeral ~= "" then
      take(#numeral)
      return #numeral <= LONGEST and tonumber(numeral) or nil
    end
  end
  return nil
end

local readers = {
  l = function() return read_line(false) end, L = function() return read_line(true) end,
  a = read_all, n = read_number,
}

local function is_count(what) return type(what) == "number" and what == floor(what) and what >= 0 end

-- What one format gives; `place` of the argument, for the message.
local function read_one(what, place)
  if is_count(what) then return read_bytes(what) end
  local letter = type(what) == "string" and match(what, P.is_51 and not P.is_jit and "^%*(.)" or "^%*?(.)")
  local reader = letter and readers[letter]
  if not reader then error(format("bad argument #%d to 'read' (invalid format)", place), 0) end
  return reader()
end

local function read(...)
  local count = select("#", ...)
  if count == 0 then return read_line(false) end
  local results = {}
  for index = 1, count do
    local value = read_one((select(index, ...)), index)
    results[index] = value
    if value == nil then return unpack(results, 1, index) end
  end
  return unpack(results, 1, count)
end

-- A message of ours gets the place of the line that reads, the caller of who calls this (not in a tail call).
local function told(ok, ...)
  if ok then return ... end
  local problem = ...
  error(problem, type(problem) == "string" and 3 or 0)
end

local function results_of(...) return ... end

-- Standing in ----------------------------------------------------------------------------------------

local function lines_of(...)
  local formats = P.pack(...)
  return function() return results_of(told(pcall(read, unpack(formats, 1, formats.n)))) end
end

function P.install_asking(globals)
  local io, input, methods = globals.io, lib.io.input, getmetatable(stdin).__index
  local file_read, file_lines, io_read, io_lines = methods.read, methods.lines, lib.io.read, lib.io.lines
  function io.read(...)
    if input() ~= stdin then return pass(checked("io.read", pcall(call, io_read, ...))) end
    return results_of(told(pcall(read, ...)))
  end
  function methods.read(...)
    if (...) ~= stdin then return pass(checked(nil, pcall(call, file_read, ...))) end
    return results_of(told(pcall(read, select(2, ...))))
  end
  function io.lines(...)
    if (...) ~= nil or input() ~= stdin then return pass(checked("io.lines", pcall(call, io_lines, ...))) end
    return lines_of(select(2, ...))
  end
  function methods.lines(...)
    if (...) ~= stdin then return pass(checked(nil, pcall(call, file_lines, ...))) end
    return lines_of(select(2, ...))
  end
end
