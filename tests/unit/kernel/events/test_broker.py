"""Who hears what, and what happens when somebody is slow."""

import asyncio
import threading
from collections import Counter

import pytest

from kernel.core.errors import UserError
from kernel.events.broker import Broker
from kernel.events.names import Announced
from kernel.events.published import Published
from kernel.events.subscription import Overflow, Subscription, SubscriptionClosed

DEADLINE = 20.0
"""Seconds to wait for anything; only failing takes that long."""


def tell(broker: Broker, *names: str) -> None:
    """Publish events without data."""
    for name in names:
        broker.publish(Announced(name))


def names(events: list[Published]) -> list[str]:
    """What they are called."""
    return [each.name for each in events]


def full(overflow: Overflow, deadline: float = 0.0) -> tuple[Broker, Subscription]:
    """A subscription with room for two events that was told three."""
    broker = Broker()
    subscription = broker.subscribe("*", size=2, overflow=overflow, deadline=deadline)
    tell(broker, "e.1", "e.2", "e.3")
    return broker, subscription


def test_everybody_hears_what_they_want_in_order() -> None:
    """Each subscription has the events of its patterns, each once, in the order they were told."""
    broker = Broker()
    users = broker.subscribe("user.*", "*.login")
    everything = broker.subscribe()
    tell(broker, "user.login", "tool.error", "admin.login", "user.left")
    assert ["user.login", "admin.login", "user.left"] == names(users.take_all())
    told = everything.take_all()
    assert [1, 2, 3, 4] == [each.sequence for each in told]
    assert 4 == broker.sequence
    assert len({each.id for each in told}) == 4


def test_a_closed_subscription_hears_nothing() -> None:
    """What came before can be read, then reading says that it is over."""
    broker = Broker()
    subscription = broker.subscribe("a.*")
    tell(broker, "a.1")
    subscription.close("enough")
    tell(broker, "a.2")
    first = subscription.receive(0)
    assert first is not None
    assert ("a.1", []) == (first.name, broker.subscriptions())
    with pytest.raises(SubscriptionClosed, match=r"a\.\* ended: enough"):
        subscription.receive(0)


def test_dropping_the_oldest() -> None:
    """The subscriber sees the present, and can see that it missed something."""
    _, subscription = full(Overflow.DROP_OLDEST)
    assert (["e.2", "e.3"], 1) == (names(subscription.take_all()), subscription.dropped)


def test_dropping_the_newest() -> None:
    """The subscriber sees the beginning, and can see that it missed something."""
    _, subscription = full(Overflow.DROP_NEWEST)
    assert (["e.1", "e.2"], 1) == (names(subscription.take_all()), subscription.dropped)


def test_closing_the_subscriber() -> None:
    """The subscription ends, says why, and its publisher goes on."""
    broker, subscription = full(Overflow.CLOSE)
    tell(broker, "e.4")
    assert (["e.1", "e.2"], 1) == (names(subscription.take_all()), subscription.dropped)
    with pytest.raises(SubscriptionClosed, match="queue of 2 events was full"):
        subscription.receive(0)
    assert [] == broker.subscriptions()


def test_blocking_until_the_deadline() -> None:
    """A publisher that waited in vain goes on, and the event is counted as lost."""
    _, subscription = full(Overflow.BLOCK, deadline=0.01)
    assert (["e.1", "e.2"], 1) == (names(subscription.take_all()), subscription.dropped)


def test_blocking_until_there_is_room() -> None:
    """A publisher waits for its subscriber, and nothing is lost."""
    broker = Broker()
    subscription = broker.subscribe("*", size=1, overflow=Overflow.BLOCK, deadline=DEADLINE)
    wanted = [f"e.{number}" for number in range(50)]
    publisher = threading.Thread(target=tell, args=(broker, *wanted))
    publisher.start()
    heard = [subscription.receive(DEADLINE) for _ in wanted]
    publisher.join(DEADLINE)
    assert wanted == [each.name for each in heard if each]
    assert 0 == subscription.dropped


def test_a_task_does_not_block_its_loop() -> None:
    """On a loop `publish` drops what has no room, and `publish_soon` waits without stopping it."""

    async def main() -> tuple[list[str], int]:
        broker = Broker()
        subscription = broker.subscribe("*", size=1, overflow=Overflow.BLOCK, deadline=DEADLINE)
        tell(broker, "e.1", "e.2")
        waiting = asyncio.create_task(broker.publish_soon(Announced("e.3")))
        await asyncio.sleep(0)
        assert not waiting.done()
        heard = [await subscription.receive_async(DEADLINE) for _ in range(2)]
        await waiting
        return [each.name for each in heard if each], subscription.dropped

    assert (["e.1", "e.3"], 1) == asyncio.run(main())


