-- LuaJIT: the bodies of functions (GCproto): their instructions, constants and source probes.
local P = ...

local lib = P.lib
local heap = P.heap
local bytes, words, doubles = heap.bytes, heap.words, heap.doubles
local ref, layout = heap.ref, heap.layout
local funcbc, loadstring = lib.require("jit.util").funcbc, lib.loadstring

local bodies = {}
P.bodies = bodies

-- Instructions: op, A, and C and B or D (lj_bc.h) -------------------------------------------------------

local RETM_OF_21, RETM_OF_20 = 73, 69
local retm = funcbc(loadstring(""), 1) % 256 - 2 -- which is RET0
local is_old = retm == RETM_OF_20

-- Whether the numbers of bytecodes are known.
function bodies.are_ops_known() return is_old or retm == RETM_OF_21 end

-- By its number in 2.1, above the calls: 2.0 is without ISTYPE and ISNUM, TGETR and TSETR.
local function number(op) return is_old and op - 2 - (op > 60 and 1 or 0) or op end

local ISEQN, ISNEN, ISTC, IST = 8, 9, 12, 14
local KSHORT, KNUM, KPRI, USETN = number(41), number(42), number(43), number(48)
local UCLO, FNEW, TSETM = number(50), number(51), number(63)
local CALL, ITERC, ITERN, ISNEXT = retm - 7, retm - 4, retm - 3, retm - 1
local FORI, JFORI, FORL, ITERL, LOOP, JMP, FUNCF, FUNCV = retm + 4, retm + 5, retm + 6, retm + 9, retm + 12, retm + 15,
  retm + 16, retm + 19
bodies.FNEW, bodies.JMP = FNEW, JMP

local JUMP, HEADER, NUMBER_IN_D, NUMBER_IN_C = "jump", "header", "number in D", "number in C"
local forms = {
  [FORI] = JUMP, [FORL] = JUMP, [ITERL] = JUMP, [LOOP] = JUMP, [JMP] = JUMP, [ISNEXT] = JUMP, [UCLO] = JUMP,
  [FUNCF] = HEADER, [FUNCV] = HEADER,
  [ISEQN] = NUMBER_IN_D, [ISNEN] = NUMBER_IN_D, [KNUM] = NUMBER_IN_D, [USETN] = NUMBER_IN_D, [TSETM] = NUMBER_IN_D,
}
for op = number(22), number(31) do forms[op] = NUMBER_IN_C end -- ADDVN to MODNV
bodies.forms, bodies.JUMP, bodies.HEADER = forms, JUMP, HEADER
bodies.NUMBER_IN_D, bodies.NUMBER_IN_C = NUMBER_IN_D, NUMBER_IN_C

-- What the compiler makes of some instructions while the program runs -> what they were before.
local at_first = { [JFORI] = FORI, [ITERN] = ITERC, [ISNEXT] = JMP }
for _, op in lib.next, { FORL, ITERL, LOOP, FUNCF, FUNCV } do at_first[op + 1], at_first[op + 2] = op, op end

local function op_of(instruction) return instruction % 2 ^ 8 end
local function a_of(instruction) return (instruction - instruction % 2 ^ 8) / 2 ^ 8 % 2 ^ 8 end
local function b_of(instruction) return (instruction - instruction % 2 ^ 24) / 2 ^ 24 end
local function c_of(instruction) return (instruction - instruction % 2 ^ 16) / 2 ^ 16 % 2 ^ 8 end
local function d_of(instruction) return (instruction - instruction % 2 ^ 16) / 2 ^ 16 end
bodies.op_of, bodies.a_of, bodies.b_of, bodies.c_of, bodies.d_of = op_of, a_of, b_of, c_of, d_of

-- How far an instruction jumps from the one behind it.
function bodies.distance(instruction) return d_of(instruction) - 0x8000 end

-- Bodies ------------------------------------------------------------------------------------------------

local SIZE, CODE, CODE_COUNT, CONSTANTS = layout.size, layout.code, layout.code_count, layout.constants

local function code_count(body) return words[(body + CODE_COUNT) / 4] end
bodies.code_count = code_count

-- The index of the first instruction in heap.words.
local function first(body) return (body + SIZE) / 4 end
bodies.first = first

