-- Five kinds of work, one statement a line, as people write them: recursion, numbers in nested loops,
-- tables and strings, objects and closures, a generator. Each takes a size and returns a checksum.
-- The lines marked @hot stand in the hottest function and are never reached.
local workloads = {}

local function fib(n)
  if n < 0 then
    return 0 -- @hot
  end
  if n < 2 then
    return n
  end
  return fib(n - 1) + fib(n - 2)
end

function workloads.recursion(size)
  return fib(size)
end

function workloads.numbers(size)
  local sum = 0
  for outer = 1, size do
    local twice = outer * 2
    for inner = 1, 100 do
      sum = sum + twice % inner
      if sum < 0 then
        sum = 0 -- @hot
      end
      if sum > 1e9 then
        sum = sum - 1e9
      end
    end
  end
  return sum
end

function workloads.strings(size)
  local seen = {}
  local words = {}
  for index = 1, size do
    local word = "k" .. (index % 1000)
    local count = seen[word]
    if count then
      seen[word] = count + 1
    else
      seen[word] = 1
    end
    if word == "" then
      words = {} -- @hot
    end
    words[#words + 1] = word:upper()
    if #words > 200 then
      local joined = table.concat(words, ",")
      words = { joined:sub(1, 5) }
    end
  end
  return #words
end

local Vector = {}
Vector.__index = Vector

function Vector.new(x, y)
  return setmetatable({ x = x, y = y }, Vector)
end

function Vector:add(other)
  if other == nil then
    return self -- @hot
  end
  self.x = self.x + other.x
  self.y = self.y + other.y
  return self
end

function Vector:square()
  return self.x * self.x + self.y * self.y
end

local function counter(step)
  local total = 0
  return function()
    total = total + step
    return total
  end
end

function workloads.objects(size)
  local place = Vector.new(0, 0)
  local way = Vector.new(1, 2)
  local following = counter(3)
  local sum = 0
  for _ = 1, size do
    place:add(way)
    sum = sum + following()
    if place:square() > 1e6 then
      place = Vector.new(0, 0)
    end
  end
  return sum
end

function workloads.generator(size)
  local produce = coroutine.wrap(function(value)
    local sum = 0
    while true do
      if value < 0 then
        sum = 0 -- @hot
      end
      sum = sum + value
      value = coroutine.yield(sum)
    end
  end)
  local last = 0
  for index = 1, size do
    last = produce(index)
  end
  return last
end

-- Called by nobody: a place for breakpoints far from the work.
function workloads.unused(size)
  local doubled = size * 2 -- @cold
  return doubled
end

return workloads, {
  { "recursion", 24, is_fixed = true },
  { "numbers", 4000 },
  { "strings", 60000 },
  { "objects", 120000 },
  { "generator", 80000 },
}
