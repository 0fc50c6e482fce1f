"""load, loadfile, dofile and require do under the debugger what they do without it."""

import pytest

from tests.support.plain import plain_output

PRELUDE = """
local here = arg[0]:match("^(.*)/") .. "/"
local compile = loadstring or load
local function show(what, ...)
  local parts = { what }
  for i = 1, select("#", ...) do
    local value = select(i, ...)
    parts[#parts + 1] = type(value) == "function" and "function" or tostring(value)
  end
  local text = table.concat(parts, " | "):gsub("0x%x+", "0x")
  local quoted = here:gsub("%p", "%%%0")
  print((text:gsub(quoted, "")))
end
"""

FILES = {
    "good.lua": "local a = ...\nlocal b = 2\nreturn a, b, nil\n",
    "syntax.lua": "local a = 1\nlocal = 2\n",
    "fails.lua": "local t\nlocal x = t.field\n",
    "shebang.lua": "#!/usr/bin/lua\nreturn debug.getinfo(1, 'l').currentline\n",
    "hash.lua": "# only this line",
    "env.lua": "value = 42\nreturn value\n",
    "mod.lua": "local name, path = ...\nprint('mod', name, path ~= nil)\nreturn { name = name }\n",
    "nothing.lua": "print('nothing')\n",
    "raises.lua": "error('raised')\n",
    "raises_table.lua": "error({})\n",
    "pkg/init.lua": "return 'init'\n",
    "pkg/sub.lua": "return 'sub'\n",
}

LOADING = {
    "load of a text": """
show("plain", compile("return 1, 2")())
show("named", compile("return 1", "=name"))
show("syntax", compile("return ="))
show("syntax named", compile("x =", "@file.lua"))
show("long", compile("return = " .. ("x"):rep(100)))
show("lines", compile("\\n\\nreturn ="))
show("binary", compile(string.dump(function() return 7 end))())
show("broken binary", (compile("\\27Lua broken")))
show("empty", compile(""), compile("", ""))
show("name", debug.getinfo(compile("return 1", "=x"), "S").source)
show("own name", debug.getinfo(compile("return 1"), "S").source)
show("short", debug.getinfo(compile("return 1", "@" .. ("y"):rep(90)), "S").short_src)
""",
    "wrong arguments": """
for _, name in ipairs({ "load", "loadstring", "loadfile", "dofile" }) do
  local f = _G[name]
  if f then
    show(name .. " {}", pcall(f, {}))
    show(name .. " true", pcall(f, true))
    show(name .. " name", pcall(f, "return 1", {}))
  end
end
show("load nothing", pcall(load))
local function direct() load({}) end
show("position", pcall(direct))
local function direct_file() dofile({}) end
show("position", pcall(direct_file))
local function direct_loadfile() local f = loadfile({}) return f end
show("position", pcall(direct_loadfile))
""",
    "load of pieces": """
local function reader(...)
  local pieces, at = { ... }, 0
  return function()
    at = at + 1
    return pieces[at]
  end
end
show("pieces", load(reader("return ", "1", "+1"))())
show("empty ends", load(reader("return 1", "", "garbage ("))())
show("syntax", load(reader("return", " =")))
show("named", load(reader("return", " ="), "=name"))
show("no text", load(reader(1, 2)))
show("wrong", load(reader({})))
show("fails", load(function() error("in the reader") end))
show("fails with a table", load(function() error({}) end))
show("none", load(reader()))
""",
    "loadfile": """
show("good", loadfile(here .. "good.lua")("x"))
show("missing", loadfile(here .. "missing.lua"))
show("syntax", loadfile(here .. "syntax.lua"))
show("folder", loadfile(here))
show("shebang", loadfile(here .. "shebang.lua")())
show("hash", loadfile(here .. "hash.lua"))
local f = loadfile(here .. "good.lua")
local info = debug.getinfo(f, "SL")
local lines = {}
for line in pairs(info.activelines) do lines[#lines + 1] = line end
table.sort(lines)
show("info", info.source, info.short_src, info.what, info.linedefined, info.lastlinedefined)
show("lines", table.concat(lines, ","))
""",
    "dofile": """
show("good", dofile(here .. "good.lua"))
show("missing", pcall(dofile, here .. "missing.lua"))
show("syntax", pcall(dofile, here .. "syntax.lua"))
show("fails", pcall(dofile, here .. "fails.lua"))
show("raises", pcall(dofile, here .. "raises.lua"))
local ok, err = pcall(dofile, here .. "raises_table.lua")
show("table", ok, type(err))
""",
    "require": """
package.path = here .. "?.lua;" .. here .. "?/init.lua"
package.cpath = here .. "?.so"
local m = require("mod")
show("module", m.name, m == require("mod"), package.loaded.mod == m)
show("nothing", require("nothing"), package.loaded.nothing)
show("init", require("pkg"), require("pkg.sub"))
show("missing", pcall(require, "missing.module"))
show("syntax", pcall(require, "syntax"))
show("fails", pcall(require, "fails"))
show("raises", pcall(require, "raises"))
show("not loaded", package.loaded.syntax, package.loaded.fails)
show("wrong", pcall(require, {}))
local searchers = package.searchers or package.loaders
show("searcher", pcall(searchers[2], "mod"))
show("searcher", pcall(searchers[2], "missing"))
package.path = nil
show("no path", pcall(require, "other"))
""",
    "preload and own searchers": """
package.preload.pre = function(...) return { ... } end
show("preload", require("pre")[1])
local searchers = package.searchers or package.loaders
table.insert(searchers, 2, function(name)
  if name == "own" then return function(...) return "own " .. ... end end
  return "\\n\\tno own '" .. name .. "'"
end)
show("own", require("own"))
package.path, package.cpath = here .. "?.lua", here .. "?.so"
show("missing", pcall(require, "missing"))
""",
}

