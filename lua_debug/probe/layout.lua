-- LuaJIT: tries out, on objects that are known, what heap.lua, bodies.lua and frames.lua say of memory.
-- Nothing is read through an address that could be none.
local P = ...

local lib = P.lib
local create, resume, running, wrap = lib.coroutine.create, lib.coroutine.resume, P.running, lib.coroutine.wrap
local getinfo, loadstring, pcall = lib.debug.getinfo, lib.loadstring, lib.pcall
local util = lib.require("jit.util")
local heap, bodies, frames = P.heap, P.bodies, P.frames
local address, bytes, words, ref = heap.address, heap.bytes, heap.words, heap.ref
local layout, is_readable = heap.layout, heap.is_readable

-- Bodies ------------------------------------------------------------------------------------------------------

local KNOWN = [[
return function(a)
  local b = 1.5 local c = 'a constant'
  return function() a = b return c, 2.5, -0.25, 'another', {} end
end]]
local NAME = "=llmspell trial"

-- Whether a function of Lua has the instructions that jit.util tells.
local function is_code_known(func)
  local closure = address(func)
  if not is_readable(closure, layout.code + layout.ref) or bytes[closure + layout.language] ~= 0 then return false end
  local body = bodies.of(closure)
  if body <= 0 or not is_readable(body, layout.size) or bytes[body + layout.kind] ~= heap.BODY then return false end
  local count = bodies.code_count(body)
  if count ~= util.funcinfo(func).bytecodes or not is_readable(body + layout.size, count * 4) then return false end
  for at = 0, count - 1 do
    if words[bodies.first(body) + at] ~= util.funcbc(func, at) % 2 ^ 32 then return false end
  end
  return true
end

local function are_constants_known(func, body, info)
  if not is_readable(bodies.place(body, info.gcconsts - 1), info.gcconsts * layout.ref) then return false end
  for index = 0, info.gcconsts - 1 do
    local constant = util.funck(func, -index - 1)
    local object = bodies.object(body, index)
    if lib.type(constant) == "string" and object ~= address(constant) then return false end
    if not is_readable(object, layout.kind + 1) then return false end
  end
  if not is_readable(ref(body + layout.constants), info.nconsts * 8) then return false end
  for index = 0, info.nconsts - 1 do
    if heap.doubles[ref(body + layout.constants) / 8 + index] ~= util.funck(func, index) then return false end
  end
  return true
end

local function is_body_known(func)
  if not is_code_known(func) then return false end
  local body, info = bodies.of(address(func)), util.funcinfo(func)
  local function count(offset) return words[(body + offset) / 4] end
  return count(layout.object_count) == info.gcconsts and count(layout.number_count) == info.nconsts
    and count(layout.first_line) == info.linedefined
    and count(layout.line_count) == info.lastlinedefined - info.linedefined
    and bytes[body + layout.upvalue_count] == info.upvalues and bytes[body + layout.parameters] == info.params
    and ref(body + layout.name) == address(NAME) and is_readable(ref(body + layout.upvalues), info.upvalues * 2 + 1)
    and are_constants_known(func, body, info)
end

-- Whether functions are as described, and one knows what it makes.
local function are_bodies_known()
  local main = loadstring("\n\n" .. KNOWN, NAME)
  local outer = main()
  local inner = outer(1)
  if not is_body_known(main) or not is_body_known(outer) or not is_body_known(inner) then return false end
  local body = bodies.of(address(outer))
  for at = 0, bodies.code_count(body) - 1 do
    local instruction = words[bodies.first(body) + at]
    if bodies.op_of(instruction) == bodies.FNEW then
      return bodies.object(body, bodies.d_of(instruction)) == bodies.of(address(inner))
    end
  end
  return false
end

-- Objects -----------------------------------------------------------------------------------------------------

local NEAR = 20 -- objects between those that are known

-- Whether one object leads to an older one, which is of a kind.
local function leads_to(newer, older, kind)
  local object = newer
  for _ = 1, NEAR do
    object = ref(object)
    if object == 0 or not is_readable(object, layout.kind + 1) then return false end
    if object == older then return bytes[object + layout.kind] == kind end
  end
  return false
