-- The operation `scopes`: what a frame can see, in groups.
local P = ...

local lib = P.lib
local type, next, rawequal = lib.type, lib.next, lib.rawequal
local getinfo, getlocal, setlocal = lib.debug.getinfo, lib.debug.getlocal, lib.debug.setlocal
local format = lib.string.format

-- What the globals were before the script ran: the standard library.
local standard = {}
for name, value in next, P.globals do standard[name] = value end

local function is_standard(name, value)
  local original = standard[name]
  return original ~= nil and (rawequal(original, value) or type(value) == "function" and P.is_probe(value))
end

-- locals ------------------------------------------------------------------------------------------

local function refuse_constant(frame, name, slot)
  return function()
    local reason = P.constant_reason(frame, name, slot)
    if reason then P.user_error(reason) end
  end
end

local function local_child(frame, name, slot, hidden, rank)
  local thread, level = frame.thread, frame.level
  local _, value = getlocal(thread, level, slot)
  local suffix = hidden == 0 and "" or hidden == 1 and " (shadowed)" or " (shadowed " .. hidden .. ")"
  return {
    name = P.text(name) .. suffix, value = value, slot = slot,
    evaluate = hidden == 0 and name or nil,
    assign = function(new) setlocal(thread, level, slot, new) end,
    guard = refuse_constant(frame, name, slot),
    declared = { func = frame.func, frame = frame, name = name, rank = rank },
  }
end

-- The locals in the order of their declaration; of those with one name the innermost comes first, at
-- the place of the outermost, and it is the one that expressions mean.
local function locals_of(frame)
  local order, slots = {}, {}
  P.each_local(frame, function(name, _, slot)
    if not slots[name] then
      slots[name] = {}
      order[#order + 1] = name
    end
    lib.table.insert(slots[name], 1, slot)
  end)
  local children = {}
  for index = 1, #order do
    local name = order[index]
    for hidden = 1, #slots[name] do
      children[#children + 1] = local_child(frame, name, slots[name][hidden], hidden - 1, #slots[name] - hidden)
    end
  end
  return children
end

-- The container of a frame's locals.
function P.open_locals(frame) return P.list(locals_of(frame)) end

-- the other groups --------------------------------------------------------------------------------

local function open_varargs(frame, values)
  return {
    indexed_count = values.n,
    indexed = function(index)
      local _, value = getlocal(frame.thread, frame.level, -index)
      return {
        name = "[" .. index .. "]", value = value, evaluate = format("(select(%d, ...))", index),
        assign = function(new) setlocal(frame.thread, frame.level, -index, new) end,
      }
    end,
    named = function() return nil end,
  }
end

local function open_upvalues(frame)
  local children = P.upvalues_of(frame.func)
  for index = 1, #children do
    local child = children[index]
    local kind = P.variable_of(frame, child.name)
    child.evaluate = kind == "upvalue" and child.name or nil
    child.guard = refuse_constant(frame, child.name)
  end
  return P.list(children)
end

-- A container of several values: [1], [2]…
function P.open_values(values, evaluate)
  return {
    indexed_count = values.n,
    indexed = function(index)
      return { name = "[" .. index .. "]", value = values[index], evaluate = evaluate and evaluate(index) }
    end,
    named = function() return nil end,
  }
end

local function global_child(frame, record, child)
  local name = child.key
  if type(name) ~= "string" or not P.is_name(name) then
    child.evaluate = record.value == P.globals and P.accessor(name) and "_G" .. P.accessor(name) or nil
  elseif frame and P.variable_of(frame, name) then
    child.evaluate = record.value == P.globals and "_G." .. name or nil
  else
    child.evaluate = name
  end
  return child
end

local function open_globals(frame, record)
  local whole = P.open_table(record)
  return {
    indexed_count = 0,
    named = function(index)
      local child = whole.named(index)
      return child and child.key ~= nil and global_child(frame, record, child) or child
    end,
  }
end

local function standard_child(frame, globals)
  return {
    name = "standard library", text = "", type = "", is_internal = true, kind = "class",
    open = function()
      return open_globals(frame, { value = globals, extras = {}, skip = function(key, value) return not is_standard(key, value) end })
    end,
  }
end

local function globals_record(frame)
  local environment = P.environment(frame)
  if type(environment) ~= "table" then return nil end
  local record = { kind = "variables", value = environment, frame = frame, open = function(self) return open_globals(frame, self) end }
  if environment == P.globals then
    record.skip = is_standard
    record.extras = { standard_child(frame, environment) }
    local metatable = lib.debug.getmetatable(environment)
    if metatable then
      record.extras[2] = {
        name = "[[metatable]]", value = metatable, evaluate = "debug.getmetatable(_G)", is_internal = true, kind = "class",
      }
    end
  end
  return record
end

-- the operation -----------------------------------------------------------------------------------

local function minted(name, frame, open, more)
  more.name, more.ref = name, P.mint({ kind = "variables", frame = frame, open = open })
  return more
end

local function locals_scope(frame)
  local children = locals_of(frame)
  local info = getinfo(frame.func, "S")
  local is_lua = info.what ~= "C" and not P.is_probe(frame.func)
  return minted("Locals", frame, function() return P.open_locals(frame) end, {
    hint = "locals", named = #children, expensive = false,
    source = is_lua and P.source_of(info.source) or nil,
    line = is_lua and info.linedefined > 0 and info.linedefined or nil,
    end_line = is_lua and info.linedefined > 0 and info.lastlinedefined or nil,
  })
end

-- The groups that only the top of a stopped thread has.
local function add_stop_scopes(scopes, frame)
  local stop = P.stop
  if not stop or frame.thread ~= stop.thread or frame.level ~= stop.level then return end
  local returned = stop.returned
  if returned then
    scopes[#scopes + 1] = minted("Return values", frame, function() return P.open_values(returned) end, {
      hint = "returnValue", indexed = returned.n, expensive = false,
    })
  end
  if stop.has_error then
    local children = { { name = "err", value = stop.error, evaluate = not P.variable_of(frame, "err") and "err" or nil } }
    scopes[#scopes + 1] = minted("Error", frame, function() return P.list(children) end, { named = 1, expensive = false })
  end
end

-- scopes {frame}: {scopes}; each {name, ref, hint?, named?, indexed?, expensive, source?, line?, end_line?}.
function P.ops.scopes(command)
  local frame = P.frame(command.frame)
  local scopes = P.array()
  if frame.label then return { scopes = scopes } end
  scopes[1] = locals_scope(frame)
  add_stop_scopes(scopes, frame)
  local varargs = P.varargs(frame)
  if varargs and varargs.n > 0 then
    scopes[#scopes + 1] = minted("Varargs", frame, function() return open_varargs(frame, varargs) end, {
      hint = "arguments", indexed = varargs.n, expensive = false,
    })
  end
  local upvalues = #P.upvalues_of(frame.func)
  if upvalues > 0 then
    scopes[#scopes + 1] = minted("Upvalues", frame, function() return open_upvalues(frame) end, { named = upvalues, expensive = false })
  end
  local globals = globals_record(frame)
  if globals then scopes[#scopes + 1] = { name = "Globals", ref = P.mint(globals), expensive = true } end
  return { scopes = scopes }
end
