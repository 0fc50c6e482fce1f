"""What the extension module offers to Python; `lua_debug.native` is its only user."""

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

def attached() -> int:
    """How many runtimes are attached now."""