end

local function are_objects_known()
  local func = loadstring("local a = ...", NAME)
  local thread = create(func)
  local newest = {}
  local colour = bytes[address(newest) + layout.marked] % 4
  return leads_to(address(newest), address(thread), heap.THREAD)
    and leads_to(address(thread), address(func), heap.FUNCTION)
    and leads_to(address(func), bodies.of(address(func)), heap.BODY) and (colour == 1 or colour == 2)
end

-- While the collector does not work: what that has visited is neither of the two whites.
local function while_held(is_known)
  lib.collectgarbage("stop")
  local ok, outcome = pcall(is_known)
  lib.collectgarbage("restart")
  return ok and outcome
end

-- Frames ------------------------------------------------------------------------------------------------------

-- Waits in calls of all kinds for go(key), which is a coroutine's.
local WAITS = [[
local go, key, pcall, setmetatable = ...
local function index(_, key)
  local value = go(key)
  return value
end
local object = setmetatable({}, { __index = index })
local function pass(...)
  local _, value = pcall(function(...)
    local found = object[...]
    return found
  end, ...)
  return value
end
local value = pass(key, 2)
return value
]]

-- Whether a function waits where debug.getinfo says it does.
local function is_place_known(closure, place, info)
  if closure ~= address(info.func) then return false end
  if info.what == "C" then return true end
  local at = place and (ref(place) - bodies.of(closure) - layout.size) / 4 - 1
  return at and util.funcinfo(info.func, at).currentline == info.currentline
end

-- Whether the frames of a thread that does not run are those that debug.getinfo tells.
local function are_frames_known(thread)
  local object, level = address(thread), 0
  local stack, base = ref(object + layout.stack), ref(object + layout.base)
  if stack <= 0 or stack >= base or base - stack > 2 ^ 20 or not is_readable(stack, base - stack) then return false end
  local is_known = true
  local is_end = frames.each(object, function(_, closure, place)
    local info = getinfo(thread, level, "Slf")
    is_known = info and is_place_known(closure, place, info)
    level = level + 1
    return not is_known
  end)
  return is_end and is_known and level > 4 and not getinfo(thread, level, "l")
end

local C_FRAME = 96 -- as much of it as is searched

-- Takes from a set of offsets those at which a thread's C frame does not have the address of the instruction
-- at which the function goes on that called coroutine.resume or wrap; fills it if it is nil.
local function save_places(thread, known)
  local frame, places = frames.c_frame(address(thread)), {}
  if not frame or not is_readable(frame, C_FRAME) then return places end
  local pc = frames.pc_of_top(address(thread))
  for at = 0, C_FRAME - layout.ref, layout.ref do
    if ref(frame + at) == pc and (not known or known[at]) then places[at] = true end
  end
  return places
end

-- Looks at the running thread while that waits, several times. Where coroutine.resume and wrap save where it
-- goes on; nil if something is otherwise.
local function find_saved_pc()
  local thread, places = running(), nil
  if not is_readable(address(thread), layout.c_frame + 8) then return nil end
  local function look()
    places = are_frames_known(thread) and save_places(thread, places) or {}
  end
  for _ = 1, 2 do
    loadstring(WAITS, NAME)(resume, create(look), pcall, lib.setmetatable)
    loadstring(WAITS, NAME)(wrap(look), 1, pcall, lib.setmetatable)
  end
  local place = lib.next(places)
  return place and not lib.next(places, place) and place or nil
end

local function try()
  heap.open()
  if not bodies.are_ops_known() or not are_bodies_known() then return false end
  if not while_held(are_objects_known) then return false end
  P.saved_pc = find_saved_pc()
  return P.saved_pc and heap.find_threshold(address(P.main)) or false
end

-- Whether all of it is as described; on the main thread, while no script runs.
function P.try_layout()
  local ok, is_known = pcall(try)
  return ok and is_known
end
