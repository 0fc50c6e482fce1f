-- The four kinds of work that other debuggers were measured with (docs/features.toml, [speed]), written
-- anew from their description: a loop of seven lines in one function, fib(25), calls of a function of 13
-- lines with tables and strings, resumes and yields of a coroutine. One statement a line.
--
-- The lines marked @hot stand in the function that does the work and are never reached; that marked @cold
-- stands in one that is never called.
local workloads = {}

local function idle()
  return 0 -- @cold
end
workloads.idle = idle

function workloads.loop(rounds)
  local a, b, c = 0, 0, 0
  for i = 1, rounds do
    a = a + i
    b = a - b
    c = b % 7
    if c < 0 then
      c = 0 -- @hot
    end
    a = a - c
    b = b + 1
  end
  return a + b + c
end

local function fib(n)
  if n < 0 then
    return 0 -- @hot
  end
  if n < 2 then
    return n
  end
  return fib(n - 1) + fib(n - 2)
end

function workloads.calls(n)
  return fib(n)
end

local function mixed(i)
  local point = { x = i, y = 1 }
  local name = "p" .. i % 100
  local size = #name
  if size < 2 then
    size = 2 -- @hot
  end
  point.x = point.x + size
  point.y = point.y - size
  point.name = name
  local sum = point.x + point.y
  return sum + #point.name
end

function workloads.mixed(calls)
  local sum = 0
  for i = 1, calls do
    sum = sum + mixed(i)
  end
  return sum
end

function workloads.coro(resumes)
  local yield, resume = coroutine.yield, coroutine.resume
  local body = coroutine.create(function(value)
    while true do
      if value < 0 then
        value = 0 -- @hot
      end
      value = yield(value)
    end
  end)
  local sum = 0
  for i = 1, resumes do
    local _, value = resume(body, i)
    sum = sum + value
  end
  return sum
end

return workloads, {
  { "loop", 200000, is_fixed = true },
  { "calls", 25, is_fixed = true },
  { "mixed", 50000, is_fixed = true },
  { "coro", 100000, is_fixed = true },
}
