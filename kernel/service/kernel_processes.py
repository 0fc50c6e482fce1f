"""KernelProcess: a kernel that a hub has made, from its first moment to how it ended."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Mapping
from typing import Any, Protocol

from kernel.core.errors import UserError
from kernel.service.daemon import CHILD_VARIABLE, DEADLINE, NOT_OURS
from kernel.service.orders import Create

HUB = "LLMSPELL_KERNEL_HUB"
"""The process id of the hub, in the environment of a kernel."""

OWNS = "LLMSPELL_KERNEL_OWNS_FILE"
"""Set where a kernel shall take its connection file away, though it was there before."""

BEGINS_ANEW = "LLMSPELL_KERNEL_BEGINS_ANEW"
"""Set where a kernel takes the place of another whose variables shall be gone."""

PARENT = "JPY_PARENT_PID"
"""A kernel ends when this process does (Jupyter's word for it)."""


class Commands(Protocol):
    """Knows the command line of kernels."""

    def of(self, order: Create) -> list[str]:
        """The command that serves a kernel as ordered."""


class KernelProcess:
    """One process. Used on the loop's thread."""

    def __init__(self, process: asyncio.subprocess.Process, order: Create) -> None:
        self.order = order
        self.pid = process.pid
        self.record: Mapping[str, Any] = {}
        """What it said when it was ready."""
        self.exit_status: int | None = None
        """As `subprocess` has it: negative for the signal that killed it; None while it runs."""
        self._process = process
        self.ended = asyncio.ensure_future(self._wait())

    @classmethod
    async def start(
        cls,
        commands: Commands,
        order: Create,
        *,
        owns_file: bool = False,
        begins_anew: bool = False,
    ) -> "KernelProcess":
        """Start a kernel and wait until it can be used; raises `UserError` with why it cannot."""
        reading, writing = os.pipe()
        env = dict(order.env or os.environ)
        env = {name: value for name, value in env.items() if name not in NOT_OURS}
        env |= {CHILD_VARIABLE: str(writing), HUB: str(os.getpid()), PARENT: str(os.getpid())}
        if owns_file:
            env[OWNS] = "1"
        if begins_anew:
            env[BEGINS_ANEW] = "1"
        try:
            process = await asyncio.create_subprocess_exec(
                *commands.of(order),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[writing],
                cwd=order.cwd or None,
                env=env,
                start_new_session=True,
            )
        except OSError as error:
            os.close(reading)
            raise UserError(f"The kernel cannot be started: {error}") from error
        finally:
            os.close(writing)
        made = cls(process, order)
        await made._get_ready(reading)
        return made

    @property
    def how(self) -> str:
        """How it ended, for people; empty while it runs."""
        if self.exit_status is None:
            return ""
        if self.exit_status < 0:
            return f"it was killed by {_name(-self.exit_status)}"
        return f"it ended with status {self.exit_status}"

    def send(self, number: int) -> None:
        """Send a signal, if it still runs."""
        if self.exit_status is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    async def wait(self) -> int:
        """Wait until it has ended; its exit status."""
        return await asyncio.shield(self.ended)

    async def stop(self, patience: float) -> None:
        """End it in order, or after ``patience`` seconds without."""
        self.send(signal.SIGTERM if patience > 0 else signal.SIGKILL)
        try:
            await asyncio.wait_for(self.wait(), patience or None)
        except TimeoutError:
            self.send(signal.SIGKILL)
            await self.wait()

    async def _wait(self) -> int:
        self.exit_status = await self._process.wait()
        return self.exit_status

    async def _get_ready(self, descriptor: int) -> None:
        reader = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb", 0)
        )
        try:
            async with asyncio.timeout(DEADLINE):
                async for line in reader:
                    said = json.loads(line)
                    if "error" in said:
                        await self.wait()
                        raise UserError(str(said["error"]))
                    if "ready" in said:
                        self.record = said["ready"]
                        return
                await self.wait()
                raise UserError(f"The kernel was never ready: {self.how}.")
        except TimeoutError:
            await self.stop(0)
            raise UserError(f"The kernel was not ready within {DEADLINE:g} s.") from None
        finally:
            transport.close()


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
