-- Stacks of threads, page by page. A thread that was resumed by another shows that one's frames
-- below its own, down to the main thread.
local P = ...

local lib = P.lib
local getinfo, min, floor, type = lib.debug.getinfo, lib.math.min, lib.math.floor, lib.type
local concat = lib.table.concat

local SMALL = 500 -- up to this depth every frame is looked at: levels grow dearer with their number
local TAIL_CALLS = "(...tail calls...)"
local DASH = "\226\128\148"

local stacks = {} -- thread -> its segment, of the present stop
local depths = lib.setmetatable({}, { __mode = "k" }) -- thread -> its depth when it was last counted

P.at_resume(function() stacks = {} end)

-- Closes in on the first level that is no frame any more: it lies above `low`, at most at `high`
-- (nil: anywhere). Asking for a level costs as much as it is deep, so `slack` says how far apart the
-- two may stay (a share of the depth, 0 for the exact one).
local function close_in(thread, low, high, slack)
  local reach = 16
  while not high do
    if getinfo(thread, low + reach, "l") then
      low, reach = low + reach, reach * 4
    else
      high = low + reach
    end
  end
  while high - low > 1 and high - low > low * slack do
    local middle = floor((low + high) / 2)
    if getinfo(thread, middle, "l") then low = middle else high = middle end
  end
  return low, high
end

-- The first level that is no frame, searched for around where it was last time. The accelerator
-- counts it in one walk.
local function depth_of(thread, from, slack)
  if P.hooks and P.hooks.depth then
    local depth = P.hooks.depth(thread)
    return depth - 1, depth
  end
  local guess = depths[thread]
  if not guess or guess - 1 <= from then return close_in(thread, from - 1, nil, slack) end
  if not getinfo(thread, guess - 1, "l") then return close_in(thread, from - 1, guess - 1, slack) end
  if not getinfo(thread, guess, "l") then return guess - 1, guess end
  return close_in(thread, guess, nil, slack)
end

-- How many levels the stack of a thread has, seen from another thread.
function P.depth_of(thread)
  local _, depth = depth_of(thread, 0, 0)
  depths[thread] = depth
  return depth
end

-- The rows of a shallow stack: levels, and "tail" for calls that left no frame.
local function all_rows(thread, first, depth)
  local rows, count, levels = {}, 0, P.visible_levels(thread, first, depth - 1)
  for index = 1, #levels do
    local info = getinfo(thread, levels[index], P.is_51 and "S" or "St")
    count = count + 1
    rows[count] = info.what == "tail" and "tail" or levels[index]
    if info.istailcall and not P.is_probe_info(info) then
      count = count + 1
      rows[count] = "tail"
    end
  end
  return rows, count
end

local bottoms = lib.setmetatable({}, { __mode = "k" }) -- thread -> how many levels at its bottom are ours

-- The first level that is none of the script's: below the main chunk is what runs it.
function P.without_bottom(thread, depth)
  if thread ~= P.main then return depth end
  if not bottoms[thread] then
    local last = depth - 1
    local info = getinfo(thread, last, "Sf")
    while info and (info.what == "C" or info.func and P.is_probe(info.func)) do
      last = last - 1
      info = last >= 0 and getinfo(thread, last, "Sf")
    end
    if not info then return depth end -- no chunk runs: the host called a C function
    bottoms[thread] = depth - 1 - last
  end
  return depth - bottoms[thread]
end

-- The level at which the running thread stands, from outside. Below a dead one that it resumed, that is
-- the function it did so by.
function P.running_level(stop)
  local thread, top = stop.running, P.top_level(stop.running)
  if stop.thread == thread then return top end
  for level = 0, top - 1 do
    local func = getinfo(thread, level, "f").func
    if func and func == stop.resumed_by then return level end
    if P.tell_of_death[func] then return P.visible_levels(thread, level + 1, top)[1] end
  end
  return top
end

-- Finds how deep a segment is, exactly unless an estimate (never too low) will do.
local function measure(segment, is_estimate)
  local thread, first = segment.thread, segment.first
  if segment.low then
    segment.low, segment.depth = close_in(thread, segment.low, segment.depth, 0)
  else
    segment.low, segment.depth = depth_of(thread, first, is_estimate and 1 / 32 or 0)
  end
  segment.is_exact = segment.depth - segment.low <= 1
  if segment.is_exact then depths[thread] = segment.depth end
  local depth = segment.is_exact and P.without_bottom(thread, segment.depth) or segment.depth
  segment.total = depth - first
  if segment.is_exact and segment.total <= SMALL then segment.rows, segment.total = all_rows(thread, first, depth) end
end

-- One thread's part of a stack: {thread, first, total, rows}; a deep one has no rows, there row n is
-- level first + n - 1.
local function segment_of(thread, is_estimate)
  local segment = stacks[thread]
  if not segment then
    local stop, first = P.stop, 0
    if stop and stop.thread == thread then
      first = stop.level
    elseif stop and stop.running == thread then
      first = stop.running_level
    end
    segment = { thread = thread, first = first, frames = {} }
    stacks[thread] = segment
  end
  if not segment.is_exact and not (is_estimate and segment.low) then measure(segment, is_estimate) end
  return segment
end

