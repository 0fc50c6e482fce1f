"""A typed client for headless debug sessions: ``from dap_server.client import DapClient``."""

from dap_server.client.dap_client import DapClient, Stop
from dap_server.client.errors import (
    AdapterGone,
    ClientError,
    Overdue,
    ProgramEnded,
    RequestFailed,
)
from dap_server.client.frames import Frame

__all__ = [
    "AdapterGone",
    "ClientError",
    "DapClient",
    "Frame",
    "Overdue",
    "ProgramEnded",
    "RequestFailed",
    "Stop",
]
