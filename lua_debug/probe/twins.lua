-- LuaJIT: the bodies of a text and those of the same text with more source probes in it.
--
-- Each body has its twin, whose instructions are the same but for those of the new probes and what these
-- move: jumps, and the numbers of number constants. That is checked, one by one.
local P = ...

local lib = P.lib
local heap, bodies = P.heap, P.bodies
local words, layout = heap.words, heap.layout
local forms, JUMP, HEADER = bodies.forms, bodies.JUMP, bodies.HEADER
local NUMBER_IN_D, NUMBER_IN_C = bodies.NUMBER_IN_D, bodies.NUMBER_IN_C
local op_of, a_of, b_of, c_of, d_of = bodies.op_of, bodies.a_of, bodies.b_of, bodies.c_of, bodies.d_of
local code_count, distance, first = bodies.code_count, bodies.distance, bodies.first

-- Whether two instructions are the same, but for the distance of a jump, which is checked later.
local function is_twin_instruction(twin, one, other)
  local op = op_of(one)
  local form = forms[op]
  if not form then return one == other end
  if op ~= op_of(other) then return false end
  if form == HEADER then return a_of(one) <= a_of(other) end -- how many slots there are
  if a_of(one) ~= a_of(other) then return false end
  if form == NUMBER_IN_D then return bodies.is_same_number(twin.before, d_of(one), twin.after, d_of(other)) end
  if form == NUMBER_IN_C then
    return b_of(one) == b_of(other) and bodies.is_same_number(twin.before, c_of(one), twin.after, c_of(other))
  end
  return true
end

local MANY = 100 -- jumps that lead to each other

-- Whether one instruction is another, or jumps there: LuaJIT's parser leaves out a jump that leads to a jump,
-- but not if there is a probe before that.
local function leads_to(body, from, target)
  for _ = 1, MANY do
    local instruction = words[first(body) + from]
    if from == target then return true end
    if op_of(instruction) ~= bodies.JMP then return false end
    from = from + 1 + distance(instruction)
  end
  return false
end

-- Whether each jump leads to the twin of its target, or to the new probes before that. `old`: indices of the new
-- body's instructions, and of its new probes, -> what is there, or follows them, in the old body.
local function are_jumps_same(twin, old)
  local before, after, moved = first(twin.before), first(twin.after), twin.moved
  local count = code_count(twin.before)
  for at = 0, count - 1 do
    local instruction = words[before + at]
    if forms[op_of(instruction)] == JUMP then
      local target = at + 1 + distance(instruction)
      local its = old[moved[at] + 1 + distance(words[after + moved[at]])]
      if target < 1 or target >= count or not its or not leads_to(twin.before, its, target) then return false end
    end
  end
  return true
end

-- Finds for each instruction the index of its twin; false if there is none. `new`: the first id of the new probes.
local function align(twin, new)
  local before, after, moved, old = first(twin.before), first(twin.after), twin.moved, {}
  local count, last, at = code_count(twin.before), code_count(twin.after), 0
  for index = 0, count - 1 do
    local length, id = bodies.probe(twin.after, at)
    while length and id >= new do
      old[at] = index
      at = at + length
      length, id = bodies.probe(twin.after, at)
    end
    if at >= last or not is_twin_instruction(twin, words[before + index], words[after + at]) then return false end
    moved[index], old[at] = at, index
    at = at + 1
  end
  twin.differs = count ~= last
  return at == last and are_jumps_same(twin, old)
end

-- What bodies that are the same have in common, as a key.
local function shape(body) return words[(body + layout.first_line) / 4] * 2 ^ 26 + code_count(body) end

-- Adds two bodies and, below them, those of the functions that they make; false if they are no twins.
local function add(twins, before, after, new)
  local twin = { before = before, after = after, moved = {}, differs = false }
  if not bodies.are_alike(before, after) or not align(twin, new) then return false end
  local key = shape(before)
  twins[key] = twins[key] or {}
  lib.table.insert(twins[key], twin)
  local code = first(before)
  for at = 0, code_count(before) - 1 do
    local instruction = words[code + at]
    if op_of(instruction) == bodies.FNEW then
      local index = d_of(instruction)
      if not add(twins, bodies.object(before, index), bodies.object(after, index), new) then return false end
    end
  end
  return true
end

-- The twins of two main functions' bodies, {before =, after =, moved = {[index] = index}, differs =}, in arrays
-- by their shapes; nil if the texts differ by more than new probes, whose ids begin with `new`.
function P.twins_of(before, after, new)
  local twins = {}
  return add(twins, before, after, new) and twins or nil
end

-- The twin whose `before` a body is, if there is one. Two that nobody can tell apart must need nothing:
-- the second result is true if they do.
function P.twin_of_body(twins, body)
  local found = nil
  for _, twin in lib.ipairs(twins[shape(body)] or {}) do
    if body == twin.before then return nil end
    if bodies.are_same(body, twin.before) then
      if found and (found.differs or twin.differs) then return nil, true end
      found = twin
    end
  end
  return found
end
