"""The client itself: connections, waiting, transcripts, and what it runs into."""

import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from dap_server.client import (
    AdapterGone,
    ClientError,
    DapClient,
    Overdue,
    RequestFailed,
)
from dap_server.wire import encode
from tests.support.fakes import FakeDebuggee, FakeHost, forever, stopped
from tests.support.schema import check_frame
from tests.unit.dap_server.conftest import Connect

ADAPTER = """
import anyio
from dap_server.client_session import ClientSession
from kernel.transport.stdio import StdioTransport
from tests.support.fakes import FakeDebuggee, FakeHost, stopped

async def main():
    await ClientSession(StdioTransport(0, 1), FakeHost(FakeDebuggee([stopped()]))).run()

anyio.run(main)
"""
ROOT = Path(__file__).parents[3]


def test_a_spawned_adapter() -> None:
    """A session over standard input and output, from start to end."""
    with DapClient.spawn([sys.executable, "-c", ADAPTER], cwd=str(ROOT), check=check_frame) as it:
        stop = it.launch("a.lua")
        assert stop is not None
        assert ("breakpoint", 3, "/p/a.lua", "f") == (
            stop.reason, stop.line, stop.path, stop.function
        )  # fmt: skip
        assert 0 == it.run_to_end()
        it.disconnect()


def test_an_adapter_that_does_not_end_is_killed() -> None:
    """Closing never waits for ever."""
    code = "import signal; print(end='', flush=True); signal.pause()"
    client = DapClient.spawn([sys.executable, "-c", code], deadline=0.2)
    client.close()


def test_an_adapter_that_dies() -> None:
    """Whoever waits hears of it."""
    with (
        DapClient.spawn([sys.executable, "-c", ""]) as client,
        pytest.raises(AdapterGone),
    ):
        client.initialize()


def serve_once(answer: bytes) -> int:
    """A server that reads a little, sends ``answer`` and hangs up; its port."""
    server = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        peer, _ = server.accept()
        with peer, server:
            peer.recv(1000)
            peer.sendall(answer)

    threading.Thread(target=run, daemon=True).start()
    return int(server.getsockname()[1])


def test_tcp() -> None:
    """A connection that ends while something is awaited is told as such."""
    body = {"type": "response", "seq": 1, "request_seq": 1, "success": True, "command": "threads"}
    with DapClient.connect(serve_once(encode({**body, "body": {"threads": []}}))) as client:
        assert [] == client.requests.threads().threads
        with pytest.raises(AdapterGone):
            client.wait_for("stopped")


def test_an_adapter_that_sends_nonsense() -> None:
    """What is no message is an error, not a hang."""
    client = DapClient.connect(serve_once(b"Content-Length: 3\r\n\r\n{x}"))
    with pytest.raises(AdapterGone, match="not JSON"):
        client.requests.threads()
    with pytest.raises(AdapterGone):
        client.close()


def test_nobody_listens() -> None:
    """The system's words are enough."""
    with pytest.raises(ConnectionRefusedError):
        DapClient.connect(1)


def test_overdue(connect: Connect) -> None:
    """What does not come is not awaited for ever."""
    program = FakeDebuggee([stopped()])
    program.answers["scopes"] = forever
    client = connect(FakeHost(program))
    client.launch("a.lua")
    client.deadline = 0.05
    with pytest.raises(Overdue, match=r"Within 0\.05 seconds"):
        client.locals()
    with pytest.raises(Overdue, match="the event exited"):
        client.wait_for("exited", deadline=0.05)
    client.deadline = 5


def test_a_frame_check_that_fails() -> None:
    """Its error is raised by whatever waits, and by closing."""

    def check(direction: str, message: object) -> None:
        raise ValueError(f"bad {direction}")

    client = DapClient.in_memory(FakeHost(), check=check)
    with pytest.raises(ValueError, match="bad sent"):
        client.initialize()
    with pytest.raises(ValueError, match="bad sent"):
        client.close()


def test_locals_scopes_and_changes(client: DapClient) -> None:
    """Variables by name, as they are shown."""
    assert {"x": "1", "y": '"two"'} == client.locals()
    assert "2" == client.set_variable("x", "2")
    with pytest.raises(ClientError, match="There is no scope Upvalues"):
        client.scope("Upvalues")
    assert ["f", "main chunk"] == [each.name for each in client.stack()]


def test_nothing_can_be_asked_of_a_running_program(connect: Connect) -> None:
    """The verbs that need a stop say so."""
    client = connect(FakeHost(running=FakeDebuggee()))
    client.attach()
    for verb in (client.step_in, client.locals, client.stack):
        with pytest.raises(ClientError, match="not stopped"):
            verb()
    assert "pause" == client.pause().reason


def test_a_wait_leaves_what_does_not_fit(client: DapClient) -> None:
    """An event that was not meant is there for the next who waits."""
    client.run_to_end()
    assert "started" == client.wait_for("thread", lambda body: body["threadId"] == 1)["reason"]
    assert 42 == client.wait_for("process")["systemProcessId"]


def test_the_transcript_has_every_frame(client: DapClient) -> None:
    """Both directions, in order, with times."""
    directions = [(frame.direction, frame.message["seq"]) for frame in client.transcript]
    assert [("sent", 1), ("received", 1), ("received", 2), ("sent", 2)] == directions[:4]
    times = [frame.at for frame in client.transcript]
    assert sorted(times) == times


def test_request_failed_says_which(client: DapClient) -> None:
    """The request, the reason, and the number of the error."""
    with pytest.raises(RequestFailed) as failed:
        client.requests.goto(thread_id=1, target_id=1)
    assert ("goto", 1003) == (failed.value.command, failed.value.id)
    assert "goto: goto is not supported." == str(failed.value)


def test_importing_the_client_does_not_load_the_adapter() -> None:
    """Tests that debug over TCP need no more than the client."""
    code = "import sys, dap_server.client; print('dap_server.dispatcher' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "False" == shown.stdout.strip()
