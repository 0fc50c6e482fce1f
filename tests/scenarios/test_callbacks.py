"""Breakpoints in functions that nobody calls by name: whatever C calls can be stopped in."""

import pytest

from tests.support.places import stops

SINCE_52 = ("5.2", "5.3", "5.4", "5.5", "luajit2.0", "luajit2.1")


def marks_of_stops(d, *marks):
    """Breakpoints on marks; the marks of all stops in their order."""
    d.start()
    for mark in marks:
        d.break_at(mark)
    names = {d.line(mark): mark for mark in marks}
    return [names.get(line, line) for line in stops(d)]


def test_loaders_of_require(debug):
    """A searcher of the script, the loader it gives and a preloaded one are stopped in."""
    with debug("""
        local searchers = package.searchers or package.loaders
        table.insert(searchers, 1, function(name)
          if name ~= "found" then return nil end  -- @searcher
          return function(...)
            return { ... }                        -- @loader
          end
        end)
        package.preload.ready = function(name)
          return name                             -- @preload
        end
        require("found")
        print(require("ready"))
    """) as d:
        wanted = ["searcher", "loader", "searcher", "preload"]
        assert wanted == marks_of_stops(d, "searcher", "loader", "preload")


COMPARED = """
    local mt = {}
    mt.__eq = function(a, b)
      return true         -- @eq
    end
    mt.__lt = function(a, b)
      return true         -- @lt
    end
    mt.__concat = function(a, b)
      return "joined"     -- @concat
    end
    mt.__unm = function(a)
      return -1           -- @unm
    end
    mt.__newindex = function(t, k, v)
      rawset(t, k, v)     -- @newindex
    end
    mt.__tostring = function()
      return "text"       -- @tostring
    end
    local a, b = setmetatable({}, mt), setmetatable({}, mt)
    local x = a == b
    x = a < b
    x = a .. b
    x = -a
    a.x = 1
    print(a)
"""


def test_metamethods_of_every_kind(debug):
    """Comparing, joining, negating, assigning and printing stop where they are defined."""
    marks = ["eq", "lt", "concat", "unm", "newindex", "tostring"]
    with debug(COMPARED) as d:
        assert marks == marks_of_stops(d, *marks)
        assert "text\n" == d.output("stdout")


@pytest.mark.lua(*SINCE_52)
def test_pairs_and_len_of_a_table(debug):
    """``__pairs`` and ``__len`` came later, and are functions like the others.

    (LuaJIT has them only where it was built with Lua 5.2 compatibility.)
    """
    with debug("""
        local t = setmetatable({}, {
          __len = function()
            return 3                  -- @len
          end,
          __pairs = function(t)
            return next, { 1 }, nil   -- @pairs
          end,
        })
        print(#t)
        for k in pairs(t) do print(k) end
    """) as d:
        seen = marks_of_stops(d, "len", "pairs")
        has_them = d.output("stdout").startswith("3\n")
        assert (["len", "pairs"] if has_them else []) == seen


@pytest.mark.lua("5.4", "5.5")
def test_closing_in_every_way(debug):
    """``__close`` stops when its block ends, is broken out of, fails, and for a generic ``for``."""
    with debug("""
        local function closing(name)
          return setmetatable({}, { __close = function(_, e)
            local what = name   -- @close
          end })
        end
        for i = 1, 2 do
          local a <close> = closing("break")
          break
        end
        pcall(function()
          local b <close> = closing("error")
          error("oh")
        end)
        for _ in next, {}, nil, closing("for") do end
        local co = coroutine.create(function()
          local c <close> = closing("coroutine")
          coroutine.yield()
        end)
        coroutine.resume(co)
        coroutine.close(co)
    """) as d:
        d.break_at("close")
        d.run()
        seen = [d.evaluate("name")]
        for _ in range(3):
            d.continue_()
            seen.append(d.evaluate("name"))
        assert ['"break"', '"error"', '"for"', '"coroutine"'] == seen
        assert 0 == d.run_to_end()


def test_handlers_and_hooks(debug):
    """A message handler of xpcall and a hook of the script are stopped in as well."""
    with debug("""
        xpcall(error, function(e)
          return e              -- @handler
        end, "x")
        debug.sethook(function()
          local line = 1        -- @hook
          debug.sethook()
        end, "l")
        print("end")
    """) as d:
        assert ["handler", "hook"] == marks_of_stops(d, "handler", "hook")


def test_callbacks_in_callbacks(debug):
    """From a sort in a gsub in a coroutine: the stack shows them all, and their locals."""
    with debug("""
        local function less(a, b)
          local deep = a < b                        -- @less
          return deep
        end
        local co = coroutine.wrap(function(text)
          return (text:gsub("%a", function(letter)
            local list = { 2, 1 }
            table.sort(list, less)
            return letter:upper()
          end))
        end)
        print(co("a"))
    """) as d:
        d.break_at("less")
        d.run()
        names = d.names()
        assert "less" == names[0]
        assert {"sort", "gsub"} <= {name.split(".")[-1] for name in names}
        frames = {"letter" in d.locals(each.id) for each in d.stack() if each.line and each.source}
        assert {True, False} == frames
        d.client.set_breakpoints(d.path)
        assert 0 == d.run_to_end()
        assert "A\n" == d.output("stdout")


def test_scripts_see_no_python(debug):
    """Nothing in a script's globals leads to Python: what is debugged is Lua and C alone."""
    with debug("""
        local seen, found = {}, {}
        local function look(value, path)
          if type(value) == "userdata" and not io.type(value) then found[#found + 1] = path end
          if type(value) ~= "table" or seen[value] then return end
          seen[value] = true
          for key, each in pairs(value) do look(each, path .. "." .. tostring(key)) end
        end
        look(_G, "_G")
        print(rawget(_G, "python"), package.loaded.python)
        print(table.concat(found, " "))
    """) as d:
        assert 0 == d.run_to_end()
        first, userdata, _ = d.output("stdout").split("\n")
        assert "nil\tnil" == first
        assert userdata in ("", "_G.package.loaded.ffi.C")
