"""The door of a hub: a Unix socket that only its owner can use."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import struct
from collections.abc import Callable
from pathlib import Path

from kernel.core.errors import UserError
from kernel.service import orders as o
from kernel.service.hub import KernelHub, Lease
from kernel.service.notify import ServiceNotifier
from kernel.service.policy import PATIENCE
from kernel.service.runtime import made, runtime_folder, socket_address

_log = logging.getLogger(__name__)


def hub_socket() -> Path:
    """Where the hub of this user listens."""
    return runtime_folder() / "hub.sock"


class HubServer:
    """Takes requests for a hub until it is told to end. Used on the loop's thread."""

    def __init__(self, hub: KernelHub, path: Path) -> None:
        self.hub, self.path = hub, path
        self.ended = asyncio.Event()
        self._connections: set[asyncio.Task[None]] = set()

    async def run(self, announce: Callable[[], None], patience: float = PATIENCE) -> None:
        """Serve until SIGTERM, SIGINT, or `ended`; raises `UserError` where it cannot listen.

        Its kernels end with it.
        """
        notifier = ServiceNotifier()
        server = await asyncio.start_unix_server(
            self._accept, sock=self._listening(), limit=o.LONGEST_LINE
        )
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            with contextlib.suppress(ValueError, RuntimeError):
                loop.add_signal_handler(number, self.ended.set)
        announce()
        notifier.ready("ready")
        watching = asyncio.ensure_future(_show_life(notifier))
        await self.ended.wait()
        watching.cancel()
        notifier.stopping("ending")
        self.path.unlink(missing_ok=True)
        server.close()
        await self.hub.close(patience)
        for task in list(self._connections):
            task.cancel()

    def _listening(self) -> socket.socket:
        made(self.path.parent)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)
        try:
            self.path.unlink(missing_ok=True)  # whoever listened there holds no lock any more
            with socket_address(self.path) as address:
                listener.bind(address)
        except OSError as error:
            listener.close()
            raise UserError(f"cannot listen at {self.path}: {error.strerror}") from error
        finally:
            os.umask(before)
        return listener

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        lease: Lease = set()
        serving: set[asyncio.Task[None]] = set()
        try:
            if _is_ours(writer.get_extra_info("socket")):
                await self._read(reader, writer, lease, serving)
        finally:
            self._connections.discard(task)
            for each in serving:
                each.cancel()
            writer.close()
            await self.hub.end_lease(lease)

    async def _read(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        lease: Lease,
        serving: set[asyncio.Task[None]],
    ) -> None:
        with contextlib.suppress(OSError, ValueError):
            async for text in reader:
                task = asyncio.ensure_future(self._serve(text, writer, lease))
                serving.add(task)
                task.add_done_callback(serving.discard)

    async def _serve(self, text: bytes, writer: asyncio.StreamWriter, lease: Lease) -> None:
        number = None
        try:
            said = o.parsed(text)
            number = said.get("id")
            answer = {"ok": True, "result": await self.hub.serve(said, lease)}
        except UserError as error:
            answer = {"ok": False, "error": str(error)}
        except Exception as error:
            _log.exception("A request could not be served")
            answer = {"ok": False, "error": f"{type(error).__name__}: {error}"}
        with contextlib.suppress(OSError):
            writer.write(o.line({"id": number, **answer}))
            await writer.drain()


async def _show_life(notifier: ServiceNotifier) -> None:
    while notifier.watchdog:
        notifier.alive()
        await asyncio.sleep(notifier.watchdog / 2)


def _is_ours(peer: socket.socket) -> bool:
    """Whether the process at the other end is of our user, where the system says so (Linux)."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    size = struct.calcsize("3i")
    _, user, _ = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    return user in (os.getuid(), 0)
