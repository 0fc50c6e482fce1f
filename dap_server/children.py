"""Scripts that a debugged script starts: they tell their parent's adapter, which tells the client.

The parent's process has a door on loopback and its address in the environment (`VARIABLE`), where
a child finds it. The child listens for a debugger, announces itself with one line of JSON, gets one
back, and waits to be attached to.
"""

import asyncio
import json
import os
import secrets
import socket
from collections.abc import Callable
from contextlib import closing, suppress

from kernel.events import model as e
from kernel.transport.tcp import Listener, TcpTransport

VARIABLE = "LLMSPELL_DEBUG_PARENT"
"""``host:port:token`` of the adapter that debugs the parent."""

DEADLINE = 5.0
"""Seconds for a child to be heard and for its parent to answer."""

LINE = 10_000
"""Bytes of an announcement at most."""


class ParentDoor:
    """Where the children of this process announce themselves; used on the loop."""

    def __init__(self) -> None:
        self._listener: Listener | None = None
        self._token = secrets.token_hex(16)
        self._tell: Callable[[e.ChildStarted], bool] = lambda _: False

    async def open(self, tell: Callable[[e.ChildStarted], bool]) -> None:
        """Open the door, if it is not open, and ``tell`` of children from now on.

        ``tell`` says whether somebody wants to debug the child, which will wait for it then.
        """
        self._tell = tell
        if self._listener is None:
            self._listener = await Listener.start("127.0.0.1", 0, self._welcome)
        os.environ[VARIABLE] = f"{self._listener.host}:{self._listener.port}:{self._token}"

    def close(self) -> None:
        """Hear no more children; harmless when done twice."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()
            os.environ.pop(VARIABLE, None)

    async def _welcome(self, transport: TcpTransport) -> None:
        try:
            async with asyncio.timeout(DEADLINE):
                child = _child(await _read_line(transport), self._token)
            is_wanted = child is not None and self._tell(child)
            await transport.send(json.dumps({"wait": is_wanted}).encode() + b"\n")
        except TimeoutError:
            return
        finally:
            await transport.close()


def announce(parent: str, name: str, host: str, port: int) -> bool:
    """From the child: say that it waits at ``host``:``port``. False: nobody wants to debug it.

    Blocks, at most `DEADLINE` seconds for each of the three steps.
    """
    try:
        where, at, token = parent.rsplit(":", 2)
        connection = socket.create_connection((where, int(at)), timeout=DEADLINE)
    except (OSError, ValueError):
        return False
    line = json.dumps({"token": token, "name": name, "host": host, "port": port})
    with closing(connection), suppress(OSError, ValueError):
        connection.sendall(line.encode() + b"\n")
        with connection.makefile("rb") as answer:
            return json.loads(answer.readline(LINE)).get("wait") is True
    return False


async def _read_line(transport: TcpTransport) -> bytes:
    line = b""
    while not line.endswith(b"\n") and len(line) < LINE and (data := await transport.receive()):
        line += data
    return line


def _child(line: bytes, token: str) -> e.ChildStarted | None:
    with suppress(ValueError, KeyError, TypeError):
        said = json.loads(line)
        if secrets.compare_digest(str(said["token"]), token):
            return e.ChildStarted(str(said["name"]), str(said["host"]), int(said["port"]))
    return None
