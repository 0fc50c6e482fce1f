-- Closed libraries: code comes in as text. Bytecode is not checked by Lua and can do anything to the
-- process; libraries in C do. (The searchers and package.loadlib: c_modules.lua, which is told to refuse.)
--
-- A file is read before it is looked at, so that nobody can exchange it in between.
local P = ...

local lib = P.lib
local byte, find, format, gsub, match, sub = lib.string.byte, lib.string.find, lib.string.format, lib.string.gsub, lib.string.match, lib.string.sub
local error, pcall, select, tostring, type = lib.error, lib.pcall, lib.select, lib.tostring, lib.type
local open, concat = lib.io.open, lib.table.concat
local call, checked, pass = P.call, P.checked, P.pass
local compile = lib.loadstring or lib.load
local has_modes = not P.is_51 or P.is_jit

if P.settings.libraries ~= "closed" then return end

local only_text = {}
P.only_text = only_text

local ESCAPE = 27 -- with which bytecode begins (lua.h, LUA_SIGNATURE)
local REFUSAL = P.closed("bytecode")

function only_text.problem(code) return type(code) == "string" and byte(code, 1) == ESCAPE and REFUSAL or nil end

-- A reader whose first piece is looked at.
function only_text.reader(reader)
  local is_begun = false
  return function()
    local piece = reader()
    if not is_begun and only_text.problem(piece) then error(REFUSAL, 0) end
    is_begun = true
    return piece
  end
end

-- The text of a file, nil: that of standard input, as luaL_loadfilex gives it to the compiler. Nil and a
-- message if it cannot be had, or is none.
function only_text.file(path)
  local file, message = lib.io.stdin, nil
  if path ~= nil then file, message = open(path, "rb") end
  if not file then return nil, "cannot open " .. message end
  local text
  text, message = file:read("*a")
  if path ~= nil then file:close() end
  if not text then return nil, "cannot read " .. (message or "stdin") end
  if not P.is_51 and sub(text, 1, 3) == "\239\187\191" then text = sub(text, 4) end
  if byte(text, 1) == 35 then text = gsub(text, "^[^\n]*", "", 1) end
  if find(text, "^\n?\27") then return nil, REFUSAL end
  return text
end

-- What a searcher says that finds nothing (loadlib.c, searchpath).
function only_text.not_found(name, path)
  local searchpath = lib.package.searchpath
  if searchpath then return (select(2, searchpath(name, path))) end
  local rows, dashed = {}, gsub(gsub(name, "%.", "/"), "%%", "%%%%")
  for template in lib.string.gmatch(path, "[^;]+") do
    rows[#rows + 1] = "\n\tno file '" .. gsub(template, "%?", dashed) .. "'"
  end
  return concat(rows)
end

-- A path and a name as a searcher takes them, which may be numbers.
function only_text.words(name, path)
  local function as_text(value) return type(value) == "number" and tostring(value) or value end
  return as_text(name), as_text(path)
end

-- Stand-ins where the debugger has none -----------------------------------------------------------------

local function make_load(original, name)
  return function(...)
    local code = ...
    local problem = only_text.problem(code)
    if problem then return nil, problem end
    if type(code) ~= "function" then return pass(checked(name, pcall(call, original, ...))) end
    return pass(checked(name, pcall(call, original, only_text.reader(code), select(2, ...))))
  end
end

local function load_file(path, ...)
  local text, problem = only_text.file(path)
  if not text then return nil, problem end
  local name = path == nil and "=stdin" or "@" .. path
  if has_modes then return lib.load(text, name, ...) end
  return compile(text, name)
end

local function is_name(value) return value == nil or type(value) == "string" or type(value) == "number" end

local function make_searcher(original, package)
  return function(...)
    local name, path = only_text.words((...), package.path)
    if type(name) ~= "string" or type(path) ~= "string" then return pass(checked(nil, pcall(call, original, ...))) end
    local found = P.search(name, path)
    if not found then return only_text.not_found(name, path) end
    local chunk, message = load_file(found)
    if not chunk then error(format("error loading module '%s' from file '%s':\n\t%s", name, found, message), 0) end
    if P.is_51 then return chunk end
    return chunk, found
  end
end

function P.install_closed_code(globals)
  if P.load_file then return end -- loading.lua asks us
  local package = globals.package
  local searchers = package.searchers or package.loaders
  searchers[2] = make_searcher(searchers[2], package)
  globals.load = make_load(lib.load, "load")
  if lib.loadstring then globals.loadstring = make_load(lib.loadstring, "loadstring") end
  function globals.loadfile(...)
    if not is_name((...)) then P.refuse(lib.loadfile, "loadfile", ...) end
    return load_file(...)
  end
  function globals.dofile(...)
    if not is_name((...)) then P.refuse(lib.dofile, "dofile", ...) end
    local chunk, message = load_file((...))
    if not chunk then error(message, 0) end
    return pass(chunk())
  end
end
