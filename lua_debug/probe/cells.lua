-- Cells: pieces of code that are run one after the other in one runtime.
local P = ...

local lib = P.lib
local find, match = lib.string.find, lib.string.match
local rawget, rawset = lib.rawget, lib.rawset
local pack = P.pack

local RESULTS = 1000 -- that are kept under their numbers

local is_running = false

-- The chunk -----------------------------------------------------------------------------------------

local PASS = "_ENV_pass" -- no tail call: the cell's own frame is there while its last call runs
local function results_of(...) return ... end

-- The host has put `return` before the last expression (lua_debug/cell_text.py).
local function load_cell(text, path)
  if find(text, PASS, 1, true) then rawset(P.globals, PASS, results_of) end -- until the cell ends
  return P.load_text(text, "@" .. path)
end

-- Results -------------------------------------------------------------------------------------------

local oldest = 1

-- The program finds the last results as _, __ and ___, and those of cells as _1, _2 …
local function store(number, values)
  local globals, value = P.globals, values[1]
  rawset(globals, "___", rawget(globals, "__"))
  rawset(globals, "__", rawget(globals, "_"))
  rawset(globals, "_", value)
  rawset(globals, "_" .. number, value)
  while oldest <= number - RESULTS do
    rawset(globals, "_" .. oldest, nil)
    oldest = oldest + 1
  end
end

-- Ends ----------------------------------------------------------------------------------------------

local function broken_off(text)
  local message, rest = match(text, "^(.-)\nstack traceback:\n(.*)$")
  return { message = P.text(message or text), traceback = rest and P.text(rest) or "" }
end

-- The program is as it was before it was made to end.
local function revive()
  P.dying, P.wants_end, P.exit_code = false, false, nil
  P.hooks.step(nil)
  P.hooks.arm()
  if P.had_compiler then lib.jit.on() end
  P.had_compiler = nil
end

local function ended(number, stores, tells, ok, ...)
  is_running, P.shows_error_values = false, false
  P.watch_remains(false)
  rawset(P.globals, PASS, nil)
  P.flush_logs()
  local exit_code = P.exit_code
  if P.dying then
    revive()
    if exit_code then return { exit = exit_code } end
    return { interrupted = true }
  end
  P.hooks.step(nil)
  if not ok then return { error = broken_off((...)) } end
  local values = pack(...)
  local packed = tells and P.pack_values("0", "1", values.n, ...) or nil
  if values.n == 0 or values.n == 1 and values[1] == nil then return { packed = packed } end
  local is_seen = values.n == 1 and P.is_on_display(values[1])
  local result = { result = not is_seen and P.bundle(values) or nil, packed = packed }
  if stores then store(number, values) end
  return result
end

local function finished(...)
  local instructions, limit = P.end_budget()
  local told = ended(...)
  told.instructions, told.limit = instructions, told.interrupted and limit or nil
  return told
end

-- What the host calls -------------------------------------------------------------------------------

-- Runs a cell with what it finds as `...`: {result?, packed?}, {error {message, traceback}}, {syntax message},
-- {interrupted} or {exit}. `tells`: what it returns is wanted, packed.
local function run_cell(number, stores, tells, path, text, ...)
  P.wants_end, P.exit_code, P.is_over = false, nil, false
  P.shows_error_values = stores
  local chunk, message = load_cell(text, path)
  if not chunk then return { syntax = P.text(message) } end
  P.prepare_entry(false)
  is_running = true
  P.watch_remains(true)
  P.begin_budget()
  return finished(number, stores, tells, P.run_chunk(chunk, ...))
end

-- How it ended, in JSON; and what it returned, packed, if that is wanted.
function P.run_cell(...)
  P.forget_input() -- also what an evaluation between two cells has left
  local told = run_cell(...)
  P.forget_input()
  local packed = told.packed
  told.packed = nil
  told = P.json(told)
  P.is_over = true -- finalizers may still run, and nothing stops in them
  return told, packed
end

-- display {expr, frame?, limits?: {entries?, depth?}}: {data}: the value of an expression, by media type.
function P.ops.display(command)
  local values = P.evaluate_values(command.expr, P.frame_or_globals(command.frame))
  return { data = P.bundle(values, command.limits) }
end

-- copy_to_globals {expr, name, frame?}: gives a global the value of an expression in a frame.
function P.ops.copy_to_globals(command)
  if not P.is_name(command.name) then P.user_error("'" .. command.name .. "' is no name for a global.") end
  rawset(P.globals, command.name, P.evaluate_value(command.expr, P.frame_or_globals(command.frame)))
  return {}
end

-- interrupt: ends the cell that runs, if one does.
function P.ops.interrupt()
  if is_running then return P.ops.terminate() end
  return {}
end
