-- What is left of the cell that failed last: its frames with their locals, to be looked at when all of it is
-- over. They have no level of a stack any more; `kept` of such a frame has what levels were asked for.
--
-- They are copied where the error is seen while the stack is still there: in the message handler of the cell,
-- and of coroutines under coroutine.wrap before these are closed. A cell that does not fail pays nothing. What
-- the variables hold is not copied. All is kept until another cell fails or somebody gives it up.
local P = ...

local lib = P.lib
local create, resume, status = lib.coroutine.create, lib.coroutine.resume, lib.coroutine.status
local getinfo, getlocal = lib.debug.getinfo, lib.debug.getlocal
local find, sub = lib.string.find, lib.string.sub
local min, next, pcall, rawequal, type = lib.math.min, lib.next, lib.pcall, lib.rawequal, lib.type

local TOP, BOTTOM = 100, 50 -- frames of a deep stack that are kept at its ends
local SLOTS = 250 -- Lua functions have no more locals; arguments beyond are not kept
local TAIL_CALLS = "(...tail calls...)"
local DASH = "\226\128\148"
local FIELDS = P.is_51 and "nSlf" or "nSlft"

P.FAILED = -1 -- the number of the thread that the frames are told as
P.keeps_remains = false -- whether a cell runs

local remains = nil -- { error =, words =, kind =, rows = array of { label = text } | frame }
local passing = nil -- { error =, kind =, rows = }: a coroutine died of an error that is on its way

-- Copying -------------------------------------------------------------------------------------------

-- The names and values of locals, from slot 1 on; `step` -1: the additional arguments.
local function slots_of(thread, level, step)
  local names, values = {}, {}
  for slot = 1, SLOTS do
    local name, value = getlocal(thread, level, slot * step)
    if not name then break end
    names[slot], values[slot] = name, value
  end
  return names, values
end

local function frame_of(thread, level, info)
  local kept = { info = info }
  local frame = { kind = "frame", thread = thread, level = level, func = info.func }
  kept.name = P.frame_name(frame, info)
  if info.what ~= "C" and not P.is_probe(info.func) then
    kept.names, kept.values = slots_of(thread, level, 1)
    if P.version ~= "5.1" then kept.more_names, kept.more = slots_of(thread, level, -1) end
  else
    kept.names, kept.values = {}, {}
  end
  frame.thread, frame.level, frame.kept = nil, nil, kept
  return frame
end

