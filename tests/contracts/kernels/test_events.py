"""Events on iopub: each client asks for its own, and everybody hears what anybody asked for."""

import pytest

from kernel.events.broker import Broker
from kernel.events.names import Announced
from kernel.events.subscription import Subscription
from kernel.jupyter.messages import Channel
from tests.contracts.kernels.conftest import Open
from tests.support.kernels import DEADLINE, Probe

pytestmark = [pytest.mark.anyio, pytest.mark.toy]

TRANSPORTS = {"websocket": "ws"}
"""What a way is called where its name is another one."""


@pytest.fixture
def broker() -> Broker:
    """Where the kernel's events are told."""
    return Broker()


async def ask(client: Probe, *patterns: str) -> list[str]:
    """Have a client ask; what it is answered."""
    said = await client.ask("event_request", {"patterns": list(patterns)}, Channel.CONTROL)
    assert "ok" == said["status"], said
    return list(said["patterns"])


def names(client: Probe) -> list[str]:
    """The events that a client has heard."""
    return [each.content["name"] for each in client.messages if each.type == "kernel_event"]


async def heard(client: Probe, broker: Broker, *told: str) -> list[str]:
    """All that a client has heard when all of these were told, the last of which it hears."""
    for each in told:
        broker.publish(Announced(each))
    await client.until_published("kernel_event", name=told[-1])
    return names(client)


async def test_each_client_asks_for_its_own(open_place: Open, broker: Broker) -> None:
    """Who asks later takes nothing from who asked before; each event is published once."""
    place = await open_place(broker=broker)
    one, other = await place.connect(), await place.connect()
    assert ["shop.*", "news"] == await ask(one, "shop.*", "news")
    assert ["user.*", "shop.*"] == await ask(other, "user.*", "shop.*")
    told = ["news", "shop.sold", "user.login"]
    assert told == await heard(one, broker, "news", "shop.sold", "others", "user.login")
    await other.until_published("kernel_event", name="user.login")
    assert told == names(other)


async def test_who_asks_for_nothing_ends_only_its_own(open_place: Open, broker: Broker) -> None:
    """What others asked for goes on, and so does what they share."""
    place = await open_place(broker=broker)
    one, other = await place.connect(), await place.connect()
    await ask(one, "shop.*", "both")
    await ask(other, "user.*", "both")
    assert [] == await ask(other)
    assert ["both", "shop.sold"] == await heard(one, broker, "user.login", "both", "shop.sold")
    assert ["lab.*"] == await ask(one, "lab.*")
    assert ["lab.open"] == (await heard(one, broker, "shop.sold", "both", "lab.open"))[2:]
    await ask(one)
    assert [] == broker.subscriptions()


async def test_a_pattern_that_is_none_changes_nothing(open_place: Open, broker: Broker) -> None:
    """The refusal names it, and what was asked for before still comes."""
    place = await open_place(broker=broker)
    client = await place.connect()
    await ask(client, "shop.*")
    for wrong in ("shop.*", [1], [" "]):
        said = await client.ask("event_request", {"patterns": wrong})
        assert "error" == said["status"]
    assert ["shop.sold"] == await heard(client, broker, "shop.sold")


@pytest.mark.ways("memory", "tcp", "websocket", "stdio")
async def test_what_a_client_asked_for_ends_with_it(open_place: Open, broker: Broker) -> None:
    """A connection that has ended asks for nothing any more."""
    place = await open_place(broker=broker)
    one, other = await place.connect(), await place.connect()
    await one.run("print a")
    await ask(one, "shop.*")
    await ask(other, "user.*")
    gone = broker.subscribe("lifecycle.client_disconnected")
    await one.handle.close()
    assert one.client.session == await left(gone)
    assert ["user.login"] == await heard(other, broker, "shop.sold", "user.login")


@pytest.mark.ways("zmq")
async def test_over_zeromq_it_ends_with_the_last_who_listens(
    open_place: Open, broker: Broker
) -> None:
    """Nobody is told which client has gone; but when none is left, nothing is asked for."""
    place = await open_place(broker=broker)
    one, other = await place.connect(), await place.connect()
    for client in (one, other):
        await client.run("print a")
    await ask(one, "shop.*")
    gone = broker.subscribe("lifecycle.client_disconnected")
    await one.handle.close()
    await ask(other, "user.*")
    assert ["shop.sold", "user.a"] == await heard(other, broker, "shop.sold", "user.a")
    await other.handle.close()
    assert {one.client.session, other.client.session} == {await left(gone), await left(gone)}
    assert [gone] == broker.subscriptions()
    late = await place.connect()
    await ask(late, "user.*")
    assert ["user.b"] == await heard(late, broker, "shop.sold", "user.b")


async def left(gone: Subscription) -> str:
    """The client that has gone next."""
    told = await gone.receive_async(DEADLINE)
    assert told is not None
    return str(told.data()["client"])  # type: ignore[index,call-overload]


async def test_who_comes_is_told_with_the_transport(
    open_place: Open, broker: Broker, way: str
) -> None:
    """Once, under the first message of its that runs something or asks about it."""
    came = broker.subscribe("lifecycle.client_connected")
    place = await open_place(broker=broker)
    client = await place.connect()
    await client.run("print a")
    await client.run("print b")
    (told,) = came.take_all()
    assert {"client": client.client.session, "transport": TRANSPORTS.get(way, way)} == told.data()
    assert told.correlation_id is not None


async def test_a_question_is_told(open_place: Open, broker: Broker) -> None:
    """With its prompt, under the message of the cell that asks."""
    asked = broker.subscribe("execution.input_requested")
    place = await open_place(broker=broker)
    client = await place.connect()
    message = client.send("ask name", allow_stdin=True)
    await client.until_published("input_request")
    client.answer("x")
    await client.reply_to(message)
    (told,) = asked.take_all()
    assert (message.id, False) == (told.correlation_id, told.data()["is_password"])  # type: ignore[index,call-overload]
