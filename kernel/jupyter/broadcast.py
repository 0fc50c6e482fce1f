"""EventBroadcast: the kernel's events for clients that ask for them, on iopub.

Other clients know none of this, so nothing is sent before somebody has asked: ``event_request``
(on shell or control) with ``patterns`` says which names its client wants to hear of from then on,
an empty list that it wants to hear nothing more. The client is the ``session`` of the header. On
iopub everybody hears what anybody has asked for: each event once, as a message ``kernel_event``
whose parent is the message that it belongs to; the content is an event as
docs/reference/events.md has it.

What a client has asked for ends with its connection. Over ZeroMQ nobody hears that a client is
gone; there it ends when nobody listens to iopub any more.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kernel.core.errors import UserError
from kernel.events.broker import Broker
from kernel.events.names import FOR_CLIENTS
from kernel.events.patterns import compile_pattern
from kernel.events.published import Published
from kernel.events.subscription import Subscription, SubscriptionClosed
from kernel.jupyter.calls import Client
from kernel.jupyter.messages import Message

if TYPE_CHECKING:
    from kernel.jupyter.kernel import JupyterKernel

EVENT_REQUEST, KERNEL_EVENT = "event_request", "kernel_event"


@dataclass(frozen=True, slots=True)
class _Wish:
    patterns: tuple[str, ...]
    client: Client
    """Through whom it was asked for last."""


class EventBroadcast:
    """Publishes what at least one client has asked for. Used on the loop's thread."""

    def __init__(self, kernel: "JupyterKernel", broker: Broker) -> None:
        self._kernel, self._broker = kernel, broker
        self._wishes: dict[str, _Wish] = {}
        self._subscription: Subscription | None = None
        self._pump: asyncio.Task[None] | None = None

    def ask(self, message: Message, client: Client) -> dict[str, Any]:
        """Take the patterns of a client; raises `UserError` for what is none."""
        patterns = _patterns_of(message)
        self._wishes.pop(message.session, None)
        if patterns:
            self._wishes[message.session] = _Wish(patterns, client)
        self._subscribe()
        return {"patterns": list(patterns)}

    def forget(self, client: Client) -> None:
        """A connection has ended, and with it what came over it."""
        self._keep(lambda wish: wish.client is not client)

    def forget_all(self, transport: str) -> None:
        """Nobody listens any more by this transport."""
        self._keep(lambda wish: wish.client.transport != transport)

    def _keep(self, is_kept: Callable[[_Wish], bool]) -> None:
        kept = {session: wish for session, wish in self._wishes.items() if is_kept(wish)}
        if len(kept) != len(self._wishes):
            self._wishes = kept
            self._subscribe()

    def _subscribe(self) -> None:
        """Hear of what all of them want together."""
        wanted = dict.fromkeys(each for wish in self._wishes.values() for each in wish.patterns)
        if not wanted:
            if self._subscription is not None:
                self._subscription.close("nobody asks for events")
                self._subscription.take_all()
                self._subscription = None
        elif self._subscription is None:
            self._subscription = self._broker.subscribe(*wanted)
            publishing = self._publish_all(self._subscription)
            self._pump = asyncio.get_running_loop().create_task(publishing)
        else:
            self._broker.change(self._subscription, *wanted)

    async def _publish_all(self, subscription: Subscription) -> None:
        try:
            while True:
                event = await subscription.receive_async()
                if event is not None and subscription.wants(event.name):
                    self._publish(event)
        except SubscriptionClosed:
            return

    def _publish(self, event: Published) -> None:
        parent = {"msg_id": event.correlation_id} if event.correlation_id else {}
        self._kernel.publish(KERNEL_EVENT, json.loads(event.encode()), parent)


def _patterns_of(message: Message) -> tuple[str, ...]:
    patterns = message.content.get("patterns", list(FOR_CLIENTS))
    if not isinstance(patterns, list) or not all(isinstance(each, str) for each in patterns):
        raise UserError(f"patterns is {patterns!r}; it must be a list of texts like execution.*.")
    for each in patterns:
        compile_pattern(each)
    return tuple(dict.fromkeys(patterns))
