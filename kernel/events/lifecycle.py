"""What happens to the kernel itself and to those connected to it."""

from dataclasses import dataclass

from kernel.events.model import KernelEvent


@dataclass(frozen=True, slots=True)
class KernelStarted(KernelEvent):
    """A kernel begins; ``kernel`` is its id."""

    kernel: str
    version: str = ""
    pid: int = 0


@dataclass(frozen=True, slots=True)
class KernelReady(KernelEvent):
    """It takes requests, at these addresses; none: those of its own process reach it."""

    kernel: str
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KernelStopping(KernelEvent):
    """It is about to end, and says why."""

    kernel: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class KernelStopped(KernelEvent):
    """No cell can run any more, and all that went on beside them is over; nothing follows."""

    kernel: str


@dataclass(frozen=True, slots=True)
class ClientConnected(KernelEvent):
    """Somebody runs code or asks about it for the first time, or a debugger has attached.

    ``client`` is the session of its messages, ``transport`` one of ``zmq``, ``tcp``, ``ws``,
    ``stdio``, ``memory`` and ``dap``.
    """

    client: str
    transport: str = ""


@dataclass(frozen=True, slots=True)
class ClientDisconnected(KernelEvent):
    """Somebody has gone.

    Over ZeroMQ nobody says so: it is told of the one that is taken to have left when somebody
    listens no more, and it may connect again.
    """

    client: str


@dataclass(frozen=True, slots=True)
class ConfigurationChanged(KernelEvent):
    """Settings have new values; ``keys`` names them.

    Those of a script, which only it sees (`Config.setSecurity`), or ``log_level`` of a kernel in
    the background.
    """

    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LimitExceeded(KernelEvent):
    """Something is as much as it may be, or more; ``limit`` names the setting.

    ``max_clients`` (a client was refused), ``max_memory_mb`` (Lua has no more; mebibytes), a key of
    the configuration as ``runtime.script_timeout_seconds``, or a setting of a session's policy as
    ``timeout.cell_seconds`` and ``quota.memory_mb``: then the cell was ended.
    """

    limit: str
    value: float = 0.0
    allowed: float = 0.0


@dataclass(frozen=True, slots=True)
class BudgetReached(KernelEvent):
    """A share (0.5, 0.75, 0.9 or 1) of a budget was spent; ``spent`` and ``allowed`` in dollars.

    ``budget`` is ``*`` or what it is counted by (``session``), ``value`` for whom.
    """

    budget: str
    value: str = ""
    share: float = 0.0
    spent: float = 0.0
    allowed: float = 0.0
