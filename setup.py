"""Builds the optional accelerator of the hooks; the rest of the project is in pyproject.toml.

Without a C compiler, or where there are no POSIX signals, the installation succeeds without it.
"""

import os

from setuptools import Extension, setup

_SOURCES = "lua_debug/_native"
_LIMITED_API = "0x030B0000"

_core = Extension(
    "lua_debug._native.core",
    [
        f"{_SOURCES}/{name}.c"
        for name in (
            "module",
            "runtimes",
            "host_doors",
            "core51",
            "core52",
            "core53",
            "core54",
            "core55",
        )
    ],
    depends=[
        f"{_SOURCES}/{name}"
        for name in sorted(os.listdir(_SOURCES))
        if name.endswith((".h", ".inc"))
    ],
    define_macros=[("Py_LIMITED_API", _LIMITED_API)],
    extra_compile_args=["-std=gnu11", "-O2", "-g0", "-fvisibility=hidden", "-Wall", "-Wextra"],
    py_limited_api=True,
    optional=True,
)

setup(
    ext_modules=[_core] if os.name == "posix" else [],
    options={"bdist_wheel": {"py_limited_api": "cp311"}} if os.name == "posix" else {},
)
