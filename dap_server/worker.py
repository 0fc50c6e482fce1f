"""Worker: a process that serves one client from its first byte to its last, and then ends.

It ends without waiting for anybody: a script that hangs in C code must not keep the process alive.
"""

import asyncio
import contextlib
import ctypes
import logging
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, NoReturn

from dap_server.client_session import ClientSession
from dap_server.console import ProgramConsole
from dap_server.language import Language
from dap_server.process_group import ending_signals, lead_group
from dap_server.process_host import ProcessHost
from dap_server.switchboard import Switchboard
from dap_server.terminal import connect_back
from kernel.core.loop import EventLoop
from kernel.execution.output import CaptureMode
from kernel.transport.base import Transport
from kernel.transport.stdio import StdioTransport, claim_stdio
from kernel.transport.tcp import adopt

TERMINATED = 128 + signal.SIGTERM


def serve_stdio(language: Language) -> NoReturn:
    """Serve the client at stdin and stdout."""
    lead_group()  # whoever spawned this process may be in the one it is in
    descriptors = claim_stdio()

    async def connect() -> Transport:
        return StdioTransport(*descriptors)

    _work(connect, language, CaptureMode.CAPTURE)


def serve_socket(connection: socket.socket, language: Language) -> NoReturn:
    """Serve the client at the other end of an accepted connection."""
    _work(lambda: adopt(connection), language, CaptureMode.CAPTURE)


def serve_terminal(host: str, port: int, token: str, language: Language) -> NoReturn:
    """Serve the client of the adapter that had the terminal of this process opened."""
    _work(lambda: connect_back(host, port, token), language, CaptureMode.NONE)


def _work(
    connect: Callable[[], Awaitable[Transport]], language: Language, mode: CaptureMode
) -> NoReturn:
    log_to_stderr()
    leave_pipes_to_children()

    async def main() -> int:
        try:
            transport = await connect()
        except OSError as error:
            sys.stderr.write(f"llmspell: the debugger cannot be reached: {error}\n")
            return 1
        return await _serve(transport, language, mode)

    leave(EventLoop().run(lambda: until_signal(main())))


async def _serve(transport: Transport, language: Language, mode: CaptureMode) -> int:
    is_in_terminal = mode is CaptureMode.NONE
    console = ProgramConsole(mode, has_input=is_in_terminal)
    switchboard = Switchboard(transport)
    host = ProcessHost(language, console, switchboard, is_in_terminal)
    session = ClientSession(switchboard, host)
    console.client_came(session.outbox.flush)
    try:
        await session.run()
        await switchboard.relay()
        if session.program.runs_on:
            console.client_left()
            await host.ended.wait()
    finally:
        console.client_left()
        await console.close()
    return 0


async def until_signal(work: Coroutine[Any, Any, int]) -> int:
    """Do the work; `ending_signals` cancel it, so that it can say farewell."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for number in ending_signals():
        with contextlib.suppress(NotImplementedError):  # a platform without signals
            loop.add_signal_handler(number, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        return TERMINATED


def leave_pipes_to_children() -> None:
    """What a program starts dies of a broken pipe, as anywhere; this process does not.

    Python ignores that signal, and so would children; one that is caught is as new to them. What
    catches it is a function of the C library that does nothing else: Python's own handlers write
    to a socket of the event loop, which may be the one that is broken.
    """
    if not hasattr(signal, "SIGPIPE"):
        return
    library = ctypes.CDLL(None)
    library.signal.argtypes = ctypes.c_int, ctypes.c_void_p
    library.signal.restype = ctypes.c_void_p
    library.signal(signal.SIGPIPE, ctypes.cast(library.abs, ctypes.c_void_p))


def log_to_stderr() -> None:
    """Log to the stderr there is now: descriptor 2 may soon lead to the client."""
    stream = os.fdopen(os.dup(2), "w", errors="backslashreplace", buffering=1)
    logging.basicConfig(
        stream=stream, level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s"
    )


def leave(code: int) -> NoReturn:
    """End this process at once, whatever its other threads do."""
    logging.shutdown()
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)
