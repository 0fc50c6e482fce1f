"""Cells of Lua in one debuggee: a program that reads the names of files and runs them.

What a cell leaves in globals the next one finds; it can be stopped in, as any program.
"""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

from kernel.core import model as m
from kernel.core.settings import DebugSettings
from kernel.debug.coordinator import DebugCoordinator
from kernel.events import model as e
from kernel.events.bus import EventBus
from kernel.sessions.cells import Cell, Outcome, Output
from kernel.sessions.policies.base import Limits
from lua_debug.debuggee import LuaDebuggee

DRIVER = r"""
local orders = assert(io.open(arg[1]))
local read, time = io.read, os.time
local function show(value)
  if type(value) == "string" then return string.format("%q", value) end
  return tostring(value)
end
for path in orders:lines() do
  local seed, clock, count = orders:read("*n", "*n", "*n")
  orders:read()
  local inputs = {}
  for number = 1, count do inputs[number] = orders:read() end
  io.read = function() return table.remove(inputs, 1) end
  if clock >= 0 then os.time = function() return clock end else os.time = time end
  if seed >= 0 then math.randomseed(seed) end
  local chunk, message = loadfile(path)
  local ok, value = false, message
  if chunk then ok, value = pcall(chunk) end
  io.write("\1", ok and "ok" or "error", "\2", ok and show(value) or tostring(value), "\1\n")
end
"""


class LuaCells:
    """Implements `CellRunner` over a `LuaDebuggee`; to be made on the loop's thread."""

    def __init__(self, folder: Path, lua: str = "5.4") -> None:
        self._folder = folder
        self._orders = folder / f"orders-{id(self)}"
        os.mkfifo(self._orders)
        # Opened for both, it neither waits for a reader nor ends before it is closed.
        self._pipe = os.open(self._orders, os.O_RDWR)
        self._driver = folder / "driver.lua"
        self._driver.write_text(DRIVER)
        self.bus = EventBus()
        self.coordinator = DebugCoordinator(
            LuaDebuggee(
                DebugSettings(lua=lua),
                lambda event: self.coordinator.listen(event),
                program=str(self._driver),
            ),
            self.bus,
        )
        self._written = ""
        self._news = asyncio.Event()
        self._has_started = self._has_ended = False
        self.bus.subscribe(self._hear)

    def _hear(self, event: e.KernelEvent) -> None:
        if isinstance(event, e.OutputWritten):
            self._written += event.text
        if isinstance(event, e.Exited):
            self._has_ended = True
        self._news.set()

    async def run(self, cell: Cell, limits: Limits) -> Outcome:
        """See `CellRunner`."""
        if not self._has_started:
            self._has_started = True
            program = m.Program(str(self._driver), args=(str(self._orders),))
            await self.coordinator.debuggee.launch(program)
        path = Path(cell.name or self._folder / "cell.lua")
        path.write_text(cell.code)
        seed = -1 if cell.seed is None else cell.seed
        clock = -1 if cell.clock is None else int(cell.clock)
        order = [str(path), f"{seed} {clock} {len(cell.inputs)}", *cell.inputs, ""]
        self._written = ""
        os.write(self._pipe, "\n".join(order).encode())
        async with asyncio.timeout(limits.timeout_seconds):
            while self._written.count("\1") < 2 and not self._has_ended:
                self._news.clear()
                await self._news.wait()
        output, _, rest = self._written.partition("\1")
        status, _, value = rest.partition("\1")[0].partition("\2")
        outputs = (Output(output),) if output else ()
        if status != "ok":
            return Outcome("error", None, outputs, value)
        return Outcome("ok", _plain(value), outputs)

    async def close(self) -> None:
        """See `CellRunner`."""
        os.close(self._pipe)
        if self._has_started and not self._has_ended:
            await self.coordinator.debuggee.terminate()


def _plain(text: str) -> Any:
    """Numbers, texts and truth as JSON has them; of anything else its name."""
    try:
        return None if text == "nil" else json.loads(text)
    except ValueError:
        return text
