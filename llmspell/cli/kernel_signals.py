"""Signals at a command whose cell runs in a kernel: they end the cell, and then the command."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Iterator

from kernel.jupyter.handle import KernelHandle

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """What has come: the first has the kernel end the cell, the second ends us."""

    def __init__(self, kernel: KernelHandle) -> None:
        self._kernel = kernel
        self._sent: asyncio.Future[None] | None = None
        self.status: int | None = None
        """How a command ends that has got the first one; None before that."""

    def take(self, number: int) -> None:
        """A signal has come."""
        if self.status is not None:
            with contextlib.suppress(OSError):  # the terminal may be what is gone
                sys.stderr.write("llmspell: left the kernel; its cell goes on\n")
                sys.stderr.flush()
            os._exit(self.status)
        self.status = 128 + number
        self._sent = asyncio.ensure_future(self._kernel.interrupt())


@contextlib.contextmanager
def interrupting(kernel: KernelHandle) -> Iterator[Interrupts]:
    """Have Ctrl-C, SIGTERM and the end of the terminal end the cell."""
    loop, interrupts = asyncio.get_running_loop(), Interrupts(kernel)
    try:
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # as `nohup` has it
                loop.add_signal_handler(number, interrupts.take, number)
    except (ValueError, RuntimeError, NotImplementedError):  # not the main thread
        yield interrupts
        return
    try:
        yield interrupts
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
