"""The link to a kernel, of what its connection file or an address says."""

import os
from collections.abc import Callable

from kernel.core.errors import UserError
from kernel.jupyter.connection import LAST_PORT, ConnectionInfo, find_listener
from kernel.jupyter.links import LineLink, Link, ZmqLink


async def link_to(
    info: ConnectionInfo, where: str, over_zmq: Callable[[ConnectionInfo], Link] = ZmqLink
) -> Link:
    """Over ZeroMQ, or to where the kernel takes lines if it has no such ports.

    ``where`` is where that was said. Raises `UserError`: nobody listens, or no place is said.
    """
    missing = [name for name, port in info.ports.items() if not port]
    if not missing:
        return over_zmq(info)
    if info.llmspell_tcp:
        return await line_link("tcp", info.llmspell_tcp, info.key)
    if info.llmspell_ws:
        return await line_link("ws", info.llmspell_ws, info.key)
    verb = "is" if len(missing) == 1 else "are"
    raise UserError(f"{where} says of no kernel where it is: {', '.join(missing)} {verb} missing.")


async def line_link(kind: str, address: str, key: str | None) -> Link:
    """To where a kernel takes lines: ``tcp`` or ``ws``, and ``host:port``; raises `UserError`.

    Without ``key`` the one that is used is in the kernel's connection file on this machine.
    """
    if kind not in ("tcp", "ws"):
        raise UserError(f"{kind}://{address} is no address of a kernel: it is tcp:// or ws://.")
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise UserError(f"{kind}://{address} has no port; write {kind}://host:port.")
    if not 0 < int(port) <= LAST_PORT:
        raise UserError(f"{kind}://{address} has no port: {port} is not from 1 to {LAST_PORT}.")
    if key is None:
        info = find_listener(kind, address)
        key = "" if info is None else info.key
    try:
        if kind == "tcp":
            from kernel.transport.tcp import connect

            return LineLink(await connect(host.strip("[]"), int(port)), key)
        from kernel.transport.websocket import connect_websocket

        return LineLink(await connect_websocket(f"ws://{address}"), key)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
        raise UserError(f"No kernel answers at {kind}://{address}: {reason}.") from error
