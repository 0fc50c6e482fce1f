"""What of a launch does not hold where the program's process was there before the client."""

import json
import os
from collections.abc import Callable, Iterator

from dap_server.launch import LaunchRequest
from kernel.core.settings import DebugSettings

COMMAND = "llmspell debug"


def overruled(
    request: LaunchRequest, mine: DebugSettings, full_name: Callable[[str], str]
) -> Iterator[str]:
    """A sentence for each argument that differs from ``mine``, with the way out.

    ``full_name`` tells apart the names of one version and those of two.
    """
    wanted = request.settings
    # Where it is left out, the settings have a default that nobody asked for.
    if "lua" in request.raw and full_name(wanted.lua) != full_name(mine.lua):
        yield _told(
            "lua", wanted.lua, f"{mine.lua} runs; start `{COMMAND}` with --lua {wanted.lua}"
        )
    here = os.getcwd()
    if wanted.cwd is not None and os.path.realpath(wanted.cwd) != os.path.realpath(here):
        yield _told(
            "cwd", wanted.cwd, f"the program runs in {here}; start `{COMMAND}` in the other"
        )
    for name, value in wanted.env.items():
        if os.environ.get(name) != value:
            there = json.dumps(os.environ.get(name), ensure_ascii=False)
            yield _told(f"env.{name}", value, f"it is {there}; set it where `{COMMAND}` is started")
    for name, templates, own, variable in (
        ("luaPath", wanted.lua_path, mine.lua_path, "LUA_PATH"),
        ("luaCPath", wanted.lua_cpath, mine.lua_cpath, "LUA_CPATH"),
    ):
        if templates and templates != own:
            way = f"it is not used; set {variable} where `{COMMAND}` is started"
            yield _told(name, list(templates), way)
    if wanted.max_memory_mb is not None and wanted.max_memory_mb != mine.max_memory_mb:
        way = f"`{COMMAND}` sets no limit; a launch by `llmspell dap` does"
        yield _told("maxMemoryMB", wanted.max_memory_mb, way)
    if request.console != "internalConsole":
        way = f"the program reads and writes where `{COMMAND}` was started"
        yield _told("console", request.console, way)


def _told(name: str, value: object, way: str) -> str:
    return f"{name} is {json.dumps(value, ensure_ascii=False)}, but {way}."
