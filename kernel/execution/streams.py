"""StreamPipe: a standard descriptor of this process led through a pipe, so that it can be read."""

import codecs
import contextlib
import ctypes
import fcntl
import os
import select
import sys
from collections.abc import Callable

PIPE_SIZE = 256 * 1024
READ_SIZE = 64 * 1024
_C_BUFFER = ctypes.c_size_t(4096)
_BLOCKS, _LINES = 0, 1
"""_IOFBF and _IOLBF in stdio.h: glibc, musl, macOS."""

READS_AT_ONCE = 8
"""Enough to empty a pipe; a writer that never stops cannot keep the reader for ever."""


class StreamPipe:
    """What is written to descriptor ``fd`` (1 or 2) by anybody: script, C library or child."""

    def __init__(self, fd: int, category: str, is_copied: bool) -> None:
        """``is_copied``: pass the bytes on to where ``fd`` led before."""
        self.category = category
        self._fd = fd
        self._is_copied = is_copied
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        self._original = os.dup(fd)
        self.read_fd, write_fd = os.pipe()
        os.set_blocking(self.read_fd, False)
        with contextlib.suppress(OSError, AttributeError):  # Linux; the system may have a limit
            fcntl.fcntl(write_fd, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
        os.dup2(write_fd, fd)
        os.close(write_fd)

    def read(self, take: Callable[[str, str], None]) -> None:
        """Call ``take(text, category)`` with what lies in the pipe now, without waiting."""
        parts: list[bytes] = []
        with contextlib.suppress(BlockingIOError):
            while len(parts) < READS_AT_ONCE and (data := os.read(self.read_fd, READ_SIZE)):
                parts.append(data)
        if parts:
            data = b"".join(parts)
            self.copy(data)
            take(self.decode(data), self.category)

    def decode(self, data: bytes, final: bool = False) -> str:
        r"""Text of the next bytes; the beginning of a character waits for its rest.

        Bytes that are no UTF-8 become ``\xHH``.
        """
        return self._decoder.decode(data, final)

    def copy(self, data: bytes) -> None:
        """Pass bytes on to the original descriptor, if that is wanted and still possible."""
        self._is_copied = self._is_copied and write_all(self._original, data)

    def restore(self) -> None:
        """Let the descriptor lead to where it led before; the pipe is closed."""
        os.dup2(self._original, self._fd)
        for fd in (self._original, self.read_fd):
            with contextlib.suppress(OSError):
                os.close(fd)


def write_all(fd: int, data: bytes) -> bool:
    """Write to a descriptor, waiting as long as it takes; False if nobody can read it any more."""
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(fd, rest) :]
        except BlockingIOError:
            select.select([], [fd], [])
        except OSError:
            return False
    return True


class CStdout:
    """C's stdout of this process, the one that Lua and C libraries print to."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None)
        name = "__stdoutp" if sys.platform == "darwin" else "stdout"
        self._file = ctypes.c_void_p.in_dll(self._libc, name)

    def flush(self) -> None:
        """Write what C still holds back."""
        self._libc.fflush(self._file)

    def buffer(self, lines: bool) -> None:
        """Hold back 4 KiB at most, or with ``lines`` no whole line, as C does on a terminal."""
        # The buffer is ours, as an unbuffered stream (``python -u``) has one for one character.
        # It is never freed, as C writes what it holds at the very end of the process.
        self._libc.malloc.restype = ctypes.c_void_p
        buffer = ctypes.c_void_p(self._libc.malloc(_C_BUFFER))
        self._libc.setvbuf(self._file, buffer, _LINES if lines else _BLOCKS, _C_BUFFER)
