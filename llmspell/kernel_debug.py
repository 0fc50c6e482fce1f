"""Debuggers of a kernel's program, over TCP: as many as like to, and notebooks beside them."""

import itertools
from collections.abc import Callable

from kernel.debug.sharing import SharedProgram
from kernel.service.gate import CountingGate
from kernel.transport.base import Transport
from kernel.transport.tcp import Listener as TcpListener

TRIGGERS = (".", ":")


class DebugDoor:
    """Where debuggers of one kernel come in. Used on the loop's thread."""

    def __init__(self, program: Callable[[], SharedProgram | None], name: str) -> None:
        """``program`` is the one there is now; ``name`` is how messages call the kernel."""
        self._now, self._name = program, name
        self._listener: TcpListener | None = None
        self._numbers = itertools.count(1)
        self.gate: CountingGate | None = None

    @property
    def is_stopped(self) -> bool:
        """Whether the program stands."""
        program = self._now()
        return program is not None and program.core.is_stopped

    async def open(self, host: str, port: int) -> tuple[str, int]:
        """Listen; where. Raises `OSError`."""
        self._listener = await TcpListener.start(host, port, self._serve)
        return self._listener.host, self._listener.port

    def close(self) -> None:
        """Listen no more; who is there stays until the program ends."""
        if self._listener is not None:
            self._listener.close()

    async def _serve(self, transport: Transport) -> None:
        program = self._now()
        if program is None:
            await transport.close()
            return
        # The adapter takes longer to load than a kernel without debuggers takes to start.
        from llmspell.limited_host import LimitedHost

        host = LimitedHost(program, self._name, TRIGGERS)
        host.gate, host.client = self.gate, f"debugger {next(self._numbers)}"
        try:
            await host.serve(transport)
        finally:
            if self.gate is not None:
                self.gate.leave(host.client)
