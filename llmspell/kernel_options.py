"""A kernel as the command line asks for it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from kernel.service.logs import COUNT, SIZE
from kernel.service.policy import ServicePolicy

NAME = "llmspell"

Libraries = Literal["full", "closed"]


@dataclass(frozen=True, slots=True)
class KernelPlaces:
    """Where a kernel is served, as the command line says it."""

    connection_file: Path | None = None
    tcp: tuple[str, int] | None = None
    ws: tuple[str, int] | None = None
    stdio: bool = False
    zmq: bool = True

    @property
    def only_parent(self) -> bool:
        """Whether nobody reaches the kernel but the process that has started it."""
        return self.stdio and not (self.zmq or self.tcp or self.ws)


@dataclass(frozen=True, slots=True)
class ServiceOptions:
    """A kernel as the command line asks for it."""

    id: str = ""
    """Empty: of the connection file, or any."""
    lua: str = ""
    libraries: Libraries | None = None
    """None: as it is configured, or closed."""
    places: KernelPlaces = field(default_factory=KernelPlaces)
    port: int = 0
    """The first of five ports in a row; 0: any five."""
    ip: str = "127.0.0.1"
    transport: str = "tcp"
    """How ZeroMQ listens: ``tcp`` or ``ipc``."""
    session: str = ""
    """The session it is in, by id or name; empty: in none, unless it begins one by itself."""
    dap: tuple[str, int] | None = None
    log_file: Path | None = None
    log_level: str = "info"
    log_size: int = SIZE
    log_count: int = COUNT
    pid_file: Path | None = None
    policy: ServicePolicy = field(default_factory=ServicePolicy)
