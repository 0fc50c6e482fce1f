"""``io.popen`` and ``os.execute`` do what the manual of each Lua says, whether debugged or not.

What children write goes through the descriptors of a process, so most stories have one of their own.
"""

import os
import re
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

from lua_debug.hook_choice import SWITCH
from tests.support.commands import become, llmspell, write
from tests.support.plain import plain_output
from tests.support.scenario import Scenario, make_client

PLAIN = ("5.1", "5.2", "5.3", "5.4", "5.5")
"""LuaJIT has an ``io.popen`` of its own."""

SHOW = """
local function show(...)
  local parts = {}
  for i = 1, select("#", ...) do
    local value = select(i, ...)
    local kind = math.type and math.type(value) or type(value)
    parts[i] = kind == "string" and value or kind .. " " .. tostring(value)
  end
  print((table.concat(parts, " | "):gsub("0x%x+", "0x")))
end
"""

FILES = """
local f = io.popen("echo one; echo two; exit 3")
show(io.type(f), f)
show(f:read())
show(f:read("*a"))
show(f:read())
show(f:seek("cur"))
f:close()
show(io.type(f), f)
show(pcall(f.close, f))
show(pcall(f.read, f))
for line in io.popen("printf '1\\\\n2\\\\n3'"):lines() do show(line) end
show(io.popen("echo 12 0x1f rest"):read("*n", "*n", "*l"))
f = io.popen("cat", "w")
local told = { f:setvbuf("full"), io.type(f:write("a", 1, "b\\n")) or true, io.type(f:flush()) or true }
f:close() -- from the flush on, the child writes whenever it likes
show(told[1], told[2], told[3])
io.output(io.popen("sed s/^/out:/", "w"))
io.write("written\\n")
io.close()
io.output(io.stdout)
io.input(io.popen("echo in"))
show(io.read())
io.close(io.input())
io.input(io.stdin)
local co = coroutine.wrap(function() coroutine.yield(io.popen("echo in a coroutine"):read()) end)
show(co())
local big = io.popen("head -c 300000 /dev/zero | tr '\\\\0' x")
show(#big:read("*a"))
show(io.popen("yes | head -1"):read("*a"))
local first = io.popen("cat", "w") -- its end is told though another child has been started since
local second = io.popen("cat", "w")
first:write("first\\n")
first:close()
second:write("second\\n")
second:close()
show(pcall(io.popen))
show(pcall(io.popen, {}))
show(pcall(io.popen, "true", {}))
local function direct() local f = io.popen({}) return f end
show(pcall(direct))
local function mode() local f, message, code = io.popen("true", "x") return f, message, code end
show(pcall(mode))
show(pcall(os.execute, {}))
local function execute() local ok = os.execute({}) return ok end
show(pcall(execute))
"""

CLOSED = """
show(io.popen("exit 0"):close())
show(io.popen("exit 3"):close())
show(io.popen("kill -9 $$"):close())
show(io.close(io.popen("exit 7")))
show(io.popen("no-such-command-here 2>/dev/null"):close())
"""

EXECUTED = """
show(os.execute("exit 0"))
show(os.execute("exit 3"))
show(os.execute("kill -15 $$"))
show(os.execute("exit 255"))
show(os.execute("(kill -13 $$; exit 1)"))
"""


@pytest.fixture
def debug_process(lua, hooks, tmp_path, monkeypatch):
    """As ``debug``, in a process of its own, whose children write to the client."""
    monkeypatch.setenv(SWITCH, hooks)

    @contextmanager
    def make(text):
        with make_client("stdio", None) as client:
            yield Scenario(client, tmp_path, text, {}, lua, hooks)

    return make


def number(lua: str) -> str:
    """What the type of a whole number is called."""
    return "integer" if lua in ("5.3", "5.4", "5.5") else "number"


def in_words(lua: str, *results: tuple[str, int]) -> str:
    """Results of processes as Lua 5.2 and later tell them."""
    kind = number(lua)
    shown = [
        f"{'boolean true' if (how, status) == ('exit', 0) else 'nil nil'} | {how} | {kind} {status}"
        for how, status in results
    ]
    return "\n".join([*shown, ""])


