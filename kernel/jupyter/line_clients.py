"""LineClient: a client that speaks lines (`kernel.jupyter.lines`) over any `Transport`."""

import asyncio
import contextlib
import logging

from kernel.jupyter.kernel import JupyterKernel
from kernel.jupyter.lines import (
    MAX_LINE,
    ConnectionRefused,
    Handshake,
    LineCodec,
    LineSplitter,
    refusal,
)
from kernel.jupyter.messages import BadMessage, Channel, Message
from kernel.jupyter.outbox import Outbox
from kernel.transport.base import Transport

HANDSHAKE = 10.0
"""Seconds a client has to prove that it knows the key."""

_log = logging.getLogger(__name__)


async def serve_lines(
    kernel: JupyterKernel, transport: Transport, key: bytes, kind: str = "tcp"
) -> None:
    """Serve one client until it leaves; closes the transport, which is of this kind."""
    lines = LineSplitter()
    try:
        async with asyncio.timeout(HANDSHAKE):
            codec = await _let_in(transport, lines, Handshake(key))
        if codec is not None:
            await LineClient(kernel, transport, lines, codec, kind).serve()
    except ConnectionRefused as refused:
        _log.warning("A client was not let in: %s", refused)
        await transport.send(refusal(str(refused)))
    except TimeoutError:
        _log.warning("A client was not let in: it did not say who it is")
    finally:
        await transport.close()


async def _let_in(
    transport: Transport, lines: LineSplitter, handshake: Handshake
) -> LineCodec | None:
    await transport.send(handshake.greeting())
    reply = await receive_line(transport, lines)
    if reply is None:
        return None
    line, codec = handshake.accept(reply)
    lines.limit = MAX_LINE
    await transport.send(line)
    return codec


async def receive_line(transport: Transport, lines: LineSplitter) -> bytes | None:
    """The next line; None when the peer has gone. Raises `ConnectionRefused` for one too long."""
    while (line := lines.next_line()) is None:
        data = await transport.receive()
        if not data:
            return None
        lines.feed(data)
    return line


class LineClient:
    """Implements `Client`."""

    def __init__(
        self,
        kernel: JupyterKernel,
        transport: Transport,
        lines: LineSplitter,
        codec: LineCodec,
        kind: str,
    ) -> None:
        self._kernel, self._transport, self._lines, self._codec = kernel, transport, lines, codec
        self.transport = kind
        self._outbox = Outbox(transport, codec.encode, self._notice)

    def send(self, message: Message) -> None:
        """Send a message; see `Outbox`."""
        self._outbox.put(message)

    @property
    def is_congested(self) -> bool:
        """Whether much waits for this client."""
        return self._outbox.is_congested

    async def wait_for_room(self) -> None:
        """Wait for it, for a while."""
        await self._outbox.wait_for_room()

    async def serve(self) -> None:
        """Until the client leaves, or reads nothing any more."""
        unsubscribe = self._kernel.subscribe(self)
        self.send(self._kernel.welcome())
        pumping = asyncio.create_task(self._outbox.pump())
        reading = asyncio.create_task(self._read())
        try:
            await asyncio.wait([pumping, reading], return_when=asyncio.FIRST_COMPLETED)
        finally:
            unsubscribe()
            self._kernel.forget_client(self)
            for task in (pumping, reading):
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.gather(pumping, reading, return_exceptions=True)

    async def _read(self) -> None:
        while (line := await receive_line(self._transport, self._lines)) is not None:
            try:
                message = self._codec.decode(line)
            except BadMessage as bad:
                _log.warning("A message is not served: %s", bad)
            else:
                self._kernel.receive(message, self)

    def _notice(self, missed: int) -> Message:
        text = f"[{missed} messages were left out: this client read too slowly.]\n"
        content = {"name": "stderr", "text": text}
        return self._kernel.writer.message(Channel.IOPUB, "stream", content)
