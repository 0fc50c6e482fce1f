"""Running cells ("execute_request")."""

import pytest

from kernel.events.model import Display
from tests.support.kernels import Place, Probe, Speech

pytestmark = pytest.mark.anyio


def kinds(published: list[tuple[str, dict[str, object]]]) -> list[str]:
    """Types in their order, states with what they say."""
    return [
        f"{kind} {content['execution_state']}" if kind == "status" else kind
        for kind, content in published
    ]


async def test_the_order_of_what_is_published(probe: Probe, speech: Speech) -> None:
    """Busy, the input, the output, the result, idle; all about the request."""
    message = probe.send(speech.cell(speech.say.format("hello"), speech.value))
    await probe.idle_after(message)
    told = probe.published(about=message.id)
    wanted = ["status busy", "execute_input", "stream", "execute_result", "status idle"]
    assert wanted == kinds(told)
    assert ("stream", {"name": "stdout", "text": "hello\n"}) in told
    assert {"text/plain": "42"} == told[3][1]["data"]
    assert 1 == told[3][1]["execution_count"] == told[1][1]["execution_count"]


async def test_the_reply_of_a_cell(probe: Probe, speech: Speech) -> None:
    """It says ok, the count, and has a payload and the expressions."""
    reply = await probe.reply_to(probe.send(speech.value))
    wanted = {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}
    assert wanted == reply


async def test_both_streams(probe: Probe, speech: Speech) -> None:
    """What goes to stderr is told as such, in its order."""
    done = await probe.run(
        speech.cell(speech.say.format("a"), speech.warn.format("b"), speech.say.format("c"))
    )
    assert ("a\nc\n", "b\n") == (done.stdout, done.stderr)
    streams = [content["name"] for kind, content in probe.published() if kind == "stream"]
    assert ["stdout", "stderr", "stdout"] == streams


async def test_state_stays_between_cells(probe: Probe, speech: Speech) -> None:
    """What one cell leaves the next one finds."""
    await probe.run(speech.keep.format("x", "7"))
    done = await probe.run("x" if speech.name == "toy" else "return x")
    assert Display({"text/plain": "7"}) == done.result


async def test_an_error(probe: Probe, speech: Speech) -> None:
    """It is published and replied with the same words."""
    message = probe.send(speech.fail.format("oh no"))
    reply = await probe.reply_to(message)
    await probe.idle_after(message)
    error = {"ename": "Error", "evalue": "oh no", "traceback": reply["traceback"]}
    assert {"status": "error", "execution_count": 1, **error} == reply
    assert ("error", error) in probe.published(about=message.id)
    assert "oh no" in reply["traceback"][0]


async def test_silent_cells_leave_no_trace(probe: Probe, speech: Speech) -> None:
    """Nothing is published but the states, nothing counted, nothing remembered."""
    code = speech.cell(speech.say.format("psst"), speech.value)
    message = probe.send(code, silent=True)
    reply = await probe.reply_to(message)
    await probe.idle_after(message)
    assert ["status busy", "status idle"] == kinds(probe.published(about=message.id))
    assert ("ok", 0) == (reply["status"], reply["execution_count"])
    assert [] == await probe.handle.history("tail")


async def test_silent_errors_are_only_replied(probe: Probe, speech: Speech) -> None:
    """The reply has the error; nobody else hears of it, and what waits runs on."""
    failing = probe.send(speech.fail.format("psst"), silent=True)
    after = probe.send(speech.value)
    assert "error" == (await probe.reply_to(failing))["status"]
    assert "ok" == (await probe.reply_to(after))["status"]
    assert "error" not in kinds(probe.published(about=failing.id))


async def test_counts(probe: Probe, speech: Speech) -> None:
    """A cell that stores no history is not counted: 1, 1, 2."""
    numbers = [
        (await probe.run(speech.value, store_history=store)).number for store in (True, False, True)
    ]
    assert [1, 1, 2] == numbers


async def test_cells_without_history_are_shown(probe: Probe, speech: Speech) -> None:
    """They print and have a result, and are not remembered."""
    done = await probe.run(speech.cell(speech.say.format("a"), speech.value), store_history=False)
    assert ("a\n", Display({"text/plain": "42"})) == (done.stdout, done.result)
    assert [] == await probe.handle.history("tail")


async def test_expressions(probe: Probe, speech: Speech) -> None:
    """Each has its value or its own error; the cell does not suffer."""
    done = await probe.run(
        speech.keep.format("x", "7"), expressions={"good": "x", "bad": "nothing.at.all"}
    )
    assert "ok" == done.status
    assert Display({"text/plain": "7"}) == done.expressions["good"]
    assert "Error" == done.expressions["bad"].name  # type: ignore[union-attr]