MODES = {
    "modes": """
local binary = string.dump(function() return 7 end)
for _, mode in ipairs({ "t", "b", "bt", "x" }) do
  show("text " .. mode, load("return 1", "=t", mode))
  show("binary " .. mode, load(binary, "=b", mode))
  show("file " .. mode, loadfile(here .. "good.lua", mode))
end
show("nil", load("return 1", nil, nil))
show("wrong", pcall(load, "return 1", "=x", {}))
""",
    "environments": """
local env = {}
show("load", load("value = 1 return value", "=x", "t", env)(), env.value, value)
show("loadfile", loadfile(here .. "env.lua", "t", env)(), env.value, value)
show("no mode", loadfile(here .. "env.lua", nil, env)(), env.value, value)
show("nil", pcall(load("return value", "=x", "t", nil)))
show("nil file", pcall(loadfile(here .. "env.lua", "t", nil)))
show("string", pcall(load("return value", "=x", "t", "text")))
""",
}

RETURNS = {
    "what require returns": """
package.path = here .. "?.lua"
show("first", require("mod"))
show("second", require("mod"))
show("preload", select("#", require("string")))
""",
    "a byte order mark": """
local file = io.open(here .. "bom.lua", "wb")
file:write("\\239\\187\\191return debug.getinfo(1, 'l').currentline\\n")
file:close()
show("bom", pcall(loadfile(here .. "bom.lua") or print))
file = io.open(here .. "bom2.lua", "wb")
file:write("\\239\\187\\191#!shebang\\nreturn debug.getinfo(1, 'l').currentline\\n")
file:close()
show("both", pcall(loadfile(here .. "bom2.lua") or print))
""",
}


def names(output):
    """Lua 5.2 finds a global now as ``_G.load``, now as ``load``: it goes through a table."""
    return output.replace("'_G.", "'")


@pytest.mark.parametrize("debugged", [False, True], ids=["plain", "breakpoints"])
@pytest.mark.parametrize("name", [*LOADING, *RETURNS])
def test_loading(debug, name, debugged):
    """Results and messages are the same, with and without breakpoints in what is loaded."""
    with debug(PRELUDE + {**LOADING, **RETURNS}[name], FILES) as d:
        expected = plain_output(d)
        assert len(expected) > 20
        if debugged:
            d.start()
            for file in FILES:
                d.client.break_at(d.folder / file, 1, 2, condition="false")
        assert 0 == d.run_to_end()
        assert names(expected) == names(d.output("stdout"))


@pytest.mark.lua("5.2", "5.3", "5.4", "5.5", "luajit2.0", "luajit2.1")
@pytest.mark.parametrize("name", MODES)
def test_modes_and_environments(debug, name):
    """The arguments that came with Lua 5.2, and with LuaJIT."""
    with debug(PRELUDE + MODES[name], FILES) as d:
        expected = plain_output(d)
        d.start()
        d.client.break_at(d.folder / "env.lua", 1, condition="false")
        assert 0 == d.run_to_end()
        assert names(expected) == names(d.output("stdout"))