def test_a_task_waits_until_its_deadline() -> None:
    """A task's event that found no room in time is lost and counted."""

    async def main() -> int:
        broker = Broker()
        subscription = broker.subscribe("*", size=1, overflow=Overflow.BLOCK, deadline=0.01)
        tell(broker, "e.1")
        await broker.publish_soon(Announced("e.2"))
        return subscription.dropped

    assert 1 == asyncio.run(main())


def test_a_slow_subscriber_disturbs_nobody_else() -> None:
    """While a publisher waits for one subscriber, the others have the event already."""
    broker = Broker()
    slow = broker.subscribe("*", size=1, overflow=Overflow.BLOCK, deadline=DEADLINE)
    quick = broker.subscribe("*")
    publisher = threading.Thread(target=tell, args=(broker, "e.1", "e.2"))
    publisher.start()
    heard = [quick.receive(DEADLINE), quick.receive(DEADLINE)]
    assert ["e.1", "e.2"] == [each.name for each in heard if each]
    assert publisher.is_alive()
    slow.close()
    publisher.join(DEADLINE)
    assert not publisher.is_alive()


def test_receiving_waits_for_the_next_event() -> None:
    """A thread and a task that wait are woken by an event of another thread."""
    broker = Broker()
    subscription = broker.subscribe("*")

    async def main() -> Published | None:
        told = asyncio.get_running_loop().run_in_executor(None, tell, broker, "e.1")
        heard = await subscription.receive_async(DEADLINE)
        await told
        return heard

    heard = [asyncio.run(main())]
    teller = threading.Thread(target=tell, args=(broker, "e.2"))
    teller.start()
    heard.append(subscription.receive(DEADLINE))
    teller.join(DEADLINE)
    assert ["e.1", "e.2"] == [each.name for each in heard if each]


def test_receiving_gives_up_in_time() -> None:
    """Where nothing comes, nothing is received."""
    subscription = Broker().subscribe("*")
    assert [None, None] == [
        subscription.receive(0.01),
        asyncio.run(subscription.receive_async(0.01)),
    ]


def test_iterating_ends_with_the_subscription() -> None:
    """A loop over a subscription ends when it is closed, after what it held."""

    async def main() -> list[str]:
        broker = Broker()
        subscription = broker.subscribe("*")
        tell(broker, "e.1", "e.2")
        asyncio.get_running_loop().call_soon(broker.close)
        return [each.name async for each in subscription]

    assert ["e.1", "e.2"] == asyncio.run(main())


def test_many_threads_have_one_order() -> None:
    """With several publishers all subscribers hear the same order, without gaps."""
    broker = Broker()
    subscriptions = [broker.subscribe("*") for _ in range(3)]
    threads = [
        threading.Thread(target=tell, args=(broker, *[f"t{n}.{i}" for i in range(200)]))
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)
    heard = [each.take_all() for each in subscriptions]
    assert heard[0] == heard[1] == heard[2]
    assert list(range(1, 801)) == [each.sequence for each in heard[0]]
    assert {200} == set(Counter(each.name[:2] for each in heard[0]).values())


def test_new_subscriptions_hear_names_told_before() -> None:
    """Who wants which name is worked out anew when somebody comes or goes."""
    broker = Broker()
    tell(broker, "a.1")
    first = broker.subscribe("a.*")
    tell(broker, "a.1")
    assert ["a.1"] == names(first.take_all())


def test_names_without_end_are_not_remembered() -> None:
    """Scripts that make up names for ever do not fill the memory, and are still heard."""
    broker = Broker()
    subscription = broker.subscribe("*")
    tell(broker, *[f"e.{number}" for number in range(5000)])
    assert 5000 == subscription.waiting
    assert len(broker._wanting) <= 1024


def test_an_event_of_another_kernel_keeps_its_ids() -> None:
    """What is injected has a number of ours, and the rest from where it was published."""
    here, there = Broker(), Broker("other")
    subscription = here.subscribe("*")
    foreign = there.publish(Announced("a.b", 1))
    told = here.inject(foreign)
    assert [told] == subscription.take_all()
    assert (foreign.id, there.origin, "other") == (told.id, told.origin, told.source)


def test_a_queue_needs_room() -> None:
    """A queue for no event is refused."""
    with pytest.raises(UserError, match="room for 1"):
        Broker().subscribe("*", size=0)
