-- LuaJIT without the accelerator: gives functions that are there already a body with more source probes.
--
-- Compiled code hears no hooks, but a body with probes is compiled like any other. So the functions of a
-- text get the bodies of the same text with probes (twins.lua), those too that run or wait on a stack: each
-- waits for a call to return, and goes on behind the twin of that call. One that waits otherwise, below a
-- hook or a finalizer, cannot; then nothing changes, and later may be better.
local P = ...

local lib = P.lib
local create, resume = lib.coroutine.create, lib.coroutine.resume
local gethook, sethook = lib.debug.gethook, lib.debug.sethook
local error, next, pcall, type = lib.error, lib.next, lib.pcall, lib.type
local util = lib.require("jit.util")
local heap, bodies, frames, compiler = P.heap, P.bodies, P.frames, P.compiler
local bytes, words, ref, set_ref, layout = heap.bytes, heap.words, heap.ref, heap.set_ref, heap.layout

local DONE, LATER = "done", "later"
local NO_JIT = 8 -- a flag of bodies that the script keeps from the compiler (lj_obj.h, PROTO_NOJIT)
local YIELDED = 1 -- the status of a thread; above that it died of an error

-- Finding ---------------------------------------------------------------------------------------------------

-- body -> twin; or why it cannot be.
local function find_bodies(twins, all)
  local found = {}
  for index = 1, #all do
    local body = all[index]
    local twin, is_unclear = P.twin_of_body(twins, body)
    if is_unclear then return nil, "two functions look the same" end
    if twin and twin.differs and bytes[body + layout.flags] % (2 * NO_JIT) >= NO_JIT then
      return nil, "it is not compiled"
    end
    found[body] = twin
  end
  return found
end

-- The twin of a function's body, if that is to be exchanged.
local function twin_of(found, closure)
  local twin = bytes[closure + layout.language] == 0 and found[bodies.of(closure)]
  return twin and twin.differs and twin
end

-- The place in the C frame of a thread where the address of its next instruction is saved, and that.
local function saved_pc(thread)
  local frame = frames.c_frame(thread)
  local place = frame and frame + P.saved_pc
  if not place or not heap.is_readable(place, layout.ref) then return nil end
  return place, ref(place)
end

-- Where it is kept at which instruction the functions go on, and where that is in their new bodies:
-- {place =, pc =, ...} in an array; or why it cannot be.
local function find_moves(found, threads, own)
  local moves, problem, saved_in, saved = {}, nil, nil, nil
  local function note(thread, closure, place)
    local twin = twin_of(found, closure)
    if not twin then return false end
    local pc = place and ref(place)
    local index = pc and (pc - bodies.of(closure)) / 4 - layout.size / 4 - 1
    local moved = twin.moved[index or -1]
    if not moved then
      problem = problem or bytes[thread + layout.status] <= YIELDED and LATER or nil
      return problem ~= nil
    end
    local new = twin.after + layout.size + (moved + 1) * 4
    moves[#moves + 1] = { place = place, pc = new }
    if saved == pc then moves[#moves + 1] = { place = saved_in, pc = new } end
    return false
  end
  for index = 1, #threads do
    local thread = threads[index]
    if thread ~= own then
      saved_in, saved = saved_pc(thread)
      if not frames.each(thread, note) then return nil, LATER end
      if problem then return nil, problem end
    end
  end
  return moves
end

-- Exchanging -------------------------------------------------------------------------------------------------

-- What the functions that are not exchanged will make has the new bodies.
local function exchange_inner(body, twin)
  local code = bodies.first(body)
  for at = 0, bodies.code_count(body) - 1 do
    local instruction = words[code + at]
    if bodies.op_of(instruction) == bodies.FNEW then
      local index = bodies.d_of(instruction)
      set_ref(bodies.place(body, index), bodies.object(twin.after, index))
    end
  end
end

-- Makes nothing, so that it cannot fail in between.
local function change(found, functions, moves)
  for index = 1, #moves do set_ref(moves[index].place, moves[index].pc) end
  for index = 1, #functions do
    local twin = twin_of(found, functions[index])
    if twin then set_ref(functions[index] + layout.code, twin.after + layout.size) end
  end
  for body, twin in next, found do exchange_inner(body, twin) end
end

local function exchange(twins, source, own)
  local all = heap.collect(source, heap.address(P.main))
  if not all then return "objects have an unknown layout" end
  local found, moves, problem
  found, problem = find_bodies(twins, all.bodies)
  if found then moves, problem = find_moves(found, all.threads, own) end
  if problem then return problem end
  change(found, all.functions, moves)
  return DONE
end

-- The new bodies are in use where the collector does not expect them, so they stay for ever.
local kept = {}

-- A main function, or a body, and what they make.
local function keep(func)
  kept[#kept + 1] = func
  for index = -1, -util.funcinfo(func).gcconsts, -1 do
    local object = util.funck(func, index)
    if type(object) == "proto" then keep(object) end
  end
end

local function unkeep(count)
  for index = #kept, count + 1, -1 do kept[index] = nil end
end

-- In a coroutine of its own, because only of a thread that does not run it is known where its stack ends.
local function exchange_aside(twins, source)
  local thread = create(exchange)
  local _, outcome = resume(thread, twins, source, heap.address(thread))
  return outcome
end

local function exchange_main(before, after, new)
  local body = bodies.of(heap.address(before))
  local twins = P.twins_of(body, bodies.of(heap.address(after)), new)
  if not twins then return "the probes change more than themselves" end
  local count = #kept
  keep(after)
  local outcome = heap.hold(exchange_aside, twins, ref(body + layout.name))
  if outcome ~= DONE then unkeep(count) end
  return outcome
end

local is_heard
local function hear() is_heard = true end

-- Whether a hook or a finalizer runs, in which nothing else is heard.
local function is_in_hook()
  is_heard = false
  sethook(hear, "", 1)
  sethook()
  return not is_heard
end

-- hooks.exchange of hooks in Lua: see native.py. Both arguments are main functions of one text.
function P.exchange(before, after, new)
  local hook, mask, count = gethook()
  local ok, outcome = true, LATER
  if not is_in_hook() then ok, outcome = pcall(compiler.with_all, exchange_main, before, after, new) end
  sethook(hook, mask, count)
  if not ok then error(outcome, 0) end
  return outcome
end
