"""HubProvisioner: Jupyter asks a hub for a kernel, instead of starting a process of its own.

Jupyter finds it by the entry point ``llmspell-provisioner`` (jupyter_client, "Kernel
provisioning"); a kernelspec names it in its metadata. What it can be told there, under ``config``,
are the traits below. The library is the extra ``jupyter``.
"""

import asyncio
import contextlib
import signal
import subprocess
from http import HTTPStatus
from pathlib import Path
from typing import Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from tornado.web import HTTPError
from traitlets import Bool, Float, Integer, Unicode

from kernel.core.errors import UserError
from kernel.service.hub_client import HubClient, HubGone
from kernel.service.hub_server import hub_socket
from kernel.service.records import check_id

NAME = "llmspell-provisioner"

LOST = -signal.SIGHUP
"""The exit status of a kernel whose hub is gone."""


class KernelRefused(HTTPError):
    """There is no kernel to be had; Jupyter's server hands the text on to who wanted one."""

    def __init__(self, problem: str) -> None:
        text = " ".join(problem.split())
        super().__init__(HTTPStatus.SERVICE_UNAVAILABLE, text, reason=text)

    def __str__(self) -> str:
        """The text alone."""
        return str(self.reason)


class HubProvisioner(LocalProvisioner):
    """Implements jupyter_client's ``KernelProvisionerBase``; one kernel of a hub.

    Ports, keys and the connection file are Jupyter's, as with a kernel that it starts itself.
    """

    runtime = Unicode("", help="Version of the language.").tag(config=True)
    libraries = Unicode("", help="What of the process a cell may reach.").tag(config=True)
    socket = Unicode("", help="Where the hub listens; empty: the user's own.").tag(config=True)
    starts_hub = Bool(True, help="Start a hub where none listens.").tag(config=True)
    hub_command = Unicode("", help="What starts one, words parted by newlines.").tag(config=True)
    idle_timeout = Float(0.0, help="Seconds; 0: never.").tag(config=True)
    max_clients = Integer(0, help="0: any number.").tag(config=True)
    survives = Bool(False, help="Whether the kernel outlives Jupyter's server.").tag(config=True)

    _hub: HubClient | None = None
    _kernel = ""
    _ended: asyncio.Task[int] | None = None

    # --- life -----------------------------------------------------------------------------------

    @property
    def has_process(self) -> bool:
        """Whether there is a kernel, running or ended, that `cleanup` has not seen."""
        return self._ended is not None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:  # noqa: ARG002
        """Ask the hub for a kernel; the connection info. Raises `KernelRefused`.

        ``cmd`` is what Jupyter would run; the hub knows how to start kernels.
        """
        assert self.parent is not None
        self._kernel = check_id(self.kernel_id or Path(self.parent.connection_file).stem)
        try:
            hub = await self._connected()
            record = await hub.ask(
                "create",
                kernel=self._kernel,
                runtime=self.runtime,
                libraries=self.libraries,
                connection_file=str(Path(self.parent.connection_file).absolute()),
                cwd=str(kwargs.get("cwd") or ""),
                env=dict(kwargs.get("env") or {}),
                idle_timeout=self.idle_timeout,
                max_clients=self.max_clients,
                is_leased=not self.survives,
            )
        except UserError as error:
            raise KernelRefused(str(error)) from error
        self.pid = int(record["pid"])
        self._ended = asyncio.ensure_future(self._watch(hub, self._kernel))
        return self.connection_info

    async def poll(self) -> int | None:
        """None while the kernel runs; its exit status otherwise."""
        if self._ended is None:
            return 0
        return self._ended.result() if self._ended.done() else None

    async def wait(self) -> int | None:
        """Wait for its end; its exit status."""
        if self._ended is None:
            return 0
        status = await asyncio.shield(self._ended)
        self._ended = None
        return status

    async def send_signal(self, signum: int) -> None:
        """Send a signal to the kernel's process."""
        if self._ended is None or self._ended.done():
            return
        with contextlib.suppress(UserError):
            hub = await self._connected(may_start=False)
            await hub.ask("signal", kernel=self._kernel, signal=int(signum))

    async def kill(self, restart: bool = False) -> None:  # noqa: ARG002 - Jupyter's
        """End the kernel at once."""
        await self.send_signal(signal.SIGKILL)

    async def terminate(self, restart: bool = False) -> None:  # noqa: ARG002 - Jupyter's
        """End the kernel in order."""
        await self.send_signal(signal.SIGTERM)

    async def cleanup(self, restart: bool = False) -> None:
        """Nothing is needed any more; for a restart the connection to the hub is."""
        await super().cleanup(restart)
        hub, ended = self._hub, self._ended
        if restart:
            return
        self._hub = None
        if hub is not None:
            await hub.close()
        if ended is not None:
            ended.cancel()
            self._ended = None

    # --- over a restart of Jupyter's server -----------------------------------------------------

    async def get_provisioner_info(self) -> dict[str, Any]:
        """What `load_provisioner_info` needs to find the kernel again."""
        info: dict[str, Any] = await super().get_provisioner_info()
        return {**info, "kernel": self._kernel, "pid": self.pid, "socket": self.socket}

    async def load_provisioner_info(self, provisioner_info: dict[str, Any]) -> None:
        """Go on with a kernel that `get_provisioner_info` of another process told of."""
        await super().load_provisioner_info(provisioner_info)
        self._kernel = str(provisioner_info["kernel"])
        self.socket = str(provisioner_info.get("socket", ""))
        with contextlib.suppress(UserError):
            hub = await self._connected(may_start=False)
            self._ended = asyncio.ensure_future(self._watch(hub, self._kernel))

    # --- the hub --------------------------------------------------------------------------------

    async def _watch(self, hub: HubClient, kernel: str) -> int:
        try:
            ended = await hub.ask("wait", kernel=kernel)
        except HubGone:
            self.log.warning("The hub of kernel %s has ended, and so has the kernel.", kernel)
            return int(LOST)
        except UserError as error:
            self.log.warning("Kernel %s: %s", kernel, error)
            return int(LOST)
        if ended["exit_status"]:
            self.log.warning("Kernel %s: %s.", kernel, ended["how"])
        return int(ended["exit_status"])

    async def _connected(self, *, may_start: bool = True) -> HubClient:
        if self._hub is not None and self._hub.is_open:
            return self._hub
        path = Path(self.socket) if self.socket else hub_socket()
        try:
            self._hub = await HubClient.connect(path)
        except HubGone:
            if not (may_start and self.starts_hub and self.hub_command):
                raise
            await asyncio.to_thread(_start_hub, self.hub_command.split("\n"))
            self._hub = await HubClient.connect(path)
        return self._hub


def _start_hub(command: list[str]) -> None:
    """Start a hub in the background; harmless where another was faster. Raises `UserError`."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=90)
    if done.returncode:
        raise UserError(f"The hub could not be started: {done.stderr.strip()}")
