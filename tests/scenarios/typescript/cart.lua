-- Lua Library inline imports
local function __TS__Class(self)
    local c = {prototype = {}}
    c.prototype.__index = c.prototype
    c.prototype.constructor = c
    return c
end

local function __TS__New(target, ...)
    local instance = setmetatable({}, target.prototype)
    instance:____constructor(...)
    return instance
end

local function __TS__ArrayMap(self, callbackfn, thisArg)
    local result = {}
    for i = 1, #self do
        result[i] = callbackfn(thisArg, self[i], i - 1, self)
    end
    return result
end
-- End of Lua Library inline imports
Cart = __TS__Class()
Cart.name = "Cart"
function Cart.prototype.____constructor(self)
    self.items = {}
end
function Cart.prototype.add(self, name, price)
    local item = {name = name, price = price}
    local ____self_items_0 = self.items
    ____self_items_0[#____self_items_0 + 1] = item
end
function Cart.prototype.total(self)
    local sum = 0
    for ____, ____value in ipairs(self.items) do
        local name = ____value.name
        local price = ____value.price
        sum = sum + (name == "gift" and 0 or price)
    end
    return sum
end
cart = __TS__New(Cart)
cart:add("pen", 2)
cart:add("gift", 5)
doubled = __TS__ArrayMap(
    {1, 2, 3},
    function(____, n) return n * 2 end
)
do
    local i = 0
    while i < 2 do
        print(nil, i, doubled[i + 1])
        i = i + 1
    end
end
print(
    nil,
    cart:total()
)
