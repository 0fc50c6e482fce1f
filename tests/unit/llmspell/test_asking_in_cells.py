"""What a cell can have a front end do: ask with a prompt, hide the answer, give the next cell."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel.api import ServeSettings, serve_blocking_kernel
from llmspell.kernels import lua_kernel
from tests.support.commands import LLMSPELL

jupyter_client = pytest.importorskip("jupyter_client", reason="needs the extra jupyter-tests")

DEADLINE = 30.0


@pytest.fixture
def client(tmp_path: Path) -> Iterator["jupyter_client.blocking.BlockingKernelClient"]:
    """Jupyter's own client of a kernel of ours."""
    file = tmp_path / "kernel.json"
    with serve_blocking_kernel(lua_kernel("5.4"), ServeSettings(connection_file=file)):
        made = jupyter_client.blocking.BlockingKernelClient()
        made.load_connection_file(str(file))
        made.start_channels()
        made.wait_for_ready(timeout=DEADLINE)
        yield made
        made.stop_channels()


def test_a_password_is_asked_for(client: "jupyter_client.blocking.BlockingKernelClient") -> None:
    """The prompt and that it is secret come with the question; the cell has what was typed."""
    client.execute("print(#display.ask('Key: ', true), display.ask('Name: '), display.ask())")
    asked = []
    for line in ("secret", "Ada", "\4"):
        question = client.get_stdin_msg(timeout=DEADLINE)["content"]
        asked.append((question["prompt"], question["password"]))
        client.input(line)
    assert [("Key: ", True), ("Name: ", False), ("", False)] == asked
    assert "ok" == client.get_shell_msg(timeout=DEADLINE)["content"]["status"]
    assert "6\tAda\tnil\n" == _printed(client)


def test_who_cannot_be_asked(client: "jupyter_client.blocking.BlockingKernelClient") -> None:
    """The error is the cell's own, and can be caught there."""
    client.execute("print(pcall(display.ask, 'Key: '))", allow_stdin=False)
    assert "ok" == client.get_shell_msg(timeout=DEADLINE)["content"]["status"]
    assert "false\t" == _printed(client)[:6]


def test_an_interrupt_ends_a_question(
    client: "jupyter_client.blocking.BlockingKernelClient",
) -> None:
    """The cell ends, as it does that waits in io.read."""
    client.execute("pcall(display.ask, 'Key: ') print('not reached')")
    client.get_stdin_msg(timeout=DEADLINE)
    client.session.send(client.control_channel.socket, client.session.msg("interrupt_request", {}))
    reply = client.get_shell_msg(timeout=DEADLINE)["content"]
    assert ("error", "Interrupted") == (reply["status"], reply["ename"])


def test_a_cell_gives_the_next_one(client: "jupyter_client.blocking.BlockingKernelClient") -> None:
    """The last text it gives is in the reply, and the cell after it gives none."""
    client.execute("display.next_input('one') display.next_input('return 2')")
    reply = client.get_shell_msg(timeout=DEADLINE)["content"]
    wanted = {"source": "set_next_input", "text": "return 2", "replace": False}
    assert [wanted] == reply["payload"]
    client.execute("return 1")
    assert [] == client.get_shell_msg(timeout=DEADLINE)["content"]["payload"]


def test_a_script_by_itself_asks_nobody() -> None:
    """The error says what is to be used instead."""
    done = subprocess.run(
        [*LLMSPELL, "exec", "display.next_input('x') display.ask('?')"],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert 1 == done.returncode
    assert "io.read reads its standard input" in done.stderr


def _printed(client: "jupyter_client.blocking.BlockingKernelClient") -> str:
    while True:
        message = client.get_iopub_msg(timeout=DEADLINE)
        if message["msg_type"] == "stream":
            return str(message["content"]["text"])
