"""What a script starts with ``io.popen``: lupa's Lua has none, so the host starts it.

The command's standard input or output is a pipe, and the script opens the other end of it as a
file, by the name that the system gives to an open descriptor. So it has a file of Lua's own.
"""

import ctypes
import os
import subprocess
from collections.abc import Mapping
from typing import Any

FOLDER = "/dev/fd/"
"""Where open descriptors have names."""


class Processes:
    """The commands whose files are open. Used by the thread of the Lua that started them."""

    def __init__(self) -> None:
        self._running: dict[int, subprocess.Popen[bytes]] = {}

    def functions(self) -> Mapping[str, Any]:
        """What the probe calls; empty where descriptors have no names."""
        if not os.path.isdir(FOLDER):
            return {}
        return {"popen": self.start, "popened": os.close, "pclose": self.wait}

    def start(self, command: str, reads: bool) -> tuple[Any, ...]:
        """Start a shell command: our end of the pipe and its name, and the number of the process.

        If that fails nothing, the system's words and its number for the problem, as files have it.
        """
        ctypes.CDLL(None).fflush(None)  # so does Lua, wherever it has popen (luaconf.h, lua_popen)
        try:
            ours, theirs = os.pipe() if reads else reversed(os.pipe())
        except OSError as error:
            return _problem(error)
        words = ("sh", "-c", command.encode("latin-1"))
        inside, outside = (None, theirs) if reads else (theirs, None)
        try:
            process = subprocess.Popen(words, executable="/bin/sh", stdin=inside, stdout=outside)
        except OSError as error:
            os.close(ours)
            return _problem(error)
        finally:
            os.close(theirs)
        self._running[process.pid] = process
        return ours, f"{FOLDER}{ours}", process.pid

    def wait(self, number: int) -> tuple[str, int]:
        """Wait for a command to end: "exit" or "signal", and with which."""
        code = self._running.pop(number).wait()
        return ("signal", -code) if code < 0 else ("exit", code)


def _problem(error: OSError) -> tuple[Any, ...]:
    return None, os.strerror(error.errno or 0), error.errno or 0
