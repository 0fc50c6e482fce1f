"""Where Python calls Lua: nothing that a script did before ends the process there."""

import subprocess
import sys

import pytest

from lua_debug.versions import VERSIONS

TWO_RUNS = """
import sys
from kernel.core.settings import DebugSettings
from lua_debug.engine import LuaEngine
engine = LuaEngine(DebugSettings(lua=sys.argv[1]))
problem = engine.run_text(b'''
    x, debug = 5, nil
    setmetatable(_G, { __index = function(_, name) error("no " .. name) end })
''', "first")
assert problem is None, problem
problem = engine.run_text(b"error(tostring(x) .. tostring(load ~= nil), 0)", "second")
print(problem.splitlines()[0])
engine.close()
"""


@pytest.mark.parametrize("version", list(VERSIONS))
def test_globals_that_raise_errors_hurt_nobody(version: str) -> None:
    """A script without `debug`, whose globals are strict, is followed by another one."""
    command = (sys.executable, "-c", TWO_RUNS, version)
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (0, "5true", "") == (run.returncode, run.stdout.strip(), run.stderr)
