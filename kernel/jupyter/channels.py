"""ZmqChannels: a kernel's five sockets, with signed messages ("Messaging in Jupyter")."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from kernel.core.errors import UserError
from kernel.jupyter.connection import ZMQ, ConnectionInfo
from kernel.jupyter.greeter import Greeter
from kernel.jupyter.messages import BadMessage, Channel, Message
from kernel.jupyter.signing import Frames, Signer
from kernel.transport.zmq import CurveKeys, SocketGroup, Take

if TYPE_CHECKING:
    from kernel.jupyter.kernel import JupyterKernel

HOLD = 1.0
"""Seconds requests on shell wait for somebody who hears their output.

A client's subscription takes longer to arrive than its first request; without the wait it would
never see what its first cell prints, nor that it ended.
"""

SUBSCRIBED = b"\x01"

_log = logging.getLogger(__name__)


class ZmqClient:
    """Implements `Client`: whoever has these identities."""

    transport = ZMQ
    is_congested = False
    """ZeroMQ tells nobody; what a client does not take is dropped at the high-water mark."""

    def __init__(self, channels: ZmqChannels, identities: Sequence[bytes]) -> None:
        self._channels, self._identities = channels, identities

    def send(self, message: Message) -> None:
        """Send a message to this client alone."""
        self._channels.send_to(self._identities, message)

    async def wait_for_room(self) -> None:
        """There always is."""


class ZmqChannels:
    """The sockets of one kernel; as a `Client` it is everybody who has subscribed."""

    transport = ZMQ

    def __init__(self, info: ConnectionInfo, greeter: Greeter | None = None) -> None:
        """Binds the sockets, so that clients can connect while the kernel is still being made.

        ``greeter``: speaks to them until then, with the writer that the kernel will have.
        Raises `UserError` where a socket cannot be bound.
        """
        self._kernel: JupyterKernel | None = None
        self._greeter = greeter
        self._early: list[Callable[[], None]] = []
        """What came before there was a kernel."""
        self._frames = Frames(Signer(info.key.encode(), info.signature_scheme))
        curve = None
        if info.curve_secretkey:
            curve = CurveKeys(info.curve_publickey.encode(), info.curve_secretkey.encode())
        self._sockets = SocketGroup(curve)
        self._held: list[tuple[Message, ZmqClient]] | None = []
        self._timer: asyncio.TimerHandle | None = None
        for channel in (Channel.SHELL, Channel.CONTROL, Channel.STDIN):
            url = info.url(channel)
            info = info.with_port(
                channel, self._sockets.serve_requests(channel, url, self._taking(channel))
            )
        bound = self._sockets.serve_news(Channel.IOPUB, info.url("iopub"), self._subscribed)
        info = info.with_port(Channel.IOPUB, bound)
        self.info = info.with_port("hb", self._sockets.serve_echo(info.url("hb")))
        """With the ports that were free."""
        self._unsubscribe: Callable[[], None] = lambda: None

    @property
    def has_spoken(self) -> bool:
        """Whether clients have been told already that the kernel starts."""
        return self._greeter is not None and self._greeter.has_spoken

    def attach(self, kernel: JupyterKernel) -> None:
        """Serve this kernel from now on."""
        self._kernel = kernel
        self._unsubscribe = kernel.subscribe(self)
        early, self._early = self._early, []
        for each in early:
            each()
        self._settle()

    def send(self, message: Message) -> None:
        """Publish a message on iopub, unless the greeter has."""
        is_status = message.type == "status" and self._kernel is not None
        if is_status and self._greeter is not None and self._greeter.has_told(message):
            return
        topic = f"kernel.{message.session}.{message.type}".encode()
        self._sockets.send(Channel.IOPUB, self._frames.encode(message, [topic]))
        if is_status:
            self._settle(message)

    @property
    def is_congested(self) -> bool:
        """Whether much waits for somebody who has subscribed."""
        return self._sockets.backlog(Channel.IOPUB).is_congested

    async def wait_for_room(self) -> None:
        """Wait for them, for a while; see `Backlog`."""
        await self._sockets.backlog(Channel.IOPUB).wait_for_room()

    def send_to(self, identities: Sequence[bytes], message: Message) -> None:
        """Answer one client, on the message's channel."""
        self._sockets.send(message.channel, self._frames.encode(message, identities))

    def catch_up(self) -> None:
        """Take in the requests that have arrived."""
        self._sockets.drain(Channel.SHELL)

    async def close(self) -> None:
        """Send what is left and close the sockets."""
        self._unsubscribe()
        if self._timer is not None:
            self._timer.cancel()
        await self._sockets.close()

    # --- what arrives ---------------------------------------------------------------------------

    def _taking(self, channel: Channel) -> Take:
        def take(frames: list[bytes]) -> None:
            try:
                identities, message = self._frames.decode(channel, frames)
            except BadMessage as bad:
                _log.warning("A message on %s is not served: %s", channel, bad)
                return
            self._receive(message, ZmqClient(self, identities))

        return take

    def _receive(self, message: Message, client: ZmqClient) -> None:
        if self._held is None or message.channel != Channel.SHELL:
            self._deliver(message, client)
            return
        self._held.append((message, client))
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(HOLD, self._release)

    def _deliver(self, message: Message, client: ZmqClient) -> None:
        if self._kernel is not None:
            self._kernel.receive(message, client)
        elif self._greeter is None or not self._greeted(message, client, self._greeter):
            self._early.append(lambda: self._deliver(message, client))

    def _greeted(self, message: Message, client: ZmqClient, greeter: Greeter) -> bool:
        """Whether the greeter has answered; the kernel is to know the client all the same."""
        for told in greeter.begin(message):
            self.send(told)
        answer = greeter.answer(message)
        if answer is None:
            return False
        client.send(answer)
        self._early.append(lambda: self._note(message, client))
        return True

    def _settle(self, published: Message | None = None) -> None:
        for told in self._greeter.settle(published) if self._greeter is not None else ():
            self.send(told)

    def _note(self, message: Message, client: ZmqClient) -> None:
        assert self._kernel is not None
        with contextlib.suppress(UserError):
            self._kernel.let_in(message, client)

    def _subscribed(self, frames: list[bytes]) -> None:
        said = frames[0]
        speaker = self._kernel or self._greeter
        if speaker is None:
            self._early.append(lambda: self._subscribed(frames))
            return
        self._count_listener(1 if said.startswith(SUBSCRIBED) else -1)
        if not said.startswith(SUBSCRIBED):
            return
        topic = said[1:]
        message = speaker.welcome(topic.decode(errors="replace"))
        self._sockets.send(Channel.IOPUB, self._frames.encode(message, [topic]))
        self._release()

    def _count_listener(self, change: int) -> None:
        if self._kernel is None:
            self._early.append(lambda: self._count_listener(change))
        else:
            self._kernel.listens(change)

    def _release(self) -> None:
        held, self._held = self._held, None
        for message, client in held or ():
            self._deliver(message, client)
