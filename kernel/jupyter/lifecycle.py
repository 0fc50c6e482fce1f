"""Lifecycle: tells what becomes of a kernel, each part of its life once."""

import os
from collections.abc import Callable, Sequence

from kernel.events.execution import StatusChanged
from kernel.events.lifecycle import KernelReady, KernelStarted, KernelStopped, KernelStopping
from kernel.events.model import KernelEvent
from kernel.jupyter.connection import ConnectionInfo

Tell = Callable[[KernelEvent], object]

CLOSED = "it was closed"
"""Why a kernel ends of which nobody has said why."""


class Lifecycle:
    """Used on the loop's thread. Whatever comes too late or twice is not told."""

    def __init__(self, kernel: str, version: str, tell: Tell) -> None:
        """``kernel`` is its id."""
        self.kernel = kernel
        self._version, self._tell = version, tell
        self._is_ready = self._is_stopping = self._has_stopped = False

    def started(self) -> None:
        """There is a program, and nobody can reach it yet."""
        self._tell(KernelStarted(self.kernel, self._version, os.getpid()))
        self._tell(StatusChanged("starting"))

    def ready(self, addresses: Sequence[str] = ()) -> None:
        """Clients may come; without an address, those of the same process."""
        if not self._is_ready:
            self._is_ready = True
            self._tell(KernelReady(self.kernel, tuple(addresses)))
            self._tell(StatusChanged("idle"))

    def stopping(self, reason: str = CLOSED) -> None:
        """It is about to end; the first reason counts."""
        if not self._is_stopping:
            self._is_stopping = True
            self._tell(KernelStopping(self.kernel, reason))

    def stopped(self) -> None:
        """All that it did has come to its end."""
        if not self._has_stopped:
            self._has_stopped = True
            self._tell(KernelStopped(self.kernel))


def addresses_of(info: ConnectionInfo, *, has_zmq: bool) -> tuple[str, ...]:
    """Where a kernel takes requests; ``zmq+`` stands before the socket ``shell`` of ZeroMQ."""
    lines = (("tcp", info.llmspell_tcp), ("ws", info.llmspell_ws))
    found = [f"{kind}://{where}" for kind, where in lines if where]
    return (f"zmq+{info.url('shell')}", *found) if has_zmq else (*found,)
