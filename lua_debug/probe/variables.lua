-- The operations `variables` and `set_variable`: children of containers, page by page.
local P = ...

local lib = P.lib
local type, min = lib.type, lib.math.min
local getinfo = lib.debug.getinfo

-- How many children are given when all are asked for; the others are behind a last one, "…".
local function most() return P.settings.max_children or 1000 end

-- A child as it is told: {name, value, type, ref?, named?, indexed?, evaluate?, memory?, location?,
-- hint?}. The hint is {kind?, attributes?, visibility?, lazy?}.
local function hint_of(child, kind)
  local attributes = P.array()
  if kind == "string" then attributes[1] = "rawString" end
  if not child.assign and not child.is_lazy then attributes[#attributes + 1] = "readOnly" end
  return {
    kind = child.kind or kind == "function" and "method" or "data",
    attributes = #attributes > 0 and attributes or nil,
    visibility = child.is_internal and "internal" or child.is_private and "private" or nil,
    lazy = child.is_lazy,
  }
end

local function location_of(func)
  if type(func) ~= "function" then return nil end
  local info = getinfo(func, "S")
  if info.what == "C" or P.is_probe(func) then return nil end
  return P.mint({ kind = "location", source = info.source, first = info.linedefined, last = info.lastlinedefined })
end

-- Where a variable is declared: a local of a frame, of the `rank`-th there is with this name, counted
-- from 0 from the outermost, or (without rank) an upvalue of a function.
local function declaration_of(declared)
  local info = getinfo(declared.func, "S")
  if info.what == "C" or P.is_probe(declared.func) then return nil end
  local frame = declared.frame
  return P.mint({
    kind = "location", source = info.source, first = info.linedefined, last = info.lastlinedefined,
    name = declared.name, rank = declared.rank, line = frame and P.place_of(frame).currentline,
  })
end

-- Text, type and references of a value, with which variables and results of evaluations are told.
function P.valued(value, hex, name, frame)
  local text, kind = P.describe(value, hex)
  local out = { value = text, type = kind, location = location_of(value) }
  local record, named, indexed = P.container_of(value, name, frame)
  if record then out.ref, out.named, out.indexed = P.mint(record), named, indexed end
  if type(value) == "string" then out.memory = P.mint({ kind = "memory", bytes = value }) end
  return out
end

local function told(child, frame, hex)
  local out
  if child.text then
    out = { value = child.text, type = child.type, location = location_of(child.defines) }
    if child.open then
      out.ref = P.mint({ kind = "variables", open = child.open, frame = child.open_frame or frame })
      out.named, out.indexed = child.named, child.indexed
    end
  else
    out = P.valued(child.value, hex, child.evaluate, frame)
  end
  out.name, out.evaluate, out.hint = child.name, child.evaluate, hint_of(child, type(child.value))
  out.declaration = child.declared and declaration_of(child.declared)
  return out
end
P.told = told

-- pages -------------------------------------------------------------------------------------------

local function container_of(record)
  if not record.container or record.generation ~= P.generation then
    record.container, record.generation = record.open(record), P.generation
  end
  return record.container
end

-- The rest of a container behind its first `skipped` children of one part.
local function rest_child(record, part, skipped)
  local before = (container_of(record).before or 0) + skipped -- the rest of a rest counts as the whole does
  return {
    name = "\226\128\166", text = part == "indexed" and "from [" .. before + 1 .. "] on" or "more", type = "", is_internal = true,
    open = function()
      local whole = container_of(record)
      return {
        before = before,
        indexed_count = part == "indexed" and whole.indexed_count - skipped or 0,
        indexed = function(index) return whole.indexed(index + skipped) end,
        named = function(index) return part == "named" and whole.named(index + skipped) or nil end,
      }
    end,
  }
end

-- Adds indexed children first..first + count - 1.
local function add_indexed(children, record, first, count)
  local container = container_of(record)
  local last = container.indexed_count
  local shown = min(last, count > 0 and first + count - 1 or first + most() - 1)
  for index = first, shown do children[#children + 1] = container.indexed(index) end
  if count == 0 and shown < last then children[#children + 1] = rest_child(record, "indexed", shown) end
end

local function add_named(children, record, first, count)
  local container = container_of(record)
  local last = count > 0 and first + count - 1 or first + most() - 1
  for index = first, last do
    local child = container.named(index)
    if not child then return end
    children[#children + 1] = child
  end
  if count == 0 and container.named(last + 1) then children[#children + 1] = rest_child(record, "named", last) end
end

local function page(record, filter, start, count)
  local children = {}
  if filter == "indexed" then
    add_indexed(children, record, start + 1, count)
  elseif filter == "named" then
    add_named(children, record, start + 1, count)
  else
    local border = container_of(record).indexed_count
    if start < border then add_indexed(children, record, start + 1, count) end
    local left = count - #children
    if count == 0 or left > 0 then add_named(children, record, start > border and start - border + 1 or 1, count == 0 and 0 or left) end
  end
  return children
end

-- A child's name on the page: no two children of a container may have the same.
local function unique_name(record, child)
  local taken = record.children[child.name]
  if taken and taken.key ~= child.key and child.key ~= nil then
    local kind = type(child.key)
    local mark = (kind == "table" or kind == "userdata" or kind == "function") and P.address(child.key) or type(child.key)
    return child.name .. " " .. mark
  end
  return child.name
end

-- variables {ref, filter?, start?, count?, hex?}: {variables}. `filter` is "indexed", "named" or nil;
-- `start` counts from 0; no or 0 `count` means all, of which at most settings.max_children come at once.
function P.ops.variables(command)
  local record = P.lookup(command.ref, "variables")
  local children = page(record, command.filter, command.start or 0, command.count or 0)
  local variables = P.array()
  record.children = record.children or {}
  for index = 1, #children do
    local child = children[index]
    child.name = unique_name(record, child)
    record.children[child.name] = child
    variables[index] = told(child, record.frame, command.hex)
  end
  return { variables = variables }
end

-- changing ----------------------------------------------------------------------------------------

local SEARCHED = 5000

-- The child of a container with this name; nil if there is none.
local function child_named(record, name)
  local known = record.children and record.children[name]
  if known then return known end
  local container = container_of(record)
  local index = lib.tonumber(lib.string.match(name, "^%[(%d+)%]$"))
  if index and index >= 1 and index <= container.indexed_count then return container.indexed(index) end
  for place = 1, SEARCHED do
    local child = container.named(place)
    if not child then break end
    if child.name == name then return child end
  end
  return nil
end

P.child_named = child_named

-- The key that a name of a field stands for: x, [1], ["a b"].
local function key_of(name)
  if P.is_name(name) then return name end
  local inside = lib.string.match(name, "^%[(.*)%]$")
  local read = inside and P.pure(inside)
  if not read then return nil end
  local ok, key = lib.pcall(read, nil)
  return ok and key or nil
end

-- A field that is not there yet is assigned as a program would, with __newindex.
local function add_field(record, name, value)
  local key = type(record.value) == "table" and key_of(name)
  if not key then P.user_error("There is no variable " .. name .. " here.") end
  local object = record.value
  P.run_user(function() object[key] = value end)
end

-- set_variable {ref, name, value, hex?}: what the variable is then, as `evaluate` tells it. `value`
-- is an expression, evaluated in the frame that the container was reached from.
function P.ops.set_variable(command)
  local record = P.lookup(command.ref, "variables")
  local child = child_named(record, command.name)
  if child and not child.assign then P.user_error(command.name .. " cannot be changed.") end
  if child and child.guard then child.guard() end
  local value = P.evaluate_value(command.value, record.frame)
  if child then child.assign(value) else add_field(record, command.name, value) end
  P.generation = P.generation + 1
  record.children = nil
  return P.valued(value, command.hex, child and child.evaluate, record.frame)
end
