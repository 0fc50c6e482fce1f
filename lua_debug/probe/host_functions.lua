-- The functions of the host that scripts find in global tables, and the objects they hand out. A call crosses
-- through one function of the host, `call_function(function, arguments, object, dropped)`, as text.
--
-- What it answers is nil (no results), or begins with "p" results, "-" an error, "?" a wait (the rest is its ticket),
-- "x" the script is made to end; before that "~1,2;" the functions that the host has let go of.
local P = ...

local lib = P.lib
local error, next, pcall, rawequal, select, type = lib.error, lib.next, lib.pcall, lib.rawequal, lib.select, lib.type
local byte, find, format, gmatch, match, sub = lib.string.byte, lib.string.find, lib.string.format, lib.string.gmatch, lib.string.match, lib.string.sub
local gsub = lib.string.gsub
local concat, tonumber, tostring = lib.table.concat, lib.tonumber, lib.tostring
local setmetatable, newproxy = lib.setmetatable, P.is_51 and lib.newproxy or nil
local getinfo, collectgarbage = lib.debug.getinfo, lib.collectgarbage
local pack, unpack, pass, CALLS_OUT = P.pack, P.unpack, P.pass, P.CALLS_OUT
local pack_values, unpack_values = P.pack_values, P.unpack_values

local call_function, await_function, give_up = P.host.call_function, P.host.await_function, P.host.give_up_function
local describe_table, out_there, at_the_edge = P.host.describe_table, P.out_there, P.at_the_edge

-- Functions of the script that the host keeps ----------------------------------------------------------------

local GONE = "the function is not there any more"

local kept, last_kept = {}, 0

function P.keep_function(value)
  last_kept = last_kept + 1
  kept[last_kept] = value
  return last_kept
end

local function forget_functions(first)
  for number = first, last_kept do kept[number] = nil end
end

-- The answer without what it says of functions that were let go of.
local function released(answer)
  local numbers, rest = match(answer, "^~([%d,]*);(.*)$")
  for number in gmatch(numbers, "%d+") do kept[tonumber(number)] = nil end
  return rest
end

-- How many functions are kept: for those who look for leaks.
function P.count_kept()
  local count = 0
  for _ in next, kept do count = count + 1 end
  return count
end

-- The results of such a function for the host, or what is wrong with them.
local function packed_results(...)
  local packed, index, problem, path = pack_values("0", "0", select("#", ...), ...)
  if packed then return packed end
  return format("-result #%d of the function%s %s", index, path == "" and "" or ", " .. path .. ",", problem)
end

local function called(was_over, ok, ...)
  P.is_over = was_over
  if ok then return packed_results(...) end
  local err = ...
  if P.dying or P.death and rawequal(err, P.death) then return "x" end
  local is_text, text = pcall(tostring, err)
  return "-" .. (is_text and type(text) == "string" and text or type(err))
end

-- Calls a function of the script for the host; never raises.
local function call_kept(number, packed)
  local func = kept[number]
  if not func or not CALLS_OUT then return "-" .. GONE end
  local arguments, count = unpack_values(packed)
  local was_over = P.is_over
  P.is_over = false -- also between two cells it can be stopped in
  return called(was_over, pcall(func, unpack(arguments, 1, count)))
end

local function in_hex(character) return format("%02x", byte(character)) end

-- call_kept {number, packed}: {hex}: the same where the script stands, as an evaluation: nothing stops in it.
function P.ops.call_kept(command)
  local func = kept[command.number]
  if not func then P.user_error(GONE) end
  local arguments, count = unpack_values(command.packed)
  local results = P.run_user(func, pack(unpack(arguments, 1, count)))
  local hex = gsub(packed_results(unpack(results, 1, results.n)), ".", in_hex)
  return { hex = hex }
end

-- Objects of the host ----------------------------------------------------------------------------------------

local objects = setmetatable({}, { __mode = "v" }) -- number -> what the script holds
local numbers = setmetatable({}, { __mode = "k" })
local holders = {} -- number -> how many of those are not collected yet
local dropped, dropped_count = {}, 0
local methods = {} -- type -> name -> what `call` needs

local on_display = {} -- type -> whether people see its objects already
local displayed = setmetatable({}, { __mode = "k" }) -- object -> the same

