"""Kernels for Lua: what one is made of, where it is served, how Jupyter gets to know it."""

import sys
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from kernel.execution.history import SqliteHistory
from kernel.jupyter.composition import KernelParts
from kernel.jupyter.kernelspec import (
    KernelSpec,
    environment_prefix,
    install_kernelspec,
    user_prefix,
)
from llmspell.kernel_description import describe_kernel
from llmspell.kernel_options import NAME
from llmspell.loaded_later import library_pieces, load_debug
from llmspell.lua_programs import LuaPrograms
from lua_debug.versions import DEFAULT_VERSION, find_version

LOGOS = ("logo-32x32.png", "logo-64x64.png")


def lua_kernel(
    lua: str = "",
    *,
    history: Path | None = None,
    has_process: bool = False,
    programs: LuaPrograms | None = None,
) -> KernelParts:
    """What a kernel for Lua is made of; without ``history`` it forgets what it ran.

    ``has_process``: the process is the kernel's own, so that what C libraries and children write is
    its program's output. Raises `UserError` for a Lua there is not.
    ``programs`` makes its runtimes.
    """
    programs = programs or LuaPrograms(lua, has_process=has_process)
    return KernelParts(
        programs.make_engine,
        history=lambda: SqliteHistory(history or ":memory:"),
        description=describe_kernel(programs.version),
        make_debug=programs.make_debug,
        load_debug=load_debug,
        at_leisure=(*library_pieces(programs.version.name), load_debug),
        endpoints=programs.requests.endpoints,
        guard=programs.cells,
        when_made=programs.attend,
        broker=programs.broker,
        hooks=programs.runner,
        cell_path=programs.files.write,
        when_ending=programs.end,
        when_closed=programs.close,
    )


def install(
    lua: str,
    *,
    prefix: str | None = None,
    name: str | None = None,
    display_name: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    words: Sequence[str] = (),
) -> Path:
    """Write a kernelspec and the logos; where. Raises `UserError`.

    ``words``: further ones behind ``kernel start``, for kernels that Jupyter starts itself.
    """
    found = find_version(lua or DEFAULT_VERSION)
    suffix = f"-{lua}" if lua else ""
    command = [sys.executable, "-P", "-m", "llmspell", "kernel", "start", *words]
    spec = KernelSpec(
        argv=[*command, "--lua", found.name, "--connection-file", "{connection_file}"],
        display_name=display_name or f"{found.label} (llmspell)",
        language="lua",
        has_debugger=True,
        metadata=metadata or {},
    )
    data = user_prefix() if prefix is None else environment_prefix(prefix)
    media = files("llmspell") / "media"
    logos = {each: (media / each).read_bytes() for each in LOGOS}
    return install_kernelspec(spec, name or f"{NAME}{suffix}", data, logos)
