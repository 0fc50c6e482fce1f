"""LuaJIT: compiled code is left when somebody wants to be heard, wherever it is, and computes the same.

With the accelerator it is left at one of its own guards, without it by source probes.
"""

import pytest

from tests.support.plain import plain_output

pytestmark = pytest.mark.lua("luajit2.0", "luajit2.1")

BEFORE = """
    local ffi = require("ffi")
    local sum, text, seen, list = 0, "", {}, { 3, 1, 4, 1, 5, 9, 2, 6 }
    local words = { "al", "be", "ga", "de", "ep" }
    local numbers, big = ffi.new("int[16]"), 5LL
    local first, last = numbers + 0, numbers + 9
    ffi.cdef("struct pair { bool is_odd; int value; };")
    local pair = ffi.new("struct pair")
    local Point = {}
    Point.__index = Point
    Point.__add = function(one, other) return setmetatable({ x = one.x + other.x }, Point) end
    Point.__eq = function(one, other) return one.x == other.x end
    Point.__lt = function(one, other) return one.x < other.x end
    function Point:moved(by) return setmetatable({ x = (self.x + by) % 50 }, Point) end
    local place, other = setmetatable({ x = 1 }, Point), setmetatable({ x = 7 }, Point)
    local function add(...) return select("#", ...) + select(2, ...) end
    local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
    local function fails(n) if n % 5 == 3 then error("three", 0) end return n end
    local following = coroutine.wrap(function()
      local state = 0
      while true do
        state = (state * 5 + 1) % 31
        coroutine.yield(state)
      end
    end)
"""
LOOPS = {
    "numbers": "if turn % 3 < 1 then sum = sum + 1 elseif turn % 7 >= 5 then sum = sum + 2 end",
    "equal numbers": "if turn % 4 == 2 then sum = sum + 5 end if turn % 3 ~= 1 then sum = sum + 1 end",
    "texts": "text = words[turn % 5 + 1] if text < 'cc' then sum = sum + #text end"
    " if text == 'ga' then sum = sum + 3 end",
    "keys": "text = words[turn % 5 + 1] seen[text] = (seen[text] or 0) + 1 sum = sum + seen[text] % 3",
    "lists": "for index, value in ipairs(list) do if value > index then sum = sum + value end end",
    "any order": "for key, value in pairs(list) do if value > key then sum = sum + value end end",
    "loops": "for inner = 1, turn % 9 do if inner > 4 then break end sum = sum + inner end",
    "while": "local left = turn % 6 while left > 0 do left = left - 1 sum = sum + left end",
    "repeat": "local left = 3 repeat left = left - 1 sum = sum + left until left < turn % 3",
    "64 bits": "big = (big * 3LL + 1LL) % 1001LL if big < 500LL then sum = sum + 1 end"
    " if big == 7LL then sum = sum + 9 end",
    "addresses": "local at = first + turn % 14 if at < last then sum = sum + 1 end"
    " if at == last then sum = sum + 4 end if at ~= first then sum = sum + 2 end",
    "booleans of C": "pair.is_odd = turn % 2 == 1 if pair.is_odd then sum = sum + 1 end",
    "metamethods": "place = place:moved(3) if place < other then sum = sum + 1 end"
    " if place == other then sum = sum + 5 end sum = sum + (place + other).x",
    "metatables": "if getmetatable(turn % 2 == 0 and place or list) == Point then sum = sum + 1 end",
    "arguments": "sum = sum + add(turn % 4, 2, 3)",
    "calls": "sum = sum + fib(turn % 7)",
    "errors": "local ok, value = pcall(fails, turn) if ok then sum = sum + 1 else sum = sum + #value end",
    "coroutines": "sum = sum + following()",
    "finding": "if ('abcabd'):find(words[turn % 5 + 1]:sub(1, 1), 1, true) then sum = sum + 1 end",
}
CHANGES = 12


@pytest.mark.parametrize("loop", LOOPS)
def test_what_it_computes_stays_the_same(debug, loop):
    """Breakpoints elsewhere are set again and again while each of the loops runs."""
    with debug(
        BEFORE
        + f"""
        print("ready")
        for turn = 1, 400000 do
          {LOOPS[loop]}
          sum = sum % 1000003
        end
        print(sum, text, tostring(big), place.x)
        """
    ) as d:
        other = d.write("other.lua", "local never = 1\n" * 9)
        d.start()
        d.result("configurationDone", d.client.send("configurationDone"))
        d.wait_for("output", lambda body: body["output"].startswith("ready"))
        for number in range(CHANGES):
            d.client.break_at(other, 1 + number % 9)
        d.wait_for("exited", lambda body: body["exitCode"] == 0)
        assert plain_output(d) == d.output("stdout")
