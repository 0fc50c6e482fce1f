"""The lupa modules as shared libraries: loading them, and offering one to what scripts load in C.

Every lupa module exports the C interface of its Lua, under the same names as the others do. Python
loads it so that nobody else finds these names, and a C module that a script requires needs them.
So a process *offers* one lupa module: from then on all that it loads finds that one's names, and
finds them first. Other lupa modules would take them for their own, which is why a process offers
one for good, and binds those that it loads later to themselves.
"""

import ctypes
import importlib
import os
import sys
import threading
from types import ModuleType

_guard = threading.Lock()
_offered: list[str] = []
"""The full name of the module that is offered; empty as long as none is."""


class NotOffered(Exception):
    """C modules find no Lua, or not this one; the text says why."""


def load(name: str) -> ModuleType:
    """Import a lupa module; raises `ImportError`."""
    with _guard:
        if not _offered or name in sys.modules or sys.platform != "linux":
            return importlib.import_module(name)
        return _bound_to_itself(name)


def offer(module: ModuleType) -> None:
    """Let C modules find the C interface that a lupa module exports; raises `NotOffered`."""
    name = module.__name__
    with _guard:
        if _offered and _offered[0] != name:
            raise NotOffered(
                f"C modules find the Lua of {_offered[0]} in this process, which has run a program "
                "with it; another Lua can load them in another process only"
            )
        if not _offered:
            _show_to_all(module)
            _offered.append(name)


def _show_to_all(module: ModuleType) -> None:
    try:
        mode = os.RTLD_NOLOAD | os.RTLD_NOW | os.RTLD_GLOBAL
        ctypes.CDLL(module.__file__, mode=mode)
    except (AttributeError, OSError) as error:
        raise NotOffered(f"{module.__name__} cannot be shown to C modules: {error}") from error


def _bound_to_itself(name: str) -> ModuleType:
    """A module whose own names come before those that are offered."""
    before = sys.getdlopenflags()
    try:
        sys.setdlopenflags(before | os.RTLD_DEEPBIND)
    except AttributeError as error:  # not every C library can
        raise ImportError(
            f"{_offered[0]} is in use, which this system cannot keep apart from another one in the "
            "same process"
        ) from error
    try:
        return importlib.import_module(name)
    finally:
        sys.setdlopenflags(before)
