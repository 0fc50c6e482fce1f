"""KernelHub: makes kernels when asked, each in a process of its own, and knows how they ended."""

import asyncio
import contextlib
import dataclasses
import logging
import signal
import uuid
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from kernel.core.errors import UserError
from kernel.jupyter.connection import connection_path
from kernel.service import orders as o
from kernel.service.control import interrupt_by_message
from kernel.service.kernel_processes import Commands, KernelProcess
from kernel.service.records import AlreadyRunning, UnknownKernel, check_id
from kernel.service.registry import Registry

REMEMBERED = 100
"""Kernels that have ended and can still be asked for."""

RESTART_PATIENCE = 10.0
"""Seconds a kernel has to end before it is killed and made anew."""

_log = logging.getLogger(__name__)

Lease = set[str]
"""The kernels that end with one connection."""


class KernelHub:
    """Serves requests. Used on the loop's thread."""

    def __init__(
        self, commands: Commands, registry: Registry | None = None, *, max_kernels: int = 0
    ) -> None:
        """``max_kernels`` 0: any number."""
        self._commands, self._registry = commands, registry or Registry()
        self._max = max_kernels
        self._kernels: dict[str, KernelProcess] = {}
        self._starting: set[str] = set()
        self._files: dict[str, bool] = {}
        """Whether the connection file of a kernel is ours to take away."""
        self._watches: set[asyncio.Task[None]] = set()

    async def serve(self, said: Mapping[str, Any], lease: Lease) -> Mapping[str, Any]:
        """The result of a request; raises `UserError`."""
        action = ACTIONS.get(str(said.get("action")))
        if action is None:
            known = ", ".join(ACTIONS)
            raise UserError(f"There is no action {said.get('action')!r}; there are {known}.")
        kind, function = action
        order = o.decoded(kind, said)
        result = await function(self, order)
        if isinstance(order, o.Create) and order.is_leased:
            lease.add(str(result["id"]))
        return result

    async def end_lease(self, lease: Lease) -> None:
        """Whoever ordered these kernels is gone."""
        for kernel_id in lease:
            process = self._kernels.get(kernel_id)
            if process is not None and process.exit_status is None:
                _log.info("kernel %s ends: nobody holds it any more", kernel_id)
                await process.stop(RESTART_PATIENCE)

    async def close(self, patience: float) -> None:
        """End all kernels."""
        running = [each for each in self._kernels.values() if each.exit_status is None]
        await asyncio.gather(*(each.stop(patience) for each in running))
        if self._watches:
            await asyncio.wait(self._watches)

    # --- actions --------------------------------------------------------------------------------

    async def create(self, order: o.Create) -> Mapping[str, Any]:
        """Make a kernel; its record."""
        kernel_id = check_id(order.kernel or uuid.uuid4().hex[:12])
        before = self._kernels.get(kernel_id)
        if kernel_id in self._starting or (before is not None and before.exit_status is None):
            raise AlreadyRunning(f"Kernel {kernel_id!r} runs already; stop it, or take another id.")
        count = len(self._starting) + sum(
            each.exit_status is None for each in self._kernels.values()
        )
        if 0 < self._max <= count:
            raise UserError(
                f"This hub has {self._max} kernels, as many as it may; stop one, or start the hub "
                "with a greater --max-kernels."
            )
        file = Path(order.connection_file) if order.connection_file else connection_path(kernel_id)
        if not order.connection_file:
            file.unlink(missing_ok=True)  # of one before the last boot
        self._files[kernel_id] = not file.exists()
        whole = dataclasses.replace(order, kernel=kernel_id, connection_file=str(file))
        return await self._start(whole)

    async def _start(self, order: o.Create, *, begins_anew: bool = False) -> Mapping[str, Any]:
        kernel_id = order.kernel
        self._starting.add(kernel_id)
        try:
            process = await KernelProcess.start(
                self._commands,
                order,
                owns_file=self._files[kernel_id],
                begins_anew=begins_anew,
            )
        finally:
            self._starting.discard(kernel_id)
        self._kernels.pop(kernel_id, None)
        self._kernels[kernel_id] = process
        self._forget_oldest()
        watch = asyncio.ensure_future(self._watch(kernel_id, process))
        self._watches.add(watch)
        watch.add_done_callback(self._watches.discard)
        _log.info("kernel %s runs as process %d", kernel_id, process.pid)
        return _described(kernel_id, process)

    async def all_kernels(self, _: o.Nothing) -> Mapping[str, Any]:
        """All kernels, also some that have ended."""
        return {"kernels": [_described(name, each) for name, each in self._kernels.items()]}

    async def status(self, asked: o.OneKernel) -> Mapping[str, Any]:
        """One kernel."""
        return _described(asked.kernel, self._find(asked.kernel))

    async def wait(self, asked: o.OneKernel) -> Mapping[str, Any]:
        """One kernel, when it has ended."""
        process = self._find(asked.kernel)
        await process.wait()
        return _described(asked.kernel, process)

    async def stop(self, asked: o.Stop) -> Mapping[str, Any]:
        """End a kernel; harmless for one that has."""
        process = self._find(asked.kernel)
        await process.stop(asked.timeout)
        return _described(asked.kernel, process)

    async def interrupt(self, asked: o.OneKernel) -> Mapping[str, Any]:
        """End the cell that a kernel runs."""
        process = self._find(asked.kernel)
        if not await interrupt_by_message(str(process.record.get("connection_file", ""))):
            process.send(signal.SIGINT)
        return _described(asked.kernel, process)

    async def signal(self, asked: o.SendSignal) -> Mapping[str, Any]:
        """Send a signal to a kernel."""
        process = self._find(asked.kernel)
        process.send(asked.signal)
        return _described(asked.kernel, process)

    async def restart(self, asked: o.OneKernel) -> Mapping[str, Any]:
        """A new process with the same id, ports and key: clients stay, variables are gone."""
        process = self._find(asked.kernel)
        file = Path(process.order.connection_file)
        content = None
        with contextlib.suppress(OSError):
            content = file.read_bytes()
        await process.stop(RESTART_PATIENCE)
        self._bury(asked.kernel, process)
        if content is not None and not file.exists():
            descriptor = file.with_name(f".{file.name}.again")
            descriptor.touch(0o600)
            descriptor.write_bytes(content)
            descriptor.replace(file)
        return await self._start(process.order, begins_anew=True)

    # --- deaths ---------------------------------------------------------------------------------

    async def _watch(self, kernel_id: str, process: KernelProcess) -> None:
        await process.wait()
        _log.info("kernel %s: %s", kernel_id, process.how)
        self._bury(kernel_id, process)

    def _bury(self, kernel_id: str, process: KernelProcess) -> None:
        """What the process could not take away itself goes, and the record says how it ended."""
        if self._kernels.get(kernel_id) is process:
            self._registry.bury(kernel_id, process.how)

    def _find(self, kernel_id: str) -> KernelProcess:
        process = self._kernels.get(kernel_id)
        if process is None:
            raise UnknownKernel(f"This hub has made no kernel {kernel_id!r}.")
        return process

    def _forget_oldest(self) -> None:
        ended = [name for name, each in self._kernels.items() if each.exit_status is not None]
        for name in ended[: max(0, len(ended) - REMEMBERED)]:
            del self._kernels[name]
            self._files.pop(name, None)


def _described(kernel_id: str, process: KernelProcess) -> Mapping[str, Any]:
    return {
        **process.record,
        "id": kernel_id,
        "pid": process.pid,
        "running": process.exit_status is None,
        "exit_status": process.exit_status,
        "how": process.how,
    }


Action = Callable[[KernelHub, Any], Awaitable[Mapping[str, Any]]]

ACTIONS: Mapping[str, tuple[type[Any], Action]] = {
    "create": (o.Create, KernelHub.create),
    "list": (o.Nothing, KernelHub.all_kernels),
    "status": (o.OneKernel, KernelHub.status),
    "wait": (o.OneKernel, KernelHub.wait),
    "stop": (o.Stop, KernelHub.stop),
    "interrupt": (o.OneKernel, KernelHub.interrupt),
    "signal": (o.SendSignal, KernelHub.signal),
    "restart": (o.OneKernel, KernelHub.restart),
}
"""What a hub can be asked, with the class of the arguments."""
