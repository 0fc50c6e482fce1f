"""How a function becomes the handler of a request, and its capabilities with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from dap_server.protocol.model import Model

if TYPE_CHECKING:
    from dap_server.client_session import ClientSession

Arguments = TypeVar("Arguments", bound=Model)


@dataclass(frozen=True, slots=True)
class Handler:
    """One row of the table of requests."""

    command: str
    arguments: type[Model]
    function: Callable[[ClientSession, Any], Awaitable[Model | None]]
    capabilities: frozenset[str]
    """Fields of ``Capabilities`` that are true because this handler is there."""
    in_order: bool
    """Whether it waits for the ones like it that came before, as breakpoint requests do."""
    is_cancellable: bool
    title: str | None
    """What the user reads as progress if it takes long; None shows nothing."""
    overrides_after: float | None
    """Seconds after which it breaks off what its client asked to see before and still waits for.

    None: never. Code that a client has run may have no end, and nothing else is done meanwhile.
    """


HANDLERS: dict[str, Handler] = {}
"""Every request that is served, by its command."""


def handles(
    command: str,
    arguments: type[Arguments],
    *capabilities: str,
    in_order: bool = False,
    is_cancellable: bool = False,
    title: str | None = None,
    overrides_after: float | None = None,
) -> Callable[
    [Callable[[ClientSession, Arguments], Awaitable[Model | None]]],
    Callable[[ClientSession, Arguments], Awaitable[Model | None]],
]:
    """Enter a function into `HANDLERS`; it returns the response's body."""

    def enter(
        function: Callable[[ClientSession, Arguments], Awaitable[Model | None]],
    ) -> Callable[[ClientSession, Arguments], Awaitable[Model | None]]:
        HANDLERS[command] = Handler(
            command,
            arguments,
            function,
            frozenset(capabilities),
            in_order,
            is_cancellable,
            title,
            overrides_after,
        )
        return function

    return enter
