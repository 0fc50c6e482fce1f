"""The script's own use of the library is left alone, however strange."""

import pytest

from llmspell.script_api.catalogue import script_catalogue
from tests.support.plain import plain_output

pytestmark = pytest.mark.long


def needs_levels(d):
    """Lua 5.1 counts a tail call as a level of the stack, and the pure hooks need one."""
    if d.hooks == "pure" and d.lua == "5.1":
        pytest.skip("only the accelerator calls hooks of the script at the level they expect")


SHOW = """
local function show(...)
  local parts = {}
  for i = 1, select("#", ...) do parts[i] = tostring((select(i, ...))) end
  print((table.concat(parts, " | "):gsub("0x%x+", "0x")))
end
"""

NAMES = script_catalogue().global_names - {"arg"}
OURS = "{" + ", ".join(f"{name} = true" for name in sorted(NAMES)) + "}"
"""The globals that scripts have beyond Lua's, as a table of Lua."""

SAME = {
    "print": """
if _VERSION ~= "Lua 5.1" or jit then print("text\\0with nul") end -- 5.1 ends it there
print()
print(nil, true, 1, 1.5, 2^53, 1e100)
if not jit then print(math.huge, -math.huge) end -- LuaJIT 2.0's print cannot
print(setmetatable({}, { __tostring = function() return "shown" end }))
show(pcall(print, setmetatable({}, { __tostring = function() return 1 end })))
show(pcall(print, setmetatable({}, { __tostring = function() error("no") end })))
show(pcall(print, setmetatable({}, { __tostring = function() error({}) end })))
print((tostring(setmetatable({}, { __name = "My.Type" })):gsub("0x%x+", "0x")))
local function direct() print(setmetatable({}, { __tostring = function() return {} end })) end
show(pcall(direct))
""",
    "a tostring of its own": """
local old = tostring
tostring = function(value) return "<" .. old(value) .. ">" end
print(1, "two", nil)
tostring = nil
local ok, message = pcall(print, 1)
tostring = old
show(ok, message)
""",
    "io.write": """
io.write("a", 1, 1.5, 2^31, "\\n")
show(io.write("") == io.stdout, io.type(io.stdout))
show(pcall(io.write, {}))
show(pcall(io.write, nil))
show(pcall(io.stdout.write, io.stdout, true))
local function direct() io.write(1, {}) end
show(pcall(direct))
local function method() io.stdout:write({}) end
show(pcall(method))
local function wrong() io.stdout.write({}, 1) end
show(pcall(wrong))
""",
    "io.output elsewhere": """
local name = os.tmpname()
io.output(name)
io.write("into the file")
io.close()
io.output(io.stdout)
local file = io.open(name)
show(file:read("*a"))
file:close()
os.remove(name)
show(pcall(file.write, file, "x"))
""",
    "calling a boolean": """
local flag = true
local t = { ready = false }
show(pcall(function() flag() end))
show(pcall(function() flag(1, 2) end))
show(pcall(function() t.ready() end))
show(pcall(function() t:ready() end))
show(pcall(function() local x = flag() + 1 return x end))
done = true
show(pcall(function() done() end))
show(pcall(function() local x = (true)() return x end))
show(pcall(true))
show(pcall(pcall, false))
""",
    "a metatable of booleans": """
show(debug.getmetatable(true), not getmetatable(false))
local mt = { __index = { name = "boolean" } }
function mt.__tostring(v) return v and "yes" or "no" end
show(debug.setmetatable(true, mt) ~= nil)
show((true).name, tostring(false), getmetatable(true) == mt, debug.getmetatable(false) == mt)
debug.setmetatable(true, nil)
show(rawget(mt, "__call"))
mt.__call = function(self, x) return self, x end
debug.setmetatable(true, mt)
show((true)(5))
show((false)(6))
debug.setmetatable(true, nil)
show(debug.getmetatable(true), pcall(function() return (true).name end))
show(type(mt.__call), mt.__call(1, 2))
show(pcall(debug.setmetatable, true, 5))
show(pcall(debug.setmetatable, true))
show(pcall(debug.setmetatable))
show(not getmetatable(true))
""",
    "a strict table of globals": """
setmetatable(_G, {
  __index = function(_, name) error("undeclared " .. name, 2) end,
  __newindex = function(_, name) error("not declared " .. name, 2) end,
})
show(pcall(function() return undeclared end))
show(pcall(function() undeclared = 1 end))
local f = (rawget(_G, "loadstring") or load)("return 1 + 1")
show(f())
show(select("#", coroutine.resume(coroutine.create(function() return 1 end))))
""",
    "without debug": """
debug = nil
package.loaded.debug = nil
show(pcall(error, "still works"))
show(coroutine.wrap(function() return 1 end)())
show(pcall(require, "debug"))
""",
    "functions replaced": """
local old_print, old_pcall, old_error = print, pcall, error
print = function(...) old_print("mine", ...) end
pcall = function(...) return "mine", old_pcall(...) end
error = function(message) old_error("mine " .. message, 0) end
print(1)
old_print(pcall(error, "x"))
local all = coroutine
coroutine = { wrap = all.wrap, create = all.create, resume = all.resume, yield = all.yield }
local co = coroutine.wrap(function() coroutine.yield(1) old_error("end", 0) end)
old_print(co())
old_print(old_pcall(co))
string.format, string.rep, table.concat, next, type, getmetatable = nil
old_print(old_pcall(function() return nothing.at.all end))
""",
    "globals": """
local names, ours = {}, OURS
for name in pairs(_G) do if not ours[name] then names[#names + 1] = name end end
table.sort(names)
print(table.concat(names, " "))
for _, name in ipairs({ "debug", "coroutine", "io", "os", "package", "string" }) do
  local fields = {}
  for field in pairs(_G[name]) do fields[#fields + 1] = field end
  table.sort(fields)
  print(name, table.concat(fields, " "))
end
local loaded = {}
for name in pairs(package.loaded) do
  -- the probe needs these two
  if name ~= "ffi" and name ~= "jit.util" then loaded[#loaded + 1] = name end
end
table.sort(loaded)
print(table.concat(loaded, " "))
""",
    "hooks": """
local lines, count = {}, 0
local function note(event, line) -- Lua tells a line again that was left in its middle
  if lines[#lines] ~= event .. line then lines[#lines + 1] = event .. line end
end
debug.sethook(note, "l")
local a = 1
local b = 2
local hook, mask, every = debug.gethook()
debug.sethook()
show(type(hook), mask, every)
show(table.concat(lines, " "))
show(debug.gethook())
local calls = {}
debug.sethook(function(event)
  local info = debug.getinfo(2, "S")
  local is_script = info.what == "Lua" and info.source ~= "=[C]"
  if is_script then calls[#calls + 1] = event .. info.linedefined end
end, "cr")
local function f() return 1 end
local x = f()
debug.sethook()
show(table.concat(calls, " "))
if jit then jit.off() end -- compiled code asks no hooks, debugger or not
debug.sethook(function() count = count + 1 end, "", 97)
for i = 1, 20000 do x = i end
debug.sethook()
show(count > 10)
show(pcall(function()
  debug.sethook(function() error("from the hook", 0) end, "", 100000)
  while true do end
end))
debug.sethook()
local co = coroutine.create(function() local y = 1 coroutine.yield() y = 2 end)
local inside = {}
debug.sethook(co, function(event, line) inside[#inside + 1] = line end, "l")
show(debug.gethook(co) ~= nil, debug.gethook())
coroutine.resume(co)
coroutine.resume(co)
show(#inside > 0)
""",
}


