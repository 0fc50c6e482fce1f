"""What a service manager is told: that the kernel is ready, alive, or about to end.

The protocol is that of sd_notify(3): datagrams to the socket that NOTIFY_SOCKET names.
"""

import os
import socket
from collections.abc import Mapping


class ServiceNotifier:
    """Tells systemd, where it started us; otherwise nobody."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        self.watchdog = _watchdog(environment)
        """Seconds between two signs of life that it waits for at most; 0: it waits for none."""

    def tell(self, **words: str) -> bool:
        """Send some variables (``READY="1"``); whether somebody took them."""
        if not self._address:
            return False
        address = self._address
        if address.startswith("@"):  # an abstract name
            address = "\0" + address[1:]
        text = "\n".join(f"{name}={value}" for name, value in words.items())
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as peer:
                peer.connect(address)
                peer.sendall(text.encode())
        except OSError:
            return False
        return True

    def ready(self, status: str) -> None:
        """Clients may come; also whose process that is, as it may have been forked."""
        self.tell(READY="1", STATUS=status, MAINPID=str(os.getpid()))

    def stopping(self, status: str) -> None:
        """The end has begun."""
        self.tell(STOPPING="1", STATUS=status)

    def alive(self) -> None:
        """All is well."""
        self.tell(WATCHDOG="1")


def _watchdog(environment: Mapping[str, str]) -> float:
    """sd_watchdog_enabled(3)."""
    said, meant = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID", "")
    if not said.isdigit() or (meant.isdigit() and int(meant) != os.getpid()):
        return 0.0
    return int(said) / 1_000_000
