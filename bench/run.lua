-- Times each workload of a file: the best of some runs, in seconds of processor time.
local file, rounds, scale = arg[1], tonumber(arg[2]), tonumber(arg[3])
local workloads, sizes = dofile(file)
local ready = true -- @ready
for _, each in ipairs(sizes) do
  local name, size = each[1], each.is_fixed and each[2] or each[2] * scale
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
