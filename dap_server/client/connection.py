"""Where a client's bytes come and go, blocking: a socket, a process, or a session in memory."""

import contextlib
import socket
import subprocess
from collections.abc import Mapping, Sequence
from typing import Protocol

READ_SIZE = 65_536


class Connection(Protocol):
    """Bytes to and from an adapter. ``receive`` is called on one thread, the rest on any."""

    def receive(self) -> bytes:
        """Some bytes; ``b""`` once there will be none any more."""

    def send(self, data: bytes) -> None:
        """Send all of it; raises `OSError` when the adapter is gone."""

    def close(self) -> None:
        """End it, which ends a `receive` under way; harmless when done twice."""


class SocketConnection:
    """An adapter that listens on TCP."""

    def __init__(self, host: str, port: int, deadline: float) -> None:
        self._socket = socket.create_connection((host, port), timeout=deadline)
        self._socket.settimeout(None)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def receive(self) -> bytes:
        """Some bytes; ``b""`` once there will be none any more."""
        try:
            return self._socket.recv(READ_SIZE)
        except OSError:
            return b""

    def send(self, data: bytes) -> None:
        """Send all of it."""
        self._socket.sendall(data)

    def close(self) -> None:
        """Close the socket."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


class ProcessConnection:
    """An adapter that speaks on its standard input and output; its stderr is ours."""

    def __init__(
        self,
        command: Sequence[str],
        cwd: str | None = None,
        env: Mapping[str, str] | None = None,
        deadline: float = 10.0,
    ) -> None:
        self._deadline = deadline
        self.process = subprocess.Popen(
            command,
            cwd=cwd,
            env=env,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._input, self._output = self.process.stdin, self.process.stdout

    def receive(self) -> bytes:
        """Some bytes; ``b""`` once there will be none any more."""
        try:
            return self._output.read(READ_SIZE) or b""
        except (OSError, ValueError):
            return b""

    def send(self, data: bytes) -> None:
        """Send all of it."""
        rest = memoryview(data)
        while rest:
            rest = rest[self._input.write(rest) or 0 :]

    def close(self) -> None:
        """Close the adapter's input, which ends it, and wait; kill it if it does not end."""
        with contextlib.suppress(OSError):
            self._input.close()
        try:
            self.process.wait(self._deadline)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
