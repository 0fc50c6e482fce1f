"""Hooks are asked for from outside by writing where Lua 5.2 and 5.3 keep them."""

import ctypes
import sys

import pytest

from lua_debug.hook_fields import find_hook_fields
from lua_debug.interrupt import LuaInterface
from lua_debug.states import main_state
from lua_debug.versions import find_version, make_runtime

CALLED = """
    local count = 0
    debug.sethook(function() count = count + 1 end, "", 2 ^ 30)
    return function() for _ = 1, 100 do end return count end
"""


@pytest.mark.skipif(sys.maxsize < 2**32, reason="the places are known for 64 bits")
@pytest.mark.parametrize("name", ["5.2", "5.3"])
def test_a_hook_asked_for_is_called_at_every_instruction(name):
    """It is the hook that was there, with the mask and the count that were asked for."""
    version = find_version(name)
    interface, runtime, idle = LuaInterface(version), make_runtime(version), make_runtime(version)
    state = main_state(version, runtime)
    called = runtime.execute(CALLED)
    hook = interface.gethook(state)
    ask = find_hook_fields(interface, main_state(version, idle), hook)
    assert ask is not None
    assert 0 == called()
    ask(state, 8)
    assert 100 < called()
    assert (hook, 8) == (interface.gethook(state), interface.gethookmask(state))


def test_other_layouts_are_not_guessed():
    """What does not show the fields exactly once is left alone."""

    class Shy:
        def sethook(self, *_):
            pass

    memory = ctypes.create_string_buffer(256)
    assert find_hook_fields(Shy(), ctypes.addressof(memory), 0x1234) is None
