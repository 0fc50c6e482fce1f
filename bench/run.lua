-- Times each workload: the best of some runs, in seconds of processor time.
local folder, rounds, scale = arg[1], tonumber(arg[2]), tonumber(arg[3])
local workloads = dofile(folder .. "/workloads.lua")
local sizes = { recursion = 24, numbers = 4000, strings = 60000, objects = 120000, generator = 80000 }
local ready = true -- @ready
for _, name in ipairs({ "recursion", "numbers", "strings", "objects", "generator" }) do
  local size = name == "recursion" and sizes[name] or sizes[name] * scale
  local best = math.huge
  workloads[name](size)
  for _ = 1, rounds do
    collectgarbage()
    local before = os.clock()
    workloads[name](size)
    best = math.min(best, os.clock() - before)
  end
  print(name, best)
end
