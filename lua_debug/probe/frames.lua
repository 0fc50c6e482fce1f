-- LuaJIT: the frames on the stacks of threads, and where they keep at which instruction they go on
-- (lj_frame.h, vm_x64.dasc).
--
-- The frame above keeps it, or a continuation. coroutine.resume and wrap take it from the C frame of
-- their interpreter (SAVE_PC) when they return.
local P = ...

local heap, bodies = P.heap, P.bodies
local words, ref, layout, is_wide = heap.words, heap.ref, heap.layout, heap.is_wide

local frames = {}
P.frames = frames

local LUA, CONTINUED, VARARG, SLOT = 0, 2, 3, 8 -- of the link to the frame below, which has at its place:
local WORDS = is_wide and 2 or 1 -- slots of function and link
local TO_LINK = is_wide and 0 or 4
local BOTTOM = is_wide and SLOT or 0

-- The function of a frame; the thread itself where none runs.
local closure_of
if is_wide then
  function closure_of(frame) return words[frame / 4 - 2] + words[frame / 4 - 1] % 2 ^ 15 * 2 ^ 32 end
else
  function closure_of(frame) return words[frame / 4] end
end
frames.closure_of = closure_of

-- Where the frame above keeps the address at which the one below goes on; nil if it does not.
local function place_of_pc(above, link)
  if link % 4 == LUA then return above + TO_LINK end
  if link % 8 == CONTINUED then return above - (is_wide and 2 * SLOT or 4) end
  return nil
end

-- Calls note(thread, frame's function, place) for each frame of a thread that does not run, from the top. `place`:
-- where it is kept at which instruction it goes on; nil if that is not known. Ends when it answers true.
-- Whether the way led to the end.
function frames.each(thread, note)
  local stack, frame = ref(thread + layout.stack), ref(thread + layout.base) - SLOT
  local bottom, place, is_vararg = stack + BOTTOM, nil, false
  while frame > bottom do
    local closure, link = closure_of(frame), ref(frame + TO_LINK)
    -- below the frame of a vararg function there is one more, with its arguments
    if closure ~= thread and not is_vararg and note(thread, closure, place) then return true end
    is_vararg = link % 8 == VARARG
    place = place_of_pc(frame, link)
    if link % 4 == LUA then
      frame = frame - (WORDS + bodies.a_of(words[link / 4 - 1])) * SLOT
    else
      frame = frame - (link - link % 8)
    end
  end
  return frame == bottom
end

-- At which instruction the function goes on that called the one on top of a thread.
function frames.pc_of_top(thread) return ref(ref(thread + layout.base) - SLOT + TO_LINK) end

-- Where the C frame of a thread's interpreter begins; nil if it has none.
function frames.c_frame(thread)
  local at = (thread + layout.c_frame) / 4
  local address = words[at] + words[at + 1] * 2 ^ 32
  return address > 0 and address - address % 4 or nil
end
