"""CellFiles: the files that cells are known by to debuggers, named by what is in them.

A front end computes a cell's file name itself, with the hash that the kernel tells it (Jupyter
debugger protocol, ``debugInfo``), and looks for it in stack frames. So the same text has the same
file, in whichever cell it stands.

Each process has a folder of its own, which is locked as long as the process lives; one that was
killed leaves its folder, and the next that ends takes it away.
"""

import contextlib
import fcntl
import os
import shutil
import struct
import tempfile
from collections import OrderedDict
from pathlib import Path

HASH_METHOD = "Murmur2"
"""The only one that front ends know."""

HASH_SEED = 0xC70F6907
SUFFIX = ".lua"

KEPT = 10_000
"""Files that are kept; the oldest go."""

FOLDER = "lua_ipykernel_"
"""How the folders begin. The name is short: Lua cuts the paths in its messages.

JupyterLab shows the number of a cell (``Cell [3]``) instead of the file where the path has
``ipykernel_`` in it, and only there.
"""

SWEPT = 100
"""Folders that one process takes away after others, at most."""

_MULTIPLIER, _SHIFT, _MASK = 0x5BD1E995, 24, 0xFFFFFFFF


def murmur2(data: bytes, seed: int = HASH_SEED) -> int:
    """MurmurHash2, 32 bits, of ``data`` (Austin Appleby's, public domain; little endian)."""
    value = (seed ^ len(data)) & _MASK
    whole = len(data) & ~3
    for word in struct.unpack(f"<{whole // 4}I", data[:whole]):
        part = word * _MULTIPLIER & _MASK
        part = (part ^ part >> _SHIFT) * _MULTIPLIER & _MASK
        value = (value * _MULTIPLIER & _MASK) ^ part
    if rest := data[whole:]:
        value = (value ^ int.from_bytes(rest, "little")) * _MULTIPLIER & _MASK
    value = (value ^ value >> 13) * _MULTIPLIER & _MASK
    return value ^ value >> 15


class CellFiles:
    """A folder of this process alone, which goes with it."""

    def __init__(self, parent: str | None = None, kept: int = KEPT) -> None:
        """``parent``: where to make the folder; the system's for temporary files by default."""
        self._kept, self._parent = kept, parent or tempfile.gettempdir()
        self._folder, self._lock = _locked_folder(self._parent)
        self.prefix = os.path.join(self._folder, "")
        self._written: OrderedDict[str, None] = OrderedDict()

    def path(self, code: str) -> str:
        """The file of a cell, whether or not it has been written."""
        return f"{self.prefix}{murmur2(code.encode('utf-8', 'surrogatepass'))}{SUFFIX}"

    def write(self, code: str) -> str:
        """Have the cell's file written; its path. Raises `OSError`."""
        written = self.path(code)
        if not os.path.exists(written):
            path = Path(written)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            part = path.with_suffix(".part")
            part.write_bytes(code.encode("utf-8", "surrogatepass"))
            part.replace(path)
        self._written[written] = None
        self._written.move_to_end(written)
        while len(self._written) > self._kept:
            Path(self._written.popitem(last=False)[0]).unlink(missing_ok=True)
        return written

    def read(self, path: str) -> str | None:
        """The text of one of these files; None for any other path, and for one not written."""
        if os.path.dirname(path) != self._folder:
            return None
        with contextlib.suppress(OSError):
            return Path(path).read_bytes().decode("utf-8", "surrogatepass")
        return None

    def close(self) -> None:
        """Remove the folder, and those of processes that were killed; harmless when done twice."""
        shutil.rmtree(self._folder, ignore_errors=True)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1
            _sweep(self._parent)


def _locked_folder(parent: str) -> tuple[str, int]:
    """A new folder, and the descriptor whose lock says that somebody uses it."""
    while True:
        folder = tempfile.mkdtemp(prefix=f"{FOLDER}{os.getpid()}_", dir=parent)
        lock = _lock(folder)
        if lock is not None:
            return folder, lock  # otherwise somebody sweeps just now


def _lock(folder: str) -> int | None:
    """A descriptor that holds the folder's lock; None where another does, or it is gone."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    with contextlib.suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(descriptor), os.stat(folder)):
            return descriptor
    os.close(descriptor)
    return None


def _sweep(parent: str) -> None:
    """Take away what processes have left that were killed."""
    with contextlib.suppress(OSError):
        mine = [name for name in os.listdir(parent) if name.startswith(FOLDER)]
        for name in mine[:SWEPT]:
            folder = os.path.join(parent, name)
            lock = _lock(folder)
            if lock is None:
                continue
            try:
                if os.fstat(lock).st_uid == os.getuid():
                    shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)
