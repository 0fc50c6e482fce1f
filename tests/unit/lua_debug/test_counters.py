"""What is left of a count is read and written where Lua keeps it."""

import ctypes
import sys

import pytest

from lua_debug.counters import install_counter
from lua_debug.interrupt import LuaInterface
from lua_debug.probe_files import load_probe
from lua_debug.states import main_state
from lua_debug.versions import VERSIONS, find_version, make_runtime

COUNTING = """
local P = ...
local address = P.is_jit and 0 or tonumber((tostring(P.main):gsub("^thread: ", "")))
local ended = 0
debug.sethook(function() ended = ended + 1 end, "", 10000)
local left = P.counter(address, 10000)
local again = P.counter(address, 10000, 1)
local was_told = ended > 0
debug.sethook()
return left > 9900 and left < 10000, again < left, was_told, P.counter(address, 9999)
"""


@pytest.mark.skipif(sys.maxsize < 2**32, reason="the places are known for 64 bits")
@pytest.mark.parametrize("name", list(VERSIONS))
def test_a_count_is_read_and_written(name):
    """It has come nearer its end each time, ends where it is told to, and no other is touched."""
    version = find_version(name)
    interface, runtime = LuaInterface(version), make_runtime(version)
    probe = load_probe(runtime, version, {}, {}, ("base", "threads"))
    state = main_state(version, runtime)
    interface.pushthread(state)
    interface.setfield(state, interface.registry, b"main")
    runtime.execute("local P = ... P.main = debug.getregistry().main", probe)
    runtime.execute("debug.sethook(function() end, '', 2 ^ 30)")
    install_counter(interface, state, interface.gethook(state), version, runtime, probe)
    run = runtime.execute("return (loadstring or load)(...)", COUNTING)
    assert (True, True, True, None) == tuple(run(probe))


def test_other_layouts_are_not_guessed():
    """Where no place shows what was set, there is no counter."""

    class Shy:
        def sethook(self, *_):
            pass

    class Probe:
        counter = None

    version, probe = find_version("5.4"), Probe()
    memory = ctypes.create_string_buffer(256)
    install_counter(Shy(), ctypes.addressof(memory), 0x1234, version, make_runtime(version), probe)
    assert probe.counter is None