@pytest.mark.lua(*PLAIN)
def test_what_a_file_of_a_process_does(debug_process):
    """It is one of Lua's own: reading, writing, messages and all; the same when debugged."""
    with debug_process(SHOW + FILES) as d:
        expected = plain_output(d)
        assert 0 == d.run_to_end()
        assert expected == d.output("stdout")
        assert "file | userdata file (0x)\none\ntwo\n\nnil nil\n" in expected
        assert "nil nil | Illegal seek | " in expected
        assert "closed file | userdata file (closed)\n" in expected
        assert "1\n2\n3\n" in expected
        assert "a1b\nboolean true | " in expected
        assert "out:written\nin\nin a coroutine\n" in expected
        assert f"{number(d.lua)} 300000\ny\n\nfirst\nsecond\n" in expected
        name = "?" if d.lua == "5.1" else "io.popen"
        assert f"bad argument #1 to '{name}' (string expected, got table)" in expected
        assert re.search(r"main.lua:\d+: bad argument #1 to 'popen' \(string expected", expected)
        if d.lua in ("5.1", "5.2"):
            assert (
                f"boolean true | nil nil | true: Invalid argument | {number(d.lua)} 22" in expected
            )
        else:
            assert re.search(r"main.lua:\d+: bad argument #2 to 'popen' \(invalid mode", expected)


@pytest.mark.lua(*PLAIN)
def test_what_closing_tells(debug_process):
    """From 5.2 on how the process ended; true in 5.1. That is liolib.c's, io_pclose."""
    with debug_process(SHOW + CLOSED) as d:
        ended = (("exit", 0), ("exit", 3), ("signal", 9), ("exit", 7), ("exit", 127))
        expected = "boolean true\n" * 5 if d.lua == "5.1" else in_words(d.lua, *ended)
        assert expected == plain_output(d)
        assert 0 == d.run_to_end()
        assert expected == d.output("stdout")


def test_what_execute_tells(debug_process):
    """From 5.2 on how the process ended; the system's status in 5.1 and LuaJIT."""
    with debug_process(SHOW + EXECUTED) as d:
        ended = (("exit", 0), ("exit", 3), ("signal", 15), ("exit", 255), ("signal", 13))
        raw = "".join(f"number {status}\n" for status in (0, 768, 15, 65280, 13))
        is_raw = d.lua == "5.1" or d.lua.startswith("luajit")
        expected = raw if is_raw else in_words(d.lua, *ended)
        assert expected == plain_output(d)
        assert 0 == d.run_to_end()
        assert expected == d.output("stdout")


@pytest.mark.parametrize("how", ["closed", "collected", "left"])
@pytest.mark.lua(*PLAIN)
def test_a_process_is_waited_for(debug_process, how):
    """Whoever closes the file waits: the script, the collector, and the end of the program."""
    end = {
        "closed": "f:close() print('end')",
        "collected": "f = nil collectgarbage() collectgarbage() print('end')",
        "left": "print('end') io.stdout:flush()",
    }[how]
    with debug_process(f"""
        local f = io.popen("cat; sleep 0.1; echo late", "w")
        f:write("text\\n")
        {end}
    """) as d:
        expected = "end\ntext\nlate\n" if how == "left" else "text\nlate\nend\n"
        assert expected == plain_output(d)
        assert 0 == d.run_to_end()
        assert expected == d.output("stdout")


@pytest.mark.lua("5.4", "5.5")
def test_a_variable_that_closes_the_file(debug_process):
    """A file in a variable to be closed is waited for where the block ends."""
    with debug_process("""
        do
          local f <close> = io.popen("cat", "w")
          f:write("text\\n")
        end
        print("end")
    """) as d:
        assert "text\nend\n" == plain_output(d)
        assert 0 == d.run_to_end()
        assert "text\nend\n" == d.output("stdout")


def test_output_of_children_in_order(debug_process):
    """What the script and its children write arrives in the order it was written."""
    with debug_process("""
        print("one")
        os.execute("echo two; echo three >&2")
        print("four")
        local f = io.popen("echo five; echo six >&2", "r")
        print(f:read())
        f:close()
        print("seven")
        local g = io.popen("cat", "w")
        g:write("eight\\n")
        g:close()
        print("nine")
    """) as d:
        assert 0 == d.run_to_end()
        assert "one\ntwo\nfour\nfive\nseven\neight\nnine\n" == d.output("stdout")
        assert "three\nsix\n" == d.output("stderr")
        all_of_it = d.output()
        assert all_of_it.index("three") < all_of_it.index("four")
        assert all_of_it.index("six") < all_of_it.index("seven")


