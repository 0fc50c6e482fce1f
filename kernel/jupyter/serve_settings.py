"""Where a kernel is served, and under which key."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kernel.jupyter.channels import ZmqChannels
from kernel.jupyter.connection import ConnectionInfo, new_key, read_connection
from kernel.transport.base import Transport

Address = tuple[str, int]

OPEN = (
    "The key in %s is empty: whoever can connect to the kernel's ports can run code in it. "
    "Leave the field out, and a key is made."
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """Where a kernel is served."""

    connection_file: Path | None = None
    """Its ports are bound if it exists; it is written otherwise, or with what was missing in it."""
    kernel_name: str = "llmspell"
    zmq: bool = True
    channels: ZmqChannels | None = None
    """Sockets that are bound already, as ``connection_file`` says; otherwise they are made."""
    tcp: Address | None = None
    """Where lines are taken; port 0 is any free one. The connection file says which."""
    ws: Address | None = None
    transport: Transport | None = None
    """A client that is there already, at stdin and stdout for instance; the kernel ends with it."""
    signals: Mapping[int, Callable[[], None]] = field(default_factory=dict)
    """What signals do, beyond SIGINT (interrupt) and SIGTERM (end) or instead of them."""
    before_replacement: Callable[[], None] = lambda: None
    """Called before the process starts itself anew."""
    can_be_replaced: bool = False
    """Whether the process may start itself anew (`os.execv`) when code hears no interrupt."""


def connection_for(settings: ServeSettings) -> ConnectionInfo:
    """What the connection file says, with a new key where it says none; raises `UserError`."""
    path = settings.connection_file
    if path is not None and path.exists() and path.stat().st_size:
        info = read_connection(path, missing_key=new_key())
        if not info.key and info.transport == "tcp":
            _log.warning(OPEN, path)
        return info
    if settings.transport is not None and not (settings.zmq or settings.tcp or settings.ws):
        return ConnectionInfo(kernel_name=settings.kernel_name)  # only our parent can speak to us
    return ConnectionInfo(key=new_key(), kernel_name=settings.kernel_name)
