"""What never waits for the program: interrupt, shutdown, the debugger, and requests of our own."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from kernel.core.errors import UserError
from kernel.jupyter.debug import TellEvent
from kernel.jupyter.handle import RequestFailed
from kernel.jupyter.messages import Channel
from tests.contracts.kernels.conftest import Open
from tests.support.kernels import Place, Probe, Speech

pytestmark = pytest.mark.anyio


async def test_interrupt(probe: Probe, speech: Speech) -> None:
    """A loop ends with an error called Interrupted, what waits is aborted, the kernel goes on."""
    running, waiting = probe.send(speech.loop), probe.send(speech.value)
    await probe.until_published("stream", text="begun\n")
    await probe.handle.interrupt()
    reply = await probe.reply_to(running)
    assert ("error", "Interrupted") == (reply["status"], reply["ename"])
    assert "aborted" == (await probe.reply_to(waiting))["status"]
    assert "ok" == (await probe.run(speech.value)).status


async def test_an_interrupt_without_a_cell(probe: Probe, speech: Speech) -> None:
    """Is harmless, also for the cell that comes next."""
    await probe.handle.interrupt()
    await probe.handle.interrupt()
    assert "ok" == (await probe.run(speech.value)).status


@pytest.mark.toy
async def test_code_that_hears_no_interrupt(place: Place, probe: Probe) -> None:
    """After the time of grace the program is given up; the client is told, and goes on anew."""
    await probe.run("x = 1")
    running = probe.send("stuck")
    engine = place.engine
    await asyncio.wait_for(engine.reached.setdefault("stuck", asyncio.Event()).wait(), 10)
    await probe.handle.interrupt()
    reply = await probe.reply_to(running)
    assert ("error", "Interrupted") == (reply["status"], reply["ename"])
    assert "its variables are gone" in reply["evalue"]
    assert "error" == (await probe.run("x")).status
    assert place.engine is not engine
    assert ("status", {"execution_state": "restarting"}) in probe.published()


@pytest.mark.parametrize("restart", [False, True])
async def test_shutdown(place: Place, probe: Probe, restart: bool) -> None:
    """It is replied, everybody hears it, and then the kernel ends."""
    other = await place.connect()
    reply = await probe.ask("shutdown_request", {"restart": restart}, Channel.CONTROL)
    assert {"status": "ok", "restart": restart} == reply
    heard = await other.until_published("shutdown_reply")
    assert {"status": "ok", "restart": restart} == heard.content
    await asyncio.wait_for(place.kernel.ended.wait(), 10)


async def test_shutdown_while_a_cell_runs(place: Place, probe: Probe, speech: Speech) -> None:
    """The cell is ended too."""
    running = probe.send(speech.loop)
    await probe.until_published("stream", text="begun\n")
    await probe.handle.shutdown()
    await asyncio.wait_for(place.kernel.ended.wait(), 10)
    closing = asyncio.create_task(place.kernel.close())
    assert "Interrupted" == (await probe.reply_to(running))["ename"]
    await asyncio.wait_for(closing, 10)


# --- the debugger ---------------------------------------------------------------------------------


class Echo:
    """Implements `DebugEndpoint`: answers with what it was asked, and tells an event."""

    def __init__(self, tell: TellEvent) -> None:
        self._tell = tell
        self.order: list[str] = []

    async def handle(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """Slow requests first, to see whether others overtake them."""
        self.order.append(content["command"])
        if content["command"] == "slow":
            await asyncio.sleep(0.05)
        self._tell({"type": "event", "event": "heard", "body": {"command": content["command"]}})
        success = content["command"] != "refused"
        return {
            "type": "response",
            "request_seq": content["seq"],
            "success": success,
            "command": content["command"],
            "body": {"arguments": content["arguments"], "order": list(self.order)},
            **({} if success else {"message": "not today"}),
        }

    async def close(self) -> None:
        """Nothing is open."""


@pytest.mark.toy
async def test_without_a_debugger(probe: Probe) -> None:
    """The request is refused."""
    reply = await probe.ask("debug_request", {"seq": 1, "command": "x"}, Channel.CONTROL)
    assert ("error", "This kernel has no debugger.") == (reply["status"], reply["evalue"])


@pytest.mark.toy
async def test_debug_requests(open_place: Open) -> None:
    """They reach the endpoint in their order; its answers and events reach the client."""
    probe = await (await open_place(make_debug=Echo)).connect()
    said = await probe.handle.info()
    assert (True, ["debugger"]) == (said["debugger"], said["supported_features"])
    bodies = await asyncio.gather(
        probe.handle.debug("slow", {"a": 1}), probe.handle.debug("fast", {"b": 2})
    )
    assert {"a": 1} == bodies[0]["arguments"]
    assert [["slow"], ["slow", "fast"]] == [each["order"] for each in bodies]
    event = await probe.until_published("debug_event", event="heard")
    assert "debug_request" == event.parent_header["msg_type"]
    with pytest.raises(RequestFailed, match="not today"):
        await probe.handle.debug("refused")


@pytest.mark.toy
async def test_debug_requests_hold_nothing_up(open_place: Open) -> None:
    """While one is served, other requests on control are answered."""
    probe = await (await open_place(make_debug=Echo)).connect()
    slow = asyncio.create_task(probe.handle.debug("slow"))
    await probe.handle.info()
    assert not slow.done()
    await slow


# --- requests of our own --------------------------------------------------------------------------


async def sessions(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """An endpoint."""
    if content["action"] != "list":
        raise UserError(f"There is no action {content['action']!r}.")
    return {"sessions": ["one", "two"]}


@pytest.mark.toy
async def test_endpoints(open_place: Open) -> None:
    """Requests that the composition adds are served, and fail by their own words."""
    probe = await (await open_place(endpoints={"session_request": sessions})).connect()
    assert ["one", "two"] == (await probe.handle.sessions())["sessions"]
    with pytest.raises(RequestFailed, match="no action 'burn'"):
        await probe.handle.sessions("burn")


@pytest.mark.toy
async def test_endpoints_that_do_not_end(open_place: Open) -> None:
    """Who waits for one when the kernel ends is told that it has."""
    entered = asyncio.Event()

    async def endless(_content: Mapping[str, Any]) -> Mapping[str, Any]:
        entered.set()
        await asyncio.Event().wait()
        raise AssertionError

    place = await open_place(endpoints={"session_request": endless})
    probe = await place.connect()
    asking = asyncio.create_task(probe.handle.sessions())
    await asyncio.wait_for(entered.wait(), 10)
    closing = asyncio.create_task(place.kernel.close())
    with pytest.raises(RequestFailed, match="has ended before this was done"):
        await asyncio.wait_for(asking, 10)
    await closing


@pytest.mark.toy
async def test_endpoints_that_are_not_there(probe: Probe) -> None:
    """Are refused by name."""
    with pytest.raises(RequestFailed, match="does not serve session_request"):
        await probe.handle.sessions()
