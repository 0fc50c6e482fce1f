"""How a kernel is: asked on control, answered by the loop, whatever the program does."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kernel.core.errors import UserError
from kernel.jupyter.connection import ConnectionInfo
from kernel.jupyter.links import KernelLost
from kernel.service.control import DEADLINE, ask_control

REQUEST = "health_request"

IDLE, BUSY, STOPPED, DRAINING = "idle", "busy", "stopped", "draining"


@dataclass(frozen=True, slots=True)
class Health:
    """What a kernel says of itself."""

    state: str
    """``idle``, ``busy`` (a cell runs), ``stopped`` (in the debugger) or ``draining``."""
    clients: int
    """How many there are, debuggers among them."""
    max_clients: int
    """0: any number."""
    refused: int
    """Requests that were not let in."""
    idle_for: float
    """Seconds since something happened."""
    idle_timeout: float
    """Seconds after which it ends by itself; 0: it does not."""
    log_level: str
    """``debug``, ``info``, ``warning`` or ``error``."""
    figures: Mapping[str, Any]
    """Statistics (`kernel.service.statistics.Figures`)."""
    last_run: Mapping[str, Any] | None = None
    """How the run before ended (``ended``, ``cells``, ``saved``), if that was kept.

    Where its ``variables`` came back: how many were ``restored``, and the ``lost`` with why.
    """
    parts: Mapping[str, Any] = field(default_factory=dict)
    """Figures of its store, of hooks and of who observes it, as far as they are used."""


async def ask_health(info: ConnectionInfo, deadline: float = DEADLINE) -> Mapping[str, Any]:
    """What the kernel at ``info`` says of itself; raises `KernelLost` or another `UserError`."""
    try:
        reply = await ask_control(info, REQUEST, deadline)
    except TimeoutError:
        raise KernelLost(f"It did not say within {deadline:g} s how it is.") from None
    if reply.content.get("status") != "ok":
        raise UserError(str(reply.content.get("evalue") or "It does not say how it is."))
    return reply.content
