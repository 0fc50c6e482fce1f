-- The operation `scopes`: what a frame can see, in groups.
local P = ...

local lib = P.lib
local type, next, rawequal, rawget = lib.type, lib.next, lib.rawequal, lib.rawget
local getinfo = lib.debug.getinfo
local format = lib.string.format

-- What the globals were before the script ran: the standard library, and what the host adds to it.
local standard = {}
function P.note_global(name) standard[name] = rawget(P.globals, name) end

function P.note_globals()
  for name, value in next, P.globals do standard[name] = value end
end
P.note_globals()

local function is_standard(name, value)
  if name == "_ENV_pass" then return true end -- of a cell that runs, see cells.lua
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
  local _, value = P.local_at(frame, slot)
  local suffix = hidden == 0 and "" or hidden == 1 and " (shadowed)" or " (shadowed " .. hidden .. ")"
  return {
    name = P.text(name) .. suffix, value = value, slot = slot,
    evaluate = hidden == 0 and name or nil,
    assign = function(new) P.set_local_at(frame, slot, new) end,
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

-- The same for a frame that is looked at from another one; `thread`, if known, is the expression of its thread.
function P.open_locals_of(frame, thread)
  local children = locals_of(frame)
  for index = 1, #children do
    local child = children[index]
    child.evaluate = thread and format("(select(2, debug.getlocal(%s, %d, %d)))", thread, frame.level, child.slot) or nil
  end
  return P.list(children)
end

-- the other groups --------------------------------------------------------------------------------

local function open_varargs(frame, values)
  return {
    indexed_count = values.n,
    indexed = function(index)
      local _, value = P.local_at(frame, -index)
      return {
        name = "[" .. index .. "]", value = value, evaluate = format("(select(%d, ...))", index),
        assign = function(new) P.set_local_at(frame, -index, new) end,
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

-- The number of a group of a frame. Those of one that is left of a cell last as long as that does.
local function reference_of(name, frame, record)
  if not frame.kept then return P.mint(record) end
  frame.references = frame.references or {}
  frame.references[name] = frame.references[name] or P.mint_lasting(record)
  return frame.references[name]
end

local function minted(name, frame, open, more)
  more.name, more.ref = name, reference_of(name, frame, { kind = "variables", frame = frame, open = open })
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

local function is_top(frame)
  if frame.kept then return frame == P.top_kept() end
  local stop = P.stop
  return stop and frame.thread == stop.thread and frame.level == stop.level
end

-- The groups that only the top of a stopped thread has.
local function add_stop_scopes(scopes, frame)
  if not is_top(frame) then return end
  local returned = not frame.kept and P.stop.returned
  if returned then
    scopes[#scopes + 1] = minted("Return values", frame, function() return P.open_values(returned) end, {
      hint = "returnValue", indexed = returned.n, expensive = false,
    })
  end
  local is_error, err = P.error_of(frame)
  if is_error then
    local children = { { name = "err", value = err, evaluate = not P.variable_of(frame, "err") and "err" or nil } }
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
  if globals then scopes[#scopes + 1] = { name = "Globals", ref = reference_of("Globals", frame, globals), expensive = true } end
  return { scopes = scopes }
end

-- global_scope: {name, ref, expensive}: the globals by themselves, also while the program runs.
function P.ops.global_scope()
  if not P.stop then P.clear_references() end
  return { name = "Globals", ref = P.mint(globals_record(nil)), expensive = true }
end
