"""Runs a text in a Lua of its own, with the probes' handler of syntax/probes.py, and tells all."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from lua_debug.syntax.active_lines import ActiveLines
from lua_debug.syntax.probes import Instrumented, instrument
from lua_debug.versions import VERSIONS, LuaVersion, make_runtime

every_version = pytest.mark.parametrize("version", VERSIONS.values(), ids=VERSIONS)

# print and tell() write to the output. tell(f) says what debug.getinfo knows of a function. c() and
# u() are conditions that come out differently each time and end every loop in the end.
_HARNESS = """
return function(text, limit, hooked)
  local output, hits, entered, lines = {}, {}, {}, {}
  local passes = 0
  local function write(...)
    local parts = {...}
    for i = 1, select("#", ...) do parts[i] = tostring(parts[i]) end
    output[#output + 1] = table.concat(parts, " ")
  end
  debug.setmetatable(true, {__call = function(_, id, form)
    passes = passes + 1
    if passes == limit then error("enough", 0) end
    local known = form and form ~= 1 and (form == 4 or entered[id])
    if form then entered[id] = form ~= 2 or nil end
    if not known then hits[#hits + 1] = id end
  end})
  local seed, turns = 7, 0
  local function random()
    seed, turns = (seed * 1103515245 + 12345) % 2^31, turns + 1
    return seed / 2^31 < 0.6
  end
  print = write
  function tell(f)
    local found, info = {}, debug.getinfo(f, "SL")
    for line in pairs(info.activelines) do found[#found + 1] = line end
    table.sort(found)
    write(info.source, info.linedefined, info.lastlinedefined, table.concat(found, ","))
  end
  function c() return turns < 60 and random() end
  function u() return turns >= 60 or random() end
  local function handler(message) return tostring(message) .. debug.traceback("", 2) end
  local chunk, message = (loadstring or load)(text, "@script.lua")
  if not chunk then return "does not compile: " .. message, "", "" end
  tell(chunk)
  if hooked then
    debug.sethook(function(_, line)
      if debug.getinfo(2, "S").source == "@script.lua" then lines[#lines + 1] = line end
    end, "l")
  end
  local results = {xpcall(chunk, handler)}
  debug.sethook()
  write((unpack or table.unpack)(results))
  return table.concat(output, "\\n"), table.concat(hits, " "), table.concat(lines, " ")
end
"""


@dataclass(frozen=True)
class Run:
    """What a run wrote, the probes it hit and, if ``hooked``, the lines a line hook saw."""

    output: str
    hits: Counter[int]
    hooked: Counter[int]


def run(version: LuaVersion, text: bytes, *, limit: int = 0, hooked: bool = False) -> Run:
    """Run a text; ``limit`` ends it by an error at that many calls of probes."""
    runtime: Any = make_runtime(version)
    answer = runtime.execute(_HARNESS)(text.decode("latin-1"), limit, hooked)
    output, hits, lines = (part.encode("latin-1").decode() for part in answer)
    return Run(output, Counter(map(int, hits.split())), Counter(map(int, lines.split())))


def active(version: LuaVersion, text: bytes) -> frozenset[int]:
    """All lines of a text that hold code."""
    functions = ActiveLines(version).functions(text)
    return frozenset().union(*(function.lines for function in functions))


def probed(version: LuaVersion, text: bytes, *, safepoints: bool = False) -> Instrumented:
    """The text with a probe on every line that holds code, the line being the probe's id."""
    return instrument(text, {line: line for line in active(version, text)}, safepoints=safepoints)
