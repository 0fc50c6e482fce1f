-- Lines of `for`, which Lua tells when the loop begins and at every turn.
local P = ...

local lib = P.lib
local find, getlocal, next = lib.string.find, lib.debug.getlocal, lib.next

-- How many control variables of loops a frame has now; `level` as the caller counts.
local function loop_variables(level)
  local count, slot = 0, 1
  local name = getlocal(level + 1, slot)
  while name and not find(name, "temporary)", 1, true) do
    if find(name, "^%(for ") then count = count + 1 end
    slot = slot + 1
    name = getlocal(level + 1, slot)
  end
  return count
end

local IN_NUMERIC, IN_GENERIC
for _ = 1, 1 do IN_NUMERIC = loop_variables(1) end
for _ in next, { true } do IN_GENERIC = loop_variables(1) end

-- Whether a loop on a single line makes Lua tell the line once more: it begins by a jump to its end.
local JUMPS_NUMERIC = P.version == "5.1" or P.version == "5.2" or P.version == "5.3"

-- Lua tells the line of a `for` when it begins and at every turn. The beginning is a visit of the
-- line, as with a probe; the turns are only where the loop's body is on the line, too.
function P.is_loop_visit(loop, level)
  local around = loop.numeric * IN_NUMERIC + loop.generic * IN_GENERIC
  local is_turn = loop_variables(level + 1) > around
  if not loop.is_whole then return not is_turn end
  if not is_turn then
    loop.jumps = not loop.is_numeric or JUMPS_NUMERIC
    return true
  end
  local jumped = loop.jumps
  loop.jumps = nil
  return not jumped
end