function P.object_number(value) return numbers[value] end

function P.is_on_display(value) return displayed[value] end

local function drop(number)
  holders[number] = holders[number] - 1
  if holders[number] > 0 then return end
  holders[number] = nil
  dropped_count = dropped_count + 1
  dropped[dropped_count] = number
end

local function given(func) return P.given and P.given(func) or func end

local call -- (spec, object, count, ...): the results, or the error of the function two levels up

local function method_of(object, number, spec)
  return function(...)
    if rawequal((...), object) then return pass(call(spec, number, select("#", ...) - 1, select(2, ...))) end
    return pass(call(spec, number, select("#", ...), ...))
  end
end

-- The table that stands for an object. Calls nothing of the host when it is collected: that may be amid a call.
function P.object(number, kind, fields)
  local object = objects[number]
  if object then return object end
  object = fields or {}
  local metatable = { __name = kind, __metatable = kind }
  local made = {}
  function metatable.__index(_, name)
    local spec = methods[kind][name]
    if spec and not made[name] then
      made[name] = given(method_of(object, number, spec))
    end
    return made[name]
  end
  function metatable.__tostring() return format("%s: %d", kind, number) end
  local function finalize() drop(number) end
  if newproxy then
    local sentinel = newproxy(true)
    lib.getmetatable(sentinel).__gc = finalize
    metatable.sentinel = sentinel
  else
    metatable.__gc = finalize
  end
  setmetatable(object, metatable)
  objects[number], numbers[object], displayed[object] = object, number, on_display[kind]
  holders[number] = (holders[number] or 0) + 1
  return object
end

-- Calls visit(name, function, its whole name) for each method of an object of the host; for other values nothing.
function P.each_method(value, visit)
  if not numbers[value] then return end
  local metatable = lib.debug.getmetatable(value)
  for name, spec in next, methods[metatable.__name] do visit(name, metatable.__index(value, name), spec.name) end
end

-- Calls --------------------------------------------------------------------------------------------------------

local function waited(ticket)
  local answer = out_there(await_function, ticket)
  while answer and byte(answer) == 63 do
    if byte(answer, 2) == 33 and P.interrupted and P.evaluating == 0 then P.interrupted() end
    answer = out_there(await_function, ticket)
  end
  return answer
end

-- Waits for what the host does meanwhile; an error that is raised here by an interrupt ends that.
local function wait(ticket)
  local ok, answer = pcall(waited, ticket)
  if ok then return answer end
  give_up(ticket)
  error(answer, 0)
end