-- Adds the frames of these levels to `rows`.
local function add_levels(rows, thread, levels)
  for index = 1, #levels do
    local info = getinfo(thread, levels[index], FIELDS)
    if info.what == "tail" then
      rows[#rows + 1] = { label = TAIL_CALLS }
    else
      rows[#rows + 1] = frame_of(thread, levels[index], info)
      if info.istailcall and not P.is_probe_info(info) then rows[#rows + 1] = { label = TAIL_CALLS } end
    end
  end
end

-- Adds a thread's frames from `first` on; of a deep stack only both ends.
local function add_thread(rows, thread, first)
  local last = P.without_bottom(thread, P.depth_of(thread)) - 1
  if last - first < TOP + BOTTOM then return add_levels(rows, thread, P.visible_levels(thread, first, last)) end
  add_levels(rows, thread, P.visible_levels(thread, first, first + TOP - 1))
  rows[#rows + 1] = { label = "(" .. last - first + 1 - TOP - BOTTOM .. " more frames)" }
  add_levels(rows, thread, P.visible_levels(thread, last - BOTTOM + 1, last))
end

local function add_resumed_by(rows, thread)
  rows[#rows + 1] = { label = DASH .. " resumed by " .. P.thread_name(thread) .. " " .. DASH }
end

-- The first level that is none of ours, of a thread that runs below this coroutine.
local function first_level(thread)
  local level = 1 -- 0 resumes this coroutine
  local info = getinfo(thread, level, "S")
  while info and P.is_probe_info(info) do
    level = level + 1
    info = getinfo(thread, level, "S")
  end
  return level
end

-- Errors of coroutines ------------------------------------------------------------------------------

-- Whether the error that passed through coroutine.wrap is this one: that puts a position before texts.
local function is_passing(err)
  local known = passing and passing.error
  if not passing or rawequal(known, err) then return passing ~= nil end
  return type(known) == "string" and type(err) == "string" and sub(err, -#known) == known
end

-- The thread that is dead of the error that coroutine.wrap raises again at this level, if its stack is still there.
local function dead_at(thread, level)
  local info = getinfo(thread, level, "Sf")
  local dead = info and info.what == "C" and P.wrapped_thread(info.func)
  return dead and status(dead) == "dead" and getinfo(dead, 0, "l") and dead or nil
end

-- Adds the frames of the coroutines that an error came through, the innermost first; the kind of error, if
-- there were any.
local function add_dead(rows, thread, level, err)
  if type(err) == "string" and find(err, "cannot resume dead coroutine$") then return nil end
  local chain, dead = {}, dead_at(thread, level)
  while dead do
    chain[#chain + 1] = dead
    dead = dead_at(dead, 0)
  end
  for index = #chain, 1, -1 do
    add_thread(rows, chain[index], 0)
    add_resumed_by(rows, chain[index - 1] or thread)
  end
  local innermost = chain[#chain]
  return innermost and P.error_kind({ thread = innermost, error = err })
end

local function is_for_nobody(err)
  if not P.keeps_remains or P.dying or P.evaluating > 0 then return true end
  return type(err) == "string" and sub(err, -17) == "not enough memory"
end

local NEAR = 12 -- levels of the running thread in which a catcher costs little to be found

local function is_ours(level)
  local _, one = getlocal(level + 1, 1)
  local _, two = getlocal(level + 1, 2)
  return P.traced_calls[one] == "" or P.traced_calls[two] == ""
end

-- Whether somebody catches errors of the running thread: those that are caught are many in some programs.
local function is_caught()
  for level = 2, NEAR do
    local info = getinfo(level, "f")
    local func = info and info.func
    if not info then break end
    if func == lib.pcall or func == lib.load then return true end
    if func == lib.xpcall and not is_ours(level) then return true end
  end
  return P.is_caught_here()
end

local function note_passing(thread, err, first)
  local is_known = is_passing(err)
  local kind = is_known and passing.kind or P.error_kind({ thread = thread, running = not first and thread, error = err })
  local rows = is_known and passing.rows or {}
  add_thread(rows, thread, first or first_level(thread))
  add_resumed_by(rows, P.resumer(thread) or P.main)
  passing = { error = err, kind = kind, rows = rows }
end

-- A coroutine under coroutine.wrap is dead of an error, which is about to be raised in its resumer.
function P.remains_pass(thread, err)
  if is_for_nobody(err) or is_caught() then return end
  pcall(note_passing, thread, err, 0)
end

-- The same for the running thread, in a message handler.
function P.remains_pass_here(err)
  if is_for_nobody(err) or type(err) == "string" and sub(err, -14) == "stack overflow" or P.is_caught_here() then return end
  resume(create(note_passing), P.running(), err)
end

-- Keeping -------------------------------------------------------------------------------------------

local function keep(thread, err, words)
  local first, rows, kind = first_level(thread), {}, nil
  if is_passing(err) then rows, kind = passing.rows, passing.kind else kind = add_dead(rows, thread, first, err) end
  add_thread(rows, thread, first)
  kind = kind or P.error_kind({ thread = thread, running = thread, error = err })
  remains = { error = err, words = words, kind = kind, rows = rows }
end

-- Ends what was kept of an earlier cell.
function P.forget_remains()
  remains, passing = nil, nil
  P.end_lasting()
end

-- A cell fails with an error, in the running thread or in `aside`, which lies below; the handler says `words` of it.
-- Of an error of memory nothing is kept: that would keep what has used it up.
function P.keep_remains(err, words, aside)
  if not P.keeps_remains then return end
  if is_for_nobody(err) then return P.forget_remains() end
  local came = passing
  P.forget_remains()
  passing = came
  if aside then pcall(keep, aside, err, words) else resume(create(keep), P.running(), err, words) end
  passing = nil
  P.forget_names()
end

-- A cell begins, or has ended: what passes through coroutines is of one cell.
function P.watch_remains(is_running)
  P.keeps_remains, passing = is_running, nil
end

-- Looking -------------------------------------------------------------------------------------------

local function required()
  if not remains then P.user_error("No cell has failed whose frames are kept.") end
  return remains
end

local function id_of(row)
  row.id = row.id or P.mint_lasting(row)
  return row.id
end

local function told(row, form)
  if row.label and row.kind ~= "frame" then row.kind, row.text, row.label = "frame", row.label, true end
  if row.label then return { id = id_of(row), name = row.text, line = 0, hint = "label" } end
  id_of(row)
  return P.frame_told(row, row.kept.info, row.kept.name, form)
end

-- `stack` for the thread P.FAILED.
function P.remains_stack(command)
  local rows, frames = required().rows, P.array()
  local start, levels = command.start or 0, command.levels or 0
  local last = levels > 0 and min(#rows, start + levels) or #rows
  local form = type(command.format) == "table" and command.format or {}
  for index = start + 1, last do frames[#frames + 1] = told(rows[index], form) end
  return { frames = frames, total = #rows }
end

-- `exception` for the thread P.FAILED.
function P.remains_exception()
  local found = required()
  local value = P.told({ name = "err", value = found.error, evaluate = "err" }, nil, false)
  return {
    id = found.kind, description = P.error_message(found.error), mode = "unhandled", type = value.type,
    traceback = type(found.words) == "string" and P.text(found.words) or "", evaluate = "err", value = value,
  }
end

-- Whether a frame is what is left of the one that failed, and the error.
function P.error_kept(frame)
  if not remains or not frame.kept then return false end
  return true, remains.error
end

-- The innermost frame that is left, nil if none is.
function P.top_kept()
  for _, row in next, remains and remains.rows or {} do
    if row.kept then return row end
  end
  return nil
end
