"""Opening a terminal of the client, with an adapter in it that connects back here."""

import asyncio
import os
import secrets
import shlex
import sys
from collections.abc import Sequence
from contextlib import suppress

from dap_server.host import ClientDoor, TerminalCommand
from dap_server.launch import LaunchRequest
from kernel.core.errors import UserError
from kernel.transport.base import Transport
from kernel.transport.tcp import Listener, TcpTransport, connect

DEADLINE = 60.0
"""Seconds a terminal may take to open, with the shell and its start-up files."""

GREETING = 200
"""Bytes the token and its line end have at most."""

HANDED_ON = ("PYTHONPATH", "LLMSPELL_CONFIG", "LLMSPELL_LUA_VERSION")
"""Variables that an adapter in a terminal has from this one, if they are set."""


def adapter_command(adapter: str, *arguments: str) -> list[str]:
    """The command line of another adapter like this one (`Language.adapter`).

    ``-P`` keeps Python from looking for our packages in the folder of the program.
    """
    return [sys.executable, "-P", "-m", adapter, *arguments]


async def open_terminal(
    request: LaunchRequest, client: ClientDoor, adapter: str, deadline: float = DEADLINE
) -> Transport:
    """Have the client open a terminal with an adapter in it; the connection to that adapter.

    Raises `UserError` when the client refuses or nobody connects in time.
    """
    token = secrets.token_hex(16)
    arrived: asyncio.Future[TcpTransport] = asyncio.get_running_loop().create_future()

    async def welcome(transport: TcpTransport) -> None:
        if await _read_token(transport) == token and not arrived.done():
            arrived.set_result(transport)
        else:
            await transport.close()

    listener = await Listener.start("127.0.0.1", 0, welcome)
    where = f"{listener.host}:{listener.port}"
    args = adapter_command(adapter, "--connect", where, "--token", token)
    asking = asyncio.ensure_future(client.run_in_terminal(_command(request, args)))
    try:
        return await _first_arrival(asking, arrived, deadline, args)
    finally:
        listener.close()
        asking.cancel()


async def connect_back(host: str, port: int, token: str) -> Transport:
    """The other end: connect to the adapter that had this terminal opened; raises `OSError`."""
    transport = await connect(host, port)
    await transport.send(token.encode() + b"\n")
    return transport


async def _first_arrival(
    asking: "asyncio.Future[int | None]",
    arrived: "asyncio.Future[TcpTransport]",
    deadline: float,
    args: Sequence[str],
) -> TcpTransport:
    """The adapter in the terminal may be here before the client has said that it opened one."""
    try:
        async with asyncio.timeout(deadline):
            await asyncio.wait((asking, arrived), return_when=asyncio.FIRST_COMPLETED)
            if not arrived.done():
                await asking
            return await asyncio.shield(arrived)
    except TimeoutError:
        raise UserError(
            f"The terminal did not start the program within {deadline:g} seconds. "
            f"It should have run: {shlex.join(args)}"
        ) from None


async def _read_token(transport: TcpTransport) -> str | None:
    """The line a connection begins with; nothing behind it is sent before we say something."""
    line = b""
    with suppress(TimeoutError):
        async with asyncio.timeout(5):
            while len(line) < GREETING and (data := await transport.receive()):
                line += data
                if line.endswith(b"\n"):
                    return line.decode(errors="replace").strip()
    return None


def _command(request: LaunchRequest, args: Sequence[str]) -> TerminalCommand:
    return TerminalCommand(
        args=args,
        cwd=request.settings.cwd or os.getcwd(),
        env={name: value for name in HANDED_ON if (value := os.environ.get(name))},
        kind="external" if request.console == "externalTerminal" else "integrated",
        title=f"Lua: {os.path.basename(request.program.path)}",
    )
