-- C modules: package.loadlib and the searchers that load them, which say why one cannot be loaded.
--
-- A module finds Lua's C interface where the process offers it. Where that is another Lua's, nothing
-- may be loaded: it would be called with this one's values, and crash. `settings.no_c_modules` says so.
local P = ...

local lib = P.lib
local error, pcall, tostring, type = lib.error, lib.pcall, lib.tostring, lib.type
local find, format, gmatch, gsub, match = lib.string.find, lib.string.format, lib.string.gmatch, lib.string.gsub, lib.string.match
local open, pack, unpack = lib.io.open, P.pack, P.unpack
local call, checked, pass = P.call, P.checked, P.pass

local is_closed = P.settings.libraries == "closed"
local refusal = is_closed and P.closed("code in C") or P.settings.no_c_modules
local HINT = "\n\tIts names of Lua's C interface are not those of " .. P.settings.label .. ": it was built for another Lua."

-- package.searchpath, which Lua 5.1 has not ------------------------------------------------------------

local function is_readable(path)
  local file = open(path, "r")
  if file then file:close() end
  return file ~= nil
end

P.search = lib.package.searchpath or function(name, path)
  local separator = match(lib.package.config or "/", "^[^\n]+")
  local dashed = gsub(name, "%.", (gsub(separator, "%%", "%%%%")))
  for template in gmatch(path, "[^;]+") do
    local candidate = gsub(template, "%?", (gsub(dashed, "%%", "%%%%")))
    if is_readable(candidate) then return candidate end
  end
  return nil
end

-- What is wrong with a library, as the system says it, and what that means.
local function explained(message)
  local is_lua = find(message, "symbol: luaL?_%l") or find(message, " luaL?_%l[%w_]*: symbol not found")
  return is_lua and message .. HINT or message
end

local function said(ok, message, ...)
  if not ok and type(message) == "string" then message = explained(message) end
  return ok, message, ...
end

local function install_loadlib(package)
  local original = package.loadlib
  function package.loadlib(...)
    local path, name = ...
    local is_called = type(path) == "string" and type(name) == "string"
    if refusal and (is_called or is_closed) then return nil, refusal, "open" end
    return said(checked("package.loadlib", pcall(call, original, ...)))
  end
end

-- Stands in for a searcher of C modules. `named` gives what it looks for, of the name of a module.
local function make_searcher(original, package, named)
  local function refuse(name)
    local wanted, path = type(name) == "string" and named(name), package.cpath
    path = wanted and type(path) == "string" and P.search(wanted, path)
    if path then error(format("error loading module '%s' from file '%s':\n\t%s", name, path, refusal), 0) end
  end
  -- The original is not even asked: a file may come to be just then.
  local function closed(...)
    local name, path = P.only_text.words((...), package.cpath)
    if type(name) ~= "string" or type(path) ~= "string" then error("'package.cpath' must be a string", 0) end
    local wanted = named(name)
    if not wanted then return end
    if P.search(wanted, path) then error(format("error loading module '%s':\n\t%s", name, refusal), 0) end
    return P.only_text.not_found(wanted, path)
  end
  if is_closed then return closed end
  return function(...)
    if refusal then refuse((...)) end
    local results = pack(pcall(original, ...))
    if results[1] then return unpack(results, 2, results.n) end
    error(explained((gsub(tostring(results[2]), "^%[C%]:%d+: ", ""))), 0)
  end
end

function P.install_c_modules(globals)
  local package = globals.package
  local searchers = package.searchers or package.loaders
  install_loadlib(package)
  searchers[3] = make_searcher(searchers[3], package, function(name) return name end)
  searchers[4] = make_searcher(searchers[4], package, function(name) return match(name, "^(.-)%.") end)
end
