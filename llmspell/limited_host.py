"""LimitedHost: a debugger of a kernel counts among its clients."""

from dap_server.host import ClientDoor
from dap_server.launch import AttachRequest
from dap_server.shared_host import SharedHost
from kernel.debug.coordinator import DebugCoordinator
from kernel.service.gate import CountingGate


class LimitedHost(SharedHost):
    """One debugger of a program that takes no more clients than the kernel does."""

    gate: CountingGate | None = None
    client = ""

    async def attach(self, request: AttachRequest, client: ClientDoor) -> DebugCoordinator:
        """Let the debugger in; raises `TooManyClients`."""
        if self.gate is not None:
            self.gate.enter(self.client, says_goodbye=True)
        return await super().attach(request, client)
