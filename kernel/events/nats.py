"""NatsBridge: events to and from a NATS server, so that kernels hear each other.

The subject is the event's name behind a prefix (``llmspell.user.login``), the payload what
`Published.encode` gives. An event keeps its id, time, correlation and origin over the bridge. Its
origin keeps it from going round: out go only events that were published here, and of those that
come in the ones from here are dropped.

NATS delivers at most once: while the connection is away, what was published goes into the
bridge's queue, and where that is full the oldest is lost and counted (`dropped`).

Needs the extra ``nats``.
"""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kernel.core.errors import KernelError, UserError
from kernel.core.extras import need
from kernel.events.broker import Broker
from kernel.events.patterns import matches
from kernel.events.published import Published
from kernel.events.subscription import Subscription

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg

_log = logging.getLogger(__name__)


class NatsUnavailable(KernelError):
    """The server cannot be reached; the text names it."""


@dataclass(frozen=True, slots=True)
class NatsSettings:
    """Where the server is and what goes over it."""

    url: str = "nats://127.0.0.1:4222"
    prefix: str = "llmspell"
    outgoing: Sequence[str] = ("*",)
    """Patterns of events that others are told of."""
    incoming: Sequence[str] = ("*",)
    """Patterns of events of others that are told here."""
    size: int = 10_000
    """Events that may wait for the connection."""
    connect_timeout: int = 5
    """Seconds."""


class NatsBridge:
    """One connection; made and used on the loop's thread."""

    def __init__(self, broker: Broker, settings: NatsSettings | None = None) -> None:
        self.settings = settings or NatsSettings()
        self.sent = 0
        self.received = 0
        self.refused = 0
        """Messages that came and were no events, and events too large for the server."""
        self._broker = broker
        self._client: Client | None = None
        self._outgoing: Subscription | None = None
        self._sending: asyncio.Task[None] | None = None
        self._is_sending = False
        if any(mark in self.settings.prefix for mark in "*> ") or not self.settings.prefix:
            raise UserError(
                f"{self.settings.prefix!r} cannot be a prefix of subjects; "
                "write words with dots between them."
            )

    @property
    def dropped(self) -> int:
        """How many events were lost since the connection was away for too long."""
        return 0 if self._outgoing is None else self._outgoing.dropped

    async def start(self) -> None:
        """Connect, and pass events on from now on.

        Raises `NatsUnavailable` if the server is not there, `UserError` if the extra is missing.
        A connection that is lost later is made again, for as long as that takes.
        """
        nats = need("nats", "A bridge to NATS", "nats")
        settings = self.settings
        # Both ways are open before anything is published, so nothing falls between.
        self._outgoing = self._broker.subscribe(*settings.outgoing, size=settings.size)
        client: Client = nats.NATS()
        try:
            async with asyncio.timeout(settings.connect_timeout):
                await client.connect(
                    settings.url,
                    connect_timeout=settings.connect_timeout,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=1,
                    no_echo=True,
                    error_cb=_tell_error,
                )
        except Exception as error:
            self._outgoing.close()
            await client.close()
            raise NatsUnavailable(f"No NATS server answers at {settings.url}: {error}") from error
        self._client = client
        if settings.incoming:
            await client.subscribe(f"{settings.prefix}.>", cb=self._receive)
            await _reach(client, settings.connect_timeout)
        self._sending = asyncio.create_task(self._send_all(client, self._outgoing))

    async def flush(self, deadline: float = 10.0) -> None:
        """Wait until all that was published before has reached the server."""
        assert self._client is not None
        assert self._outgoing is not None
        async with asyncio.timeout(deadline):
            while self._outgoing.waiting or self._is_sending:
                await asyncio.sleep(0.005)
            await _reach(self._client, max(1, round(deadline)))

    async def stop(self) -> None:
        """Send what waits, if the server is there, and hang up. Harmless when done twice."""
        client, self._client = self._client, None
        if client is None or self._outgoing is None or self._sending is None:
            return
        self._outgoing.close("the bridge was stopped")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._sending, self.settings.connect_timeout)
        with contextlib.suppress(Exception):  # nobody is there to be told good-bye
            await asyncio.wait_for(client.drain(), self.settings.connect_timeout)
        await client.close()

    # --- out --------------------------------------------------------------------------------------

    async def _send_all(self, client: "Client", outgoing: Subscription) -> None:
        async for published in outgoing:
            if published.origin == self._broker.origin:
                self._is_sending = True
                await self._send(client, published)
                self._is_sending = False

    async def _send(self, client: "Client", published: Published) -> None:
        errors = need("nats.errors", "A bridge to NATS", "nats")
        subject = f"{self.settings.prefix}.{published.name}"
        while True:
            try:
                await client.publish(subject, published.encode())
            except errors.OutboundBufferLimitError:  # away, and what the client keeps is full
                await asyncio.sleep(0.1)
            except errors.MaxPayloadError:
                self.refused += 1
                _log.warning("The event %s is too large for the NATS server", published.name)
                return
            except errors.Error as error:
                self.refused += 1
                _log.warning("The event %s was not sent: %s", published.name, error)
                return
            else:
                self.sent += 1
                return

    # --- in ---------------------------------------------------------------------------------------

    async def _receive(self, message: "Msg") -> None:
        name = message.subject.removeprefix(f"{self.settings.prefix}.")
        if not any(matches(pattern, name) for pattern in self.settings.incoming):
            return
        try:
            published = Published.decode(message.data)
            if published.name != name:
                raise ValueError(f"its name is {published.name}")
            if published.origin == self._broker.origin:
                return
            self._broker.inject(published)
        except (ValueError, TypeError, UserError) as error:
            self.refused += 1
            _log.warning("A message on %s is no event: %s", message.subject, error)
        else:
            self.received += 1


async def _reach(client: "Client", deadline: int) -> None:
    """Wait until the server has all that was sent before.

    The client writes what it sends in a task of its own, but a flush's PING at once: the first
    PING may be there before what it should follow. When its answer is here, all was written.
    """
    await client.flush(deadline)
    await client.flush(deadline)


async def _tell_error(error: Exception) -> None:
    _log.info("NATS: %s", error)
