"""Whether the file of a program can be run, told alike wherever one is named."""

import os
import stat

from kernel.core.errors import ProgramNotFound


def require_program(path: str, name: str = "") -> None:
    """Raises `ProgramNotFound` where no file can be read; ``name``: what the user called it."""
    name = name or path
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):  # a name may hold what no name can
        raise ProgramNotFound(f"Script file not found: {name}") from None
    if stat.S_ISDIR(mode):
        raise ProgramNotFound(f"cannot open {name}: Is a directory")
    if not stat.S_ISREG(mode):
        raise ProgramNotFound(f"cannot debug {name}: it is no regular file; save it in one first")
    if not os.access(path, os.R_OK):
        raise ProgramNotFound(f"cannot open {name}: Permission denied")
