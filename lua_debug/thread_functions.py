"""Functions of the host for a script with a thread of its own."""

import asyncio
from collections.abc import Mapping
from typing import Any

from kernel.core.functions import MakeTables
from lua_debug.commands import decode
from lua_debug.host_functions import HostFunctions
from lua_debug.thread import LuaThread


def functions_on_thread(
    make_tables: MakeTables | None,
    language: str,
    loop: asyncio.AbstractEventLoop,
    thread: LuaThread,
) -> HostFunctions:
    """Those of a script with a thread of its own, which runs callbacks when it is idle."""

    def run_queued() -> None:
        with thread.running_script():
            made.run_queued()

    async def ask(op: str, **arguments: object) -> Mapping[str, Any]:
        return decode(await thread.ask(op, **arguments))

    made = HostFunctions(
        make_tables or (lambda _: ()),
        lambda coroutine: asyncio.run_coroutine_threadsafe(coroutine, loop),
        language,
        has_mail=thread.has_mail,
        wake=lambda: thread.submit(run_queued),
        ask=ask,
    )
    return made
