"""What the extension module offers to Python; `lua_debug.native` is its only user."""

from collections.abc import Callable
from typing import Any

def prepare(module: str, path: str) -> str:
    """Bind the C interface that ``lupa.<module>`` (the file ``path``) exports.

    Answers the name of the symbol that ``package.loadlib`` finds in this extension for it. Raises
    `OSError` naming what is missing. Binding the same module again is free.
    """

def interrupt(key: int) -> bool:
    """Make the runtime attached as ``key`` call ``on_event("interrupt")`` at its next instruction.

    Any thread may call it. False if the runtime or its thread is gone.
    """

def wake(key: int) -> bool:
    """Make the sleeping safepoints of a LuaJIT runtime hear; compiled code is left for that.

    Any thread may call it. False if there is nothing to wake: they never sleep there.
    """

def open_door(module: str, state: int, field: str, answer: Callable[..., tuple[Any, ...]]) -> bool:
    """Put a function into a field of the registry of the Lua state at the address ``state``.

    It calls ``answer`` with texts (a character for each byte), numbers, booleans and None, gives
    what is in its answer, such values too, and raises nothing. False if there is no room for more
    of them, or the module is not bound. To be called on the state's thread, before any script runs;
    it lasts until the state closes.
    """

def attached() -> int:
    """How many runtimes are attached now."""
