"""C modules for stories: ``through_c`` (through_c.c), compiled for the Lua at hand."""

import shutil
import subprocess
import sysconfig
from functools import cache
from pathlib import Path

import pytest

from lua_debug.versions import find_version

_SOURCE = Path(__file__).parent / "through_c.c"


@cache
def compiler() -> str | None:
    """The system's C compiler: the one Python was built with, or the usual names."""
    built_with = (sysconfig.get_config_var("CC") or "cc").split()[0]
    return next(filter(None, map(shutil.which, (built_with, "cc", "gcc", "clang"))), None)


def build(folder: Path, abi: int) -> Path:
    """Compile the module into ``folder`` for Lua with a C interface; skips without a compiler."""
    found = compiler()
    if found is None:
        pytest.skip("NO C COMPILER: that scripts can load C modules was not tested")
    library = folder / "through_c.so"
    options = ("-std=c99", "-Wall", "-Wextra", "-Werror", "-O1", "-fPIC", "-shared")
    words = (found, *options, f"-DABI={abi}", "-o", str(library), str(_SOURCE))
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert 0 == done.returncode, done.stderr
    return library


def abi_of(lua: str) -> int:
    """The C interface of a version."""
    return find_version(lua).abi
