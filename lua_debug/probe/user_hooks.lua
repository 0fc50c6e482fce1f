-- The script's own hooks (debug.sethook) beside ours, where Lua has room for one: which events they
-- ask for, and which of those are the script's business.
local P = ...

local lib = P.lib
local getinfo, find, running = lib.debug.getinfo, lib.string.find, P.running
local counts = P.counts

local user_hooks = { has_counts = false } -- has_counts: some are exact, so we must halt them
P.user_hooks = user_hooks

local hooks = lib.setmetatable({}, { __mode = "k" }) -- thread -> { func =, mask =, count =, events = }, see counts.lua

-- LuaJIT has one hook for all threads.
local function owner(thread) return P.is_jit and P.main or thread or running() end

local function note_counts()
  local had = user_hooks.has_counts
  user_hooks.has_counts = false
  for _, hook in lib.next, hooks do
    if hook.address then user_hooks.has_counts = true end
  end
  if user_hooks.has_counts ~= had then P.count_probes(not had) end
end

-- Notes what a thread (nil: the running one) has for a hook; `func` nil: none.
function user_hooks.set(thread, func, mask, count)
  local hook = func and {
    func = func, mask = mask, count = count,
    events = {
      ["line"] = find(mask, "l", 1, true) ~= nil, ["count"] = count > 0,
      ["call"] = find(mask, "c", 1, true) ~= nil, ["tail call"] = find(mask, "c", 1, true) ~= nil,
      ["return"] = find(mask, "r", 1, true) ~= nil, ["tail return"] = find(mask, "r", 1, true) ~= nil,
    },
  } or nil
  if hook then counts.prepare(hook, owner(thread)) end
  hooks[owner(thread)] = hook
  note_counts()
end

-- The script's hook of a thread (nil: the running one), or nil.
function user_hooks.of(thread) return hooks[owner(thread)] end

function user_hooks.are_set() return lib.next(hooks) ~= nil end

-- A mask and a count that ask for what the script's hook of a thread wants, too.
function user_hooks.joined(thread, mask, count)
  local hook = hooks[owner(thread)]
  if not hook then return mask, count end
  for index = 1, #hook.mask do
    local letter = lib.string.sub(hook.mask, index, index)
    if not find(mask, letter, 1, true) then mask = mask .. letter end
  end
  return mask, count > 0 and count or hook.count
end

-- A count of the script ended; true if it is to hear of that now. In our own code (`is_ours`) that is put off.
-- One that a probe has halted (the hook has nothing `halted` then) ends, too, which means nothing, but in the
-- script that an error was in the way when it should go on. To be asked by what Lua's hook calls calls.
function user_hooks.count_ended(every, is_ours, halted)
  local hook = hooks[owner()]
  if not hook then return false end
  if hook.is_halted and not halted then
    if not is_ours then counts.after_probe(hook, 0) end
  elseif is_ours and hook.address and counts.is_in_probe(4) then
    hook.owed = hook.owed + every
  elseif is_ours then
    P.hooks.tell_soon()
  else
    hook.left = hook.count
    return true
  end
  return false
end

local function is_probe(level)
  local info = getinfo(level + 1, "S")
  return info ~= nil and P.is_probe_info(info)
end

-- What the script wants to be called for an event of the running thread; nil: nothing. To be asked,
-- and called by a tail call, by the function that Lua's hook calls. What the probe does is hidden but
-- for calls of the functions that stand for the library's, and for the script's that these call.
function user_hooks.function_for(event)
  local hook = hooks[owner()]
  if not hook or not hook.events[event] or P.evaluating > 0 or P.dying then return nil end
  if event == "line" or event == "count" then return not is_probe(3) and hook.func or nil end
  local info = getinfo(3, "Sf")
  local is_script = info.what ~= "C" and not P.is_probe_info(info) and event ~= "tail return"
  if not is_script and (is_probe(4) or info.func == P.handler) then return nil end
  return hook.func
end
