"""DebugEndpoint: the port to whoever serves ``debug_request``."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol


class DebugEndpoint(Protocol):
    """Speaks the Debug Adapter Protocol, in messages that have been decoded."""

    async def handle(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """Serve a DAP request (``seq``, ``command``, ``arguments``); its DAP response.

        Requests come in their order, the next when this one has been answered; but ``cancel``
        comes at once. A failure is a response too (``success`` false, with a ``message``).
        """

    async def close(self) -> None:
        """The kernel ends, or its program was replaced."""


TellEvent = Callable[[dict[str, Any]], None]
"""Told a DAP event, on the loop's thread; it becomes a ``debug_event`` for every client."""

DebugEndpointFactory = Callable[[TellEvent], DebugEndpoint]
