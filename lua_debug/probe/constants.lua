-- Names that the script must not assign to. Lua keeps no mark of them, and of a constant that it knew
-- when it compiled not even the value: the text tells, which the host reads (`P.host.constant`).
local P = ...

local lib = P.lib
local find, format, match, max = lib.string.find, lib.string.format, lib.string.match, lib.math.max

local HAS_CONSTANTS = P.version == "5.4" or P.version == "5.5"
local WORDS = {
  const = "%s is declared <const> and cannot be changed.",
  close = "%s is declared <close> and cannot be changed.",
  loop = "%s is the variable of a loop, which cannot be changed in Lua 5.5.",
}

-- How many locals of the name are older than the one in this slot; -1 for what is no local.
local function rank_of(frame, name, slot)
  if not slot then return -1 end
  local rank = 0
  for older = 1, slot - 1 do
    if P.local_at(frame, older) == name then rank = rank + 1 end
  end
  return rank
end

-- What makes a name constant where `info` (fields Sl) stands: "const", "close" or "loop", and the text
-- of its value if Lua knew that, too; nil if nothing does.
function P.constant(info, name, rank)
  local ask = P.host.constant
  if not HAS_CONSTANTS or not ask or not find(name, "^[%a_][%w_]*$") then return nil end
  local told = ask(info.source, name, max(info.linedefined, 0), max(info.lastlinedefined, 0), info.currentline, rank)
  return match(told, "^(%a+):(.*)$")
end

-- Why a name of a frame must not be assigned to; nil if it may. `slot` for a local.
function P.constant_reason(frame, name, slot)
  if not HAS_CONSTANTS then return nil end
  local kind = P.constant(P.place_of(frame), name, rank_of(frame, name, slot))
  return kind and format(WORDS[kind], name)
end

-- Whether a name that is no variable of a frame is a constant that Lua knew, and its value.
function P.constant_value(frame, name)
  if not HAS_CONSTANTS then return false end
  local _, text = P.constant(P.place_of(frame), name, -1)
  local chunk = text and text ~= "" and P.compile("return " .. text .. "\n", "=constant", {})
  if not chunk then return false end
  return true, chunk()
end