async def test_expressions_of_silent_cells(probe: Probe, speech: Speech) -> None:
    """They are evaluated too: clients ask so for what they show beside the code."""
    done = await probe.run(speech.keep.format("x", "8"), silent=True, expressions={"x": "x"})
    assert Display({"text/plain": "8"}) == done.expressions["x"]


async def test_an_error_aborts_what_waits(probe: Probe, speech: Speech) -> None:
    """Cells that wait are answered ``aborted`` and not run; later ones run."""
    first = probe.send(
        speech.cell(speech.ask.format("?"), speech.fail.format("stop")), allow_stdin=True
    )
    waiting = [probe.send(speech.say.format(f"never {number}")) for number in range(5)]
    await probe.until_published("input_request")
    probe.answer("all are sent")
    assert "error" == (await probe.reply_to(first))["status"]
    for each in waiting:
        reply = await probe.reply_to(each)
        assert {"status": "aborted", "execution_count": 1} == reply
        await probe.idle_after(each)
        assert ["status busy", "status idle"] == kinds(probe.published(about=each.id))
    assert "ok" == (await probe.run(speech.value)).status


async def test_an_error_that_stops_nothing(probe: Probe, speech: Speech) -> None:
    """With ``stop_on_error`` false what waits is run."""
    first = probe.send(speech.fail.format("go on"), stop_on_error=False)
    second = probe.send(speech.say.format("still here"))
    replies = [(await probe.reply_to(each))["status"] for each in (first, second)]
    assert ["error", "ok"] == replies


async def test_an_error_aborts_no_cells_of_others(place: Place, speech: Speech) -> None:
    """Another client's cells run, whatever goes wrong in ours."""
    one, other = await place.connect(), await place.connect()
    failing = one.send(speech.fail.format("mine"))
    theirs = other.send(speech.say.format("theirs"))
    assert "error" == (await one.reply_to(failing))["status"]
    assert "ok" == (await other.reply_to(theirs))["status"]


async def test_code_that_does_not_compile(probe: Probe, speech: Speech) -> None:
    """Is an error like others, and what waits is aborted."""
    probe.send(speech.ask.format("?"), allow_stdin=True)
    first, second = probe.send(speech.wrong), probe.send(speech.value)
    await probe.until_published("input_request")
    probe.answer("all are sent")
    assert "error" == (await probe.reply_to(first))["status"]
    assert "aborted" == (await probe.reply_to(second))["status"]


@pytest.mark.parametrize("word", ["exit", "quit", " quit\n"])
async def test_leaving_words(probe: Probe, word: str) -> None:
    """Who types ``exit`` in a console is let out of it, and the kernel stays."""
    done = await probe.run(word)
    leaving = {"source": "ask_exit", "keepkernel": False}
    assert ("ok", [leaving], None) == (done.status, done.payload, done.exit_code)
    assert await probe.handle.is_alive()


@pytest.mark.toy
async def test_payloads(probe: Probe) -> None:
    """Pages, the next input and the wish to leave travel in the reply."""
    done = await probe.run("page read me\nnext print again")
    assert [
        {"source": "page", "data": {"text/plain": "read me"}, "start": 0},
        {"source": "set_next_input", "text": "print again", "replace": False},
    ] == done.payload


@pytest.mark.toy
async def test_a_program_that_exits(place: Place, probe: Probe) -> None:
    """The client is told, and the kernel ends with the program's status."""
    done = await probe.run("exit 3")
    assert [{"source": "ask_exit", "keepkernel": False, "exit_code": 3}] == done.payload
    assert 3 == done.exit_code
    await place.kernel.ended.wait()
    assert 3 == place.kernel.exit_code


@pytest.mark.toy
async def test_displays(probe: Probe) -> None:
    """Displays, their changes by id and clearing come in order between the text."""
    message = probe.send("print a\nshow plain\nshow one: first\nchange one: second\nclear wait")
    await probe.idle_after(message)
    told = probe.published(about=message.id)[2:-1]

    def display(text: str, **transient: str) -> dict[str, object]:
        return {"data": {"text/plain": text}, "metadata": {}, "transient": transient}

    assert [
        ("stream", {"name": "stdout", "text": "a\n"}),
        ("display_data", display("plain")),
        ("display_data", display("first", display_id="one")),
        ("update_display_data", display("second", display_id="one")),
        ("clear_output", {"wait": True}),
    ] == told


async def test_text_is_joined(probe: Probe, speech: Speech) -> None:
    """A thousand short lines are a few messages."""
    line = speech.say.format("line")
    code = "\n".join([line] * 1000)
    done = await probe.run(code)
    assert "line\n" * 1000 == done.stdout
    assert len([kind for kind, _ in probe.published() if kind == "stream"]) < 50


async def test_text_of_all_planes(probe: Probe, speech: Speech) -> None:
    """Unicode passes both ways."""
    done = await probe.run(speech.say.format("é 中 𝄞"))
    assert "é 中 𝄞\n" == done.stdout
