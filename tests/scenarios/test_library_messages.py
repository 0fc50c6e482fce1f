"""What the library says of a mistake is what it says without the debugger."""

import pytest

from tests.support.plain import plain_output

SHOW = """
local function show(...)
  local parts = {}
  for i = 1, select("#", ...) do parts[i] = tostring((select(i, ...))) end
  print((table.concat(parts, " | "):gsub("0x%x+", "0x")))
end
local function try(f, ...) show(pcall(f, ...)) end
"""

SAME = {
    "errors in __tostring": """
local function throwing(f) return setmetatable({}, { __tostring = f }) end
local bare = throwing(function() error("bare", 0) end)
local placed = throwing(function() error("placed") end)
local of_print = throwing(function() error("of print", 2) end)
local of_caller = throwing(function() error("of its caller", 3) end)
local number = throwing(function() return 7 end)
local yielding = throwing(function() coroutine.yield(1) end)
for _, value in ipairs({ bare, placed, of_print, of_caller, number }) do
  try(function() print(value) end)
  try(print, value)
end
if not jit then try(coroutine.wrap(function() print(yielding) end)) end -- where it may yield
""",
    "io.lines": """
try(function() for _ in io.lines("/nonexist") do end end)
try(io.lines, "/nonexist")
try(function() for _ in io.lines({}) do end end)
try(function() for _ in io.stdout.lines() do end end)
try(function() for _ in io.stdin:lines("*z") do end end)
try(function() local t = { lines = io.stdin.lines } t:lines() end)
""",
    "io.popen and os.execute": """
try(function() io.popen() end)
try(function() io.popen({}) end)
try(function() io.popen("true", "neither") end)
try(io.popen)
try(function() os.execute({}) end)
try(os.execute, {})
""",
    "reading": """
try(function() io.read("*z") end)
try(function() io.read({}) end)
try(io.read, "*z")
try(function() io.stdin:read("*z") end)
try(function() io.stdin.read() end)
try(function() io.stdin.read(1) end)
try(function() local read = io.read read({}) end)
try(function() local t = { read = io.stdin.read } t:read() end)
""",
    "writing": """
try(function() io.stdout.write() end)
try(function() io.stdout.write(nil) end)
try(function() io.stdout:write({}) end)
try(function() local t = { write = io.stdout.write } t:write("x") end)
try(function() io.write("", {}) end)
try(io.write, nil)
try(io.stdout.write)
""",
    "loading": """
try(function() load() end)
try(function() load("x x") end)
try(function() load("x", {}) end)
try(load)
try(function() loadfile({}) end)
try(loadfile, {})
try(function() dofile({}) end)
try(dofile, {})
try(function() dofile("/nonexist") end)
local compile = loadstring or load
try(function() compile() end)
try(function() show(compile("x x")) end)
try(function() show(load(function() error("placed") end)) end)
try(function() string.dump() end)
try(function() string.dump(print) end)
try(string.dump, {})
""",
    "catching": """
try(function() pcall() end)
try(pcall)
try(pcall, pcall)
try(pcall, nil)
try(pcall, pcall, nil, 1)
try(function() xpcall() end)
try(function() xpcall(error) end)
try(xpcall, error)
for _, handler in ipairs({ {}, 1, setmetatable({}, { __call = function() return "called" end }) }) do
  try(function() show(xpcall(error, handler)) end)
  try(xpcall, error, handler)
end
try(function() show(xpcall(error, nil)) end)
try(function() local catch = xpcall catch(error, nil) end)
try(function() show(xpcall(nil, function(message) return "handled " .. message end)) end)
-- 5.1's pcall passes arguments by way of a function of ours
if _VERSION ~= "Lua 5.1" or jit then try(function() show(pcall(error, "of the caller", 2)) end) end
try(function() show(pcall(function() error("of the caller", 3) end)) end)
""",
}


def _lasting(d, text):
    """A text without its folder, and without what Lua 5.2 puts before a name in some processes."""
    return text.replace(str(d.folder), "").replace("'_G.", "'")


@pytest.mark.parametrize("name", SAME)
def test_the_words(debug, name):
    """Position, name and number of an argument are those that the script would be told plainly."""
    with debug(SHOW + SAME[name]) as d:
        expected = plain_output(d)
        assert expected.count("\n") > 5
        d.start()
        d.requests.set_exception_breakpoints(filters=[])
        assert 0 == d.run_to_end()
        assert _lasting(d, expected) == _lasting(d, d.output("stdout"))
