"""Runs Lua programs under the compiled hooks and writes down what the hooks tell."""

from typing import Any

import pytest

from lua_debug import native
from lua_debug.doors import Doors
from lua_debug.probe_files import load_probe
from lua_debug.versions import VERSIONS, make_runtime

needs_native = pytest.mark.skipif(
    native.why_unavailable() is not None, reason=str(native.why_unavailable())
)
"""Skips a test where the accelerator could not be built."""

every_version = pytest.mark.parametrize("version", list(VERSIONS))
"""Runs a test on all Lua versions."""

PLAIN = [name for name, version in VERSIONS.items() if not version.is_jit]
"""The versions that are not LuaJIT."""

every_plain_version = pytest.mark.parametrize("version", PLAIN)

_STAGE = r"""
local P = ...
local lib, hooks, stage = P.lib, P.native_hooks, { events = {} }
local getinfo, concat, remove = lib.debug.getinfo, lib.table.concat, lib.table.remove
P.hooks = hooks
P.main = lib.coroutine.running()

-- The level of the script's frame that an event is about, for the caller of the caller.
function stage.level(event)
  local level = event == "return" and 4 or 3
  local info = getinfo(level, "S")
  while info and (info.what == "C" or info.what == "tail" or info.source == "=[C]") do
    level = level + 1
    info = getinfo(level, "S")
  end
  return level - 1
end

-- Writes down event and line; at each event the next of `commands` is done: a step, or "go".
function stage.follow(commands)
  hooks.start(function(event, line, is_step)
    stage.events[#stage.events + 1] = event .. " " .. line
    local command = remove(commands, 1)
    if not command then return end
    if command == "go" then hooks.step(nil) else hooks.step(command, stage.level(event)) end
    return true
  end)
end

function stage.load(text)
  hooks.loaded()
  local chunk, message = (lib.loadstring or lib.load)(text, "=p")
  if not chunk then lib.error(message) end
  return chunk
end

function stage.told()
  local text = concat(stage.events, ", ")
  stage.events = {}
  return text
end

P.stage = stage
"""


class Stage:
    """One runtime with the compiled hooks attached."""

    def __init__(self, version: str) -> None:
        row = VERSIONS[version]
        self.version = version
        self.runtime = make_runtime(row)
        self.doors = Doors(dict.fromkeys(("started", "begun", "hear"), lambda: None))
        """What Lua finds as ``P.host``; a test puts its own functions there."""
        self.probe = load_probe(self.runtime, row, self.doors, {}, ("base", "threads"))
        self.interrupt = native.attach(row, self.runtime, self.probe).interrupt
        self.lua(_STAGE, name="=[C]")

    def lua(self, text: str, *arguments: Any, name: str = "=test") -> Any:
        """Run Lua code with the probe's table P as its first argument."""
        compiled = self.runtime.execute(
            "local text, name = ... return (loadstring or load)(text, name)", text, name
        )
        if compiled is None:
            raise ValueError(text)
        return compiled(self.probe, *arguments)

    def steps(self, program: str, line: int, *commands: str) -> str:
        """Stop at a line of the program, go on by these commands; the events that came."""
        return str(
            self.lua(
                r"""local P, program, line, text = ...
                local commands = {}
                for command in text:gmatch("%a+") do commands[#commands + 1] = command end
                local chunk = P.stage.load(program)
                P.hooks.install(P.globals)
                P.stage.follow(commands)
                P.hooks.set_lines("=p", { [line] = true })
                local ok, problem = P.lib.pcall(chunk)
                P.hooks.step(nil)
                P.hooks.set_lines("=p", nil)
                return P.stage.told()""",
                program,
                line,
                " ".join(commands),
                name="=[C]",
            )
        )
