-- What a function returns, read at its return event.
--
-- Lua 5.4 and later tell where the values are. Before, they lie in the registers that the return
-- instruction names, and a hook reads those as temporaries (ldebug.c, luaF_findlocal). The instructions
-- of a function are in its dump (lundump.c; LuaJIT: jit.util); which one it is, is found by the line
-- and by how far the registers reach. If two on a line cannot be told apart, nothing is known.
local P = ...

local lib = P.lib
local getinfo, getlocal = lib.debug.getinfo, lib.debug.getlocal
local byte = lib.string.byte
local floor, max = lib.math.floor, lib.math.max

-- Values in the registers from `first` (0: the first) on of the frame at `level`, as the caller counts.
local function registers(level, first, count)
  local values = { n = count }
  for index = 1, count do
    local _, value = getlocal(level + 1, first + index)
    values[index] = value
  end
  return values
end

if P.version == "5.4" or P.version == "5.5" then
  -- The values that the function at `level` (as the caller counts) returns, with n, at its return
  -- event; nil if they are not known.
  function P.results(level)
    local info = getinfo(level + 1, "r")
    local values = registers(level + 1, info.ftransfer - 1, info.ntransfer)
    return values
  end
  return
end

-- Dumps of 5.1 to 5.3 -------------------------------------------------------------------------------

local is_53 = P.version == "5.3"
local layout = nil -- of dumps: { size of each type }

local function number(dump, size)
  local value = 0
  for index = 1, size do
    local place = layout.is_little and size - index or index - 1
    value = value * 256 + byte(dump.text, dump.at + place)
  end
  dump.at = dump.at + size
  return value
end

local function int(dump) return number(dump, layout.int) end

local function skip_string(dump)
  local size = is_53 and number(dump, 1) or number(dump, layout.size)
  if is_53 and size == 255 then size = number(dump, layout.size) end
  dump.at = dump.at + max(is_53 and size - 1 or size, 0)
end

local constants = { -- type -> how it is skipped
  [0] = function() end,
  [1] = function(dump) dump.at = dump.at + 1 end,
  [3] = function(dump) dump.at = dump.at + layout.number end,
  [4] = skip_string,
  [19] = function(dump) dump.at = dump.at + layout.integer end,
  [20] = skip_string,
}

local function skip_constants(dump)
  for _ = 1, int(dump) do constants[number(dump, 1)](dump) end
end

local skip_function

local function skip_functions(dump)
  for _ = 1, int(dump) do skip_function(dump) end
end

local function skip_upvalues(dump)
  local count = int(dump)
  dump.at = dump.at + count * 2
end

local function skip_names(dump)
  for _ = 1, int(dump) do
    skip_string(dump)
    dump.at = dump.at + layout.int * 2
  end
  for _ = 1, int(dump) do skip_string(dump) end
end

-- An array of `size` bytes an item: where it begins, and how many there are.
local function array(dump, size)
  local count = int(dump)
  local first = dump.at
  dump.at = first + count * size
  return first, count
end

local heads = {
  ["5.1"] = function(dump)
    skip_string(dump)
    dump.at = dump.at + layout.int * 2 + 4
  end,
  ["5.2"] = function(dump) dump.at = dump.at + layout.int * 2 + 3 end,
  ["5.3"] = function(dump)
    skip_string(dump)
    dump.at = dump.at + layout.int * 2 + 3
  end,
}
local skip_head = heads[P.version]

-- Where the instructions of the function that the dump is at are, and their lines.
local function read_function(dump)
  skip_head(dump)
  local size = number({ text = dump.text, at = dump.at - 1 }, 1) -- of its stack, what a head ends with
  local code, count = array(dump, layout.instruction)
  skip_constants(dump)
  if is_53 then skip_upvalues(dump) end
  skip_functions(dump)
  if P.version == "5.2" then
    skip_upvalues(dump)
    skip_string(dump)
  end
  local lines, known = array(dump, layout.int)
  return code, known == count and count or 0, lines, is_53 and size or nil
end

function skip_function(dump)
  read_function(dump)
  skip_names(dump)
end

