"""What stops, conditions and looking at things cost: rates, and milliseconds over TCP."""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dap_server.client import DapClient

_CONDITION = """
local count = tonumber(arg[1])
local function work(n)
  local sum = 0
  for i = 1, n do
    sum = sum + i -- @here
  end
  return sum
end
local before = os.clock()
work(count)
print("seconds", os.clock() - before)
"""

_STEP_OVER = """
local function long(n)
  local before = os.clock()
  local sum = 0
  for i = 1, n do
    sum = sum + i
    if sum > 1e15 then
      sum = 0
    end
  end
  return os.clock() - before
end
local function calls(n)
  if n < 2 then
    return n
  end
  return calls(n - 1) + calls(n - 2)
end
local function timed_calls(n)
  local before = os.clock()
  calls(n)
  return os.clock() - before
end
local loop = math.min(long(1000000), long(1000000), long(1000000))
local fib = math.min(timed_calls(26), timed_calls(26), timed_calls(26))
local over = long(1000000) -- @start
over = math.min(over, long(1000000))
local over_fib = timed_calls(26)
over_fib = math.min(over_fib, timed_calls(26))
print("loop", over / loop)
print("calls", over_fib / fib)
"""

_LOOK = """
local big = {}
for i = 1, 1000000 do big["key" .. i] = i end
local function deep(n)
  if n == 0 then
    local here = big -- @bottom
    return here and 0
  end
  local result = deep(n - 1)
  return result
end
deep(tonumber(arg[1]))
"""


@contextmanager
def session(text: str) -> Iterator[tuple[DapClient, Path]]:
    """A client at a TCP server, and the program in a file."""
    command = [sys.executable, "-m", "dap_server", "--listen", "127.0.0.1:0"]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server,
    ):
        assert server.stderr is not None
        port = int(server.stderr.readline().rpartition(":")[2])
        program = Path(folder) / "program.lua"
        program.write_text(text, "utf-8")
        try:
            with DapClient.connect(port, deadline=120.0) as client:
                yield client, program
        finally:
            server.terminate()


def _line(text: str, mark: str) -> int:
    return next(n for n, line in enumerate(text.split("\n"), 1) if f"@{mark}" in line)


def rate(lua: str, count: int, **breakpoint_: str) -> float:
    """Passages per second of a breakpoint that never stops."""
    with session(_CONDITION) as (client, program):
        client.break_at(program, _line(_CONDITION, "here"), **breakpoint_)
        assert client.launch(program, lua=lua, args=[str(count)]) is None
        return count / float(client.output("stdout").split("\t")[1])


def step_over(lua: str) -> dict[str, float]:
    """The time of a call that is stepped over, by that of the same call without a debugger near."""
    with session(_STEP_OVER) as (client, program):
        client.break_at(program, _line(_STEP_OVER, "start"))
        assert client.launch(program, lua=lua) is not None
        for _ in range(4):
            client.step_over()
        client.run_to_end()
        lines = client.output("stdout").splitlines()
        return {name: float(value) for name, value in (line.split("\t") for line in lines)}


def step_latency(lua: str, steps: int = 200) -> float:
    """Milliseconds from the step request to its ``stopped`` event over TCP, median."""
    text = "local n = 0\nwhile true do\n  n = n + 1\n  n = n - 1\nend\n"
    with session(text) as (client, program):
        client.break_at(program, 3)
        stop = client.launch(program, lua=lua)
        assert stop is not None
        found = []
        for _ in range(steps):
            before = time.perf_counter()
            client.send("next", {"threadId": stop.thread})
            client.wait_for("stopped")
            found.append(time.perf_counter() - before)
        return 1000 * statistics.median(found)


def depth_of(lua: str) -> int:
    """How deep a stack is looked at: 150,000 frames where Lua allows for that.

    Lua 5.1 gives up when the 16,384 frames that it has made room for are full (ldo.c, ``growCI``),
    LuaJIT at 65,500 values (``LUAI_MAXSTACK``).
    """
    if lua.startswith("luajit"):
        return 10_000
    return 15_000 if lua == "5.1" else 150_000


def looking(lua: str) -> dict[str, float]:
    """Milliseconds for a page of a deep stack, and of a table with 1,000,000 entries."""
    with session(_LOOK) as (client, program):
        client.break_at(program, _line(_LOOK, "bottom"))
        stop = client.launch(program, lua=lua, args=[str(depth_of(lua))])
        assert stop is not None, client.output()
        ask = client.requests
        client.step_over()
        frame = ask.stack_trace(thread_id=stop.thread, levels=1).stack_frames[0].id
        scopes = ask.scopes(frame_id=frame).scopes
        here = next(
            each
            for each in ask.variables(variables_reference=scopes[0].variables_reference).variables
            if each.name == "here"
        )

        def table_page() -> list[str]:
            page = ask.variables(variables_reference=here.variables_reference, start=0, count=100)
            return [each.name for each in page.variables]

        before = time.perf_counter()
        first_page = table_page()
        first = 1000 * (time.perf_counter() - before)
        assert len(first_page) == 100
        assert first_page == table_page()
        return {
            "first table page": first,
            "stack page": _milliseconds(
                lambda: ask.stack_trace(thread_id=stop.thread, start_frame=0, levels=20)
            ),
            "table page": _milliseconds(table_page),
        }


def _milliseconds(ask: Callable[[], object]) -> float:
    found = []
    for _ in range(9):
        before = time.perf_counter()
        ask()
        found.append(time.perf_counter() - before)
    return 1000 * statistics.median(found)
