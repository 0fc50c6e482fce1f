-- LuaJIT: the memory that Lua's objects lie in (lj_obj.h of 2.0 and 2.1), read and written by address.
-- Addresses are numbers, so that reading makes nothing. layout.lua tries out what is said here.
local P = ...

local lib = P.lib
local collectgarbage, error, format, next = lib.collectgarbage, lib.error, lib.string.format, lib.next
local pcall, tonumber = lib.pcall, lib.tonumber
local jit, ffi = lib.jit, lib.require("ffi")

local heap = {}
P.heap = heap

local bytes, words, longs = ffi.cast("uint8_t *", 0), ffi.cast("uint32_t *", 0), ffi.cast("uint64_t *", 0)
heap.bytes, heap.words, heap.doubles = bytes, words, ffi.cast("double *", 0)

-- Where objects have what. They keep addresses in 32 bits or, where lj_arch.h sets GC64, in 64.
local is_wide = ffi.abi("gc64")
local layout
if is_wide then
  layout = {
    ref = 8, marked = 8, kind = 9, -- of any object
    size = 104, parameters = 10, code_count = 12, constants = 32, upvalues = 40, object_count = 48, -- of a body
    number_count = 52, upvalue_count = 60, flags = 61, name = 64, first_line = 72, line_count = 76,
    language = 10, code = 32, -- of a function: 0 if it is one of Lua, where its instructions are
    status = 11, shared = 16, base = 32, stack = 56, c_frame = 80, -- of a thread
  }
else
  layout = {
    ref = 4, marked = 4, kind = 5,
    size = 64, parameters = 6, code_count = 8, constants = 16, upvalues = 20, object_count = 24,
    number_count = 28, upvalue_count = 36, flags = 37, name = 40, first_line = 44, line_count = 48,
    language = 6, code = 16,
    status = 7, shared = 8, base = 16, stack = 36, c_frame = 48,
  }
end
heap.layout, heap.is_wide = layout, is_wide

local STRING, THREAD, BODY, FUNCTION = 4, 6, 7, 8 -- ~LJ_T...
heap.STRING, heap.THREAD, heap.BODY, heap.FUNCTION = STRING, THREAD, BODY, FUNCTION

-- Reading and writing -------------------------------------------------------------------------------

local ref, set_ref -- the address that is kept at another one
if is_wide then
  function ref(address) return words[address / 4] + words[address / 4 + 1] * 2 ^ 32 end
  function set_ref(address, value) longs[address / 8] = value end
else
  function ref(address) return words[address / 4] end
  function set_ref(address, value) words[address / 4] = value end
end
heap.ref, heap.set_ref = ref, set_ref

function heap.address(object) return tonumber(format("%p", object)) end

local PAGE = 4096 -- at least; of one, all may be read, or nothing

-- Whether memory may be read: write() answers that it may not, where reading would kill the process.
local pipe, write, close, ends
function heap.is_readable(address, size)
  if pipe(ends) ~= 0 then return false end
  local is_readable, last = true, address + size - 1
  for at = address, last + PAGE - 1, PAGE do
    local byte = ffi.cast("void *", ffi.cast("uintptr_t", at < last and at or last))
    is_readable = is_readable and write(ends[1], byte, 1) == 1
  end
  close(ends[0])
  close(ends[1])
  return is_readable
end

-- Gets what is_readable needs of the system; an error if there is none.
function heap.open()
  ffi.cdef([[
    int llmspell_pipe(int *) __asm__("pipe");
    long llmspell_write(int, const void *, size_t) __asm__("write");
    int llmspell_close(int) __asm__("close");
  ]])
  pipe, write, close = ffi.C.llmspell_pipe, ffi.C.llmspell_write, ffi.C.llmspell_close
  ends = ffi.new("int[2]")
end

-- The collector -------------------------------------------------------------------------------------

local SHARED_SIZE = 128 -- of what all threads share, as far as the collector's state lies in it
local threshold -- where it has how much memory there may be until the collector works

-- Finds that by what changes if the collector is stopped, while it is not. Whether it was found.
function heap.find_threshold(thread)
  local shared = ref(thread + layout.shared)
  if not heap.is_readable(shared, SHARED_SIZE) then return false end
  local from = ffi.cast("uint8_t *", ffi.cast("uintptr_t", shared))
  local before, after = ffi.new("uint8_t[?]", SHARED_SIZE), ffi.new("uint8_t[?]", SHARED_SIZE)
  ffi.copy(before, from, SHARED_SIZE)
  collectgarbage("stop")
  ffi.copy(after, from, SHARED_SIZE)
  local first, last
  for at = 0, SHARED_SIZE - 1 do
    if before[at] ~= after[at] then first, last = first or at, at end
  end
  local place = first and first - first % layout.ref
  if not first or last >= place + layout.ref then
    collectgarbage("restart")
    return false
  end
  threshold = shared + place
  ffi.copy(from + place, before + place, layout.ref)
  return true
end

-- Calls a function while nothing is freed; its result. The script's own setting stays what it is.
function heap.hold(func, ...)
  local setting = ref(threshold)
  collectgarbage("stop")
  local ok, result = pcall(func, ...)
  set_ref(threshold, setting)
  if not ok then error(result, 0) end
  return result
end

-- All objects -----------------------------------------------------------------------------------------

local KIND, MARKED, NAME, LANGUAGE, CODE = layout.kind, layout.marked, layout.name, layout.language, layout.code
local SIZE = layout.size
local WHITES = 3 -- two colours, of which new objects have one; what has the other was found no more

-- The bodies of a source and their functions, and all threads, from the newest object on, after which comes
-- each one that there is (but strings), to the main thread.
local function walk(object, main, source, bodies, functions, threads)
  local other, body_count, function_count, thread_count = WHITES - bytes[object + MARKED] % 4, 0, 0, 0
  while object ~= 0 and object ~= main do
    local kind = bytes[object + KIND]
    if kind >= THREAD and kind <= FUNCTION and bytes[object + MARKED] % 4 ~= other then
      if kind == FUNCTION then
        if bytes[object + LANGUAGE] == 0 and ref(ref(object + CODE) - SIZE + NAME) == source then
          function_count = function_count + 1
          functions[function_count] = object
        end
      elseif kind == THREAD then
        thread_count = thread_count + 1
        threads[thread_count] = object
      elseif ref(object + NAME) == source then
        body_count = body_count + 1
        bodies[body_count] = object
      end
    end
    object = ref(object)
  end
  threads[thread_count + 1] = main
  return object == main
end

local registry = lib.debug.getregistry()
local own_events = {} -- of LuaJIT's events, those that it hears itself
for event, func in next, registry._VMEVENTS or {} do own_events[event] = func end

local function are_others_told()
  for event, func in next, registry._VMEVENTS or {} do
    if own_events[event] ~= func then return true end
  end
  return false
end

-- Has the walk compiled, unless the script is told of that: what it does then could make or free anything.
local function compile_walk()
  local set = are_others_told() and jit.off or jit.on
  set(walk)
  set(ref)
end

-- {bodies =, functions =, threads =} in arrays, by address; nil if the way does not lead to the end.
function heap.collect(source, main)
  local bodies, functions, threads = {}, {}, {}
  compile_walk()
  local newest = heap.address({})
  if not walk(newest, main, source, bodies, functions, threads) then return nil end
  return { bodies = bodies, functions = functions, threads = threads }
end
