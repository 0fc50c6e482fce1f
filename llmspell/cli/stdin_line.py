"""Lines of standard input for a program elsewhere, which may stop waiting for one."""

import asyncio
import contextlib
import sys
import threading


async def stdin_line() -> str:
    """The next line with its end; empty at the end of input.

    It is read in a thread that no end of this process waits for, as a thread of the loop's pool
    would have it do. Who is cancelled meanwhile shall not ask again: that line would be lost.
    """
    loop = asyncio.get_running_loop()
    line: asyncio.Future[str] = loop.create_future()

    def take(text: str) -> None:
        if not line.done():
            line.set_result(text)

    def read() -> None:
        try:
            text = sys.stdin.readline()
        except (OSError, ValueError):  # the terminal is gone, or this is no text
            text = ""
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(take, text)

    threading.Thread(target=read, name="stdin", daemon=True).start()
    return await line