@pytest.mark.parametrize("debugged", [False, True], ids=["plain", "breakpoints"])
@pytest.mark.parametrize("name", SAME)
def test_the_library(debug, name, debugged):
    """What a script prints under the debugger is what it prints without, breakpoints or not."""
    with debug(SHOW + SAME[name].replace("OURS", OURS)) as d:
        if name == "hooks":
            needs_levels(d)
        expected = plain_output(d)
        assert expected.count("\n") > 1
        d.start()
        d.requests.set_exception_breakpoints(filters=[])
        if debugged:
            d.client.break_at(d.path, *range(1, 60), condition="false")
        assert 0 == d.run_to_end()
        assert expected.replace(str(d.folder), "") == d.output("stdout").replace(str(d.folder), "")


def test_a_hook_of_the_script_and_breakpoints(debug):
    """Both work: the script's hook hears its lines, and late breakpoints stop.

    (Where the program stood in the middle of a line, Lua may tell that line again.)
    """
    with debug("""
        local count, last = 0, 0
        debug.sethook(function(event, line)
          if line ~= last then count, last = count + 1, line end
        end, "l")
        local a = 1  -- @a
        local b = 2  -- @b
        local c = 3  -- @c
        debug.sethook()
        local d = 4  -- @d
        print(count)
    """) as d:
        expected = plain_output(d)
        d.break_at("a")
        d.run()
        d.break_at("c")
        d.break_at("d")
        assert ["c", "d"] == d.lines("continue_", 2)
        assert 0 == d.run_to_end()
        assert expected == d.output("stdout")


