"""The one ordered queue."""

from typing import Any

import anyio
import pytest

from dap_server.outbox import Outbox
from dap_server.wire import Wire

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """Everything runs on asyncio."""
    return "asyncio"


async def sent(outbox: Outbox) -> list[Any]:
    """What leaves when all is let out."""
    pieces: list[bytes] = []

    async def send(data: bytes) -> None:
        pieces.append(data)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(outbox.run, send)
        await outbox.flush()
        tasks.cancel_scope.cancel()
    return [message for piece in pieces for message in Wire().feed(piece)]


async def test_numbers_follow_the_order() -> None:
    """Whatever waits is numbered when it leaves."""
    outbox = Outbox()
    outbox.hold()
    outbox.event("stopped", {"reason": "step"})
    outbox.respond(7, "next", True)
    outbox.release()
    assert 3 == outbox.request("runInTerminal", {})
    found = [(each["seq"], each.get("event") or each["command"]) for each in await sent(outbox)]
    assert [(1, "next"), (2, "stopped"), (3, "runInTerminal")] == found


async def test_holds_nest() -> None:
    """The last one to let go lets the events out."""
    outbox = Outbox()
    outbox.hold()
    outbox.hold()
    outbox.event("stopped")
    outbox.release()
    outbox.event("exited")
    outbox.release()
    assert ["stopped", "exited"] == [each["event"] for each in await sent(outbox)]


@pytest.mark.parametrize(
    ("first", "second", "count"),
    [
        ({"output": "a"}, {"output": "b"}, 1),
        ({"output": "a", "category": "stdout"}, {"output": "b", "category": "stderr"}, 2),
        ({"output": "a", "group": "start"}, {"output": "b", "group": "start"}, 2),
        ({"output": "a", "source": {"path": "x"}}, {"output": "b", "source": {"path": "x"}}, 2),
        ({"output": "a" * 40_000}, {"output": "b" * 40_000}, 2),
    ],
)
async def test_what_is_joined(first: Any, second: Any, count: int) -> None:
    """Plain text of one category, up to a size; what has a place or a group stays itself."""
    outbox = Outbox()
    outbox.event("output", dict(first))
    outbox.event("output", dict(second))
    bodies = [each["body"] for each in await sent(outbox)]
    assert count == len(bodies)
    assert first["output"] + second["output"] == "".join(each["output"] for each in bodies)
