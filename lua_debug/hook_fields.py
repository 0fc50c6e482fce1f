"""Where Lua 5.2 and 5.3 keep a thread's hook: an interrupt writes there, and into nothing else.

``lua_sethook`` also notes the instruction that the thread is at (ldebug.c, ``L->oldpc``). Called
from another thread of the system it may note that of a function which has just been left, and Lua
then reads that function's lines at a wild address. The four fields of the hook bear being written
while the thread runs.
"""

import ctypes
import sys
from collections.abc import Callable, Iterator
from typing import Any

_SIZE = 208
"""Bytes of a lua_State that are looked at: all there are in 5.2 and 5.3 on 64-bit machines."""

_COUNTS = 0x5A5AA5A5, 0x3C3CC3C3
_MASKS = 0x8, 0xA
"""What the hook is set to, twice, to see which bytes follow."""


def find_hook_fields(interface: Any, idle: int, hook: int) -> Callable[[int, int], None] | None:
    """How to ask for ``hook`` at a thread's next instruction: a function of its address and a mask.

    ``idle`` is the address of a thread that nobody runs. None where the fields cannot be told, for
    instance on machines of 32 bits.
    """
    if ctypes.sizeof(ctypes.c_void_p) != 8:
        return None
    seen = []
    for mask, count in zip(_MASKS, _COUNTS, strict=True):
        interface.sethook(idle, hook, mask, count)
        seen.append(ctypes.string_at(idle, _SIZE))
    interface.sethook(idle, None, 0, 0)
    counts = list(_places(seen, [count.to_bytes(4, sys.byteorder) for count in _COUNTS], 4))
    masks = list(_places(seen, [bytes([mask]) for mask in _MASKS], 1))
    hooks = list(_places(seen, [hook.to_bytes(8, sys.byteorder)] * 2, 8))
    if (len(counts), len(masks), len(hooks)) != (2, 1, 1):
        return None

    def ask(thread: int, mask: int) -> None:
        ctypes.c_void_p.from_address(thread + hooks[0]).value = hook
        for place in counts:
            ctypes.c_int.from_address(thread + place).value = 1
        ctypes.c_uint8.from_address(thread + masks[0]).value = mask

    return ask


def _places(seen: list[bytes], wanted: list[bytes], step: int) -> Iterator[int]:
    """Offsets at which each of the snapshots shows its wanted bytes."""
    for place in range(0, _SIZE, step):
        if all(shot.startswith(bytes_, place) for shot, bytes_ in zip(seen, wanted, strict=True)):
            yield place
