"""Functions of the host for a script with a thread of its own."""

import asyncio
from collections.abc import Coroutine, Mapping
from concurrent.futures import Future
from typing import Any

from kernel.core.functions import MakeTables
from lua_debug.commands import decode
from lua_debug.console import Console
from lua_debug.host_functions import HostFunctions
from lua_debug.thread import LuaThread


def functions_on_thread(
    make_tables: MakeTables | None,
    language: str,
    loop: asyncio.AbstractEventLoop,
    thread: LuaThread,
    console: Console | None,
) -> HostFunctions:
    """Those of a script with a thread of its own, which runs callbacks when it is idle.

    ``console``: what the script has written there is seen while it waits for a function.
    """

    def run_queued() -> None:
        with thread.running_script():
            made.run_queued()

    def submit(coroutine: Coroutine[Any, Any, Any]) -> Future[Any]:
        if console is not None:
            console.drain()
        return asyncio.run_coroutine_threadsafe(coroutine, loop)

    async def ask(op: str, **arguments: object) -> Mapping[str, Any]:
        return decode(await thread.ask(op, **arguments))

    made = HostFunctions(
        make_tables or (lambda _: ()),
        submit,
        language,
        has_mail=thread.has_mail,
        wake=lambda: thread.submit(run_queued),
        ask=ask,
    )
    return made
