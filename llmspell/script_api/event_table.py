"""Event: tells others what happened, and hears of it."""

import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt

from kernel.core.errors import UserError
from kernel.core.functions import HostTable, host_function
from kernel.core.plain import PlainData
from kernel.events.broker import Broker
from kernel.events.correlation import Correlation
from kernel.events.names import Announced, free_name
from kernel.events.patterns import matches
from kernel.events.published import Published
from kernel.events.subscription import Overflow, Subscription, SubscriptionClosed
from kernel.hooks.base import Component, HookDetails
from kernel.hooks.points import EVENT_EMISSION, POINTS
from kernel.hooks.thread_hooks import ThreadHooks
from llmspell.script_api.kept_values import from_json, to_json

_ENVELOPE = "$event"
"""Under this key lies what a script says of an event besides its data."""


Policy = Literal["drop_oldest", "drop_newest", "block", "close"]
"""The values of `Overflow`."""


@dataclass(frozen=True)
class EventOptions:
    """About an event."""

    language: Annotated[str | None, "The language it comes from."] = None
    correlation_id: Annotated[str | None, "What ties it to others."] = None
    ttl_seconds: Annotated[float | None, Gt(0), "How long it is of interest."] = None
    target: Annotated[str | None, "Whom it is for."] = None
    priority: Annotated[str | None, "How urgent it is."] = None
    tags: Annotated[list[str] | None, "Words to find it by."] = None


@dataclass(frozen=True)
class EventSubscription:
    """About a subscription."""

    language: Annotated[str | None, "Only events from this language."] = None
    size: Annotated[
        int | None, Ge(1), "How many events may wait; by default events.buffer_size."
    ] = None
    policy: Annotated[
        Policy,
        "What happens to one more: `drop_oldest` loses the one that waited longest, `drop_newest` "
        "the new one; `block` has scripts that publish wait for room, for a second at most, and "
        "loses what the kernel tells; `close` ends the subscription.",
    ] = "drop_oldest"


@dataclass(frozen=True)
class EventMetadata:
    """What is known of an event besides its data."""

    correlation_id: str | None = None
    source: str | None = None
    target: str | None = None
    tags: list[str] | None = None
    priority: str | None = None
    ttl: float | None = None


@dataclass(frozen=True)
class EventData:
    """Something that happened."""

    id: Annotated[str, "Which one."]
    event_type: Annotated[str, "What kind of thing."]
    data: Annotated[Any, "What was told."]
    language: Annotated[str, "The language it came from."]
    timestamp: Annotated[str, "When it was, in UTC."]
    sequence: Annotated[int, "Its number."]
    metadata: EventMetadata
    schema_version: Annotated[str, "The version of this form."] = "1.0"
    target_language: str | None = None
    serialization_version: str = "1"


@dataclass(frozen=True)
class SubscriptionInfo:
    """A subscription of the script."""

    id: str
    pattern: str
    language: str
    waiting: Annotated[int, "Events that wait to be received."]
    dropped: Annotated[int, "Events that were lost, because too many waited."]
    size: Annotated[int, "How many may wait."]
    policy: Annotated[str, "What happens to one more."]
    is_closed: Annotated[bool, "Whether it has ended; what waits can still be received."]


@dataclass(frozen=True, slots=True)
class EventRules:
    """Which events of scripts are told."""

    is_enabled: bool = True
    per_second: int | None = None
    """How many of a script within a second; None: all of them."""
    includes: tuple[str, ...] = ()
    """Patterns of their types; none: all."""
    excludes: tuple[str, ...] = ()
    """Patterns of those that are not told."""

    def take(self, type: str) -> bool:
        """Whether events of a type are told."""
        included = not self.includes or any(matches(each, type) for each in self.includes)
        return self.is_enabled and included and not any(matches(p, type) for p in self.excludes)


ALL = EventRules()


@dataclass
class _Subscribed:
    pattern: str
    language: str | None
    subscription: Subscription


