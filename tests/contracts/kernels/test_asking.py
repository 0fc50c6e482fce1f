"""Programs that ask for a line ("input_request")."""

import pytest

from kernel.jupyter.messages import Channel
from tests.support.kernels import Place, Probe, Speech

pytestmark = pytest.mark.anyio


async def test_a_question_and_its_answer(probe: Probe, speech: Speech) -> None:
    """The question comes under the cell's header, the answer goes into the program."""
    message = probe.send(speech.ask.format("name?"), allow_stdin=True)
    question = await probe.until_published("input_request")
    assert (Channel.STDIN, message.id) == (question.channel, question.parent_header["msg_id"])
    assert False is question.content["password"]
    probe.answer("Ada")
    await probe.idle_after(message)
    told = probe.published(about=message.id)
    assert ("stream", {"name": "stdout", "text": "got Ada\n"}) in told


@pytest.mark.toy
async def test_prompts_and_secrets(probe: Probe) -> None:
    """The prompt is told, and that what is typed shall not be seen."""
    message = probe.send("secret password:", allow_stdin=True)
    question = await probe.until_published("input_request")
    assert {"prompt": "password:", "password": True} == question.content
    probe.answer("xyz")
    assert "ok" == (await probe.reply_to(message))["status"]


async def test_the_end_of_input(probe: Probe, speech: Speech) -> None:
    """A line of U+0004 is the end of input, as a terminal's Ctrl-D."""

    async def answer(_prompt: str, _is_secret: bool) -> None:
        return None

    done = await probe.run(speech.ask.format("?"), answer_input=answer)
    assert "got nothing\n" == done.stdout


async def test_a_client_that_answers_nothing(probe: Probe, speech: Speech) -> None:
    """With ``allow_stdin`` false the program gets an error, and nobody is asked."""
    done = await probe.run(speech.ask.format("?"))
    assert "error" == done.status
    assert done.error is not None
    assert "allow_stdin" in done.error.message
    assert [] == [each for each in probe.messages if each.type == "input_request"]


async def test_output_comes_before_the_question(probe: Probe, speech: Speech) -> None:
    """Who is asked has seen what was printed before."""
    code = speech.cell(speech.say.format("before"), speech.ask.format("?"))
    message = probe.send(code, allow_stdin=True)
    await probe.until_published("input_request")
    await probe.until_published("stream", text="before\n")
    probe.answer("x")
    assert "ok" == (await probe.reply_to(message))["status"]


async def test_an_interrupt_ends_the_waiting(probe: Probe, speech: Speech) -> None:
    """The cell ends, and a late answer goes nowhere."""
    message = probe.send(speech.ask.format("?"), allow_stdin=True)
    await probe.until_published("input_request")
    await probe.handle.interrupt()
    assert "Interrupted" == (await probe.reply_to(message))["ename"]
    probe.answer("too late")
    assert "ok" == (await probe.run(speech.value)).status


async def test_only_the_client_that_runs_the_cell_is_asked(place: Place, speech: Speech) -> None:
    """Another client neither sees the question nor can answer it."""
    one, other = await place.connect(), await place.connect()
    message = one.send(speech.ask.format("?"), allow_stdin=True)
    await one.until_published("input_request")
    other.answer("forged")
    assert "ok" == (await other.ask("kernel_info_request", {}, Channel.CONTROL))["status"]
    one.answer("real")
    assert "ok" == (await one.reply_to(message))["status"]
    await one.idle_after(message)
    assert "got real\n" == "".join(
        content["text"] for kind, content in one.published(about=message.id) if kind == "stream"
    )
    assert [] == [each for each in other.messages if each.type == "input_request"]


async def test_each_client_is_asked_for_its_own(place: Place, speech: Speech) -> None:
    """Two clients that both ask get their own questions, one after the other."""
    clients = [await place.connect(), await place.connect()]
    for number, client in enumerate(clients):

        async def answer(_prompt: str, _is_secret: bool, number: int = number) -> str:
            return f"client {number}"

        done = await client.run(speech.ask.format("?"), answer_input=answer)
        assert f"got client {number}\n" == done.stdout
