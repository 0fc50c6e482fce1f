"""LuaEngine: runs a script as the standalone interpreter does, without the debugger."""

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from kernel.core.settings import DebugSettings
from lua_debug.break_key import make_break_key
from lua_debug.closing import close_state
from lua_debug.interrupt import LuaInterface, main_state, set_main_thread
from lua_debug.probe_files import load_probe
from lua_debug.processes import Processes
from lua_debug.versions import find_version, make_runtime

_PROGRAM = ("base", "traceback", "standing_in", "program", "c_modules", "processes")
"""The files of the probe that run a program; none of them is a debugger."""

_RUN = """
local P = ...
return function(source, chunkname, script, options, ...)
  local arguments = { [0] = script, ... }
  for index = 1, #options do arguments[index - #options - 1] = options[index] end
  _G.arg = arguments
  P.install_traceback(_G)
  P.install_c_modules(_G)
  P.install_processes(_G)
  local chunk, message = (loadstring or load)(source, chunkname)
  if not chunk then return message end
  return P.run_main(chunk, ...)
end
"""


class LuaEngine:
    """One runtime of one Lua version, used by the thread that made it."""

    def __init__(self, settings: DebugSettings) -> None:
        self.version = find_version(settings.lua)
        self._runtime: Any = make_runtime(self.version, settings.max_memory_mb)
        package = self._runtime.globals().package
        for name, additions in (("path", settings.lua_path), ("cpath", settings.lua_cpath)):
            if additions:
                package[name] = ";".join([*map(_bytes_as_text, additions), package[name]])
        told = {"label": self.version.label, "no_c_modules": self.version.offer()}
        processes = Processes().functions()
        probe = load_probe(self._runtime, self.version, processes, told, _PROGRAM)
        interface = LuaInterface(self.version)
        state = main_state(self.version, self._runtime)
        set_main_thread(interface, state, self._runtime, probe)
        self._run = self._runtime.execute(_RUN, probe, name="=[C]")

    def run_file(
        self, path: str, args: Sequence[str] = (), options: Sequence[str] = ()
    ) -> str | None:
        """Run a file; None, or the error with its traceback ("" if Lua says nothing of it).

        ``options`` become ``arg[-1]`` and so on. Raises `OSError` if the file cannot be read.
        ``os.exit`` ends the process.
        """
        with open(path, "rb") as file:
            return self.run_text(file.read(), path, args, options)

    def run_text(
        self, text: bytes, name: str, args: Sequence[str] = (), options: Sequence[str] = ()
    ) -> str | None:
        """Run a text as the file ``name``; ``-`` (standard input) is called ``stdin``."""
        chunkname = "=stdin" if name == "-" else f"@{_bytes_as_text(name)}"
        if self.version.abi >= 52:
            text = text.removeprefix(b"\xef\xbb\xbf")
        if text.startswith(b"#"):
            line_end = text.find(b"\n")
            text = text[line_end:] if line_end >= 0 else b""
        words = map(_bytes_as_text, args)
        before = self._runtime.table_from([_bytes_as_text(option) for option in options])
        source = text.decode("latin-1")
        lua_error = self.version.load().LuaError
        try:
            problem = self._run(source, chunkname, _bytes_as_text(name), before, *words)
        except lua_error as error:  # raised by a hook that the script left behind
            problem = str(error)
        return None if problem is None else _shown(problem)

    def close(self) -> None:
        """Let finalizers run and give the memory back; nothing can be run any more."""
        self._run = None
        close_state(self.version, self._runtime)

    def make_break_key(self) -> Callable[[], None]:
        """What to call, on any thread, to raise "interrupted!" in the script that runs.

        To be made before the script runs. Calling it raises `KernelError` where there is no way.
        """
        return make_break_key(self.version, self._runtime)


def _bytes_as_text(text: str) -> str:
    return os.fsencode(text).decode("latin-1")


def _shown(text: str) -> str:
    encoding = sys.stderr.encoding or "utf-8"
    return text.encode("latin-1").decode(encoding, "backslashreplace")
