-- Adds up an invoice; the last item is broken on purpose.
local items = {
  { name = "tea", price = 4, count = 3 },
  { name = "bread", price = 2.5, count = 2 },
  { name = "cheese", price = 7 },
}

local function total_of(item)
  local total = item.price * item.count
  return total
end

local sum = 0
for _, item in ipairs(items) do
  sum = sum + total_of(item)
  print(item.name, sum)
end
