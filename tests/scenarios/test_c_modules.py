"""Scripts load C modules, in every Lua, and their functions call Lua: stops and steps hold there.

A process offers one Lua to C modules, so each story has a process of its own.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from lua_debug.hook_choice import SWITCH
from tests.support.c_modules import abi_of, build
from tests.support.scenario import Scenario, make_client

SINCE_52 = ("5.2", "5.3", "5.4", "5.5")

CALLS = """
    local c = require("through_c")
    local function back(n)
      local m = n + 1                    -- @first
      return m                           -- @last
    end
    local x = c.call(back, 1)            -- @call
    x = c.twice(back, 2)                 -- @twice
    local ok, y = c.try(c.call, back, 3) -- @nested
    print(x, ok, y)                      -- @end
"""


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder with the module for a version."""

    @cache
    def folder(abi: int) -> Path:
        return build(tmp_path_factory.mktemp(f"abi{abi}"), abi).parent

    return lambda lua: folder(abi_of(lua))


@pytest.fixture
def debug_c(lua, hooks, tmp_path, monkeypatch, built):
    """As ``debug``, in a process of its own that finds the C module."""
    monkeypatch.setenv(SWITCH, hooks)
    templates = [f"{built(lua)}/?.so"]

    @contextmanager
    def make(text: str) -> Iterator[Scenario]:
        with make_client("stdio", None) as client:
            scenario = Scenario(client, tmp_path, text, {}, lua, hooks)
            scenario.configuration["luaCPath"] = templates
            yield scenario

    return make


def is_jit(d: Scenario) -> bool:
    """LuaJIT tells no returns of C functions, so a step may end a line later."""
    return d.lua.startswith("luajit")


