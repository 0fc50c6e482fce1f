"""Several clients at once, those that read slowly, and comms."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from kernel.jupyter.comms import Comm, CommHandler, CommNews
from kernel.jupyter.messages import Channel
from kernel.jupyter.widgets import VIEW, Widget
from tests.support.kernels import Place, Probe, Speech

pytestmark = pytest.mark.anyio


async def test_output_goes_to_the_right_parent(place: Place, speech: Speech) -> None:
    """Everybody hears everything, each thing under the request that caused it."""
    clients = [await place.connect() for _ in range(4)]
    sent = {
        client.send(speech.say.format(f"{number}-{turn}")).id: f"{number}-{turn}\n"
        for turn in range(10)
        for number, client in enumerate(clients)
    }
    for client in clients:
        for message_id, text in sent.items():
            heard = await client.until(
                lambda each, wanted=message_id: (
                    each.type == "stream"  # type: ignore[misc]
                    and each.parent_header["msg_id"] == wanted
                )
            )
            assert text == heard.content["text"]


async def test_replies_go_to_who_asked(place: Place, speech: Speech) -> None:
    """Nobody gets another's reply."""
    clients = [await place.connect() for _ in range(3)]
    await asyncio.gather(*[client.run(speech.value) for client in clients for _ in range(5)])
    for client in clients:
        replies = [each for each in client.messages if each.type == "execute_reply"]
        assert {client.client.session} == {each.parent_header["session"] for each in replies}
        assert 5 == len(replies)


async def test_clients_share_the_program(place: Place, speech: Speech) -> None:
    """What one sets the other reads."""
    one, other = await place.connect(), await place.connect()
    await one.run(speech.keep.format("x", "5"))
    found = await other.handle.inspect("x")
    assert found is not None
    assert "5" in found.data["text/plain"]


@pytest.mark.toy
async def test_output_after_a_cell_belongs_to_it(place: Place, probe: Probe) -> None:
    """What comes between two cells is told under the one before."""
    message = probe.send("print a")
    await probe.idle_after(message)
    await place.engine.execute(_cell("print late"))
    late = await probe.until_published("stream", text="late\n")
    assert message.id == late.parent_header["msg_id"]


def _cell(code: str) -> Any:
    from kernel.execution.engine import Cell

    return Cell(code, "cell", 1)


@pytest.mark.toy
@pytest.mark.ways("tcp")
async def test_a_client_that_does_not_read(place: Place) -> None:
    """A flood goes on for the others, memory is bounded, and who slept is told what it missed."""
    awake = await place.connect()
    sleeper = await place.connect()
    transport = sleeper.client.link._transport  # type: ignore[attr-defined]
    transport._reader._transport.pause_reading()
    done = await asyncio.wait_for(awake.handle.execute("flood 30000"), 60)
    assert 30_000_000 == len(done.stdout)
    transport._reader._transport.resume_reading()
    notice = await asyncio.wait_for(
        sleeper.until(lambda each: "were left out" in str(each.content.get("text"))), 10
    )
    assert {} == notice.parent_header
    assert "ok" == (await sleeper.ask("kernel_info_request", {}))["status"]


# --- comms ----------------------------------------------------------------------------------------


class Recorder:
    """Implements `CommHandler`: answers each message with the same."""

    def __init__(self, comm: Comm) -> None:
        self.comm = comm
        self.has_closed = False

    async def received(self, news: CommNews) -> None:
        """Say it back."""
        self.comm.send({"echo": news.data}, buffers=news.buffers)

    async def closed(self, _news: CommNews) -> None:
        """Note it."""
        self.has_closed = True


async def _send(probe: Probe, kind: str, content: Mapping[str, Any], **more: Any) -> Any:
    message = probe.client.write(Channel.SHELL, kind, content, **more)
    probe.client.send(message)
    await probe.idle_after(message)
    return message


async def test_comms_of_unknown_targets(probe: Probe) -> None:
    """Are closed again, under the message that opened them."""
    content = {"comm_id": "c1", "target_name": "nobody", "data": {}}
    message = await _send(probe, "comm_open", content)
    told = probe.published(about=message.id)
    assert ("comm_close", {"comm_id": "c1", "data": {}}) in told
    assert {} == (await probe.ask("comm_info_request", {}))["comms"]


async def test_comms_that_clients_open(place: Place, probe: Probe) -> None:
    """They carry messages and bytes both ways, are listed, and close."""
    made: list[Recorder] = []

    async def opened(comm: Comm, _news: CommNews) -> CommHandler:
        made.append(Recorder(comm))
        return made[-1]

    place.kernel.comms.register("echo", opened)
    await _send(probe, "comm_open", {"comm_id": "c1", "target_name": "echo", "data": {}})
    listed = {"c1": {"target_name": "echo"}}
    assert listed == (await probe.ask("comm_info_request", {}))["comms"]
    assert {} == (await probe.ask("comm_info_request", {"target_name": "other"}))["comms"]
    message = await _send(
        probe, "comm_msg", {"comm_id": "c1", "data": {"n": 1}}, buffers=[b"\0\xff"]
    )
    answer = await probe.until_published("comm_msg", comm_id="c1")
    assert {"echo": {"n": 1}} == answer.content["data"]
    assert ([b"\0\xff"], message.id) == (list(answer.buffers), answer.parent_header["msg_id"])
    await _send(probe, "comm_close", {"comm_id": "c1", "data": {}})
    assert made[0].has_closed
    assert {} == (await probe.ask("comm_info_request", {}))["comms"]


async def test_widgets(place: Place, probe: Probe) -> None:
    """A widget is opened as ipywidgets does, changes on both sides, and tells who comes late."""
    changes: list[Mapping[str, Any]] = []

    async def changed(values: Mapping[str, Any]) -> None:
        changes.append(values)

    widgets = place.kernel.widgets
    state = {"_model_name": "IntSliderModel", "_model_module": "@jupyter-widgets/controls"}
    widget = widgets.create(Widget({**state, "value": 1, "image": b"\1\2"}, changed))
    opened = await probe.until_published("comm_open", comm_id=widget.id)
    assert {"version": "2.1.0"} == opened.metadata
    assert "jupyter.widget" == opened.content["target_name"]
    whole = {"state": {**state, "value": 1}, "buffer_paths": [["image"]]}
    assert (whole, [b"\1\2"]) == (opened.content["data"], list(opened.buffers))
    assert widget.id == widget.view().data[VIEW]["model_id"]

    update = {"method": "update", "state": {"value": 7}, "buffer_paths": []}
    await _send(probe, "comm_msg", {"comm_id": widget.id, "data": update})
    assert ([{"value": 7}], 7) == (changes, widget.state["value"])
    echo = await probe.until_published("comm_msg", comm_id=widget.id)
    assert {**update, "method": "echo_update"} == echo.content["data"]

    content = {"comm_id": "ctl", "target_name": "jupyter.widget.control", "data": {}}
    await _send(probe, "comm_open", content)
    await _send(probe, "comm_msg", {"comm_id": "ctl", "data": {"method": "request_states"}})
    answer = await probe.until_published("comm_msg", comm_id="ctl")
    told = answer.content["data"]["states"][widget.id]
    assert ("IntSliderModel", 7) == (told["model_name"], told["state"]["value"])
    assert [[widget.id, "state", "image"]] == answer.content["data"]["buffer_paths"]
