"""A client and a session in one process: the session runs on a loop in a thread of its own."""

from concurrent.futures import Future
from contextlib import ExitStack, suppress

from anyio.from_thread import BlockingPortal, start_blocking_portal

from dap_server.client_session import ClientSession
from dap_server.host import DebugHost
from kernel.transport.memory import MemoryTransport, memory_pair


class MemoryConnection:
    """A `ClientSession` over ``host``, made and run for this connection alone."""

    def __init__(self, host: DebugHost, progress_after: float = 1.0) -> None:
        self._stack = ExitStack()
        self._portal: BlockingPortal = self._stack.enter_context(start_blocking_portal())
        self._end, other = self._portal.call(_pair)
        self._session: Future[None] = self._portal.start_task_soon(
            self._serve, other, host, progress_after
        )

    async def _serve(self, end: MemoryTransport, host: DebugHost, progress_after: float) -> None:
        await ClientSession(end, host, progress_after).run()

    def receive(self) -> bytes:
        """Some bytes; ``b""`` once the session has ended."""
        with suppress(RuntimeError):
            return self._portal.call(self._end.receive)
        return b""

    def send(self, data: bytes) -> None:
        """Hand bytes to the session."""
        self._portal.call(self._end.send, data)

    def close(self) -> None:
        """Hang up and wait for the session to end; raises what it died of, if it did."""
        try:
            with suppress(RuntimeError):
                self._portal.call(self._end.close)
            self._session.result()
        finally:
            self._stack.close()


async def _pair() -> tuple[MemoryTransport, MemoryTransport]:
    return memory_pair()
