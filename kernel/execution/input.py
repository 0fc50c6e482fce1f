"""InputPipe: descriptor 0 as a pipe, for a program whose real stdin belongs to the protocol."""

import asyncio
import contextlib
import os
import platform
import sys
from fcntl import ioctl
from pathlib import Path
from struct import unpack
from termios import FIONREAD

from kernel.core.octets import octets

_READ_CALL = {"x86_64": "0", "aarch64": "63", "riscv64": "63"}.get(platform.machine(), "?")
"""The number of Linux's ``read``; elsewhere nobody can be seen waiting."""


class InputPipe:
    """What a user types, line by line, as the program's stdin. Used on the loop's thread.

    An engine that reads for the script says so with `note_waiting`. A plain ``read`` by a C library
    or a child process is noticed on Linux, by looking what the threads wait for.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._is_engine_waiting = False
        self._is_ending = False
        self._backlog = bytearray()
        self._original = os.dup(0)
        self._write_fd: int | None = None
        self._has_ended_one = False
        self._open()

    # --- the client's side ----------------------------------------------------------------------

    def feed(self, text: str) -> bool:
        """Give the program a line; the line end is added when ``text`` has none.

        False when stdin has ended.
        """
        if self._write_fd is None or self._is_ending:
            return False
        self._backlog += octets(text if text.endswith("\n") else text + "\n")
        self._write()
        return True

    def end(self) -> None:
        """Let the program see the end of its input after what it was fed; harmless twice."""
        self._is_ending = True
        self._write()

    def end_this(self) -> None:
        """Let who reads see the end of input, as Ctrl-D on a terminal; later reads find what comes.

        It lasts until the engine has read it; others wait in their ``read`` when this is called.
        """
        if self._write_fd is not None and not self._is_ending:
            self._loop.remove_writer(self._write_fd)
            self._backlog.clear()
            ended, self._write_fd = self._write_fd, None
            self._has_ended_one = True  # before the engine can have read it
            os.close(ended)

    def close(self) -> None:
        """Give descriptor 0 back; what the program has not taken by now is dropped."""
        self._has_ended_one = False
        self._backlog.clear()
        self.end()
        if self._original >= 0:
            os.dup2(self._original, 0)
            os.close(self._original)
            self._original = -1

    @property
    def is_awaited(self) -> bool:
        """Whether the program waits for input: by its engine's word, or seen from outside."""
        if self._has_ended_one and not self._is_engine_waiting:
            self._open()
        if self._write_fd is None or self._backlog:
            return False
        return self._is_engine_waiting or (_unread() == 0 and _somebody_reads(os.getpid()))

    def note_waiting(self, is_waiting: bool) -> None:
        """The engine's word (on any thread): the script begins or ends to wait for input."""
        if self._has_ended_one and is_waiting != self._is_engine_waiting:
            self._open()  # who waited, the engine or another, has read the end by now
        self._is_engine_waiting = is_waiting

    # --- writing without waiting ----------------------------------------------------------------

    def _open(self) -> None:
        """Descriptor 0 is a new pipe from here on."""
        read_fd, write_fd = os.pipe()
        os.dup2(read_fd, 0)
        os.close(read_fd)
        os.set_blocking(write_fd, False)
        self._write_fd, self._has_ended_one = write_fd, False

    def _write(self) -> None:
        if self._write_fd is None:
            return
        try:
            if self._backlog:
                del self._backlog[: os.write(self._write_fd, self._backlog)]
        except BlockingIOError:
            pass
        except OSError:  # the program has closed its stdin
            self._backlog.clear()
        if self._backlog:
            self._loop.add_writer(self._write_fd, self._write)
            return
        self._loop.remove_writer(self._write_fd)
        if self._is_ending:
            os.close(self._write_fd)
            self._write_fd = None


def _unread() -> int:
    """Bytes that lie in descriptor 0 and nobody has read; -1 if nobody can say."""
    try:
        return int(unpack("i", ioctl(0, FIONREAD, bytes(4)))[0])
    except OSError:
        return -1


def _somebody_reads(pid: int) -> bool:
    """Whether a thread of the process, or of one it started, waits in ``read(0, …)``."""
    if sys.platform != "linux":
        return False
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            number, first, *_ = [*(task / "syscall").read_text().split(), "", ""]
            if (number, first) == (_READ_CALL, "0x0"):
                return True
            children = (task / "children").read_text().split()
            if any(_somebody_reads(int(child)) for child in children):
                return True
    return False
