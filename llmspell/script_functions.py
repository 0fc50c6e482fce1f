"""What a script that runs alone can call of the host; light, as every run begins here."""

import os
from collections.abc import Coroutine, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llmspell.kernel_services import KernelServices
from llmspell.script_api.tables import ScriptStart, make_tables
from lua_debug.engine import MakeFunctions
from lua_debug.host_functions import HostFunctions

if TYPE_CHECKING:
    from kernel.core.io_runtime import IoRuntime
    from kernel.events.model import KernelEvent


@dataclass(frozen=True, slots=True)
class ScriptFunctions:
    """What a script that runs alone can call of the host."""

    make: MakeFunctions
    stack: ExitStack
    """To be closed behind the script."""
    services: KernelServices


def tell_end(services: KernelServices, exit_code: int) -> None:
    """Tell hooks that the script has run (``SystemShutdown``); on its thread, while it is there."""
    if not services.has_hooks:
        return
    from kernel.hooks.base import SYSTEM
    from kernel.hooks.points import POINTS

    services.thread_hooks.ask(POINTS["SystemShutdown"], SYSTEM, {"exit_code": exit_code})


def functions_of_script(script: str, words: Sequence[str]) -> ScriptFunctions:
    """What a script that runs alone can call of the host."""
    services, stack = KernelServices(), ExitStack()
    stack.callback(services.close)
    tables = make_tables(services, ScriptStart(script, words, show_text))
    runtime: list[IoRuntime] = []

    def submit(coroutine: Coroutine[Any, Any, Any]) -> "Future[Any]":
        if not runtime:
            from kernel.core.io_runtime import IoRuntime

            runtime.append(IoRuntime())
            stack.callback(runtime[0].close)
        return runtime[0].submit(coroutine)

    return ScriptFunctions(lambda label: HostFunctions(tables, submit, label), stack, services)


def show_text(event: "KernelEvent") -> None:
    """What a script displays, on standard output: as text, which is all there is room for."""
    import ctypes

    from kernel.events.model import Displayed

    if isinstance(event, Displayed):
        text = str(event.display.data.get("text/plain", ""))
        ctypes.CDLL(None).fflush(None)  # what the script printed comes before it
        data = f"{text}\n".encode("utf-8", "backslashreplace")
        while data:
            data = data[os.write(1, data) :]