class EventTable(HostTable):
    """Tells others what happened, and hears of it. Patterns: a name, `*`, `user.*`, `*.error`."""

    name = "Event"

    def __init__(
        self,
        broker: Broker,
        language: str = "lua",
        buffer_size: int = 10_000,
        hooks: ThreadHooks | None = None,
        rules: EventRules = ALL,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._broker = broker
        self._hooks = hooks
        self._rules = rules
        self._clock = clock
        self._lately: deque[float] = deque(maxlen=rules.per_second or 0)
        self._refused = 0
        self._language = language
        self._size = buffer_size
        self._subscribed: dict[str, _Subscribed] = {}
        self._published = 0

    @host_function("Event.publish")
    def publish(self, type: str, data: Any = None, options: EventOptions | None = None) -> bool:
        """Tells what happened; true, or false if a hook or the configuration lets nobody hear.

        Types of the kernel's own events are refused.
        """
        chosen = options or EventOptions()
        if self._hooks is None or not self._hooks.listens(EVENT_EMISSION):
            return self._tell(type, to_json(data), chosen)

        def tell(details: HookDetails) -> bool:
            asked = details.data if isinstance(details.data, dict) else {"data": details.data}
            return self._tell(str(asked.get("type", type)), asked.get("data"), chosen)

        asked = {"type": type, "data": to_json(data), "tags": chosen.tags}
        answer = self._hooks.guard(EVENT_EMISSION, Component("event", type), asked, tell)
        return answer is True

    def _tell(self, type: str, data: PlainData, chosen: EventOptions) -> bool:
        if not self._rules.take(free_name(type)) or not self._has_room():
            return False
        told = {
            "language": chosen.language or self._language,
            "target": chosen.target,
            "priority": chosen.priority,
            "tags": chosen.tags,
            "ttl": chosen.ttl_seconds,
        }
        said = {_ENVELOPE: {k: v for k, v in told.items() if v is not None}, "data": data}
        correlation = Correlation(chosen.correlation_id) if chosen.correlation_id else None
        event = Announced(type, said)
        self._broker.publish(event, correlation=correlation, source=f"script:{self._language}")
        self._published += 1
        return True

    def _has_room(self) -> bool:
        """Whether fewer events than are allowed were told within the last second."""
        lately, now = self._lately, self._clock()
        if lately.maxlen and len(lately) == lately.maxlen and now - lately[0] < 1.0:
            self._refused += 1
            return False
        lately.append(now)
        return True

    @host_function("Event.subscribe")
    def subscribe(self, pattern: str, options: EventSubscription | None = None) -> str:
        """Wants to hear of events that fit a pattern, from now on; the id of the subscription."""
        pattern, chosen = self._asked(pattern), options or EventSubscription()
        subscription = self._broker.subscribe(
            pattern, size=chosen.size or self._size, overflow=Overflow(chosen.policy)
        )
        id_ = f"sub_{uuid.uuid4().hex}"
        self._subscribed[id_] = _Subscribed(pattern, chosen.language, subscription)
        return id_

    def _asked(self, pattern: str) -> str:
        """The pattern as hooks have it; raises `HookCancelled`."""
        if self._hooks is None:
            return pattern
        component = Component("event", pattern)
        told = self._hooks.before(POINTS["EventSubscription"], component, {"pattern": pattern})
        return str(told.get("pattern", pattern)) if isinstance(told, dict) else pattern

    @host_function("Event.receive")
    async def receive(
        self, subscription: str, timeout_ms: Annotated[int, Ge(0)] = 5000
    ) -> EventData | None:
        """The next event; nil if none comes in time (5 seconds by default)."""
        import asyncio

        found = self._find(subscription)
        end = asyncio.get_running_loop().time() + timeout_ms / 1000
        while True:
            left = max(end - asyncio.get_running_loop().time(), 0)
            try:
                published = await found.subscription.receive_async(left)
            except SubscriptionClosed:
                reason = found.subscription.close_reason
                because = f": {reason}" if reason else ""
                raise UserError(f"The subscription {subscription} has ended{because}.") from None
            if published is None:
                return None
            event = event_of(published)
            is_stale = event.metadata.ttl is not None and _age(published) > event.metadata.ttl
            if not is_stale and found.language in (None, event.language):
                return event

    @host_function("Event.unsubscribe")
    def unsubscribe(self, subscription: str) -> bool:
        """Ends a subscription; false if there was none."""
        found = self._subscribed.pop(subscription, None)
        if found is not None:
            found.subscription.close()
        return found is not None

    @host_function("Event.list_subscriptions")
    def list_subscriptions(self) -> list[SubscriptionInfo]:
        """The subscriptions of this script."""
        return [
            SubscriptionInfo(
                id_,
                each.pattern,
                each.language or self._language,
                each.subscription.waiting,
                each.subscription.dropped,
                each.subscription.size,
                each.subscription.overflow.value,
                each.subscription.is_closed,
            )
            for id_, each in self._subscribed.items()
        ]

    @host_function("Event.get_stats")
    def get_stats(self) -> dict[str, Any]:
        """Numbers about events and subscriptions."""
        languages: dict[str, int] = {}
        for each in self._subscribed.values():
            language = each.language or self._language
            languages[language] = languages.get(language, 0) + 1
        dropped = sum(each.subscription.dropped for each in self._subscribed.values())
        return {
            "event_bus_stats": {
                "events_processed": self._broker.sequence,
                "events_published": self._published,
                "rate_limit_violations": self._refused,
                "events_dropped": dropped,
                "buffer_size": self._size,
            },
            "bridge_stats": {
                "active_subscriptions": len(self._subscribed),
                "subscriptions_by_language": languages,
            },
        }

    def close(self) -> None:
        """The script has ended: end its subscriptions."""
        for id_ in list(self._subscribed):
            self.unsubscribe(id_)

    def _find(self, id_: str) -> _Subscribed:
        found = self._subscribed.get(id_)
        if found is None:
            raise UserError(f"Unknown subscription: {id_}. Event.subscribe(pattern) gives one.")
        return found


def event_of(published: Published) -> EventData:
    """An event as scripts see it, whoever published it."""
    data, envelope = published.data(), {}
    if isinstance(data, dict) and isinstance(data.get(_ENVELOPE), dict):
        envelope, data = data[_ENVELOPE], data.get("data")
    known = {name: envelope.get(name) for name in ("target", "tags", "priority", "ttl")}
    metadata = EventMetadata(published.correlation_id, published.source or None, **known)
    return EventData(
        id=published.id,
        event_type=published.name,
        data=from_json(data),
        language=str(envelope.get("language", "kernel")),
        timestamp=datetime.fromtimestamp(published.time, UTC).isoformat(),
        sequence=published.sequence,
        metadata=replace(metadata),
    )


def _age(published: Published) -> float:
    return time.time() - published.time
