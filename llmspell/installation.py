"""What is installed, and what each part gives."""

import importlib.util
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from kernel.core.errors import KernelError
from lua_debug.interrupt import LuaInterface
from lua_debug.native import why_unavailable
from lua_debug.states import main_state
from lua_debug.versions import DEFAULT_VERSION, VERSIONS, LuaVersion, make_runtime

if TYPE_CHECKING:
    from llmspell.config.findings import Finding


class Installation:
    """What was found, as a document and as lines for people; looks when it is made."""

    def __init__(self) -> None:
        self.python = f"{platform.python_implementation()} {platform.python_version()}"
        self.luas = {each.name: _examine(each) for each in VERSIONS.values()}
        self.obstacle = why_unavailable()
        self.warnings = [each.text(None) for each in _strange_variables()]

    @property
    def document(self) -> dict[str, Any]:
        """As ``llmspell doctor --output json`` has it."""
        return {
            "version": _version("llmspell"),
            "folder": _folder("llmspell"),
            "python": self.python,
            "executable": sys.executable,
            "system": platform.platform(),
            "lupa": _version("lupa"),
            "luas": [{"name": name, **found} for name, found in self.luas.items()],
            "accelerator": {"is_there": self.obstacle is None, "why_not": self.obstacle},
            "warnings": self.warnings,
        }

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"llmspell   {_version('llmspell')} in {_folder('llmspell')}"
        yield f"Python     {self.python} at {sys.executable}"
        yield f"System     {platform.platform()}"
        yield f"lupa       {_version('lupa')} in {_folder('lupa')}"
        for name, found in self.luas.items():
            yield _described(name, found)
        yield from self._accelerator()
        yield from (f"! {each}" for each in self.warnings)

    def _accelerator(self) -> Iterator[str]:
        if self.obstacle is None:
            yield (
                "Hooks      compiled: steps and breakpoints added to a running program cost little"
            )
            return
        yield "Hooks      pure Lua: while a step is under way, or a breakpoint was added to code"
        yield "           that is loaded already, that code runs several times slower; all else is"
        yield "           the same"
        yield f"           ({self.obstacle})"


def _strange_variables() -> Iterator["Finding"]:
    """Those of the environment that nobody reads, and that are like one of ours."""
    from llmspell.config.overrides import strange_variables

    return strange_variables(os.environ)


def _examine(lua: LuaVersion) -> dict[str, Any]:
    """Whether it runs and can be paused; ``problem`` says what keeps it from that."""
    found: dict[str, Any] = {
        "is_default": lua.name == DEFAULT_VERSION,
        "runs": False,
        "can_be_paused": False,
    }
    try:
        runtime = make_runtime(lua)
    except KernelError as error:
        return {**found, "release": None, "problem": str(error)}
    release = runtime.execute("return jit and jit.version or _VERSION")
    found |= {"release": str(release), "runs": True}
    try:
        LuaInterface(lua)
        main_state(lua, runtime)
    except KernelError as error:
        return {**found, "problem": str(error)}
    return {**found, "can_be_paused": True, "problem": None}


def _described(name: str, found: Mapping[str, Any]) -> str:
    default = " (the default)" if found["is_default"] else ""
    label = f"  {name:10}"
    if not found["runs"]:
        return f"{label} missing: {found['problem']}"
    if not found["can_be_paused"]:
        return f"{label} runs{default}, but cannot be paused while it runs: {found['problem']}"
    return f"{label} {found['release']}{default}: runs, stops at breakpoints, can be paused"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "(not installed as a package)"


def _folder(name: str) -> str:
    found = importlib.util.find_spec(name)
    return os.path.dirname(found.origin) if found and found.origin else "?"
