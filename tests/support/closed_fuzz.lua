-- Looks for functions of the host from everywhere a closed script can be called, in a random order.
-- It answers what it found: "" or lines.
local SEED, STEPS = ...
local random = math.random
math.randomseed(SEED)
for _ = 1, 5 do random() end

local compile, unpack = loadstring or load, table.unpack or unpack
local getinfo, getlocal, getupvalue, gethook = debug.getinfo, debug.getlocal, debug.getupvalue, debug.gethook
local sethook, traceback = debug.sethook, debug.traceback

-- What is a script's own ---------------------------------------------------------------------------------

local known, found, lines = {}, {}, {}

local function learn(holder, seen)
  if seen[holder] then return end
  seen[holder] = true
  for _, value in next, holder do
    if type(value) == "function" then known[value] = true end
    if type(value) == "table" then learn(value, seen) end
  end
end

learn(_G, {})
learn(getmetatable(io.stdout), {})
learn({ ipairs({}), pairs({}), (io.lines("/dev/null")) }, {})

-- Remembers a function in C that was made for us.
local function made(value)
  known[value] = true
  return value
end

local where = "?"

local function report(what, value)
  if found[value] then return end
  found[value] = true
  lines[#lines + 1] = { value, what .. " in " .. where .. ": " .. type(value) }
end

-- Whether a function in C is the original of one that is closed: files, iterators and coroutines are none.
local function opens(value)
  local ok, registry = pcall(value)
  if ok and type(registry) == "table" and (rawget(registry, "_LOADED") or rawget(registry, "FILE*")) then return true end
  local _, name, held = pcall(value, print, 1)
  if type(name) == "string" and type(held) == "function" then return true end
  _, name = pcall(value, print, "f")
  return type(name) == "table" and rawget(name, "func") == print and not known[value]
end

local judge

local function judge_function(value, how)
  if known[value] then return end
  local info = getinfo(value, "S")
  if info.what == "C" then
    if opens(value) then report("a function in C that opens the process by " .. how, value) end
  elseif info.source == "=[C]" then
    report("a function of the host by " .. how, value)
  end
  for index = 1, 10 do
    local name, held = getupvalue(value, index)
    if not name then break end
    if not known[value] and type(held) == "function" and held ~= value then known[value] = true judge(held, how .. ", upvalue " .. name, 1) end
  end
end

function judge(value, how, depth)
  if type(value) == "function" then
    judge_function(value, how)
  elseif type(value) == "table" and depth < 3 and value ~= _G and value ~= known and value ~= found then
    for key, each in next, value do
      if type(each) == "function" or type(each) == "table" and depth < 2 then judge(each, how .. ", field " .. tostring(key), depth + 1) end
    end
  end
end

-- Looking ------------------------------------------------------------------------------------------------

local is_looking, hook_count = false, 0

local function each_slot(...)
  for slot = -8, 30 do
    local arguments = { ... }
    arguments[#arguments + 1] = slot
    local ok, name, value = pcall(getlocal, unpack(arguments))
    if ok and name and value ~= nil then judge(value, "getlocal " .. slot .. " " .. name, 0) end
  end
end

local function look_at_levels()
  for level = 0, 14 do
    local info = getinfo(level, "f")
    if not info then break end
    if info.func then judge(info.func, "getinfo", 0) end
    for slot = -8, 30 do
      local name, value = getlocal(level, slot)
      if name and value ~= nil then judge(value, "getlocal " .. level .. "/" .. slot .. " " .. name, 0) end
    end
  end
end

local function look(place)
  if is_looking then return end
  is_looking = true
  local before = where
  where = (place or "") .. ", " .. where
  look_at_levels()
  local hook = gethook()
  if hook then judge(hook, "gethook", 0) end
  where, is_looking = before, false
end

local function look_into(co)
  for level = 0, 5 do
    local ok, info = pcall(getinfo, co, level, "f")
    if not ok or not info then break end
    if info.func then judge(info.func, "getinfo of a coroutine", 0) end
    each_slot(co, level)
  end
  local ok, hook = pcall(gethook, co)
  if ok and hook then judge(hook, "gethook of a coroutine", 0) end
end

local function hooked(event)
  hook_count = hook_count + 1
  local seldom = hook_count < 600 and 3 or 97 -- a hook for lines can be called a million times
  if hook_count % seldom == 0 then look("a hook for " .. event) end
end

-- Where a script is called -------------------------------------------------------------------------------

local function spread(...)
  local first, second = ...
  if random(6) == 1 then look("a vararg function") end
  return second, first, select("#", ...)
end

local function named(a, b, c, d)
  local e, f
  if random(6) == 1 then look("a function") end
  e = a
  f = e and b
  return c, d, f
end

local function deep(n, ...)
  if n == 0 then
    look("deep down")
    return ...
  end
  return deep(n - 1, n, ...)
end

local looking = setmetatable({}, {
  __tostring = function() look("__tostring") return "looking" end,
  __index = function(_, key) look("__index") return key end,
  __newindex = function() look("__newindex") end,
  __call = function(_, ...) look("__call") return ... end,
  __eq = function() look("__eq") return true end,
  __lt = function() look("__lt") return true end,
  __le = function() look("__le") return true end,
  __concat = function() look("__concat") return "" end,
  __len = function() look("__len") return 1 end,
  __unm = function() look("__unm") return 1 end,
  __pairs = function() look("__pairs") return next, {}, nil end,
})

local function collected()
  local function finalize() look("__gc") end
  if newproxy then
    getmetatable(newproxy(true)).__gc = finalize
  else
    setmetatable({}, { __gc = finalize })
  end
end

local function in_coroutine()
  return function(...)
    local mine = { ... }
    look("a coroutine")
    local got = coroutine.yield(mine)
    look("a coroutine that goes on")
    if got == 3 then error("ended", 0) end
    return got
  end
end

local actions = {
  function() return spread(random(9), nil, {}) end,
  function() return spread() end,
  function() return spread(unpack({ 1, 2, 3, 4, 5, 6, 7 }, 1, random(7))) end,
  function() return named(random(3)) end,
  function() return named() end,
  function() return deep(random(12), random(3)) end,
  function() return traceback("x", random(3)) end,
  function() return traceback(coroutine.create(named)) end,
  function() return tostring(looking) end,
  function() return looking.field end,
  function() looking.field = 1 end,
  function() return looking(1, 2) end,
  function() return -looking end,
  function() return looking .. "x" end,
  function() return pcall(function() return looking < looking end) end,
  function() return pcall(function() for _ in pairs(looking) do end end) end,
  function() return pcall(print, setmetatable({}, { __tostring = function() look("print") error("no", 0) end })) end,
  function() table.sort({ 3, 1, 2, 5, 4 }, function(a, b) look("sort") return a < b end) end,
  function() return string.gsub("abc", ".", function() look("gsub") end) end,
  function() for word in made(string.gmatch("a b", "%a")) do spread(word) end end,
  function() return pcall(error, looking) end,
  function() return xpcall(function() error("x", 0) end, function(e) look("a handler") return e end) end,
  function() return xpcall(function() local n = nil return n.x end, function(e) look("a handler") return traceback(e) end) end,
  function() return pcall(require, "nothing.there") end,
  function() return pcall(require, looking) end,
  function() return pcall(loadfile, "nothing") end,
  function() return pcall(dofile, "nothing") end,
  function() return compile("local a, b = ... return a")(spread) end,
  function()
    local pieces = 0
    return load(function() look("a reader") pieces = pieces + 1 return pieces == 1 and "return 1" or nil end)
  end,
  function()
    local co = coroutine.create(in_coroutine())
    coroutine.resume(co, random(3))
    look_into(co)
    coroutine.resume(co, random(4))
    look_into(co)
  end,
  function() return pcall(made(coroutine.wrap(in_coroutine())), 1) end,
  function()
    local co = coroutine.create(function() tostring(looking) coroutine.yield() end)
    sethook(co, hooked, "crl", random(4))
    coroutine.resume(co)
    look_into(co)
    coroutine.resume(co)
  end,
  function() for index = 1, 120 do spread(index, index) named(index) end end,
  function() for index = 1, 200 do local a, b = index, index + 1 if index == 190 then look("a hot loop") end a = b end end,
  function() collected() collectgarbage() end,
  function() return pcall(os.rename, {}, {}) end,
  function() return pcall(io.open, looking) end,
  function()
    local file = io.popen and io.popen("true")
    if file then file:read("*l") file:close() end
  end,
  function() return pcall(debug.setmetatable, io.stdout, {}) end,
  function() return pcall(debug.getregistry) end,
  function() return pcall(debug.getlocal, 1, looking) end,
  function() return pcall(debug.setlocal, 2, random(40) - 10, named) end,
  function() return pcall(debug.getinfo, named, looking) end,
  function() return pcall(debug.upvalueid or print, print, 1) end,
  function() return pcall(debug.setupvalue, print, 1, named) end,
  function() return pcall(getfenv or print, random(6) - 1) end,
  function() return pcall(setfenv or print, random(4) + 1, _G) end,
  function() return getlocal(named, 1) end,
  function() sethook(hooked, ({ "c", "r", "l", "cr", "crl" })[random(5)], random(3) == 1 and random(9) or 0) end,
  function() sethook() end,
  function() look("the main chunk") end,
}

if Fuzz then
  actions[#actions + 1] = function() return Fuzz.echo(random(9), "x", { 1, { 2 } }) end
  actions[#actions + 1] = function() return pcall(Fuzz.echo) end
  actions[#actions + 1] = function() return pcall(Fuzz.echo, looking, print) end
  actions[#actions + 1] = function() return Fuzz.call(function(...) look("a callback") return ... end) end
  actions[#actions + 1] = function() return pcall(Fuzz.call, function() error(looking, 0) end) end
  actions[#actions + 1] = function() return pcall(Fuzz.fail, "x") end
  actions[#actions + 1] = function() return Fuzz.call(made(coroutine.wrap(in_coroutine()))) end
  actions[#actions + 1] = function()
    local thing = Fuzz.thing()
    made(thing.touch)
    return tostring(thing), thing:touch(1)
  end
end

for step = 1, STEPS do
  local number = random(#actions)
  where = "step " .. step .. ", action " .. number
  local results = { pcall(actions[number]) }
  for index = 2, #results do judge(results[index], "a result", 0) end
end
sethook()
local told = {}
for _, each in ipairs(lines) do
  if not known[each[1]] then told[#told + 1] = each[2] end
end
return table.concat(told, "\n")
