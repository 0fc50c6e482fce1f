-- Coroutines under the hooks in pure Lua.
--
-- Hooks belong to one coroutine each (Lua manual, debug.sethook), so every coroutine that the script
-- makes gets its own when it is made, and another one when something else is armed. Resuming is left to
-- Lua and costs what it does without us. LuaJIT has one hook for all.
local P = ...

local lib = P.lib
local create, wrap, running = lib.coroutine.create, lib.coroutine.wrap, lib.coroutine.running
local getinfo, type = lib.debug.getinfo, lib.type
local hooks, register = P.hooks, P.register_thread

-- For interrupts from outside, which have to find the running thread: a table of all threads, so made
-- that another thread of the system can read it. It keeps none alive, and setting a slot never moves
-- the others: all slots are there from the start, `false` where none was ever used, and the last one
-- remains so. `hooks.threads[1]` is the table; a bigger one is complete before it comes there.
local slots, size, free = nil, 64, 1

local function new_slots()
  local made = lib.setmetatable({}, { __mode = "v" })
  for index = 1, size do made[index] = false end
  return made
end

-- Closes the gaps that collected threads left, in a bigger table if there are few.
local function make_room()
  local live = {}
  for index = 1, size - 1 do live[#live + 1] = slots[index] or nil end
  if #live * 2 >= size then size = size * 2 end
  slots = new_slots()
  for index = 1, #live do slots[index] = live[index] end
  hooks.threads[1], free = slots, #live + 1
end

local function note(thread)
  if free == size then make_room() end
  slots[free] = thread
  free = free + 1
end

function hooks.note_main(thread)
  slots = new_slots()
  hooks.threads[1] = slots
  note(thread)
end

local function pass(...) return ... end

-- Whether a coroutine can be made of it: of C functions not in 5.1 (lbaselib.c, luaB_cocreate).
local function is_body(value)
  return type(value) == "function" and (P.version ~= "5.1" or getinfo(value, "S").what ~= "C")
end

local function adopt(thread)
  note(thread)
  hooks.arm(thread) -- leaves an entry at least, so that an interrupt is heard
  P.count_thread(thread)
  return register(thread)
end

-- 5.1 tells nobody the thread of what coroutine.wrap made, so that is found out when it begins.
local function wrap_51(body)
  if not is_body(body) then P.refuse(wrap, "coroutine.wrap", body) end
  local wrapped
  local out = P.CALLS_OUT
  wrapped = wrap(function(...)
    local thread = out and running()
    P.note_wrapped(wrapped, thread)
    adopt(thread)
    return pass(body(...))
  end)
  return wrapped
end

-- Puts the replacements in place.
function hooks.install(globals)
  local library = globals.coroutine
  local take = P.is_jit and register or adopt
  function library.create(...)
    local body = ...
    if not is_body(body) then P.refuse(create, "coroutine.create", ...) end
    return take(create(body))
  end
  if P.version == "5.1" then
    library.wrap = wrap_51
    return
  end
  function library.wrap(...)
    local body = ...
    if not is_body(body) then P.refuse(wrap, "coroutine.wrap", ...) end
    local wrapped = wrap(body)
    local thread = P.wrapped_thread(wrapped)
    if thread then take(thread) end
    return wrapped
  end
end
