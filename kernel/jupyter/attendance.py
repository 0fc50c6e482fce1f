"""Attendance: which clients a kernel has, as whoever counts them says; tells who comes and goes."""

from collections.abc import Callable

from kernel.events.lifecycle import ClientConnected, ClientDisconnected, LimitExceeded
from kernel.events.model import KernelEvent


class Attendance:
    """Used on the loop's thread; what comes twice is told once."""

    def __init__(self, tell: Callable[[KernelEvent], object] = lambda _event: None) -> None:
        self._tell = tell
        self._transports: dict[str, str] = {}

    def came(self, client: str, transport: str) -> None:
        """Somebody is there, by this transport."""
        if client not in self._transports:
            self._transports[client] = transport
            self._tell(ClientConnected(client, transport))

    def left(self, client: str) -> None:
        """Somebody has gone, or is taken to have."""
        if self._transports.pop(client, None) is not None:
            self._tell(ClientDisconnected(client))

    def all_left(self, transport: str) -> None:
        """Nobody is there any more by this transport."""
        for client, by in list(self._transports.items()):
            if by == transport:
                self.left(client)

    def refused(self, allowed: int) -> None:
        """Somebody was not let in, since ``allowed`` are there already."""
        self._tell(LimitExceeded("max_clients", allowed + 1, allowed))
