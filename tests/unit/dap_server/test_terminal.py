"""Programs in a terminal of the client, with an adapter there that connects back."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dap_server.client import DapClient, RequestFailed
from tests.support.commands import DEADLINE, write
from tests.support.schema import check_frame

PROGRAM = """\
print("in the terminal")
local line = io.read()
local x = 1
print(line)
os.exit(4)
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A script that reads and writes."""
    return write(tmp_path, "a.lua", PROGRAM)


class Terminals:
    """A client's terminals: processes with pipes in place of a tty."""

    def __init__(self) -> None:
        self.opened: list[subprocess.Popen[str]] = []
        self.requests: list[dict[str, Any]] = []

    def open(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Serve ``runInTerminal``."""
        self.requests.append(arguments)
        process = subprocess.Popen(
            arguments["args"],
            cwd=arguments["cwd"],
            env={**os.environ, **arguments.get("env", {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.opened.append(process)
        return {"processId": process.pid}

    def type(self, text: str) -> None:
        """Type into the first terminal."""
        stdin = self.opened[0].stdin
        assert stdin is not None
        stdin.write(text)
        stdin.flush()


@pytest.fixture
def terminals() -> Iterator[Terminals]:
    """Closed at the end."""
    terminals = Terminals()
    yield terminals
    for process in terminals.opened:
        process.kill()
        process.communicate()


@pytest.fixture
def client(terminals: Terminals) -> Iterator[DapClient]:
    """A client with terminals, at an adapter on stdio."""
    with DapClient.spawn(
        [sys.executable, "-P", "-m", "dap_server"], check=check_frame, deadline=DEADLINE
    ) as client:
        client.frames.answerers["runInTerminal"] = terminals.open
        client.initialize(supports_run_in_terminal_request=True)
        yield client


def test_the_script_owns_the_terminal_and_the_client_the_session(
    client: DapClient, terminals: Terminals, program: Path
) -> None:
    """It reads and writes there, while breakpoints, values and the exit code come as ever."""
    client.break_at(program, 3)
    client.start("launch", {"program": str(program), "console": "integratedTerminal"})
    done = client.send("configurationDone")
    client.result("configurationDone", done)
    client.frames.wait_until(lambda: bool(terminals.opened), DEADLINE)
    (terminal,) = terminals.opened
    assert terminal.stdout is not None
    assert "in the terminal\n" == terminal.stdout.readline()
    terminals.type("typed\n")
    stop = client.wait_for_stop()
    assert stop is not None
    assert (3, '"typed"') == (stop.line, client.evaluate("line"))
    (number,) = stop.breakpoints
    first = next(
        frame.message["body"]["breakpoints"][0]["id"]
        for frame in client.transcript
        if frame.message.get("command") == "setBreakpoints" and "body" in frame.message
    )
    assert first == number
    assert 4 == client.run_to_end()
    client.disconnect()
    assert "typed\n" == terminal.stdout.read()
    assert 0 == terminal.wait(DEADLINE)


def test_progress_ends_with_the_session_that_began_it(
    terminals: Terminals, program: Path, tmp_path: Path
) -> None:
    """What a slow terminal lets the client show does not stay for ever."""
    gate = tmp_path / "gate"
    os.mkfifo(gate)

    def slowly(arguments: dict[str, Any]) -> dict[str, Any]:
        waiting = ["sh", "-c", f"read _ < '{gate}'; exec \"$@\"", "sh", *arguments["args"]]
        return terminals.open({**arguments, "args": waiting})

    with DapClient.spawn(
        [sys.executable, "-P", "-m", "dap_server"], check=check_frame, deadline=DEADLINE
    ) as client:
        client.frames.answerers["runInTerminal"] = slowly
        client.initialize(supports_run_in_terminal_request=True, supports_progress_reporting=True)
        client.start("launch", {"program": str(program), "console": "integratedTerminal"})
        done = client.send("configurationDone")
        client.result("configurationDone", done)
        started = client.wait_for("progressStart")
        gate.write_text("go\n")
        client.wait_for("progressEnd", lambda body: body["progressId"] == started["progressId"])
        terminals.type("typed\n")
        assert 4 == client.run_to_end()
        client.disconnect()


def test_numbers_of_messages_go_on(client: DapClient, terminals: Terminals, program: Path) -> None:
    """The client sees one adapter: every message has the next number."""
    client.start("launch", {"program": str(program), "console": "externalTerminal"})
    client.send("configurationDone")
    client.frames.wait_until(lambda: bool(terminals.opened), DEADLINE)
    terminals.type("typed\n")
    client.wait_for("terminated")
    received = [f.message["seq"] for f in client.transcript if f.direction == "received"]
    assert list(range(1, len(received) + 1)) == received
    assert "external" == terminals.requests[0]["kind"]
    assert 1 == len(client.frames.received("initialized"))


def test_a_refusal_is_the_answer_to_the_launch(client: DapClient, program: Path) -> None:
    """The client's reason is shown, and another launch may follow."""

    def refuse(_: dict[str, Any]) -> None:
        raise ValueError("no terminals today")

    client.frames.answerers["runInTerminal"] = refuse
    client.start("launch", {"program": str(program), "console": "integratedTerminal"})
    with pytest.raises(RequestFailed, match="no terminals today"):
        client.run()
    plain = write(program.parent, "b.lua", "print('here')")
    assert client.launch(plain) is None
    assert "here\n" == client.output("stdout")


def test_a_closed_terminal_ends_the_session(
    client: DapClient, terminals: Terminals, program: Path
) -> None:
    """The client is told, and its disconnect is answered."""
    client.start("launch", {"program": str(program), "console": "integratedTerminal"})
    client.send("configurationDone")
    client.wait_for("process")
    terminals.opened[0].kill()
    client.wait_for("terminated")
    assert "The process of the program is gone.\n" == client.output("important")
    with pytest.raises(RequestFailed, match="has ended"):
        client.requests.threads()
    client.disconnect()
    client.frames.wait_until_over(DEADLINE)


def test_a_stranger_with_a_wrong_token_is_not_let_in(
    client: DapClient, terminals: Terminals, program: Path
) -> None:
    """Only the process that was started in the terminal is taken for it."""
    opened = terminals.open
    refused: list[int] = []

    def open_after_stranger(arguments: dict[str, Any]) -> dict[str, Any]:
        words = list(arguments["args"])
        words[words.index("--token") + 1] = "wrong"
        refused.append(subprocess.run(words, timeout=DEADLINE, check=False).returncode)
        return opened(arguments)

    client.frames.answerers["runInTerminal"] = open_after_stranger
    client.start("launch", {"program": str(program), "console": "integratedTerminal"})
    client.send("configurationDone")
    client.wait_for("process")
    terminals.type("typed\n")
    assert 4 == client.wait_for("exited")["exitCode"]
    assert [0] == refused


def test_attaching_through_an_adapter_reaches_the_waiting_script(tmp_path: Path) -> None:
    """An editor that starts ``llmspell dap`` attaches to a script at a port by configuration."""
    from tests.support.commands import Running

    program = write(tmp_path, "a.lua", "local x = 41\nx = x + 1\nprint(x)\n")
    with (
        Running(["debug", "a.lua", "--dap-port", "0"], tmp_path) as running,
        DapClient.spawn(
            [sys.executable, "-P", "-m", "dap_server"], check=check_frame, deadline=DEADLINE
        ) as client,
    ):
        client.break_at(program, 3)
        client.attach(port=running.port)
        stop = client.wait_for_stop()
        assert stop is not None
        assert (3, "42") == (stop.line, client.evaluate("x"))
        client.disconnect()
        assert (0, "42\n", "") == running.end()


def test_attaching_to_nobody_says_what_to_start(client: DapClient) -> None:
    """The answer has the address and the command."""
    with pytest.raises(RequestFailed, match=r"No program waits to be debugged at 127\.0\.0\.1:1 "):
        client.attach(port=1)


@pytest.mark.parametrize("host", ["nowhere.invalid", "a..b"])
def test_a_host_nobody_knows_is_told(client: DapClient, host: str) -> None:
    """The reason is the resolver's own, whose numbers mean other things elsewhere."""
    with pytest.raises(
        RequestFailed, match=f"No program waits to be debugged at {host}:1 "
    ) as told:
        client.attach(connect={"host": host, "port": 1})
    assert "rror -" not in str(told.value)
