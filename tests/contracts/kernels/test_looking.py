"""Requests that look at the program, and those about the kernel itself."""

import asyncio

import pytest

from kernel.execution.engine import CompletenessStatus
from kernel.jupyter.messages import Channel
from tests.support.kernels import Place, Probe, Speech

pytestmark = pytest.mark.anyio


async def test_completion(probe: Probe, speech: Speech) -> None:
    """A variable is offered in place of its beginning."""
    await probe.run(speech.keep.format("answer_to_all", "1"))
    found = await probe.handle.complete("answer_to")
    assert ["answer_to_all"] == [each.text for each in found]
    assert (0, 9) == (found[0].start, found[0].end)


async def test_completion_counts_code_points(probe: Probe, speech: Speech) -> None:
    """The cursor is counted in characters, also behind those of other planes."""
    await probe.run(speech.keep.format("answer_to_all", "1"))
    code = "x '𝄞𝄞' answer_t" if speech.name == "toy" else "x = '𝄞𝄞' .. answer_t"
    reply = await probe.ask("complete_request", {"code": code, "cursor_pos": len(code)})
    assert (["answer_to_all"], len(code) - 8, len(code)) == (
        reply["matches"],
        reply["cursor_start"],
        reply["cursor_end"],
    )
    assert "answer_to_all" == reply["metadata"]["_jupyter_types_experimental"][0]["text"]


async def test_nothing_to_complete(probe: Probe) -> None:
    """No match is an answer too."""
    reply = await probe.ask("complete_request", {"code": "zzzz", "cursor_pos": 4})
    assert ("ok", [], 4, 4) == (
        reply["status"],
        reply["matches"],
        reply["cursor_start"],
        reply["cursor_end"],
    )


async def test_inspection(probe: Probe, speech: Speech) -> None:
    """What is known of a variable, and that nothing is known of others."""
    await probe.run(speech.keep.format("answer", "42"))
    found = await probe.handle.inspect("answer")
    assert found is not None
    assert "42" in found.data["text/plain"]
    assert None is await probe.handle.inspect("zzzz")
    reply = await probe.ask("inspect_request", {"code": "zzzz", "cursor_pos": 0, "detail_level": 1})
    assert {"status": "ok", "found": False, "data": {}, "metadata": {}} == reply


async def test_completeness(probe: Probe, speech: Speech) -> None:
    """Whole, to be continued with an indent, or wrong."""
    asked = [speech.value, speech.unfinished, speech.wrong]
    answers = [await probe.handle.is_complete(code) for code in asked]
    wanted = [
        CompletenessStatus.COMPLETE,
        CompletenessStatus.INCOMPLETE,
        CompletenessStatus.INVALID,
    ]
    assert wanted == [each.status for each in answers]
    assert ["", "  ", ""] == [each.indent for each in answers]


async def test_history(probe: Probe, speech: Speech) -> None:
    """The last cells, a range, and what matches; with what they gave."""
    for name in ("a", "b", "a"):
        await probe.run(speech.say.format(name))
    await probe.run(speech.value)
    cells = [speech.say.format(name) for name in "aba"]

    async def found(kind: str, **how: object) -> list[list[object]]:
        content = {"hist_access_type": kind, "output": False, "raw": True, **how}
        return list((await probe.ask("history_request", content))["history"])

    assert [[1, 3, cells[2]], [1, 4, speech.value]] == await found("tail", n=2)
    assert [[1, 2, cells[1]], [1, 3, cells[2]]] == await found("range", session=0, start=2, stop=4)
    pattern = f"*{speech.say.partition('{')[0]}*"
    assert [1, 2, 3] == [line for _, line, _ in await found("search", pattern=pattern)]
    unique = await found("search", pattern=pattern, unique=True)
    assert [[1, 2, cells[1]], [1, 3, cells[2]]] == unique
    with_output = await found("range", session=0, start=4, stop=5, output=True)
    assert [[1, 4, [speech.value, "42"]]] == with_output


async def test_wrong_kinds_of_history(probe: Probe) -> None:
    """Are refused by name."""
    reply = await probe.ask(
        "history_request", {"hist_access_type": "all", "output": False, "raw": True}
    )
    assert ("error", "BadMessage") == (reply["status"], reply["ename"])
    assert "'all'" in reply["evalue"]