def run(lua: str, path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """``llmspell run``."""
    command = [sys.executable, "-P", "-m", "llmspell", "run", "--lua", lua, str(path)]
    return subprocess.run(
        command,
        env={**os.environ, **environment},
        cwd=path.parent,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def script(folder: Path, text: str) -> Path:
    """A file."""
    path = folder / "main.lua"
    path.write_text(text, "utf-8")
    return path


# Finding ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["cpath", "environment", "loadlib"])
def test_a_script_that_is_run_loads_a_c_module(lua, built, tmp_path, way):
    """By ``package.cpath``, by ``LUA_CPATH`` and by ``package.loadlib``, as the manual says."""
    use = 'print(require("through_c").call(math.max, 1, 3, 2))\n'
    folder = built(lua)
    ways = {
        "cpath": (f"package.cpath = '{folder}/?.so'\n{use}", {}),
        "environment": (use, {"LUA_CPATH": f"{folder}/?.so;;"}),
        "loadlib": (
            f"package.preload.through_c = "
            f"assert(package.loadlib('{folder}/through_c.so', 'luaopen_through_c'))\n{use}",
            {},
        ),
    }
    text, environment = ways[way]
    done = run(lua, script(tmp_path, text), **environment)
    assert (0, "3\n", "") == (done.returncode, done.stdout, done.stderr)


def test_the_launch_argument_and_the_environment(debug_c, built):
    """``luaCPath`` comes before what ``LUA_CPATH`` of the launch's own environment says."""
    with debug_c(
        'print((package.cpath:gsub("%?.*", "")))\nprint(require("through_c") ~= nil)\n'
    ) as d:
        environment = {"LUA_CPATH": f"{built(d.lua)}/?.so"}
        assert 0 == d.run_to_end(env=environment, luaCPath=["./none/?.so"])
        assert "./none/\ntrue\n" == d.output("stdout")


def other_than(lua: str) -> str:
    """A version whose modules are not for this one."""
    return "5.4" if abi_of(lua) == 51 else "5.1"


def test_a_module_of_another_lua(debug_c, built, lua, tmp_path):
    """The message says which Lua this is and what is wrong, whether debugged or not."""
    text = f"""
        package.cpath = "{built(other_than(lua))}/?.so"
        print(select(2, pcall(require, "through_c")))
        print(select(2, package.loadlib("{built(other_than(lua))}/through_c.so", "luaopen_through_c")))
    """
    with debug_c(text) as d:
        assert 0 == d.run_to_end()
        lines = d.output("stdout").splitlines()
        assert "error loading module 'through_c' from file " in lines[0]
        hint = "Its names of Lua's C interface are not those of Lua"
        assert 2 == sum(hint in line and "it was built for another Lua." in line for line in lines)
        assert d.output("stdout") == run(lua, d.path).stdout


# Stopping and stepping -------------------------------------------------------------------------------


def test_a_breakpoint_in_what_c_calls(debug_c):
    """The C function stands on the stack between the callback and the script; locals are there."""
    with debug_c(CALLS) as d:
        d.break_at("last")
        d.run()
        names = [name.rpartition(".")[2] for name in d.names()]
        assert ["back", "call", "main chunk"] == names
        assert {"n": "1", "m": "2"} == d.locals()
        assert d.line("call") == d.stack()[2].line
        assert '"changed"' == d.set_variable("m", "'changed'")
        d.client.set_breakpoints(d.path)
        assert 0 == d.run_to_end()
        assert "3\ttrue\t4\n" == d.output("stdout")


def test_stepping_into_what_c_calls(debug_c):
    """A step in enters the callback each time that C calls it, and comes back to the call."""
    with debug_c(CALLS) as d:
        d.break_at("call")
        d.run()
        back = "" if is_jit(d) else "call "  # it tells no returns of C functions
        wanted = f"first last {back}twice first last first last twice nested"
        assert wanted == d.walk(" ".join(["in"] * len(wanted.split())))


def test_stepping_over_what_c_calls(debug_c):
    """A step over a C function goes over all that it calls."""
    with debug_c(CALLS) as d:
        d.break_at("call")
        d.run()
        assert "twice nested end" == d.walk("over over over")


def test_stepping_out_of_what_c_calls(debug_c):
    """A step out of a callback ends in the function of the script that called C."""
    with debug_c(CALLS) as d:
        d.break_at("first")
        d.run()
        assert d.walk("out") in (("call", "twice") if is_jit(d) else ("call",))
        d.walk("go")
        assert "first" == d.walk("out")  # the breakpoint, when C calls for the second time


def test_an_error_that_c_catches(debug_c):
    """Under ``lua_pcall`` it is none that nobody catches; a step goes on where C returns to."""
    with debug_c("""
        local c = require("through_c")
        local function fails()
          local a = 1                     -- @a
          c.raise("raised in C")          -- @raise
        end
        local function guarded()
          local ok, e = c.try(fails)      -- @try
          return ok, e                    -- @back
        end
        print(guarded())                  -- @end
    """) as d:
        d.stop_on("uncaught")
        d.break_at("a")
        d.run()
        assert "raise" == d.walk("over")
        assert d.walk("over") in (("try", "back", "end") if is_jit(d) else ("try",))
        assert 0 == d.run_to_end()
        assert "false\traised in C\n" == d.output("stdout")


def test_an_error_that_c_raises(debug_c):
    """It stops where the script called C, with the message and the script's position."""
    with debug_c("""
        local c = require("through_c")
        local n = 1
        c.fail()   -- @fail
    """) as d:
        d.stop_on("uncaught")
        stop = d.run()
        assert ("exception", "fail") == (stop.reason, d.at(stop))
        assert stop.text.endswith(f"main.lua:{d.line('fail')}: failed in C")
        assert 1 == d.run_to_end()


def test_a_yield_in_c(debug_c):
    """A step over a C function that yields waits for the coroutine, in it."""
    with debug_c("""
        local c = require("through_c")
        local co = coroutine.wrap(function(a)
          local b = c.yield(a)     -- @yield
          local d = b + 1          -- @after
          return d                 -- @ret
        end)
        local x = co(1)            -- @one
        x = co(2)                  -- @two
        print(x)                   -- @end
    """) as d:
        d.break_at("yield")
        d.run()
        assert "after ret" == d.walk("over over")
        assert {"a": "1", "b": "2", "d": "3"} == d.locals()
        assert d.walk("out") in (("two", "end") if is_jit(d) else ("two",))
        assert 0 == d.run_to_end()
        assert "3\n" == d.output("stdout")


@pytest.mark.lua(*SINCE_52)
def test_a_yield_through_c(debug_c):
    """A callback yields below a C function that has a continuation; steps find the way back."""
    with debug_c("""
        local c = require("through_c")
        local function back(a)
          local b = coroutine.yield(a)   -- @yield
          return b                       -- @ret
        end
        local co = coroutine.wrap(function(a)
          local d = c.call_on(back, a)   -- @call
          return d                       -- @last
        end)
        local x = co(1)                  -- @one
        x = co(2)                        -- @two
        print(x)                         -- @end
    """) as d:
        d.break_at("yield")
        d.run()
        assert "ret call last two end" == d.walk("over over over over over")
        assert 0 == d.run_to_end()
        assert "2\n" == d.output("stdout")


ASIDE = """
    local c = require("through_c")
    local function body(a)
      local b = a                  -- @b
      return b + 1                 -- @ret
    end
    local x = c.aside(body, 1)     -- @call
    local y = c.aside(function(a)
      local d = a                  -- @d
      coroutine.yield(d)           -- @yield
    end, 2)                        -- @left
    print(x, y)
"""


def test_a_coroutine_that_c_makes(debug_c):
    """Breakpoints stop in it, below it stands who called C, and a step off its end lands there."""
    with debug_c(ASIDE) as d:
        d.break_at("b")
        d.run()
        assert ["— resumed by main —", "main chunk"] == [d.names()[1], d.names()[-1]]
        assert "ret" == d.walk("over")
        assert {"a": "1", "b": "1"} == d.locals()
        left = d.walk("over")
        assert left in ("call", str(d.line("call") + 1))
        assert 0 == d.run_to_end()
        assert "2\t2\n" == d.output("stdout")


def test_a_coroutine_that_c_makes_yields(debug_c):
    """A step in goes where control goes; one over waits, and the program goes on."""
    for verb, lands in (("in", True), ("over", False)):
        with debug_c(ASIDE) as d:
            d.break_at("yield")
            d.run()
            assert lands == (d.walk(verb) != "end")
            assert 0 == (d.run_to_end() if lands else d.client.exit_code)
            assert "2\t2\n" == d.output("stdout")


def test_stepping_into_a_coroutine_that_c_makes(debug_c):
    """With the accelerator, and in LuaJIT, a step in enters it; hooks in Lua step over."""
    with debug_c(ASIDE) as d:
        d.break_at("call")
        d.run()
        is_entered = d.hooks == "native" or is_jit(d)
        assert d.walk("in") == ("b" if is_entered else str(d.line("call") + 1))
        assert 0 == d.run_to_end()


# One Lua a process -----------------------------------------------------------------------------------

ANOTHER = """
import os, sys
first, second, folder, prepare = sys.argv[1:]
exec(prepare)
from kernel.core.errors import UserError
from kernel.core.settings import DebugSettings
from lua_debug.engine import LuaEngine

TEXT = b'''
local parts = {}
for word in ("b,a,c"):gmatch("%a") do parts[#parts + 1] = word end
table.sort(parts)
local co = coroutine.wrap(function(x) local y = coroutine.yield(x) error({ y }) end)
co(1)
local ok, e = pcall(co, 2)
print(_VERSION, table.concat(parts), ok, e[1])
print(select(2, pcall(require, "through_c")))
print(package.loadlib("through_c.so", "luaopen_through_c"))
print(select(2, pcall(require, "not.there")))
'''

def run(lua):
    os.chdir(folder)
    settings = DebugSettings(lua=lua, lua_cpath=("./?.so",))
    print(LuaEngine(settings).run_text(TEXT, "x.lua"), flush=True)

run(first)
try:
    run(second)
except UserError as error:
    print("refused:", error)
"""


def two_in_a_process(first: str, second: str, folder: Path, prepare: str = "") -> str:
    """What a program prints in one Lua, and then in another one, of the same process."""
    words = [sys.executable, "-c", ANOTHER, first, second, str(folder), prepare]
    done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)
    assert (0, "") == (done.returncode, done.stderr)
    return done.stdout


def test_another_lua_in_the_process(lua, built):
    """It works as well as the first one, no names mixed up; to C modules it says why not."""
    other = other_than(lua)
    output = two_in_a_process(other, lua, built(other))
    before, after = output.split("None\n")[:2]
    assert "table: " in before
    assert "abc\tfalse\t2\n" in before
    assert "abc\tfalse\t2\n" in after
    assert "error loading module 'through_c' from file './through_c.so':\n\tC modules find" in after
    assert 2 == after.count("another Lua can load them in another process only.")
    assert "module 'not.there' not found" in after


@pytest.mark.lua("5.4")
def test_the_same_lua_again(lua, built):
    """Programs that follow each other in a process load C modules if they are of the same Lua."""
    assert 2 == two_in_a_process(lua, lua, built(lua)).count("table: ")


@pytest.mark.lua("5.1")
def test_a_system_that_cannot_keep_them_apart(lua, built):
    """Without a way to bind a library to itself, the other Lua is refused, not mixed up."""
    other = other_than(lua)
    output = two_in_a_process(other, lua, built(other), "del os.RTLD_DEEPBIND")
    assert "refused: This lupa has no Lua 5.1" in output
    assert "lupa.lua54 is in use, which this system cannot keep apart from another one" in output
