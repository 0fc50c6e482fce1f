"""How a kernel behaves as a service."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

PATIENCE = 10.0
"""Seconds a running cell may go on after the kernel has been told to end."""

Save = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class ServicePolicy:
    """How a kernel behaves as a service."""

    idle_timeout: float = 0.0
    """Seconds without work after which it ends; 0: it does not."""
    max_clients: int = 0
    """0: any number."""
    drain_patience: float = PATIENCE
    savers: Sequence[Save] = ()
    """What is to be saved before the end, after the last cell."""
    outlives_clients: bool = False
    """Whether a client that types ``exit`` leaves alone."""
    is_foreground: bool = False
    """Whether somebody at a terminal has started it, for whom Ctrl-C without a cell is the end."""
