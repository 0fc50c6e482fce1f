"""How a debuggee is set up: what a launch or attach asks of it, in no protocol's words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class PathMapping:
    """A folder of the client (``local``) and the same folder where the program runs."""

    local: str
    remote: str

    def to_remote(self, path: str) -> str | None:
        """Where the program finds a path of the client; None if the path is not below ``local``."""
        return _moved(path, self.local, self.remote)

    def to_local(self, path: str) -> str | None:
        """The way back."""
        return _moved(path, self.remote, self.local)


_ON_WINDOWS = re.compile(r"[A-Za-z]:|\\\\")


def _moved(path: str, folder: str, other: str) -> str | None:
    """A path below one folder as it is below the other, each in the manner of its system."""
    base = folder.rstrip("/\\" if _ON_WINDOWS.match(folder) else "/")
    rest = path[len(base) :]
    if _comparable(path[: len(base)], base) != _comparable(base, base):
        return None
    if _ON_WINDOWS.match(base):
        rest = rest.replace("\\", "/")
    if rest and not rest.startswith("/"):
        return None
    if _ON_WINDOWS.match(other):
        rest = rest if "/" in other else rest.replace("/", "\\")
        return other.rstrip("/\\") + rest
    return other.rstrip("/") + rest


def _comparable(path: str, folder: str) -> str:
    """On Windows case makes no difference, and both slashes part folders."""
    return path.replace("\\", "/").casefold() if _ON_WINDOWS.match(folder) else path


@dataclass(frozen=True, slots=True)
class DisplayLimits:
    """How much of a value is shown at once; everything can still be had in pieces."""

    max_string: int = 1000
    """Characters of a text before it is cut off."""
    max_children: int = 1000
    """Children of a value in one page, for clients that do not page themselves."""
    max_preview: int = 5
    """Entries in the one line that stands for a table."""


@dataclass(frozen=True, slots=True)
class DebugSettings:
    """What a debuggee needs to know before it starts."""

    lua: str = "5.4"
    """``5.1`` … ``5.5``, ``luajit``, ``luajit2.0`` or ``luajit2.1``."""
    lua_path: tuple[str, ...] = ()
    """Templates put before ``package.path``."""
    lua_cpath: tuple[str, ...] = ()
    """Templates put before ``package.cpath``."""
    env: Mapping[str, str | None] = field(default_factory=dict)
    """Added to the environment; None takes a variable away."""
    cwd: str | None = None
    libraries: Literal["full", "closed"] = "full"
    """What a script may reach. ``full``: all that its language has, for scripts that are trusted as
    the user's own are. ``closed``: nothing that leads into the process that runs it (code in C,
    bytecode, foreign functions, the inside of the debugger and of the kernel)."""
    max_memory_mb: int | None = None
    """Mebibytes the program may allocate before Lua says "not enough memory"."""
    skip_files: tuple[str, ...] = ()
    """Globs of sources that are stepped over; a leading ``!`` takes matches out again."""
    just_my_code: bool = False
    """Step over what lies in no folder of the program."""
    path_mappings: tuple[PathMapping, ...] = ()
    source_maps: bool = True
    """Whether what compilers made is shown as what they made it from."""
    source_globs: tuple[tuple[str, str], ...] = ()
    """Globs of chunks and the files they are shown as."""
    display: DisplayLimits = DisplayLimits()
