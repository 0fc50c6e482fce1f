"""The process of a script that waits to be debugged: loop, listener, console and script."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from dap_server.children import VARIABLE, announce
from dap_server.console import ProgramConsole
from dap_server.process_group import ending_signals
from dap_server.script_host import DebuggedScript
from dap_server.worker import leave, leave_pipes_to_children, log_to_stderr
from kernel.core import model as m
from kernel.core.errors import UserError
from kernel.core.loop import EventLoop
from kernel.core.settings import DebugSettings
from kernel.execution.output import CaptureMode
from kernel.transport.base import Transport
from kernel.transport.tcp import Listener, listening_socket, shown_address
from llmspell.listening import Listening, listed
from llmspell.script_break import INTERRUPTED
from llmspell.wiring import language

FAREWELL = 2.0
"""Seconds clients have to disconnect once the script has ended."""

PATIENCE = 2.0
"""Seconds a script has to end after SIGTERM and SIGHUP before it is left in what it is at."""

CHILD_PATIENCE = 10.0
"""Seconds a script started by another waits for the client that was told of it."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How a script is served."""

    waits: bool
    """Begin when a client is ready."""
    says_where: bool
    """Print the address on stderr."""
    patience: float | None = None
    """Seconds to wait for a client before beginning without one; None: as long as it takes."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; raises `OSError`."""
    return listening_socket(host, port)


def announced(script: str) -> tuple[socket.socket, Terms] | None:
    """Tell the adapter of the script that started this one; None if nobody wants to debug it."""
    listener = listening_socket("127.0.0.1", 0)
    host, port = listener.getsockname()
    if announce(os.environ.pop(VARIABLE), os.path.basename(script), host, port):
        return listener, Terms(waits=True, says_where=False, patience=CHILD_PATIENCE)
    listener.close()
    return None


def debug_script(
    program: m.Program, settings: DebugSettings, listener: socket.socket, terms: Terms
) -> NoReturn:
    """Serve clients until the script has ended; the process ends with its status."""
    log_to_stderr()
    leave_pipes_to_children()
    leave(EventLoop().run(lambda: _debug(program, settings, listener, terms)))


async def _debug(
    program: m.Program, settings: DebugSettings, listener: socket.socket, terms: Terms
) -> int:
    console = ProgramConsole(CaptureMode.TEE, has_input=True)
    script = DebuggedScript(language(), console, program, settings)
    clients: set[asyncio.Task[None]] = set()

    async def serve(transport: Transport) -> None:
        task = asyncio.current_task()
        assert task is not None
        clients.add(task)
        try:
            await script.serve(transport)
        finally:
            clients.discard(task)

    door = await Listener.on(listener, serve)
    stack = contextlib.ExitStack()
    if terms.says_where:
        place = Listening(os.getpid(), door.host, door.port, program.path, settings.lua)
        stack.enter_context(listed(place))
        os.write(2, f"listening on {shown_address(door.host, door.port)}\n".encode())
    heard = _end_by_signals(script)
    try:
        await _begin(script, terms)
        await script.ended.wait()
        door.close()
        if clients:
            await asyncio.wait(clients, timeout=FAREWELL)
        await console.flush()
    except UserError as error:
        os.write(2, f"llmspell: {error}\n".encode())
        return 1
    finally:
        stack.close()
        console.client_left()
        await console.close()
    assert script.exit_code is not None
    if heard[:1] == [signal.SIGINT] and script.exit_code == INTERRUPTED and script.has_begun:
        os.write(2, b"llmspell: interrupted!\n")  # as `llmspell run` says it
    return script.exit_code


async def _begin(script: DebuggedScript, terms: Terms) -> None:
    if not terms.waits:
        await script.start()
    elif terms.patience is not None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(script.has_been_debugged.wait(), terms.patience)
            return
        await script.start()


def _end_by_signals(script: DebuggedScript) -> Sequence[signal.Signals]:
    """The first signal ends the script, the second one the process; gives what will be heard.

    After Ctrl-C a script may take its time to end; whoever sends another signal does not wait.
    """
    loop = asyncio.get_running_loop()
    heard: list[signal.Signals] = []
    endings: set[asyncio.Task[None]] = set()

    def end(number: signal.Signals) -> None:
        heard.append(number)
        if len(heard) > 1:
            leave(128 + number)
        patience = None if number == signal.SIGINT else PATIENCE
        endings.add(asyncio.ensure_future(script.end(128 + number, patience)))

    with contextlib.suppress(NotImplementedError):  # a platform without signals
        for number in ending_signals():
            loop.add_signal_handler(number, end, number)
    return heard
