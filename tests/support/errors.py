"""What stories of errors have in common: the words, and the end."""

import re
from pathlib import Path

from dap_server.protocol import generated as dap
from kernel.core.settings import DebugSettings
from lua_debug.engine import LuaEngine
from lua_debug.versions import find_version, make_runtime
from tests.support.scenario import Scenario

_SHORT_NAME = """
local path = ...
return debug.getinfo((loadstring or load)("", "@" .. path), "S").short_src
"""


def brief(text: str) -> str:
    """A text with the names of Lua files for their paths, which Lua cuts to 60 characters."""
    return re.sub(r"[^\s'\"<]*/(\w+\.lua)", r"\1", text)


def short(d: Scenario, path: Path | None = None) -> str:
    """A file (the program) as Lua calls it in messages, where long paths are cut."""
    return str(make_runtime(find_version(d.lua)).execute(_SHORT_NAME, str(path or d.path)))


def info(d: Scenario) -> dap.ExceptionInfoResponseBody:
    """What the client is told of the error the program stands at."""
    told: dap.ExceptionInfoResponseBody = d.requests.exception_info(thread_id=d.client.stop.thread)
    return told


def as_lua_says_it(d: Scenario) -> str:
    """What the engine without a debugger says when it runs the same file."""
    said = LuaEngine(DebugSettings(lua=d.lua)).run_file(str(d.path))
    return f"llmspell: {said}\n" if said else ""


def assert_ends_as_lua(d: Scenario) -> None:
    """The program ends with status 1 and the interpreter's own words.

    How many levels a traceback leaves out depends on what else has its place on the stack, and
    each process has its own addresses.
    """
    assert 1 == d.run_to_end()
    assert _lasting(as_lua_says_it(d)) == _lasting(d.client.output("stderr"))


def _lasting(text: str) -> str:
    return re.sub(r"0x\w+", "0x", re.sub(r"skipping \d+ levels", "skipping levels", text))


def stops(d: Scenario, most: int = 10) -> list[int | str]:
    """Where the program stops from its first stop to its end: marks, or numbers of lines."""
    d.start()
    found = []
    stop = d.client.run()
    while stop is not None and len(found) < most:
        found.append(d.at(stop))
        d.requests.continue_(thread_id=stop.thread)
        stop = d.wait_for_stop()
    return found
