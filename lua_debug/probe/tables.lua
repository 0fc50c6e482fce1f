-- The entries of a table, page by page: the indexed part 1..#t by number, the rest by remembered keys.
-- Nothing here takes time in proportion to a big table unless all of it is asked for.
local P = ...

local lib = P.lib
local type, next, rawget, pcall, floor = lib.type, lib.next, lib.rawget, lib.pcall, lib.math.floor

local SORTED = 5000 -- up to this many keys are sorted; more keep the order of the table
local TAIL = 30000 -- entries at the end of a long indexed part that are searched for other keys
local COUNTED = 1000 -- named entries counted in advance

-- Changes whenever evaluated code may have changed a table: remembered keys are read again.
P.generation = 0

-- Where to begin to look for the keys that are not in 1..border. A long indexed part lies in the
-- array part of the table, which `next` goes through first; only its end may lie among the others.
local function start_of(border, tail) return border > tail and border - tail or nil end

local function is_indexed(key, border)
  return type(key) == "number" and key >= 1 and key <= border and key == floor(key)
end

-- Reads on where every key is wanted: that of a table without indexed entries is asked for at once.
local function read_all(keys, wanted)
  local object, count, key = keys.object, keys.count, keys.last
  while count < wanted do
    key = next(object, key)
    if key == nil then
      keys.complete = true
      break
    end
    count = count + 1
    keys[count] = key
  end
  keys.count, keys.last = count, key
end

-- How many entries are named, counted up to COUNTED; and the border.
function P.count_named(object)
  local border = P.rawlen(object)
  local count, key = 0, next(object, start_of(border, COUNTED))
  while key ~= nil do
    if not is_indexed(key, border) then
      count = count + 1
      if count > COUNTED then return nil, border end
    end
    key = next(object, key)
  end
  return count, border
end

-- Reads on until `wanted` keys are known or the table ends.
local function read_on(keys, wanted)
  if keys.border == 0 and not keys.skip then return read_all(keys, wanted) end
  local object, border, count, key, skip = keys.object, keys.border, keys.count, keys.last, keys.skip
  while count < wanted do
    key = next(object, key)
    if key == nil then
      keys.complete = true
      break
    end
    if not is_indexed(key, border) and not (skip and skip(key, rawget(object, key))) then
      count = count + 1
      keys[count] = key
    end
  end
  keys.count, keys.last = count, key
end

local function new_keys(object, skip)
  local border = P.rawlen(object)
  local keys = { object = object, border = border, count = 0, generation = P.generation, skip = skip }
  keys.last = start_of(border, TAIL)
  read_on(keys, SORTED + 1)
  if keys.complete then P.sort_keys(keys) end
  return keys
end

-- The remembered keys of a record {value = table, skip = function(key, value) | nil}.
local function keys_of(record)
  local keys = record.keys
  if not keys or keys.generation ~= P.generation then
    keys = new_keys(record.value, record.skip)
    record.keys = keys
  end
  return keys
end

-- The index-th named key of a record; nil if there are not that many.
function P.named_key(record, index)
  local keys = keys_of(record)
  if index > keys.count and not keys.complete and not pcall(read_on, keys, index) then
    record.keys = nil -- the remembered key has left the table: start again
    keys = keys_of(record)
    read_on(keys, index)
  end
  return keys[index]
end
