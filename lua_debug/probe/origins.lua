-- Originals: which line of which file a line of a chunk comes from, as the source map of that has it.
local P = ...

local host, getinfo, next = P.host, P.lib.debug.getinfo, P.lib.next

local known = {} -- raw source -> { lines, files: by line of the chunk; names }, or false

local function origins_of(raw)
  local found = known[raw]
  if found == nil then
    local text = host.origins_of and host.origins_of(raw) or ""
    found = text ~= "" and P.compile(text, "=origins", {})()
    known[raw] = found
  end
  return found
end

-- A chunk is loaded anew.
function P.forget_origins(raw) known[raw] = nil end

-- Nothing is kept of chunks without a map: there may be any number of them.
function P.forget_unmapped()
  for raw, found in next, known do
    if not found then known[raw] = nil end
  end
end

-- A line of a chunk: the original line, the file's name, and a mark that only lines of one original
-- line share. False if it comes from nowhere or from what is skipped; nil where there is no map.
function P.origin_of(raw, line)
  local origins = origins_of(raw)
  if not origins then return nil end
  local original, file = origins.lines[line], origins.files[line]
  if not original then return false end
  return original, origins.names[file], file .. ":" .. original
end

-- Steps -------------------------------------------------------------------------------------------

-- Where a step begins, in the frame at `level` (as the caller counts): { func =, line = }; with a source
-- map also the thread, how deep the frame is, and the mark of the original line.
function P.origin_of_step(info, level)
  local origin = { func = info.func, line = info.currentline }
  local _, _, mark = P.origin_of(info.source, info.currentline)
  if mark then origin.mark, origin.thread, origin.depth = mark, P.running(), P.hooks.depth_at(level + 1) end
  return origin
end

-- Whether no step ends in the frame at `level` (as the caller counts): its line comes from nowhere or
-- (unless the step `returns` there) from the original line that the step began on, in the same frame.
function P.is_passed_over(origin, level, returns)
  local info = getinfo(level + 1, "Sl")
  local original, _, mark = P.origin_of(info.source, info.currentline)
  if not original then return original == false end
  if returns or not origin or origin.mark ~= mark or origin.thread ~= P.running() then return false end
  return origin.depth == P.hooks.depth_at(level + 1)
end
