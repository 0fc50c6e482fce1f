"""How to end kernels from outside: politely, then not, and never the wrong process."""

import contextlib
import os
import select
import signal
import time
from collections.abc import Iterator

from kernel.core.errors import UserError
from kernel.service.records import KernelState
from kernel.service.registry import Registry

PATIENCE = 30.0
"""Seconds a kernel has to end before it is killed."""

GLANCE = 0.05
"""Seconds between two looks at a process that tells nobody of its end."""


def send_signal(registry: Registry, state: KernelState, number: int) -> bool:
    """Send a signal to a kernel; False if it runs no more. Raises `UserError`.

    The kernel is looked at again once its process cannot be taken for another any more.
    """
    with _process(state.record.pid) as process:
        if process is None or not registry.find(state.record.id).is_running:
            return False
        return process.send(number)


def stop(
    registry: Registry,
    state: KernelState,
    *,
    force: bool = False,
    patience: float = PATIENCE,
    forgets: bool = True,
) -> str:
    """End a kernel and wait until it has; how it went. What it left is taken away.

    ``force`` kills it at once. Harmless for one that does not run; its record goes, too, if the
    caller ``forgets``. Raises `UserError`.
    """
    record = state.record
    if not state.is_running:
        if forgets:
            registry.forget(record.id)
        rest = "; its record is gone now" if forgets else ""
        return f"Kernel {record.id} did not run ({state.why}){rest}."
    with _process(record.pid) as process:
        if process is None or not registry.find(record.id).is_running:
            registry.forget(record.id)
            return f"Kernel {record.id} has just ended."
        process.send(signal.SIGKILL if force else signal.SIGTERM)
        if force or process.wait(patience):
            process.wait(patience)
            if forgets:
                registry.forget(record.id)
            return f"Kernel {record.id} was {'killed' if force else 'stopped'}."
        process.send(signal.SIGKILL)
        if not process.wait(patience):
            raise UserError(f"Kernel {record.id} (process {record.pid}) cannot be ended.")
    if forgets:
        registry.forget(record.id)
    return f"Kernel {record.id} did not stop within {patience:g} s and was killed."


class _Process:
    """A process by a descriptor of its own, where the system has such (Linux), or by its id."""

    def __init__(self, pid: int, descriptor: int | None) -> None:
        self._pid, self._descriptor = pid, descriptor

    def send(self, number: int) -> bool:
        try:
            if self._descriptor is None:
                os.kill(self._pid, number)
            else:
                signal.pidfd_send_signal(self._descriptor, number)
        except ProcessLookupError:
            return False
        except PermissionError as error:
            raise UserError(f"Process {self._pid} belongs to another user.") from error
        return True

    def wait(self, seconds: float) -> bool:
        """Whether it ends in this time."""
        if self._descriptor is not None:
            return bool(select.select([self._descriptor], [], [], seconds)[0])
        until = time.monotonic() + seconds
        while self.send(0):
            if time.monotonic() > until:
                return False
            select.select([], [], [], GLANCE)
        return True


@contextlib.contextmanager
def _process(pid: int) -> Iterator[_Process | None]:
    if not hasattr(os, "pidfd_open"):
        yield _Process(pid, None)
        return
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        yield None
        return
    try:
        yield _Process(pid, descriptor)
    finally:
        os.close(descriptor)
