-- LuaJIT: hooks are not heard in compiled code, so what has to be heard is kept from the compiler:
-- single functions for a step that waits in them, everything where lines anywhere matter.
local P = ...

local jit = P.lib.jit
local next = P.lib.next

local compiler = {}
P.compiler = compiler
if not P.is_jit then return end

local interpreted = P.lib.setmetatable({}, { __mode = "k" }) -- function -> true
local reasons = {} -- why nothing may be compiled
local was_on = false -- whether the compiler was on before the first of them

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
