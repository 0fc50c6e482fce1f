"""KernelServer: a kernel that is there for clients in other processes, until somebody ends it."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from kernel.core.errors import UserError
from kernel.execution.manager import STUCK
from kernel.jupyter.channels import ZmqChannels
from kernel.jupyter.connection import ConnectionInfo, write_connection
from kernel.jupyter.kernel import JupyterKernel
from kernel.jupyter.leisure import spend_leisure
from kernel.jupyter.lifecycle import addresses_of
from kernel.jupyter.line_clients import serve_lines
from kernel.jupyter.serve_settings import Address, ServeSettings, connection_for
from kernel.transport.base import Transport
from kernel.transport.tcp import Listener

PARENT_INTERVAL = 1.0
"""Seconds between two looks whether the process that started us is still there."""

FAREWELL = 0.1
"""Seconds clients have to take the last messages before the process is replaced."""

ORPHANED = "the process that started it has ended"

_log = logging.getLogger(__name__)


class _Closable(Protocol):
    host: str
    port: int

    def close(self) -> None: ...


class KernelServer:
    """Binds what `ServeSettings` say and serves until the kernel has ended."""

    def __init__(self, kernel: JupyterKernel, settings: ServeSettings) -> None:
        self.kernel, self._settings = kernel, settings
        self.info = settings.channels.info if settings.channels else connection_for(settings)
        self._channels: ZmqChannels | None = None
        self._listeners: list[_Closable] = []
        self._clients: set[asyncio.Task[None]] = set()
        self._has_written = False

    async def start(self) -> ConnectionInfo:
        """Listen, and write the connection file; raises `UserError` where that cannot be."""
        if self._settings.zmq:
            self._channels = self._settings.channels or ZmqChannels(self.info)
            self._channels.attach(self.kernel)
            self.info = self._channels.info
            self.kernel.ports = self.info.ports
            self.kernel.manager.catch_up = self._channels.catch_up
        await self._listen()
        if self._settings.connection_file is not None:
            self._has_written = not self._settings.connection_file.exists()
            write_connection(self._settings.connection_file, self.info)
        if self._settings.can_be_replaced:
            self.kernel.manager.when_stuck = self.replace_process
        if self._channels is None or not self._channels.has_spoken:
            self.kernel.status("starting")
        self.kernel.lifecycle.ready(addresses_of(self.info, has_zmq=self._channels is not None))
        return self.info

    async def serve(self, *, hears_signals: bool = True) -> int:
        """Until a client, the program, a signal or the end of our parent ends it; exit status."""
        watch = asyncio.create_task(watch_parent(partial(self.kernel.end, ORPHANED)))
        leisure = asyncio.create_task(spend_leisure(self.kernel, self.kernel.at_leisure))
        if self._settings.transport is not None:
            left = partial(self.kernel.end, "its client has gone")
            self._serve_client(self._settings.transport, "stdio", left)
        with self._signals() if hears_signals else contextlib.nullcontext():
            await self.kernel.ended.wait()
        watch.cancel()
        leisure.cancel()
        await self.close()
        return self.kernel.exit_code

    async def close(self) -> None:
        """Let the program end, tell everybody what it said last, and close everything."""
        await self.kernel.close()
        for listener in self._listeners:
            listener.close()
        await asyncio.sleep(FAREWELL if self._clients else 0)
        for task in self._clients:
            task.cancel()
        if self._clients:
            await asyncio.wait(self._clients)
        if self._channels is not None:
            await self._channels.close()
        if self._has_written and self._settings.connection_file is not None:
            self._settings.connection_file.unlink(missing_ok=True)

    async def replace_process(self) -> None:
        """Start this process anew with the same ports, key and process id.

        A thread inside a C function cannot be ended; the process it runs in can. Clients find their
        kernel where it was, with its variables gone.
        """
        self.kernel.give_up(STUCK.format(grace=self.kernel.manager.grace))
        await self.kernel.manager.history.close()
        await self.kernel.end_work()
        await self.kernel.end_events()
        self.kernel.when_closed()
        await asyncio.sleep(FAREWELL)
        for listener in self._listeners:
            listener.close()
        if self._channels is not None:
            await self._channels.close()
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        self._settings.before_replacement()
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])

    # --- clients that speak lines ---------------------------------------------------------------

    async def _listen(self) -> None:
        tcp, ws = self._settings.tcp, self._settings.ws
        if tcp is not None:
            listener: _Closable = await _listening(
                "TCP", tcp, Listener.start, partial(self._accept, "tcp")
            )
            self.info = replace(self.info, llmspell_tcp=f"{listener.host}:{listener.port}")
            self._listeners.append(listener)
        if ws is not None:
            from kernel.transport.websocket import WebSocketListener

            serve = partial(self._accept, "ws")
            listener = await _listening("WebSockets", ws, WebSocketListener.start, serve)
            self.info = replace(self.info, llmspell_ws=f"{listener.host}:{listener.port}")
            self._listeners.append(listener)

    async def _accept(self, kind: str, transport: Transport) -> None:
        await asyncio.wait([self._serve_client(transport, kind)])

    def _serve_client(
        self, transport: Transport, kind: str, afterwards: Callable[[], None] | None = None
    ) -> "asyncio.Task[None]":
        serving = serve_lines(self.kernel, transport, self.info.key.encode(), kind)
        task = asyncio.create_task(serving)
        self._clients.add(task)

        def end(_task: "asyncio.Task[None]") -> None:
            self._clients.discard(task)
            if afterwards is not None:
                afterwards()

        task.add_done_callback(end)
        return task

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        meanings: Mapping[int, Callable[[], None]] = {
            signal.SIGINT: self.kernel.manager.interrupt,
            signal.SIGTERM: partial(self.kernel.end, "SIGTERM"),
            **self._settings.signals,
        }
        added = []
        for number, function in meanings.items():
            with contextlib.suppress(ValueError, RuntimeError):  # only in the main thread
                loop.add_signal_handler(number, function)
                added.append(number)
        try:
            yield
        finally:
            for number in added:
                loop.remove_signal_handler(number)


async def watch_parent(gone: Callable[[], object]) -> None:
    """Call ``gone`` when the process that Jupyter started us from has ended (JPY_PARENT_PID)."""
    said = os.environ.get("JPY_PARENT_PID", "")
    if not said.isdigit():
        return
    parent = os.getppid()
    while os.getppid() == parent and _is_alive(int(said)):
        await asyncio.sleep(PARENT_INTERVAL)
    _log.warning("The process that started this kernel has ended, so the kernel ends too.")
    gone()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is somebody else's
        return True
    return True


async def _listening(
    what: str,
    address: Address,
    start: Callable[..., Coroutine[Any, Any, _Closable]],
    serve: Callable[[Transport], Coroutine[Any, Any, None]],
) -> _Closable:
    host, port = address
    try:
        return await start(host, port, serve)
    except OSError as error:
        raise UserError(f"cannot listen for {what} on {host}:{port}: {error.strerror}") from error
