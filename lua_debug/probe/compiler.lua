-- LuaJIT: hooks are not heard in compiled code, so what has to be heard is kept from the compiler:
-- single functions for a step that waits in them, everything where lines anywhere matter.
local P = ...

local jit = P.lib.jit
local error, next, pcall, select = P.lib.error, P.lib.next, P.lib.pcall, P.lib.select
local getinfo = P.lib.debug.getinfo

local compiler = {}
P.compiler = compiler
if not P.is_jit then return end

local interpreted = P.lib.setmetatable({}, { __mode = "k" }) -- function -> true
local reasons = {} -- why nothing may be compiled
local was_on = false -- whether the compiler is on without them

-- Has a function interpreted until `release`, and throws compiled code away: it may be part of any.
function compiler.interpret(func)
  if not interpreted[func] then
    interpreted[func] = true
    jit.off(func)
  end
  jit.flush()
end

function compiler.release()
  for func in next, interpreted do
    interpreted[func] = nil
    jit.on(func)
  end
end

-- Calls a function while the compiler has all functions, and nothing is compiled; its result.
function compiler.with_all(func, ...)
  for each in next, interpreted do jit.on(each) end
  jit.flush()
  local ok, result = pcall(func, ...)
  for each in next, interpreted do jit.off(each) end
  if not ok then error(result, 0) end
  return result
end

-- Keeps everything from the compiler while at least one reason stands.
function compiler.stand_by(reason, stands)
  if (reasons[reason] or false) == stands then return end
  if stands and not next(reasons) then was_on = jit.status() end
  reasons[reason] = stands or nil
  if stands then
    jit.off()
    jit.flush()
  elseif was_on and not next(reasons) then
    jit.on()
  end
end

-- The script's own jit.on, jit.off and jit.status are about the time when no reason stands.
function compiler.install(library)
  local checked, pass = P.checked, P.pass
  for name, is_on in next, { on = true, off = false } do
    local original = jit[name]
    library[name] = function(...)
      local what = ...
      if what == nil and next(reasons) then
        was_on = is_on
      elseif what == true then -- the function that calls
        original(getinfo(2, "f").func, select(2, ...))
      else
        return pass(checked("jit." .. name, pcall(P.call, original, ...)))
      end
    end
  end
  local status = jit.status
  function library.status(...)
    if not next(reasons) then return status(...) end
    return was_on, select(2, status(...))
  end
end