-- `first`: the first argument, which is State itself in State:load(key).
local function refusal(spec, index, problem, path, first)
  if index == 1 and spec.holder and rawequal(first, spec.holder) then
    local owner = match(spec.name, "^(.*)%.")
    return format("bad argument #1 to '%s' (%s itself; call it with a dot, not a colon)", spec.name, owner)
  end
  local name = spec.parameters[index] or spec.parameters[#spec.parameters] or "..."
  local kind = match(problem, "^is an? (.*)")
  if kind and path == "" then problem = "a " .. kind .. " cannot be passed" else problem = name .. path .. " " .. problem end
  return format("bad argument #%d to '%s' (%s)", index, spec.name, problem)
end

function call(spec, object, count, ...)
  local first_kept = last_kept + 1
  if count > spec.most then count = spec.most end
  local packed, index, problem, path = pack_values(spec.functions, spec.shows, count, ...)
  if not packed then
    forget_functions(first_kept)
    error(refusal(spec, index, problem, path, (...)), 3)
  end
  local answer
  if dropped_count > 0 then
    local fresh = {}
    local list, length = dropped, dropped_count -- a finalizer may run wherever something is made
    dropped, dropped_count = fresh, 0
    answer = out_there(call_function, spec.index, packed, object, concat(list, ",", 1, length))
  elseif object then
    answer = out_there(call_function, spec.index, packed, object)
  else
    answer = out_there(call_function, spec.index, packed)
  end
  if not answer then return end
  local kind = byte(answer)
  if kind == 126 then
    answer = released(answer)
    kind = byte(answer)
  end
  if kind == 63 then
    answer = wait(sub(answer, 2))
    kind = answer and byte(answer)
  end
  if kind == 112 then
    local values, length = unpack_values(answer)
    if length == 1 then return values[1] end
    return unpack(values, 1, length)
  end
  if kind == 45 then error(sub(answer, 2), 3) end
  if kind == 120 then error(P.death, 0) end
end

local function stub(spec)
  return given(function(...) return pass(call(spec, nil, select("#", ...), ...)) end)
end

-- Putting them into the globals --------------------------------------------------------------------------------

-- The table a dotted name lies in, made where it is missing, and the rest of the name.
local function place(globals, name)
  local holder = globals
  for part in gmatch(name, "([^.]+)%.") do
    if type(lib.rawget(holder, part)) ~= "table" then holder[part] = {} end
    holder = holder[part]
  end
  return holder, match(name, "[^.]+$")
end

local function bind_function(globals, spec)
  local holder, member = place(globals, spec.name)
  if not spec.is_call then
    holder[member], spec.holder = stub(spec), holder
    if P.name_function then P.name_function(holder[member], spec.name) end -- where somebody debugs
    return
  end
  if type(lib.rawget(holder, member)) ~= "table" then holder[member] = {} end
  local function called_table(_, ...) return pass(call(spec, nil, select("#", ...), ...)) end
  setmetatable(holder[member], { __call = called_table, __name = spec.name })
end

local function tables_of(functions)
  for _, spec in next, functions do
    if spec.most < 0 then spec.most = lib.math.huge end
  end
  return functions
end

-- Binds what a packed description lists: types with their methods, functions, values. `globals` is what the
-- tables are in.
local function bind(packed, globals)
  local told = unpack_values(packed)[1]
  for kind, specs in next, told.types do methods[kind] = tables_of(specs) end
  for _, kind in next, told.on_display do on_display[kind] = true end
  for _, spec in next, tables_of(told.functions) do bind_function(globals, spec) end
  for _, each in next, told.values do
    local holder, member = place(globals, each[1])
    holder[member] = each[2]
  end
  return told
end

local unfilled = setmetatable({}, { __mode = "k" }) -- table -> what fills it

-- A table that is filled when somebody looks into it.
local function lazy_table(name)
  local holder, metatable = {}, { __name = name }
  local function fill(level)
    local packed = describe_table(name)
    if byte(packed) == 45 then error(sub(packed, 2), level + 1) end
    setmetatable(holder, nil)
    unfilled[holder] = nil
    bind(packed, { [name] = holder })
  end
  unfilled[holder] = fill
  function metatable.__index(_, key)
    fill(2)
    return holder[key]
  end
  function metatable.__newindex(_, key, value)
    fill(2)
    holder[key] = value
  end
  function metatable.__call(_, ...)
    fill(2)
    return pass(holder(...))
  end
  function metatable.__pairs()
    fill(2)
    return next, holder, nil
  end
  return setmetatable(holder, metatable)
end

-- Fills a table of ours that a client looks into; that runs nothing of the script's. Whether it was to be filled.
function P.fill_table(value)
  local fill = unfilled[value]
  return fill ~= nil and pcall(fill, 1)
end

local function bind_globals(packed)
  local told = bind(packed, P.globals)
  for _, name in next, told.lazy or {} do P.globals[name] = lazy_table(name) end
  if not P.note_global then return end
  if told.lazy then return P.note_globals() end
  for _, each in next, told.values do P.note_global(match(each[1], "^[^.]*")) end -- a script begins
end

-- What the host may ask ------------------------------------------------------------------------------------------

-- The script's stack, innermost first: rows of function, source and line.
local function stack(levels)
  local rows, level = {}, 3
  local info = getinfo(level, "Snl")
  while info and #rows < levels do
    local is_ours = info.source == "=[C]" and info.what ~= "C"
    local is_between = is_ours or info.what == "tail" or info.what == "C" and #rows == 0
    if not is_between then
      local name = info.name or info.what == "main" and "main chunk" or ""
      rows[#rows + 1] = { P.text(name), P.text(info.short_src), info.currentline > 0 and info.currentline or 0 }
    end
    level = level + 1
    info = getinfo(level, "Snl")
  end
  return pack_values("0", "0", 1, rows)
end

function P.host_functions()
  local function used() return collectgarbage("count") * 1024 end
  return bind_globals, at_the_edge(call_kept), at_the_edge(stack), at_the_edge(used)
end
