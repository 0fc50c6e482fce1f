"""Requests on control alone: answered by the kernel's loop, whatever the program does."""

import asyncio
import contextlib
from pathlib import Path

from kernel.core.errors import UserError
from kernel.jupyter.client import KernelClient
from kernel.jupyter.connection import ConnectionInfo, read_connection
from kernel.jupyter.linking import link_to
from kernel.jupyter.links import Ear, ZmqLink
from kernel.jupyter.messages import Channel, Message

DEADLINE = 3.0
"""Seconds a kernel may take to answer."""


class ControlLink(ZmqLink):
    """A link that only asks on control: it hears nothing, and counts as no client."""

    async def open(self, ear: Ear) -> None:
        """Connect one socket."""
        self.connect(ear, (Channel.CONTROL,))


async def ask_control(info: ConnectionInfo, kind: str, deadline: float = DEADLINE) -> Message:
    """The reply to a request without arguments; raises `TimeoutError`, or `UserError`."""
    async with asyncio.timeout(deadline):
        client = KernelClient(await link_to(info, "Its connection file", ControlLink))
        try:
            await client.open()
            return await client.request(Channel.CONTROL, kind, {})
        finally:
            await client.close()


async def interrupt_by_message(connection_file: str) -> bool:
    """Have a kernel end the cell that it runs; False if it has not understood.

    A signal would be lost where the program waits for a child: C's ``system`` ignores SIGINT.
    """
    with contextlib.suppress(UserError, TimeoutError):
        reply = await ask_control(read_connection(Path(connection_file)), "interrupt_request")
        return reply.content.get("status") == "ok"
    return False
