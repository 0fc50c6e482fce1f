"""What is installed, and what each part gives."""

import importlib.util
import os
import platform
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from kernel.core.errors import KernelError
from lua_debug.interrupt import LuaInterface, main_state
from lua_debug.native import why_unavailable
from lua_debug.versions import DEFAULT_VERSION, VERSIONS, LuaVersion, make_runtime


def describe_installation() -> Iterator[str]:
    """Lines for people."""
    yield f"llmspell   {_version('llmspell')} in {_folder('llmspell')}"
    implementation = platform.python_implementation()
    yield f"Python     {implementation} {platform.python_version()} at {sys.executable}"
    yield f"System     {platform.platform()}"
    yield f"lupa       {_version('lupa')} in {_folder('lupa')}"
    for each in VERSIONS.values():
        yield _describe_lua(each)
    yield from _describe_accelerator()


def _describe_lua(lua: LuaVersion) -> str:
    default = " (the default)" if lua.name == DEFAULT_VERSION else ""
    label = f"  {lua.name:10}"
    try:
        runtime = make_runtime(lua)
    except KernelError as error:
        return f"{label} missing: {error}"
    try:
        LuaInterface(lua)
        main_state(lua, runtime)
    except KernelError as error:
        return f"{label} runs{default}, but cannot be paused while it runs: {error}"
    release = runtime.execute("return jit and jit.version or _VERSION")
    return f"{label} {release}{default}: runs, stops at breakpoints, can be paused"


def _describe_accelerator() -> Iterator[str]:
    problem = why_unavailable()
    if problem is None:
        yield "Hooks      compiled: steps and breakpoints added to a running program cost little"
        return
    yield "Hooks      pure Lua: while a step is under way, or a breakpoint was added to code"
    yield "           that is loaded already, that code runs several times slower; all else is"
    yield "           the same"
    yield f"           ({problem})"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "(not installed as a package)"


def _folder(name: str) -> str:
    found = importlib.util.find_spec(name)
    return os.path.dirname(found.origin) if found and found.origin else "?"
