"""StdioTransport: a peer at the two ends of this process's stdin and stdout, or of any pipe.

Two threads do the blocking reads and writes. That works for pipes, sockets, terminals and files
alike, and leaves the descriptors in blocking mode: O_NONBLOCK belongs to the open file and would
be seen by everybody else who has it, a shell or a child for example.
"""

import asyncio
import contextlib
import os
import queue
import socket
import threading
from collections import deque
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

READ_SIZE = 65_536
READ_AHEAD = 16
"""How many reads may wait to be received before the peer is made to wait."""

Job = tuple[bytes, "asyncio.Future[None]"] | None


class StdioTransport:
    """Implements `Transport` over two descriptors, which it owns from now on."""

    def __init__(self, read_fd: int, write_fd: int) -> None:
        self._read_fd, self._write_fd = read_fd, write_fd
        self._loop = asyncio.get_running_loop()
        self._arrived: deque[bytes] = deque()
        self._news = asyncio.Event()
        self._room = threading.Semaphore(READ_AHEAD)
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._closed = False
        for work, name in ((self._read, "stdio-reader"), (self._write, "stdio-writer")):
            threading.Thread(target=work, name=name, daemon=True).start()

    async def receive(self) -> bytes:
        """Some bytes; ``b""`` when stdin has ended or this transport is closed."""
        while not self._arrived:
            if self._closed:
                return b""
            self._news.clear()
            await self._news.wait()
        if not self._arrived[0]:
            return b""
        self._room.release()
        return self._arrived.popleft()

    async def send(self, data: bytes) -> None:
        """Write all of ``data``; returns when the system has taken it."""
        if self._closed or not data:
            return
        written: asyncio.Future[None] = self._loop.create_future()
        self._jobs.put((data, written))
        await written

    async def close(self) -> None:
        """Close the writing end after what is under way, and give no more bytes."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
            self._news.set()

    # --- the two threads ------------------------------------------------------------------------

    def _read(self) -> None:
        data = b"more"
        while data and not self._closed:
            self._room.acquire()
            try:
                data = os.read(self._read_fd, READ_SIZE)
            except OSError:
                data = b""
            self._tell(self._take, data)
        os.close(self._read_fd)

    def _take(self, data: bytes) -> None:
        self._arrived.append(data)
        self._news.set()

    def _write(self) -> None:
        is_gone = False
        while job := self._jobs.get():
            data, written = job
            is_gone = is_gone or not _write_all(self._write_fd, data)
            self._tell(_settle, written)
        _end(self._write_fd)

    def _tell(self, function: Callable[[T], object], argument: T) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits
            self._loop.call_soon_threadsafe(function, argument)


def claim_stdio() -> tuple[int, int]:
    """Take stdin and stdout for the protocol alone; gives private copies of both descriptors.

    From then on descriptor 0 is at its end and descriptor 1 is stderr, so that nothing a library
    prints can get between two messages, and nothing a child reads is a message.
    """
    read_fd, write_fd = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return read_fd, write_fd


def _write_all(fd: int, data: bytes) -> bool:
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[os.write(fd, rest) :]
    except OSError:
        return False
    return True


def _end(fd: int) -> None:
    """Close the writing end; a socket's other half may be open still, so it is told that too."""
    try:
        end = socket.socket(fileno=fd)
    except OSError:
        os.close(fd)
        return
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_WR)
    end.close()


def _settle(written: "asyncio.Future[None]") -> None:
    if not written.done():
        written.set_result(None)
