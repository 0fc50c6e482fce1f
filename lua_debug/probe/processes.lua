-- Processes, as the manual has them (io.popen, file:close, os.execute): lupa's plain Lua is built for any
-- system and has no io.popen, and answers what the system calls the status of a process.
--
-- What io.popen returns is a file of Lua's own, opened at a pipe that the host made (lua_debug/processes.py);
-- only closing it is ours.
local P = ...

local lib = P.lib
local pcall, select, tostring, type = lib.pcall, lib.select, lib.tostring, lib.type
local floor, find, match = lib.math.floor, lib.string.find, lib.string.match
local getmetatable, open, output = lib.debug.getmetatable, lib.io.open, lib.io.output
local call, checked, pass, host = P.call, P.checked, P.pass, P.host
local has_words = P.version ~= "5.1" -- a status is told in words: true or nil, "exit" or "signal", number
local checks_mode = P.version ~= "5.1" and P.version ~= "5.2"

local numbers = lib.setmetatable({}, { __mode = "k" }) -- file -> the number of its process

-- Closing -------------------------------------------------------------------------------------------

-- What closing a file of a process answers (lauxlib.c, luaL_execresult; 5.1: liolib.c, io_pclose). If the
-- process has nothing to complain of, what was written may not have reached it.
local function closed(original, file)
  local number = numbers[file]
  numbers[file] = nil
  if P.unmark then P.unmark() end -- the process may write its last
  local ok, message, code = original(file)
  if P.dying then return ok, message, code end -- who is made to end waits for nobody
  local how, status = host.pclose(number)
  if how == "exit" and status == 0 and not ok then return ok, message, code end
  if not has_words then return true end
  if how == "exit" and status == 0 then return true, how, status end
  return nil, how, status
end

local function install_close(globals, metatable)
  local methods = metatable.__index
  local close, io_close = methods.close, lib.io.close
  function methods.close(...)
    local file = ...
    if numbers[file] then return closed(close, file) end
    return pass(checked(nil, pcall(call, close, ...)))
  end
  function globals.io.close(...)
    local file = ...
    if select("#", ...) == 0 then file = select(2, pcall(output)) end
    if numbers[file] then return closed(close, file) end
    return pass(checked("io.close", pcall(call, io_close, ...)))
  end
  for _, event in lib.next, { "__gc", "__close" } do
    local original = metatable[event]
    if original then
      metatable[event] = function(file, ...)
        if numbers[file] then closed(close, file) else original(file, ...) end
      end
    end
  end
end

-- io.popen ------------------------------------------------------------------------------------------

local function is_text(value) return type(value) == "string" or type(value) == "number" end

-- Whether a mode is one to read with; nil if it is none at all (glibc's popen; liolib.c, l_checkmodep).
local function reads(mode)
  if checks_mode then return mode == "r" or nil, mode == "w" end
  local reading, writing = find(mode, "r", 1, true), find(mode, "w", 1, true)
  if find(mode, "[^rwe]") or not reading == not writing then return nil, false end
  return reading ~= nil, writing ~= nil
end

local INVALID = 22 -- EINVAL

local function popen(...)
  local command, mode = ...
  if not is_text(command) or not (mode == nil or is_text(mode)) then P.refuse(lib.io.popen, "io.popen", ...) end
  command = match(tostring(command), "^%Z*")
  local is_read, is_written = reads(mode == nil and "r" or tostring(mode))
  if not (is_read or is_written) then
    if checks_mode then checked("io.popen", false, "[C]:0: bad argument #2 to 'nameless' (invalid mode)") end
    return nil, command .. ": Invalid argument", INVALID
  end
  local descriptor, name, number = host.popen(command, is_read or false)
  if not descriptor then return nil, command .. ": " .. name, number end
  local file, message, code = open(name, is_read and "r" or "w")
  host.popened(descriptor)
  if not file then
    host.pclose(number)
    return nil, command .. ": " .. message, code
  end
  numbers[file] = number
  return file
end

-- os.execute ----------------------------------------------------------------------------------------

-- The system's status of a process, as 5.2 and later tell it (lauxlib.c, l_inspectstat).
local function told(ok, ...)
  local how, status = ...
  if ok or how ~= "exit" then return ok, ... end
  local signal = status % 128
  if signal == 0 then return ok, how, floor(status / 256) % 256 end
  return ok, "signal", signal
end

local function execute(...)
  return told(checked("os.execute", pcall(call, lib.os.execute, ...)))
end

function P.install_processes(globals)
  if P.is_jit then return end
  if has_words then globals.os.execute = execute end
  if not host.popen then return end
  globals.io.popen = popen
  install_close(globals, getmetatable(lib.io.stdout))
end