-- The body of a function of Lua.
function bodies.of(closure) return ref(closure + CODE) - SIZE end

-- Where the collectable constant `index` is kept.
local function place(body, index) return ref(body + CONSTANTS) - (index + 1) * layout.ref end
bodies.place = place

function bodies.object(body, index) return ref(place(body, index)) end

-- The number constant `index`, in two halves.
local function halves(body, index)
  local at = (ref(body + CONSTANTS) + index * 8) / 4
  return words[at], words[at + 1]
end
bodies.halves = halves

-- Whether two number constants have the same bits.
local function is_same_number(one, index, other, other_index)
  if index >= words[(one + layout.number_count) / 4] then return false end
  if other_index >= words[(other + layout.number_count) / 4] then return false end
  local low, high = halves(one, index)
  local other_low, other_high = halves(other, other_index)
  return low == other_low and high == other_high
end
bodies.is_same_number = is_same_number

-- Whether what is kept apart from instructions and number constants is the same.
local function are_alike(one, other)
  for _, count in lib.next, { layout.first_line, layout.line_count, layout.object_count } do
    if words[(one + count) / 4] ~= words[(other + count) / 4] then return false end
  end
  local upvalues = bytes[one + layout.upvalue_count]
  if upvalues ~= bytes[other + layout.upvalue_count] then return false end
  if bytes[one + layout.parameters] ~= bytes[other + layout.parameters] then return false end
  local from, other_from = ref(one + layout.upvalues), ref(other + layout.upvalues)
  for at = 0, upvalues * 2 - 1 do
    if bytes[from + at] ~= bytes[other_from + at] then return false end
  end
  return true
end
bodies.are_alike = are_alike

local function is_constant_alike(one, other)
  local kind = bytes[one + layout.kind]
  return kind == bytes[other + layout.kind] and (kind ~= heap.STRING or one == other)
end

local function are_constants_same(one, other)
  for index = 0, words[(one + layout.object_count) / 4] - 1 do
    if not is_constant_alike(bodies.object(one, index), bodies.object(other, index)) then return false end
  end
  for index = 0, words[(one + layout.number_count) / 4] - 1 do
    if not is_same_number(one, index, other, index) then return false end
  end
  return true
end

-- Whether two bodies were compiled of the same text.
function bodies.are_same(one, other)
  local count = code_count(one)
  if count ~= code_count(other) or not are_alike(one, other) then return false end
  if words[(one + layout.number_count) / 4] ~= words[(other + layout.number_count) / 4] then return false end
  local from, other_from = first(one), first(other)
  for at = 0, count - 1 do
    local instruction, its = words[from + at], words[other_from + at]
    if instruction ~= its then
      local op, other_op = op_of(instruction), op_of(its)
      if instruction - op ~= its - other_op then return false end
      if (at_first[op] or op) ~= (at_first[other_op] or other_op) then return false end
    end
  end
  return are_constants_same(one, other)
end

-- How many instructions the source probe has that begins at an index, and its id; nil if none does. It is
-- (true)(id) or (true)(id, form); in a condition, a jump if it is true follows.
local GAP = heap.is_wide and 2 or 1 -- from a function to its first argument
function bodies.probe(body, at)
  local code, count = first(body) + at, code_count(body) - at
  local instruction = words[code]
  if count <= 2 or op_of(instruction) ~= KPRI or d_of(instruction) ~= 2 then return nil end
  local func, id, length = a_of(instruction), words[code + 1], 2
  if op_of(id) ~= KNUM or a_of(id) ~= func + GAP then return nil end
  if op_of(words[code + length]) == KSHORT then length = length + 1 end
  if length >= count then return nil end
  local call, value = words[code + length], doubles[ref(body + CONSTANTS) / 8 + d_of(id)]
  if op_of(call) ~= CALL or a_of(call) ~= func then return nil end
  if b_of(call) == 1 then return length + 1, value end
  if length + 2 >= count then return nil end
  local test, jump = op_of(words[code + length + 1]), op_of(words[code + length + 2])
  if (test ~= ISTC and test ~= IST) or jump ~= JMP then return nil end
  return length + 3, value
end
