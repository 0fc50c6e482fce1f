-- How code comes in: load, loadstring, loadfile, dofile and require, replaced so that the host sees
-- every chunk and may put source probes into its text.
--
-- Results, messages and chunk names are those of the originals (Lua manual, sections load, loadfile,
-- dofile, require; lauxlib's luaL_loadfilex; loadlib's searchers).
local P = ...

local lib = P.lib
local byte, find, gsub, match, sub = lib.string.byte, lib.string.find, lib.string.gsub, lib.string.match, lib.string.sub
local concat, error, format, pcall, select, type = lib.table.concat, lib.error, lib.string.format, lib.pcall, lib.select, lib.type
local getinfo, getupvalue = lib.debug.getinfo, lib.debug.getupvalue
local open, tostring = lib.io.open, lib.tostring
local host, pack, unpack = P.host, P.pack, P.unpack
local call, checked, pass, search = P.call, P.checked, P.pass, P.search
local original_load, original_loadfile, original_dofile = lib.load, lib.loadfile, lib.dofile
local original_compile = lib.loadstring or lib.load
local has_modes = not P.is_51 or P.is_jit -- LuaJIT took modes and environments over from 5.2

local sources = {} -- raw source -> description, see P.source_of

-- What a chunk's raw source stands for: { name, path, reference, hint, skip }; asked once per chunk.
function P.source_of(raw)
  local known = sources[raw]
  if not known then
    known = P.compile(host.source_of(raw), "=source", {})()
    sources[raw] = known
  end
  return known
end

function P.ops.forget_sources()
  sources = {}
  P.forget_unmapped()
  return {}
end

-- adopt {max_string, max_children, max_preview}: the limits of another client, which may also call the
-- files by other names.
function P.ops.adopt(command)
  for _, name in next, { "max_string", "max_children", "max_preview" } do P.settings[name] = command[name] end
  return P.ops.forget_sources()
end

-- How a chunk comes: to be compiled with probes; as it is, so that hooks must do; compiled already.
local PROBED, PLAIN, BINARY = 0, 1, 2

-- Text with probes, made by the host; it also arms them. Nil: the text is to be used as it is.
local function with_probes(chunkname, text, form)
  local answer = host.load(chunkname, text, form)
  sources[chunkname] = nil
  P.forget_origins(chunkname)
  P.writes.loaded(chunkname)
  if answer == "" then return nil end
  local length, rest = match(answer, "^(%d+):()")
  local command = sub(answer, rest, rest + length - 1)
  if command ~= "" then P.run_command(command) end
  local probed = sub(answer, rest + length)
  return probed ~= "" and probed or nil
end

-- Compiles `text` by `compile(text)`, with probes where the host wants some.
local function compile_probed(text, chunkname, compile)
  P.hooks.loaded()
  local probed = with_probes(chunkname, text, PROBED)
  if probed then
    local chunk = compile(probed)
    if chunk then
      P.safepoints.note(chunk)
      return chunk
    end
    with_probes(chunkname, text, PLAIN) -- what was to have probes did not compile
  end
  return compile(text)
end

local function is_binary(text) return byte(text, 1) == 27 end
local function takes_text(mode) return mode == nil or type(mode) == "string" and find(mode, "t", 1, true) ~= nil end

-- The position of the function at `level`, as the caller counts (lauxlib.c, luaL_where).
local function position(level)
  local info = getinfo(level + 1, "Sl")
  return info and info.currentline > 0 and format("%s:%d: ", info.short_src, info.currentline) or ""
end

-- The text of a file as luaL_loadfilex gives it to the compiler: without a byte order mark (5.2 and
-- later) and with its first line emptied if that begins with #. Nil if it is no readable text.
local function read_text(path)
  local file = open(path, "rb")
  if not file then return nil end
  local text = file:read("*a")
  file:close()
  if not text then return nil end
  if not P.is_51 and sub(text, 1, 3) == "\239\187\191" then text = sub(text, 4) end
  if byte(text, 1) == 35 then text = gsub(text, "^[^\n]*", "", 1) end
  if is_binary(text) or sub(text, 1, 2) == "\n\27" then return nil end
  return text
end

-- A binary chunk was loaded that says which file it was made of: its lines are those of the text there.
local function note_binary(chunk, ...)
  local path = type(chunk) == "function" and match(getinfo(chunk, "S").source, "^@(.*)")
  local text = path and read_text(path)
  if text then
    P.hooks.loaded()
    with_probes("@" .. path, text, BINARY)
  end
  return chunk, ...
end

-- load and loadstring -------------------------------------------------------------------------------

