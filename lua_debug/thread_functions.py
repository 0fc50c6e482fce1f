"""Functions of the host for a script with a thread of its own."""

import asyncio

from kernel.core.functions import MakeTables
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

    made = HostFunctions(
        make_tables or (lambda _: ()),
        lambda coroutine: asyncio.run_coroutine_threadsafe(coroutine, loop),
        language,
        has_mail=thread.has_mail,
        wake=lambda: thread.submit(run_queued),
    )
    return made
