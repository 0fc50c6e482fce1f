-- LuaJIT: breakpoints in code that is loaded already. Its functions are given the bodies of the same text
-- with more probes, so that they go on being compiled.
local P = ...

local lib = P.lib
local host, loadstring, pcall = P.host, lib.loadstring, lib.pcall

local OFTEN = 10 -- how many safepoints one that could not be done yet is tried at

local left = 0 -- tries until what waits is given up; 0: nothing waits

-- "done", "later" or why not.
local function exchange(offer)
  local before, after = loadstring(offer.before, offer.raw), loadstring(offer.after, offer.raw)
  if not before or not after then return "it does not compile" end
  local ok, outcome = pcall(P.hooks.exchange, before, after, offer.first)
  return ok and outcome or "the compiler is busy"
end

-- Whether anything is settled now that was not, and whether something has to wait.
local function exchange_all()
  local offers = P.compile(host.exchanges(), "=exchanges", {})().offers
  local is_settled, waits = false, false
  for index = 1, #offers do
    local outcome = exchange(offers[index])
    host.exchanged(offers[index].number, outcome)
    if outcome == "later" then waits = true else is_settled = true end
  end
  return is_settled, waits
end

local function try_again()
  P.flag[0] = 1
  P.safepoints.wake()
end

-- The command that arms what is set now, once as much as possible has probes. The one at hand may be
-- older, and more may be set while this works.
function P.with_exchanges(command)
  if not P.hooks.exchange or P.evaluating > 0 then return command end
  local is_settled, waits = true, false
  while command.exchanges and is_settled do
    is_settled, waits = exchange_all()
    command = P.compile(host.arming(), "=arm", {})()
  end
  left = waits and OFTEN or 0
  if waits then try_again() end
  return command
end

-- At a safepoint: tries again what a function on a stack was in the way of.
function P.exchange_again()
  if left == 0 or P.evaluating > 0 then return end
  local is_settled, waits = exchange_all()
  left = waits and left - 1 or 0
  if left > 0 then try_again() end
  if is_settled then P.run_command(host.arming()) end
end