def test_stepping_where_the_script_has_a_hook(debug):
    """A step is a step, and the hook hears what it asked for.

    (Where the program stood in the middle of a line, Lua may tell that line again.)
    """
    with debug("""
        local lines = {}
        debug.sethook(function(event, line)
          if lines[#lines] ~= line then lines[#lines + 1] = line end
        end, "l")
        local a = 1  -- @a
        local b = 2  -- @b
        local c = 3  -- @c
        debug.sethook()
        print(table.concat(lines, " "))
    """) as d:
        expected = plain_output(d)
        d.break_at("a")
        d.run()
        assert ["b", "c"] == d.lines("step_over", 2)
        assert 0 == d.run_to_end()
        assert expected == d.output("stdout")


def test_a_script_that_gives_itself_a_time_limit(debug):
    """A count hook that raises ends what runs too long, also while breakpoints are set."""
    with debug("""
        if jit then jit.off() end -- compiled code asks no hooks, debugger or not
        local function limited(f, steps)
          debug.sethook(function() error("too long", 2) end, "", steps)
          local ok, message = pcall(f)
          debug.sethook()
          return ok, message
        end
        local x = 0  -- @start
        print(limited(function() while true do x = x + 1 end end, 10000))
        print(limited(function() return 1 end, 10000))
    """) as d:
        needs_levels(d)
        expected = plain_output(d).replace(str(d.folder), "")
        d.break_at("start")
        d.run()
        d.break_at("start", condition="false")
        d.requests.set_exception_breakpoints(filters=[])
        assert 0 == d.run_to_end()
        assert expected == d.output("stdout").replace(str(d.folder), "")


def test_a_count_hook_that_takes_itself_away(debug):
    """Amid a breakpoint's lines a hook for counts calls ``debug.sethook()``, time after time.

    Hooks in Lua are counted themselves, so that not every count is one of the script's.
    """
    with debug("""
        if jit then jit.off() end
        local taken = 0
        local function work(n)
          debug.sethook(function()
            debug.sethook()
            taken = taken + 1
          end, "", n)
          local sum = 0
          for i = 1, 40 do
            sum = sum + i
          end
          return sum
        end
        for n = 1, 60 do
          local sum = work(n)
          if n == 60 then
            print(sum)  -- @end
          end
        end
    """) as d:
        needs_levels(d)
        d.run(stopOnEntry=True)
        d.break_at("end")  # in code that is loaded already
        d.continue_()
        shown = d.locals()
        assert ("60", "820", True) == (shown["n"], shown["sum"], int(shown["taken"]) > 30)
        assert 0 == d.run_to_end()
        assert "820\n" == d.output("stdout")


def test_a_boolean_metatable_set_by_the_script_keeps_breakpoints(debug):
    """``debug.setmetatable(true, …)`` costs no breakpoint."""
    with debug("""
        debug.setmetatable(true, { __index = { yes = 1 }, __call = function() return "called" end })
        local a = (true).yes  -- @a
        local b = (true)()
        debug.setmetatable(true, nil)
        local c = b  -- @c
    """) as d:
        d.break_at("a")
        d.break_at("c")
        d.run()
        stop = d.continue_()
        assert ("c", "1", '"called"') == (d.at(stop), d.locals()["a"], d.locals()["b"])
        assert 0 == d.run_to_end()


def test_nothing_left_of_debug(debug):
    """A script that takes ``debug`` and the replaced functions away is debugged all the same."""
    with debug("""
        debug, print, pcall, xpcall, error, load, loadstring, next, type, tostring = nil
        coroutine, string, table, math = nil
        local a = { 1, 2 }  -- @a
        local b = a[1]  -- @b
    """) as d:
        d.break_at("a")
        d.run()
        d.step_over()
        assert "2" == d.evaluate("a[2]")
        d.break_at("b", condition="a[1] == 1")
        assert 0 == d.run_to_end()