def test_stopping_while_a_process_runs(debug):
    """The file is shown, and steps go over reading and closing; in the console it can be read."""
    with debug("""
        local f = io.popen("echo one; echo two; echo three")
        local first = f:read()      -- @first
        local second = f:read()     -- @second
        f:close()                   -- @close
        print(first, second)        -- @print
    """) as d:
        d.break_at("first")
        d.run()
        assert "second" == d.walk("over")
        assert '"two"' == d.evaluate("f:read()", context="repl")
        assert "close print" == d.walk("over over")
        shown = d.locals()
        assert ('"one"', '"three"') == (shown["first"], shown["second"])
        assert "closed" in shown["f"]
        assert 0 == d.run_to_end()


@pytest.mark.lua(*PLAIN)
@pytest.mark.parametrize("kept", ["local f", "local f <close>"])
def test_ending_a_program_with_a_process(debug_process, lua, kept):
    """A program that is made to end waits for no child, whatever its file lies in."""
    if "close" in kept and lua not in ("5.4", "5.5"):
        pytest.skip("there are no such variables")
    with debug_process(f"""
        {kept} = io.popen("sleep 60", "w")
        print("started")  -- @started
        while true do end
    """) as d:
        d.break_at("started")
        d.run()
        d.requests.terminate()
        assert d.wait_for_stop() is None
        assert d.client.exit_code is not None


@pytest.mark.parametrize("how", ["terminate", "disconnect"])
@pytest.mark.parametrize(
    "wait",
    [
        'os.execute("echo $$ > pid; sleep 60; true")',
        'io.popen("echo $$ > pid; sleep 60; true"):read("*a")',
    ],
)
def test_ending_a_program_that_waits_for_a_process(debug_process, wait, how):
    """The process is interrupted, as by Ctrl-C; what the program left in the background goes on."""
    with debug_process(f"""
        os.execute("(touch ready; exec sleep 60) > /dev/null & echo $! > background")
        os.execute("until test -e ready; do :; done")
        while true do
          {wait}
        end
    """) as d:
        d.start()
        d.result("configurationDone", d.send("configurationDone"))
        become((d.folder / "pid").exists)
        become(lambda: bool((d.folder / "pid").read_text()))
        getattr(d.requests, how)()
        d.wait_for("terminated")
        assert "does not end" not in d.output()
        assert not exists(d.folder / "pid")
        assert exists(d.folder / "background")
        os.kill(int((d.folder / "background").read_text()), signal.SIGKILL)


def exists(file: Path) -> bool:
    """Whether the process whose number stands in a file runs."""
    words = ("ps", "-o", "stat=", "-p", file.read_text().strip())
    state = subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()
    return state != "" and not state.startswith("Z")


@pytest.mark.lua("5.1", "5.4")
@pytest.mark.parametrize("closes", ["", ", true"])
def test_leaving_with_a_process(debug_process, closes):
    """``os.exit`` leaves its children to themselves; one that closes all waits, from 5.2 on."""
    with debug_process(f"""
        local f = io.popen("cat; sleep 0.1; echo late > done", "w")
        f:write("text\\n")
        os.exit(3{closes})
    """) as d:
        if closes and d.lua != "5.1":
            assert 3 == d.run_to_end()
            assert "text\n" == d.output("stdout")
            assert (d.folder / "done").exists()
        else:
            assert 3 == d.run_to_end()


@pytest.mark.lua("5.1", "5.4")
def test_descriptors_and_processes_are_given_back(lua, tmp_path):
    """Of files that nobody closes nothing stays once they are collected."""
    write(
        tmp_path,
        "a.lua",
        """
        local own = io.open("/proc/self/stat"):read("*n")
        local function count(what) return io.popen(what:gsub("PID", ("%d"):format(own)) .. ""):read("*n") end
        for i = 1, 200 do
          io.popen("true")
          io.popen("exit 0"):close()
          if i % 50 == 0 then collectgarbage() collectgarbage() end
        end
        collectgarbage() collectgarbage()
        print(count("ls /proc/PID/fd | wc -l") < 30, count("ps -o stat= --ppid PID | grep -c Z") < 5)
        """,
    )
    done = llmspell("run", "--lua", lua, "a.lua", cwd=tmp_path)
    assert ("true\ttrue\n", "") == (done.stdout, done.stderr)