@pytest.mark.parametrize("where", ["dofile", "loadfile", "require", "load"])
def test_breakpoints_wherever_code_comes_from(debug, where):
    """A file stops whichever way it is loaded."""
    ways = {
        "dofile": 'dofile(here .. "lib.lua")',
        "loadfile": 'loadfile(here .. "lib.lua")()',
        "require": 'package.path = here .. "?.lua" require("lib")',
        "load": 'local f = io.open(here .. "lib.lua") local text = f:read("*a") f:close() '
        'compile(text, "@" .. here .. "lib.lua")()',
    }
    with debug(PRELUDE + ways[where], {"lib.lua": "local a = 1\nlocal b = 2\nreturn b\n"}) as d:
        d.start()
        d.client.break_at(d.folder / "lib.lua", 2)
        stop = d.client.run()
        assert (2, str(d.folder / "lib.lua")) == (stop.line, stop.path)
        assert {"a": "1"} == d.locals()
        assert 0 == d.run_to_end()


def test_code_read_piece_by_piece(debug):
    """``load`` with a function: a breakpoint set once the chunk is there stops in it."""
    with debug(
        PRELUDE
        + """
local pieces, at = { "local a = 1\\n", "local b = 2\\n", "return a + b\\n" }, 0
local f = load(function() at = at + 1 return pieces[at] end, "@" .. here .. "lib.lua")
print(f())  -- @here
""",
        {"lib.lua": "local a = 1\nlocal b = 2\nreturn a + b\n"},
    ) as d:
        d.start()
        d.client.break_at(d.folder / "lib.lua", 2)
        stop = d.client.run()
        assert (2, {"a": "1"}) == (stop.line, d.locals())
        assert 0 == d.run_to_end()


def test_functions_look_the_same(debug):
    """``debug.getinfo`` tells of a function with breakpoints what it tells without."""
    with debug(
        PRELUDE
        + """
local function tell(f)
  local info = debug.getinfo(f, "SuL")
  local lines = {}
  for line in pairs(info.activelines) do lines[#lines + 1] = line end
  table.sort(lines)
  show("info", info.source, info.short_src, info.what, info.linedefined, info.lastlinedefined,
    info.nups, info.nparams, info.isvararg, table.concat(lines, ","))
end
local up = 1
local function one(a, b, ...)
  local c = a

  while c do c = nil end
  if a then return up end
  for i = 1, 2 do c = i end
  return function() return c end
end
tell(one)
tell(one(nil))
tell(1 and function() end)
tell(function(...) return ... end)
""",
    ) as d:
        expected = plain_output(d)
        d.start()
        d.client.break_at(d.path, *range(1, 40), condition="false")
        assert 0 == d.run_to_end()
        assert expected == d.output("stdout")


def test_dumped_functions_run_elsewhere(debug):
    """``string.dump`` gives bytecode that a Lua without a debugger can run."""
    with debug(
        PRELUDE
        + """
local up, other = 5, 6
local function twice(x, y)
  local z = x * 2
  return z, y
end
local function uses(x)
  local sum = x + (up or 0) + (other or 0)
  return sum
end
local Class = {}
function Class:method(x)
  return self, x
end
local function save(name, f)
  local file = io.open(here .. name, "wb")
  file:write(string.dump(f))
  file:close()
end
save("twice", twice)
save("uses", uses)
save("method", Class.method)
save("chunk", compile("local a, b = ...\\nreturn a + b\\n", "=chunk"))
""",
    ) as d:
        d.start()
        d.client.break_at(d.path, *range(1, 40), condition="false")
        assert 0 == d.run_to_end()
        d.write(
            "other.lua",
            PRELUDE
            + """
show("twice", loadfile(here .. "twice")(3, 4))
show("method", loadfile(here .. "method")(5, 6))
show("chunk", loadfile(here .. "chunk")(7, 8))
local uses = loadfile(here .. "uses")
show("upvalues", debug.getupvalue(uses, 1) ~= nil, debug.getinfo(uses, "u").nups)
local info = debug.getinfo(loadfile(here .. "twice"), "S")
show("info", info.source, info.linedefined, info.lastlinedefined)
""",
        )
        first = d.path
        d.path = d.folder / "other.lua"
        output = plain_output(d).replace(f"@{first}", "@main.lua")
        assert [
            "twice | 6 | 4",
            "method | 5 | 6",
            "chunk | 15",
            "upvalues | true | 2",
            "info | @main.lua | 15 | 18",
        ] == output.splitlines()
