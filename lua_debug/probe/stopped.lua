-- What else is asked at a stop: the error, the threads, bytes of strings, places of functions.
local P = ...

local lib = P.lib
local type, min, max = lib.type, lib.math.min, lib.math.max
local getinfo, status = lib.debug.getinfo, lib.coroutine.status
local format, gsub, sub = lib.string.format, lib.string.gsub, lib.string.sub
local concat = lib.table.concat

local MAX_THREADS = 1000
local MAX_BYTES = 16 * 1024 * 1024

-- the error ---------------------------------------------------------------------------------------

-- The level of what raised the error of a stop: often a C function, `error` above all.
local function raising_level(stop)
  local level = stop.thread == stop.running and 1 or 0
  local info = getinfo(stop.thread, level, "S")
  while info and P.is_probe_info(info) do
    level = level + 1
    info = getinfo(stop.thread, level, "S")
  end
  return level
end

-- As debug.traceback, but that files have their whole names, since editors make links of them.
local function traceback(thread, first) return P.standard_traceback(thread, nil, first, 1, P.main_chunk(thread), true) end

-- The stack of the error a thread stopped on, through all resumers.
local function error_traceback(stop)
  local pieces, thread = { traceback(stop.thread, raising_level(stop)) }, stop.thread
  local resumer = P.resumer(thread)
  while resumer do
    local first = resumer == stop.running and stop.running_level or 0
    local text = traceback(resumer, first)
    pieces[#pieces + 1] = "resumed by " .. P.thread_name(resumer) .. ":" .. sub(text, #"stack traceback:" + 1)
    resumer = P.resumer(resumer)
  end
  return P.text(concat(pieces, "\n"))
end

-- exception {thread?}: {id, description, mode, type, traceback, evaluate, value}; `value` is told as a
-- variable `err`. Refused where the thread did not stop on an error.
function P.ops.exception(command)
  if command.thread == P.FAILED then return P.remains_exception() end
  local stop = P.stop
  if not stop or not stop.has_error or command.thread and P.thread_by_id(command.thread) ~= stop.thread then
    P.user_error("This thread did not stop on an error.")
  end
  local value = P.told({ name = "err", value = stop.error, evaluate = "err" }, nil, false)
  return {
    id = P.error_kind(stop), description = P.error_message(stop.error), mode = stop.mode or "always",
    type = value.type, traceback = error_traceback(stop), evaluate = "err", value = value,
  }
end

-- threads -----------------------------------------------------------------------------------------

-- coroutine 2: suspended in producer (main.lua:12)
local function described(thread)
  local name = P.thread_name(thread)
  if thread == P.main then return name end
  local state = P.stop and P.stop.thread == thread and "stopped" or status(thread)
  local level, info = 0, nil
  repeat
    info = getinfo(thread, level, "Slnf")
    level = level + 1
  until not info or info.what ~= "C" and not P.is_probe(info.func)
  if not info then return name .. ": " .. state end
  local frame = { thread = thread, level = level - 1, func = info.func }
  return format("%s: %s in %s (%s)", name, state, P.frame_name(frame, info), P.place_text(info, max(info.currentline, 0)))
end

-- threads {}: {threads}, each {id, name}; the main thread first. Of very many only the first 1,000.
function P.ops.threads()
  local known, threads = P.known_threads(MAX_THREADS), P.array()
  P.tell_ended_threads()
  for index = 1, #known do
    P.tell_thread(known[index])
    threads[index] = { id = P.thread_id(known[index]), name = described(known[index]) }
  end
  lib.table.sort(threads, function(left, right) return left.id < right.id end)
  return { threads = threads }
end

-- bytes and places --------------------------------------------------------------------------------

local digits = {}
for code = 0, 255 do digits[lib.string.char(code)] = format("%02x", code) end

-- read_memory {memory, offset?, count}: {address, hex, unreadable}: bytes of a string, in hexadecimal.
-- Where reading would begin before the string or behind it, `unreadable` bytes have to be skipped.
function P.ops.read_memory(command)
  local record = P.lookup(command.memory, "memory")
  local from = command.offset or 0
  if from < 0 then return { address = 0, hex = "", unreadable = min(-from, command.count) } end
  local wanted = min(command.count, MAX_BYTES)
  local bytes = sub(record.bytes, from + 1, from + wanted)
  return { address = from, hex = gsub(bytes, ".", digits), unreadable = command.count - #bytes }
end

-- location {reference}: {source, first, last, name?, rank?, line?}: the lines of a function, and of
-- what is declared in (rank, line) or around it the name.
function P.ops.location(command)
  local record = P.lookup(command.reference, "location")
  return {
    source = P.source_of(record.source), first = record.first, last = record.last,
    name = record.name and P.text(record.name), rank = record.rank, line = record.line,
  }
end
