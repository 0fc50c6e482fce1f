"""Kernels as code without a loop has them: in this process, and over sockets."""

import queue
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from kernel.api import (
    BlockingKernel,
    ServeSettings,
    connect_blocking,
    serve_kernel,
    start_blocking_kernel,
)
from kernel.core.loop import EventLoop
from kernel.jupyter import inbox
from kernel.transport import room
from tests.support.kernels import LOCAL, LUA, TOY, Speech, parts_of

SPEECHES = [TOY, LUA]
DEADLINE = 30.0
PIECE = 40_000
FLOOD = {
    "toy": "flood 40",
    "lua": f"local s = ('x'):rep({PIECE - 1}) for _ = 1, {{}} do print(s) end",
}


@pytest.fixture(params=["memory", "zmq", "tcp"])
def kernel(
    request: pytest.FixtureRequest, speech: Speech, tmp_path: Path
) -> Iterator[BlockingKernel]:
    """A kernel of each kind, reached in each way."""
    parts, file = parts_of(speech), tmp_path / "kernel.json"
    with ExitStack() as stack:
        if request.param == "memory":
            yield stack.enter_context(start_blocking_kernel(parts))
            return
        settings = ServeSettings(connection_file=file, tcp=LOCAL)
        loop = EventLoop()
        loop.start()
        stack.callback(loop.stop)
        served = loop.run_coroutine(serve_kernel(parts, settings))
        stack.callback(lambda: loop.run_coroutine(served.close()))
        info = served.connection
        assert info is not None
        target: Any = file if request.param == "zmq" else f"tcp://{info.llmspell_tcp}"
        yield stack.enter_context(connect_blocking(target, key=info.key))


def test_replies_and_news_are_got(kernel: BlockingKernel, speech: Speech) -> None:
    """A request gives its id; its reply and what is published are got as from jupyter_client."""
    message = kernel.execute(speech.say.format("a"))
    reply = kernel.get_shell_msg(timeout=DEADLINE)
    assert (message, "ok") == (reply["parent_header"]["msg_id"], reply["content"]["status"])
    assert "a\n" == _text(_until_idle(kernel, message))
    with pytest.raises(queue.Empty):
        kernel.get_shell_msg(timeout=0.01)


def test_an_execution_answers_as_the_reply_does(kernel: BlockingKernel, speech: Speech) -> None:
    """Code for `BlockingKernelClient` finds in it what it looks for."""
    done = kernel.execute_interactive(speech.say.format("a"), timeout=DEADLINE)
    assert ("a\n", "ok") == (done.stdout, done.status)
    assert ("execute_reply", "ok") == (done["msg_type"], done["content"]["status"])
    failed = kernel.execute_interactive(speech.fail.format("no"), timeout=DEADLINE)
    assert ("error", "no") == (failed["content"]["status"], failed["content"]["evalue"])
    assert failed["parent_header"]["msg_id"]


def test_channels_as_jupyter_client_has_them(kernel: BlockingKernel) -> None:
    """Whether they run and whether the kernel answers can be asked, also when it was left."""
    assert (True, True) == (kernel.channels_running, kernel.hb_channel.is_beating())
    kernel.stop_channels()
    kernel.stop_channels()
    assert (False, False) == (kernel.channels_running, kernel.hb_channel.is_beating())
    assert not kernel.hb_channel.is_alive()


def test_questions_are_got_and_answered(kernel: BlockingKernel, speech: Speech) -> None:
    """The question comes on stdin; the program goes on with the line."""
    message = kernel.execute(speech.ask.format("name?"))
    assert "input_request" == kernel.get_stdin_msg(timeout=DEADLINE)["msg_type"]
    kernel.input("Ada")
    assert "got Ada\n" == _text(_until_idle(kernel, message))


def test_control_is_answered_while_a_cell_runs(kernel: BlockingKernel, speech: Speech) -> None:
    """An interrupt, and what else is asked meanwhile."""
    kernel.execute(speech.loop)
    while kernel.get_iopub_msg(timeout=DEADLINE)["msg_type"] != "stream":
        pass
    assert "ok" == kernel.complete("pri", reply=True, timeout=DEADLINE)["content"]["status"]
    assert "ok" == kernel.interrupt(reply=True, timeout=DEADLINE)["content"]["status"]
    assert "Interrupted" == kernel.get_shell_msg(timeout=DEADLINE)["content"]["ename"]


def test_what_nobody_reads_is_bounded_and_told(
    kernel: BlockingKernel, speech: Speech, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who waits for the reply first gets it; of the output the rest is said to be missing."""
    _small(monkeypatch)
    pieces = 400
    message = kernel.execute(_flood(speech, pieces))
    reply = kernel.get_shell_msg(timeout=DEADLINE)
    assert (message, "ok") == (reply["parent_header"]["msg_id"], reply["content"]["status"])
    assert kernel.unread <= inbox.GIVE_UP
    heard = _until_idle(kernel, message)
    streams = [each["content"] for each in heard if each["msg_type"] == "stream"]
    notices = [each["text"] for each in streams if each["name"] == "stderr"]
    kept = sum(len(each["text"]) for each in streams if each["name"] == "stdout")
    missing = kept < pieces * PIECE  # over sockets there may have been room for all of it
    assert missing == bool(notices)
    assert [] == [each for each in notices if not each.endswith(" read too slowly.]\n")]


def test_a_program_waits_for_who_reads(
    kernel: BlockingKernel, speech: Speech, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who reads along gets all of it, though what waits is far less than what is printed."""
    _small(monkeypatch)
    monkeypatch.setattr(room, "PATIENCE", DEADLINE)  # whatever else this machine does
    pieces = 400
    message = kernel.execute(_flood(speech, pieces))
    text = _text(_until_idle(kernel, message))
    assert pieces * PIECE == len(text)


def test_who_never_reads_news_is_held_up_once(
    kernel: BlockingKernel, speech: Speech, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Replies come all the same, cell after cell."""
    _small(monkeypatch)
    for _ in range(5):
        reply = kernel.execute(_flood(speech, 100), reply=True, timeout=DEADLINE)
        assert "ok" == reply["content"]["status"]


def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "HIGH", 1_000_000)
    monkeypatch.setattr(inbox, "LIMIT", 8_000_000)
    monkeypatch.setattr(inbox, "GIVE_UP", 9_000_000)


def _flood(speech: Speech, pieces: int) -> str:
    if speech is LUA:
        return FLOOD["lua"].format(pieces)
    return "\n".join([FLOOD["toy"]] * pieces)


def _until_idle(kernel: BlockingKernel, message: str) -> list[dict[str, Any]]:
    heard = []
    while True:
        heard.append(kernel.get_iopub_msg(timeout=DEADLINE))
        said = heard[-1]["content"]
        if heard[-1]["parent_header"].get("msg_id") != message and "text" not in said:
            heard.pop()
        elif said.get("execution_state") == "idle":
            return heard


def _text(heard: list[dict[str, Any]]) -> str:
    streams = [each["content"] for each in heard if each["msg_type"] == "stream"]
    assert [] == [each["text"] for each in streams if each["name"] == "stderr"]
    return "".join(each["text"] for each in streams)