-- The segments of a thread's stack, innermost first: its own, its resumer's, and so on.
local function segments_of(thread, is_estimate)
  local segments, seen = {}, {}
  while thread and not seen[thread] do
    seen[thread] = true
    segments[#segments + 1] = segment_of(thread, is_estimate)
    thread = P.resumer(thread)
  end
  return segments
end

local function frame_record(segment, key, make)
  local record = segment.frames[key]
  if not record then
    record = make()
    record.kind = "frame"
    record.id = P.mint(record)
    segment.frames[key] = record
  end
  return record
end

local function label(segment, key, name)
  local record = frame_record(segment, key, function() return { label = true, thread = segment.thread } end)
  return { id = record.id, name = name, line = 0, hint = "label" }
end

-- names with what StackFrameFormat asks for -------------------------------------------------------

local function parameters_text(frame, form)
  local count, is_vararg = P.parameter_count(frame)
  local pieces = {}
  for slot = 1, count or 0 do
    local name, value = P.local_at(frame, slot)
    if not name then break end
    local text, kind = P.show(value, form.hex)
    local piece = form.parameter_names and P.text(name) or ""
    if form.parameter_types then piece = piece .. (piece ~= "" and ": " or "") .. kind end
    if form.parameter_values then piece = piece .. (piece ~= "" and " = " or "") .. P.shorten(text, 60) end
    pieces[#pieces + 1] = piece
  end
  if is_vararg then pieces[#pieces + 1] = "..." end
  return "(" .. concat(pieces, ", ") .. ")"
end

local function formatted(frame, info, name, form, module)
  if form.module and module then name = module .. "!" .. name end
  local wanted = form.parameters or form.parameter_names or form.parameter_types or form.parameter_values
  if wanted and info.what == "Lua" then
    if not (form.parameter_names or form.parameter_types or form.parameter_values) then form.parameter_names = true end
    name = name .. parameters_text(frame, form)
  end
  if form.line and info.currentline > 0 then
    name = name .. " line " .. (P.origin_of(info.source, info.currentline) or info.currentline)
  end
  return name
end

-- A frame as it is told, under the name that P.frame_name gives it; `info` holds its getinfo fields nSl and f.
function P.frame_told(frame, info, name, form)
  if info.what == "C" or P.is_probe(info.func) then -- in deep stacks the probe's are not left out
    return { id = frame.id, name = name, line = 0, hint = "subtle" }
  end
  local source = P.source_of(info.source)
  return {
    id = frame.id,
    name = formatted(frame, info, name, form, source and source.module),
    line = info.currentline > 0 and info.currentline or 0,
    source = source,
    module = source and source.module,
    hint = source and source.hint == "deemphasize" and "subtle" or "normal",
  }
end

local function described(segment, level, form)
  local thread = segment.thread
  local info = getinfo(thread, level, P.is_51 and "nSlf" or "nSlft")
  if not info then return nil end
  if info.what == "tail" then return label(segment, level, TAIL_CALLS) end
  local frame = frame_record(segment, level, function()
    return { thread = thread, level = level, func = info.func }
  end)
  local told = P.frame_told(frame, info, P.frame_name(frame, info), form)
  if info.istailcall and not segment.rows and told.hint ~= "subtle" then told.name = told.name .. " " .. TAIL_CALLS end
  return told
end

local function row(segment, index, form)
  local rows = segment.rows
  if not rows then
    local level = segment.first + index - 1
    return described(segment, level, form)
  end
  if rows[index] == "tail" then return label(segment, "tail" .. index, TAIL_CALLS) end
  return described(segment, rows[index], form)
end

-- Adds the rows first..last (counted from 1) of the stitched stack to `frames`.
local function add_page(frames, segments, first, last, form)
  local before = 0
  for number = 1, #segments do
    local segment = segments[number]
    if number > 1 then
      before = before + 1
      if before >= first and before <= last then
        local resumed = DASH .. " resumed by " .. P.thread_name(segment.thread) .. " " .. DASH
        frames[#frames + 1] = label(segment, "resumed", resumed)
      end
    end
    local from = first - before > 1 and first - before or 1
    for index = from, min(segment.total, last - before) do
      frames[#frames + 1] = row(segment, index, form)
    end
    before = before + segment.total
    if before >= last then return end
  end
end

local ALL = 2000 -- frames in one answer at the most, unless more are asked for: not everybody pages

-- stack {thread, start?, levels?, format?}: {frames, total}. `start` counts from 0, no or 0 `levels`
-- means all; a frame is {id, name, line, source?, module?, hint}. When only the top frame is asked
-- for, the total of a very deep stack may be told a little too high; later answers are exact.
function P.ops.stack(command)
  if command.thread == P.FAILED then return P.remains_stack(command) end
  local thread = P.thread_by_id(command.thread)
  if not thread then P.user_error("There is no thread " .. command.thread .. "; it may have ended.") end
  local segments, total = segments_of(thread, command.start == 0 and command.levels == 1), -1
  for index = 1, #segments do total = total + 1 + segments[index].total end
  local start, levels = command.start or 0, command.levels or 0
  local last = min(total, start + (levels > 0 and levels or ALL))
  local frames = P.array()
  add_page(frames, segments, start + 1, last, type(command.format) == "table" and command.format or {})
  return { frames = frames, total = total }
end

-- The rows of one thread, for those who show it elsewhere: at most `limit` frames.
function P.frames_of(thread, limit)
  local frames, segment = {}, segment_of(thread)
  for index = 1, min(limit, segment.total) do frames[index] = row(segment, index, {}) end
  return frames
end
