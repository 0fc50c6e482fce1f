"""The log of events, asked for as data."""

from typing import Any

import pytest

from kernel.core.errors import UserError
from kernel.events.broker import Broker
from kernel.events.correlation import serving
from kernel.events.log import EventLog
from kernel.events.names import Announced
from kernel.events.requests import EventRequests
from kernel.state.memory import MemoryStore

pytestmark = pytest.mark.anyio

NAMES = ("user.login", "shop.sold", "user.logout", "shop.closed")


@pytest.fixture
def requests() -> EventRequests:
    """Over four events, a second apart, of two messages."""
    store = MemoryStore()
    times = iter(range(100, 200))
    broker, log = Broker(clock=lambda: float(next(times))), EventLog(store)
    log.start(broker)
    for place, name in enumerate(NAMES):
        with serving(f"m{place // 2}"):
            broker.publish(Announced(name, {"place": place}))
    assert log.close()
    return EventRequests(store)


@pytest.mark.parametrize(
    ("asked", "places"),
    [
        ({}, [0, 1, 2, 3]),
        ({"pattern": "user.*"}, [0, 2]),
        ({"message": "m1"}, [2, 3]),
        ({"since": 101.0, "until": 102.0}, [1, 2]),
        ({"after": 3}, [3]),
        ({"limit": 1}, [0]),
        ({"last": 1}, [3]),
        ({"pattern": "shop.*", "last": 5}, [1, 3]),
        ({"pattern": "nobody.*"}, []),
    ],
)
async def test_what_happened(
    requests: EventRequests, asked: dict[str, Any], places: list[int]
) -> None:
    """It is found by name, message, time and number, from the beginning or the end."""
    answer = await requests.serve({"action": "show", **asked})
    assert [(place + 1, NAMES[place], {"place": place}) for place in places] == [
        (each["number"], each["name"], each["data"]) for each in answer["events"]
    ]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"limit": 1, "last": 1}, "either limit or last"),
        ({"last": 0}, "show: last is 0"),
        ({"pattern": ""}, "An empty pattern"),
        ({"since": "now"}, "show: since is 'now'"),
    ],
)
async def test_what_makes_no_sense(
    requests: EventRequests, asked: dict[str, Any], said: str
) -> None:
    """It is refused with what is wrong."""
    with pytest.raises(UserError) as refused:
        await requests.serve({"action": "show", **asked})
    assert said in str(refused.value)