@pytest.mark.parametrize("channel", [Channel.SHELL, Channel.CONTROL])
async def test_kernel_info(probe: Probe, speech: Speech, channel: Channel) -> None:
    """On shell and on control: the protocol, the language, and no debugger where there is none."""
    said = await probe.ask("kernel_info_request", {}, channel)
    assert ("ok", "5.5", "llmspell") == (
        said["status"],
        said["protocol_version"],
        said["implementation"],
    )
    assert speech.name == said["language_info"]["name"]
    assert (False, []) == (said["debugger"], said["supported_features"])


async def test_ports(place: Place, probe: Probe) -> None:
    """Who still asks for the ports is told them."""
    reply = await probe.ask("connect_request", {})
    if place.way == "zmq":
        assert {"status": "ok", **place.info.ports} == reply
    else:
        assert "This kernel is not served over ZeroMQ; it has no ports." == reply["evalue"]


async def test_usage(probe: Probe) -> None:
    """What the process uses, on control."""
    reply = await probe.ask("usage_request", {}, Channel.CONTROL)
    assert reply["kernel_memory"] > 1_000_000
    assert reply["pid"] > 0


async def test_no_comms(probe: Probe) -> None:
    """There are none at first."""
    assert {"status": "ok", "comms": {}} == await probe.ask("comm_info_request", {})


@pytest.mark.parametrize("unknown", ["create_subshell_request", "wizard_request"])
async def test_unknown_requests(probe: Probe, unknown: str) -> None:
    """Are refused by name, with the states around."""
    message = probe.client.write(Channel.CONTROL, unknown, {})
    reply = dict((await probe.client.ask(message)).content)
    assert ("error", "NotSupported") == (reply["status"], reply["ename"])
    assert unknown in reply["evalue"]
    await probe.idle_after(message)


async def test_requests_on_the_wrong_channel(probe: Probe, speech: Speech) -> None:
    """Are refused, and say where they belong."""
    reply = await probe.ask("execute_request", {"code": speech.value}, Channel.CONTROL)
    assert "execute_request belongs on shell, not on control." == reply["evalue"]


@pytest.mark.parametrize(
    ("asked", "content", "problem"),
    [
        ("execute_request", {}, "content.code is missing."),
        ("execute_request", {"code": 7}, "content.code is 7; it must be a string."),
        (
            "execute_request",
            {"code": "", "silent": "no"},
            "content.silent is 'no'; it must be true or false.",
        ),
        (
            "complete_request",
            {"code": "", "cursor_pos": "0"},
            "content.cursor_pos is '0'; it must be a whole number or null.",
        ),
        ("is_complete_request", {"code": None}, "content.code is None; it must be a string."),
    ],
)
async def test_contents_that_are_none(
    probe: Probe, asked: str, content: dict[str, object], problem: str
) -> None:
    """A wrong field is named, and the kernel goes on."""
    reply = await probe.ask(asked, content)
    assert ("error", problem) == (reply["status"], reply["evalue"])
    assert await probe.handle.is_alive()


async def test_everything_is_answered_while_a_cell_runs(probe: Probe, speech: Speech) -> None:
    """Looking, history and control do not wait for the program."""
    await probe.run(speech.keep.format("answer_to_all", "1"))
    running = probe.send(speech.loop)
    await probe.until_published("stream", text="begun\n")
    assert ["answer_to_all"] == [each.text for each in await probe.handle.complete("answer_to")]
    assert None is not await probe.handle.inspect("answer_to_all")
    assert "ok" == (await probe.ask("kernel_info_request", {}))["status"]
    assert "ok" == (await probe.ask("kernel_info_request", {}, Channel.CONTROL))["status"]
    assert 2 == len(await probe.handle.history("tail"))
    assert CompletenessStatus.COMPLETE == (await probe.handle.is_complete(speech.value)).status
    await probe.handle.interrupt()
    assert "Interrupted" == (await probe.reply_to(running))["ename"]


async def test_states_around_every_request(probe: Probe) -> None:
    """Each request on shell and control has its busy and its idle."""
    requests = [
        probe.client.write(channel, kind, {})
        for channel, kind in (
            (Channel.SHELL, "kernel_info_request"),
            (Channel.CONTROL, "kernel_info_request"),
            (Channel.SHELL, "comm_info_request"),
            (Channel.CONTROL, "interrupt_request"),
        )
    ]
    await asyncio.gather(*[probe.client.ask(each) for each in requests])
    for request in requests:
        await probe.idle_after(request)
        states = [content for _, content in probe.published(about=request.id)]
        assert [{"execution_state": "busy"}, {"execution_state": "idle"}] == states