-- The dump of a function, at the function.
local function open(func)
  local text = lib.string.dump(func)
  if is_53 then
    layout = {
      int = byte(text, 13), size = byte(text, 14), instruction = byte(text, 15),
      integer = byte(text, 16), number = byte(text, 17), is_little = byte(text, 18) ~= 0,
    }
    return { text = text, at = 19 + layout.integer + layout.number }
  end
  layout = {
    is_little = byte(text, 7) == 1, int = byte(text, 8), size = byte(text, 9),
    instruction = byte(text, 10), number = byte(text, 11),
  }
  return { text = text, at = P.version == "5.2" and 19 or 13 }
end

-- lopcodes.h
local JUMP = is_53 and 30 or P.version == "5.2" and 23 or 22
local RETURN = is_53 and 38 or P.version == "5.2" and 31 or 30
local NO_JUMP = 2 ^ 17 - 1

-- The operands of an instruction: its opcode, A, B and the distance of a jump.
local function operands(instruction)
  local wide = floor(instruction / 2 ^ 14)
  return instruction % 64, floor(instruction / 64) % 256, floor(wide / 2 ^ 9), wide - NO_JUMP
end

-- The returns on a line of a function: { { first register, number of values or nil: all }, ... }; and
-- the size of the function's stack if returns leave it as it is. The compiler ends every function with a return, needed or not.
local function returns_in_dump(func, line)
  local found, dump = {}, open(func)
  local code, count, lines, size = read_function(dump)
  local last_is_reached, before = count == 1, nil
  for index = 0, count - 1 do
    dump.at = code + index * layout.instruction
    local opcode, first, values, distance = operands(number(dump, layout.instruction))
    if opcode == JUMP and index + 1 + distance == count - 1 then last_is_reached = true end
    if opcode == RETURN and (index < count - 1 or last_is_reached or before ~= RETURN) then
      dump.at = lines + index * layout.int
      if int(dump) == line then found[#found + 1] = { first, values > 0 and values - 1 or nil } end
    end
    before = opcode
  end
  return found, size
end

-- LuaJIT ----------------------------------------------------------------------------------------------

local jit_util = P.is_jit and lib.require("jit.util")
local counts = {} -- opcode -> function(operand): the number of values

local function last_opcode(func)
  local at, last = 0, nil
  local instruction = jit_util.funcbc(func, at)
  while instruction do
    at, last = at + 1, instruction % 256
    instruction = jit_util.funcbc(func, at)
  end
  return last
end

if P.is_jit then
  counts[last_opcode(function() end)] = function() return 0 end
  counts[last_opcode(function(a) return a end)] = function() return 1 end
  counts[last_opcode(function(a, b) return a, b end)] = function(operand) return operand - 1 end
  counts[last_opcode(function(...) return ... end)] = function() return nil end
end

local function returns_in_bytecode(func, line)
  local found, at = {}, 1
  local instruction = jit_util.funcbc(func, at)
  while instruction do
    local count = counts[instruction % 256]
    if count and jit_util.funcinfo(func, at).currentline == line then
      found[#found + 1] = { floor(instruction / 256) % 256, count(floor(instruction / 65536) % 65536) }
    end
    at = at + 1
    instruction = jit_util.funcbc(func, at)
  end
  return found, jit_util.funcinfo(func).stackslots
end

-- Reading -------------------------------------------------------------------------------------------

local returns = P.is_jit and returns_in_bytecode or returns_in_dump

-- How far the registers of the frame at `level` (as the caller counts) reach; behind them lies what
-- Lua's library keeps of hooks (ldblib.c, hookf).
local function register_count(level)
  local count = 0
  while getlocal(level + 1, count + 1) do count = count + 1 end
  return P.is_jit and count or count - 1
end

-- Whether a return may be the one that is under way. Only a return of all there is, and in 5.1 and 5.2
-- any, shortens the stack to what is returned.
local function may_be(first, count, top, size)
  if not count then return top >= first end
  if size then return top == size end
  return top == first + count
end

function P.results(level)
  local info = getinfo(level + 1, "Slf")
  if not info.func or info.what == "C" then return nil end
  local top = register_count(level + 1)
  local candidates, size = returns(info.func, info.currentline)
  local first, count
  for index = 1, #candidates do
    local from, fixed = candidates[index][1], candidates[index][2]
    if may_be(from, fixed, top, size) then
      local number_of = fixed or top - from
      if first and (first ~= from or count ~= number_of) then return nil end
      first, count = from, number_of
    end
  end
  local values = first and registers(level + 1, first, count)
  return values
end
