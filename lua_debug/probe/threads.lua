-- The coroutines of the script: which there are, what they are called, who resumed whom.
--
-- Only creation is watched, through replacements of coroutine.create and coroutine.wrap; resuming
-- stays as fast as it was. Who resumed a coroutine is read off the stacks when somebody asks.
local P = ...

local lib = P.lib
local create, running, status = lib.coroutine.create, lib.coroutine.running, lib.coroutine.status
local getinfo, getlocal, getupvalue = lib.debug.getinfo, lib.debug.getlocal, lib.debug.getupvalue
local next, setmetatable, type = lib.next, lib.setmetatable, lib.type

-- Ids of threads: weak, so that being listed keeps no coroutine alive.
local ids = setmetatable({}, { __mode = "k" })
local by_id = setmetatable({}, { __mode = "v" })
local last_id = 1
local told = {} -- ids of the coroutines that the client was told of
-- Every coroutine the script created, and no others.
local created = setmetatable({}, { __mode = "k" })
P.created_threads = created

-- The running thread, also where Lua 5.1 answers nil for the main one.
function P.running() return running() or P.main end

-- The id a thread is known by, minted when it is first asked for; 1 is the main thread.
function P.thread_id(thread)
  if thread == P.main then return 1 end
  local id = ids[thread]
  if not id then
    id = last_id + 1
    last_id = id
    ids[thread], by_id[id] = id, thread
  end
  return id
end

function P.thread_by_id(id)
  if id == 1 then return P.main end
  return by_id[id]
end

-- Those whose end is no news, since it was asked for or came in evaluated code: dead, they are not shown.
local unmourned = setmetatable({}, { __mode = "k" })

local function has_stack(thread)
  return getinfo(thread, 0, "l") ~= nil and not (unmourned[thread] and status(thread) == "dead")
end

-- It will not be shown when it is dead.
function P.leave_unmourned(thread) unmourned[thread] = true end

-- The coroutine that a client wants ended; nil for what a failed cell left, which is forgotten.
function P.thread_to_end(id)
  if id == P.FAILED then return P.forget_remains() end
  local thread = P.thread_by_id(id)
  if thread == P.main then P.user_error("The main thread ends with the program; terminate that.") end
  if not thread then P.user_error("There is no thread " .. lib.tostring(id) .. ".") end
  unmourned[thread] = true
  return thread
end

-- The main thread and the coroutines that still have a stack: suspended after they began, running,
-- resuming another one, or dead of an error (only that leaves frames). At most `limit`, those at hand
-- first.
function P.known_threads(limit)
  local threads, seen = P.array(), {}
  local function add(thread)
    if seen[thread] or not has_stack(thread) then return end
    seen[thread] = true
    threads[#threads + 1] = thread
  end
  add(P.main)
  local thread = P.stop and P.stop.thread
  while thread do
    add(thread)
    thread = P.resumer(thread)
  end
  for id in next, told do
    if by_id[id] then add(by_id[id]) end
  end
  for other in next, created do
    if #threads >= limit then break end
    add(other)
  end
  return threads
end

-- Telling -----------------------------------------------------------------------------------------

-- Tells that a coroutine is there, the first time it is seen.
function P.tell_thread(thread)
  local id = P.thread_id(thread)
  if id == 1 or told[id] then return end
  told[id] = true
  P.emit({ event = "thread_started", thread = id })
end

-- Tells which of the coroutines that were seen are no more.
function P.tell_ended_threads()
  for id in next, told do
    local thread = by_id[id]
    if not thread or not has_stack(thread) then
      told[id] = nil
      P.emit({ event = "thread_ended", thread = id })
    end
  end
end

-- Called by the probe for each coroutine the script makes.
function P.register_thread(thread)
  created[thread] = true
  return thread
end

-- The thread of what coroutine.wrap made; nil for other functions. It is the first upvalue, which 5.1
-- does not show, so there it has to be noted.
local wrapped_threads = setmetatable({}, { __mode = "kv" })

function P.note_wrapped(func, thread) wrapped_threads[func] = thread end

function P.wrapped_thread(func)
  if P.version == "5.1" then return wrapped_threads[func] end
  local _, thread = getupvalue(func, 1)
  return type(thread) == "thread" and thread or nil
end

local resume = lib.coroutine.resume

-- What a thread is resuming: the coroutine its topmost C function holds.
local function resumed_by(thread)
  local info = getinfo(thread, 0, "fS")
  if not info or info.what ~= "C" then return nil end
  if info.func == resume or info.func == P.native_resume then
    local _, coroutine = getlocal(thread, 0, 1)
    return coroutine
  end
  return P.wrapped_thread(info.func)
end

-- Who called the C function that made a coroutine and resumes it: that goes on when this one ends, and
-- is the only one that waits for something unknown.
local function is_created(thread) return thread ~= nil and created[thread] end

local function resumer_in_c(thread)
  local place = status(thread)
  if created[thread] or place ~= "normal" and place ~= "running" then return nil end
  local function waits_for_unknown(other)
    return other ~= thread and status(other) == "normal" and not is_created(resumed_by(other))
  end
  for other in next, created do
    if waits_for_unknown(other) then return other end
  end
  return waits_for_unknown(P.main) and P.main or nil
end

-- The thread that resumed this one, or nil (the main thread, a suspended one, or a dead one but for
-- that whose error stopped the program).
function P.resumer(thread)
  if thread == P.main then return nil end
  local stop = P.stop
  if stop and stop.thread == thread and stop.running and stop.running ~= thread then return stop.running end
  if P.hooks.resumer then return P.hooks.resumer(thread) or resumer_in_c(thread) end
  if resumed_by(P.main) == thread then return P.main end
  for other in next, created do
    if status(other) == "normal" and resumed_by(other) == thread then return other end
  end
  return resumer_in_c(thread)
end

-- Whether a function belongs to the probe; `info` holds fields S. All of the probe is compiled under
-- the name that C functions have, which makes it look like the C functions it stands in for.
function P.is_probe_info(info) return info.source == "=[C]" and info.what ~= "C" end

function P.is_probe(func)
  local info = getinfo(func, "S")
  return info.source == "=[C]" and info.what ~= "C"
end

-- For the probe's own use, outside the script's sight: a coroutine that nobody lists.
P.private_thread = create
