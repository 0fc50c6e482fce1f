-- A small program for debuggers to look at; the marked lines have names.
local prices = { apple = 3, pear = 4 }

local function cost(name, count)
  local price = prices[name] or error("no price for " .. name)
  local total = price * count -- @total
  return total -- @return
end

local function bill(orders)
  local sum = 0
  for place, order in ipairs(orders) do
    sum = sum + cost(order[1], order[2]) -- @loop
    print(place, sum)
  end
  return sum
end

local sum = bill({ { "apple", 2 }, { "pear", 5 }, { "apple", 1 } }) -- @call
print("sum", sum) -- @print
if ... == "plum" then
  bill({ { "plum", 1 } }) -- @plum
end