-- A reader that keeps what it reads, so that the text of the chunk is known.
local function recording(reader, pieces)
  return function()
    local piece = reader()
    pieces[#pieces + 1] = piece
    return piece
  end
end

-- A chunk read piece by piece: no probes, or its pieces would all be read before the first is seen.
local function load_pieces(reader, chunkname, ...)
  local pieces = {}
  local results = pack(original_load(recording(reader, pieces), chunkname, ...))
  local text = results[1] and concat(pieces)
  local rest = not text and type(results[2]) == "string" and match(results[2], "^%[C%]:%d+: (.*)")
  if rest then results[2] = position(3) .. rest end -- raised by load itself
  if text and is_binary(text) then
    note_binary(results[1])
  elseif text then
    P.hooks.loaded()
    with_probes(chunkname or "=(load)", text, PLAIN)
  end
  return unpack(results, 1, results.n)
end

-- A text: its chunk name is the one given, or the text (luaL_loadstring, luaB_load). Nil if it need
-- not be seen.
local function load_text(text, chunkname, compile)
  if is_binary(text) or chunkname == nil and not (P.writes.are_wanted() or host.wants()) then return nil end
  return pack(compile_probed(text, chunkname or text, compile))
end

local function is_name(value) return value == nil or type(value) == "string" end

-- Lua 5.1's load takes functions only, and loadstring texts; every other load takes both.
local function make_load(original, name)
  return function(...)
    local code, chunkname, mode = ...
    local kind = type(code)
    local results
    if P.only_text and (kind == "string" or kind == "function") then
      local problem = P.only_text.problem(code)
      if problem then return nil, problem end
      if kind == "function" then code = P.only_text.reader(code) end
    end
    if not is_name(chunkname) or not (mode == nil or type(mode) == "string") then
      results = nil
    elseif kind == "string" and takes_text(mode) and (original ~= original_load or has_modes) then
      local rest = pack(select(4, ...))
      results = load_text(code, chunkname, function(text)
        if has_modes then return original(text, chunkname or code, mode, unpack(rest, 1, rest.n)) end
        return original(text, chunkname or code)
      end)
    elseif kind == "function" and original == original_load then
      results = pack(load_pieces(code, select(2, ...)))
    end
    if results then return unpack(results, 1, results.n) end
    if select("#", ...) == 0 then P.refuse(original, name) end
    local is_compiled = kind == "string" and is_binary(code)
    if is_compiled then return note_binary(checked(name, pcall(call, original, code, select(2, ...)))) end
    return pass(checked(name, pcall(call, original, code, select(2, ...))))
  end
end

-- Files -------------------------------------------------------------------------------------------

local function load_file(...)
  local path, mode = ...
  local text
  if P.only_text and type(path) == "number" then path = tostring(path) end
  if P.only_text and (path == nil or type(path) == "string") then
    local problem
    text, problem = P.only_text.file(path)
    if not text then return nil, problem end
    if path == nil or not takes_text(mode) then -- the second has its message
      if not has_modes then return original_compile(text, "=stdin") end
      return original_load(text, path == nil and "=stdin" or "@" .. path, select(2, ...))
    end
  else
    text = type(path) == "string" and takes_text(mode) and read_text(path)
  end
  if not text then
    return note_binary(checked("loadfile", pcall(call, original_loadfile, ...)))
  end
  local name = "@" .. path
  if not has_modes then
    return compile_probed(text, name, function(code) return original_compile(code, name) end)
  end
  local environment = pack(select(3, ...))
  return compile_probed(text, name, function(code)
    return original_load(code, name, "t", unpack(environment, 1, environment.n))
  end)
end
P.load_file = load_file

-- A text as a chunk of that name.
function P.load_text(text, name)
  if is_binary(text) then return nil, "a binary chunk is no text" end
  return compile_probed(text, name, function(code)
    if has_modes then return original_load(code, name, "t") end
    return original_compile(code, name)
  end)
end

local function run_file(...)
  local path = ...
  if type(path) ~= "string" and not (P.only_text and path == nil) then
    return pass(checked("dofile", pcall(call, original_dofile, ...)))
  end
  local chunk, message = load_file(path)
  if not chunk then error(message, 0) end
  return pass(chunk()) -- no tail call: while the file runs, dofile is seen on the stack
end

-- require -----------------------------------------------------------------------------------------

-- Stands in for the searcher of Lua files; what it does not find is the original's to report.
local function make_searcher(original, package)
  return function(...)
    local name, templates = (...), package.path
    if P.only_text then name, templates = P.only_text.words(name, templates) end
    local is_named = type(name) == "string" and type(templates) == "string"
    local path = is_named and search(name, templates)
    if not path and is_named and P.only_text then return P.only_text.not_found(name, templates) end
    if not path then
      local results = pack(pcall(original, ...))
      if not results[1] then error(gsub(tostring(results[2]), "^%[C%]:%d+: ", ""), 0) end
      return unpack(results, 2, results.n)
    end
    local chunk, message = load_file(path)
    if not chunk then
      error(format("error loading module '%s' from file '%s':\n\t%s", name, path, message), 0)
    end
    host.required(P.text(name), path)
    if P.is_51 then return chunk end
    return chunk, path
  end
end

-- string.dump -------------------------------------------------------------------------------------

-- The function as it would be without probes, so that its bytecode means the same everywhere.
local function without_probes(func)
  local info = type(func) == "function" and getinfo(func, "Su")
  if not info or info.what == "C" then return func end
  if P.is_probe_info(info) then return lib.print end -- what it stands in for cannot be dumped either
  local names, index = {}, 1
  local name = getupvalue(func, index)
  while name do
    names[index], index = name, index + 1
    name = getupvalue(func, index)
  end
  local last = info.what == "main" and 0 or info.lastlinedefined
  local text = host.plain_function(info.source, info.linedefined, last, info.nparams or -1, concat(names, " "))
  local chunk = text ~= "" and original_compile(text, info.source)
  if not chunk then return func end
  return last == 0 and chunk or chunk()
end

local function install_dump(globals)
  local dump = lib.string.dump
  local function plain(func, ...) return without_probes(func), ... end
  globals.string.dump = function(...)
    if select("#", ...) == 0 then P.refuse(dump, "string.dump") end
    return pass(checked("string.dump", pcall(call, dump, plain(...))))
  end
end

function P.install_loading(globals)
  install_dump(globals)
  P.install_c_modules(globals)
  globals.loadfile, globals.dofile, globals.load = load_file, run_file, make_load(original_load, "load")
  if lib.loadstring then globals.loadstring = make_load(lib.loadstring, "loadstring") end
  local package = globals.package
  local searchers = package.searchers or package.loaders
  searchers[2] = make_searcher(searchers[2], package)
end
