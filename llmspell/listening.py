"""Which programs wait for a debugger: each says so in a file of its own while it runs.

The files are in the user's runtime directory (XDG Base Directory Specification). A program holds a
lock on its file, which the system takes back however the program ends; so a file without a lock
tells of a program that is gone, even if its process id is another's by now.
"""

import contextlib
import fcntl
import json
import os
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from platformdirs import user_runtime_path


@dataclass(frozen=True, slots=True)
class Listening:
    """A program that can be attached to."""

    pid: int
    host: str
    port: int
    program: str
    """The script's absolute path, or the kernel's name."""
    lua: str
    """Name of the Lua it runs on, as ``--lua`` takes it."""
    kind: str = "script"
    """``script``, ``kernel`` or ``replay``."""


@contextlib.contextmanager
def listed(program: Listening) -> Iterator[None]:
    """While this lasts, `listening` tells of the program. Where no file can be, nobody is told."""
    try:
        directory = _directory()
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{program.pid}-{program.port}"  # a kernel may have replays that wait beside it
        path = directory / f"debug-{name}.json"
        fresh = directory / f"{name}.new"
        descriptor = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError:
        yield
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        os.write(descriptor, json.dumps(asdict(program)).encode())
        fresh.rename(path)  # nobody sees it without its lock
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def listening() -> list[Listening]:
    """The programs that can be attached to now, by process id; forgets those that are gone."""
    directory = _directory()
    if not directory.is_dir():
        return []
    found = (_read(path) for path in directory.glob("debug-*.json"))
    return sorted((each for each in found if each), key=lambda each: each.pid)


def _directory() -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where no session has made the directory
        return user_runtime_path("llmspell", appauthor=False)


def _read(path: Path) -> Listening | None:
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_uid != os.getuid():
                return None  # where everybody may write, somebody else's word is not taken
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return Listening(**json.load(file))
            path.unlink(missing_ok=True)
    except (OSError, ValueError, TypeError):  # it vanished, or is just being written
        pass
    return None
