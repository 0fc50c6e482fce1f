-- What a run has from outside besides its input, so that it can be repeated: where its random numbers
-- begin, and the time it is told. And what it uses.
local P = ...

local lib = P.lib
local clock, collectgarbage, floor, pcall = lib.os.clock, lib.collectgarbage, lib.math.floor, lib.pcall
local date, time = lib.os.date, lib.os.time
local rawget, rawset, type = lib.rawget, lib.rawset, lib.type

-- seed {seed}: random numbers begin there.
function P.ops.seed(command)
  lib.math.randomseed(command.seed)
  return {}
end

-- memory {collect?}: {bytes} that the program has now; after a collection, those that it needs.
function P.ops.memory(command)
  if command.collect then
    collectgarbage()
    collectgarbage() -- what has a finalizer goes with the second one
  end
  return { bytes = floor(collectgarbage("count") * 1024) }
end

local told, since -- the time that the program was told, and the processor's then

-- Time goes on as fast as the program works: whoever waits for it in a loop will see it, and a program that
-- soon ends sees one second only, as it did as a rule when it was recorded.
local function now() return floor(told + clock() - since) end

local function told_time(...)
  if (...) == nil and told then return now() end
  return P.checked("time", pcall(P.call, time, ...))
end

local function told_date(text, at, ...)
  if at == nil and told then at = now() end
  if at == nil then return P.checked("date", pcall(P.call, date, text)) end
  return P.checked("date", pcall(P.call, date, text, at, ...))
end

local is_installed = false

local function install()
  local os = rawget(P.globals, "os")
  if is_installed or type(os) ~= "table" then return end
  is_installed = true
  if rawget(os, "time") then rawset(os, "time", told_time) end
  if rawget(os, "date") then rawset(os, "date", told_date) end
end

-- clock {at?}: os.time() and os.date() go on from `at`, seconds since 1970, or tell the time again.
function P.ops.clock(command)
  if command.at then install() end
  told, since = command.at and floor(command.at), clock()
  return {}
end
