"""``llmspell dap``: an adapter on stdio, and one for many clients on TCP."""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dap_server.client import DapClient
from tests.support.commands import DEADLINE, LLMSPELL, Running, become, children, llmspell, write
from tests.support.schema import check_frame


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    """A server on a port of its own."""
    with Running(["dap", "--listen", "127.0.0.1:0"], tmp_path) as running:
        yield running


def on_stdio(cwd: Path, **rest: object) -> DapClient:
    """A client that started the adapter, as editors do."""
    return DapClient.spawn(
        [*LLMSPELL, "dap"], cwd=str(cwd), check=check_frame, deadline=DEADLINE, **rest
    )


def reads_stdin(pid: int) -> bool:
    """Whether a thread of the process waits in ``read(0, …)``."""
    calls = [path.read_text().split() for path in Path(f"/proc/{pid}/task").glob("*/syscall")]
    return any(call[1:2] == ["0x0"] and call[0] in ("0", "63") for call in calls)


def test_stdio_serves_a_session_and_ends(tmp_path: Path) -> None:
    """Script output is events, none of it gets between the messages, and nothing is lost."""
    program = write(tmp_path, "a.lua", "print('out')\nio.stderr:write('err\\n')\nlocal x = 1\n")
    with on_stdio(tmp_path) as client:
        client.break_at(program, 3)
        assert client.launch(program) is not None
        assert ("out\n", "err\n") == (client.output("stdout"), client.output("stderr"))
        assert 0 == client.run_to_end()
        client.disconnect()
        client.frames.wait_until_over(DEADLINE)


def test_children_and_raw_writes_are_output_events(tmp_path: Path) -> None:
    """In the order of writing, although each takes another way."""
    program = write(
        tmp_path, "a.lua", "print('one')\nos.execute('echo two')\nio.write('three\\n')\n"
    )
    with on_stdio(tmp_path) as client:
        assert client.launch(program) is None
        assert "one\ntwo\nthree\n" == client.output("stdout")


def test_a_typed_line_answers_io_read(tmp_path: Path) -> None:
    """While the script waits for input, the debug console is its keyboard."""
    program = write(tmp_path, "a.lua", "print('name?')\nprint('hello ' .. io.read())\n")
    with on_stdio(tmp_path) as client:
        client.start("launch", {"program": str(program)})
        number = client.send("configurationDone")
        client.result("configurationDone", number)
        client.wait_for("output", lambda body: body["output"] == "name?\n")
        adapter = client.wait_for("process")["systemProcessId"]
        become(lambda: reads_stdin(adapter))
        client.requests.evaluate(expression="you", context="repl")
        client.wait_for("terminated")
        assert "name?\nhello you\n" == client.output("stdout")


@pytest.mark.parametrize("ends", ["terminate", "restart"])
def test_a_program_that_waits_for_input_ends(tmp_path: Path, ends: str) -> None:
    """At once; what is typed after a restart is for the new program."""
    program = write(tmp_path, "a.lua", "print('name?')\nprint('hello ' .. io.read())\n")
    with on_stdio(tmp_path) as client:
        client.start("launch", {"program": str(program)})
        client.result("configurationDone", client.send("configurationDone"))
        adapter = client.wait_for("process")["systemProcessId"]
        become(lambda: reads_stdin(adapter))
        client.result(ends, client.send(ends))
        if ends == "restart":
            become(lambda: client.output("stdout") == "name?\nname?\n" and reads_stdin(adapter))
            client.requests.evaluate(expression="you", context="repl")
        client.wait_for("terminated")
        assert ends == "terminate" or client.output("stdout").endswith("hello you\n")
        assert "does not end" not in client.output()


@pytest.mark.parametrize("reads", ["io.read()", "io.read('a')", "debug.debug()"])
def test_an_evaluation_that_reads_can_be_cancelled(tmp_path: Path, reads: str) -> None:
    """It waits for no line any more, and what is typed later is the program's."""
    program = write(tmp_path, "a.lua", "local n = 20\nprint(io.read())\n")
    with on_stdio(tmp_path) as client:
        client.break_at(program, 2)
        stop = client.launch(program)
        assert stop is not None
        adapter = client.wait_for("process")["systemProcessId"]
        asked = {"expression": reads, "frameId": stop.frame.id, "context": "watch"}
        number = client.send("evaluate", asked)
        become(lambda: reads_stdin(adapter))
        client.requests.cancel(request_id=number)
        assert "21" == client.evaluate("n + 1")
        client.requests.continue_(thread_id=1)
        become(lambda: reads_stdin(adapter))
        client.requests.evaluate(expression="typed", context="repl")
        client.wait_for("terminated")
        assert "typed\n" == client.output("stdout")


def test_a_server_serves_many_at_once(server: Running, tmp_path: Path) -> None:
    """Each has a process of its own and sees its own program."""
    program = write(tmp_path, "a.lua", "local who = ...\nprint(who)\n")
    clients = [server.client() for _ in range(5)]
    try:
        for number, client in enumerate(clients):
            client.break_at(program, 2)
            assert client.launch(program, args=[str(number)]) is not None
        assert 5 == len(children(server.process.pid))
        assert [f'"{n}"' for n in range(5)] == [each.evaluate("who") for each in clients]
        for client in clients:
            assert 0 == client.run_to_end()
            client.disconnect()
    finally:
        for client in clients:
            client.close()
    become(lambda: children(server.process.pid) == [])


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL])
def test_a_crash_is_told_and_concerns_nobody_else(
    server: Running, tmp_path: Path, number: signal.Signals
) -> None:
    """The client of a dead worker hears how it ended; the other session and the server go on."""
    program = write(tmp_path, "a.lua", "local x = 1\nprint(x)\n")
    with server.client() as other, server.client() as client:
        other.break_at(program, 2)
        assert other.launch(program) is not None
        client.break_at(program, 2)
        assert client.launch(program) is not None
        os.kill(client.frames.received("process")[0]["systemProcessId"], number)
        assert 128 + number == client.wait_for("exited")["exitCode"]
        client.wait_for("terminated")
        assert f"was killed by {number.name}" in client.output("important")
        client.frames.wait_until_over(DEADLINE)
        assert "1" == other.evaluate("x")
        assert 0 == other.run_to_end()
    with server.client() as third:
        assert third.launch(program) is None


def test_a_client_that_vanishes_leaves_nothing_behind(server: Running, tmp_path: Path) -> None:
    """Its worker ends, even while the script is in an endless loop."""
    program = write(tmp_path, "a.lua", "print('go')\nwhile true do end\n")
    client = server.client()
    client.start("launch", {"program": str(program)})
    client.send("configurationDone")
    client.wait_for("output")
    client.close()
    become(lambda: children(server.process.pid) == [])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_server_and_all_workers(
    server: Running, tmp_path: Path, number: signal.Signals
) -> None:
    """Also those whose script would never end."""
    program = write(tmp_path, "a.lua", "print('go')\nwhile true do end\n")
    with server.client() as client:
        client.start("launch", {"program": str(program)})
        client.send("configurationDone")
        client.wait_for("output")
        (worker,) = children(server.process.pid)
        server.process.send_signal(number)
        client.wait_for("terminated")
        assert 0 == server.end()[0]
        client.frames.wait_until_over(DEADLINE)
        assert not os.path.exists(f"/proc/{worker}")


def test_workers_can_be_spawned_too(tmp_path: Path) -> None:
    """An interpreter of its own serves an inherited socket, as where there is no fork."""
    import subprocess

    ours, theirs = socket.socketpair()
    program = write(tmp_path, "a.lua", "print('spawned')\n")
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "dap_server", "--socket-fd", str(theirs.fileno())],
        pass_fds=[theirs.fileno()],
        cwd=tmp_path,
    )
    theirs.close()
    with DapClient(_Pair(ours), check=check_frame, deadline=DEADLINE) as client:
        assert client.launch(program) is None
        assert "spawned\n" == client.output("stdout")
        client.disconnect()
        assert 0 == process.wait(DEADLINE)


class _Pair:
    """A `Connection` over one end of a socket pair."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end

    def receive(self) -> bytes:
        return self._end.recv(65_536)

    def send(self, data: bytes) -> None:
        self._end.sendall(data)

    def close(self) -> None:
        self._end.shutdown(socket.SHUT_RDWR)
        self._end.close()


def test_a_taken_port_is_told(server: Running, tmp_path: Path) -> None:
    """The message names the address."""
    done = llmspell("dap", "--listen", f"127.0.0.1:{server.port}", cwd=tmp_path)
    assert 1 == done.returncode
    assert f"llmspell: cannot listen on 127.0.0.1:{server.port}: " in done.stderr


def test_an_address_without_sense_is_refused(tmp_path: Path) -> None:
    """The status is that of a wrong command line, and the usage that of the command."""
    done = llmspell("dap", "--listen", "127.0.0.1:x", cwd=tmp_path)
    assert 2 == done.returncode
    assert done.stderr.startswith("usage: llmspell dap ")
    assert done.stderr.endswith("argument --listen: '127.0.0.1:x' is no HOST:PORT\n")


@pytest.mark.parametrize("host", ["nowhere.invalid", "a..b"])
def test_a_host_nobody_knows_is_told(tmp_path: Path, host: str) -> None:
    """Also a name that cannot even be looked up."""
    done = llmspell("dap", "--listen", f"{host}:0", cwd=tmp_path)
    assert 1 == done.returncode
    assert done.stderr.startswith(f"llmspell: cannot listen on {host}:0: ")
    assert 1 == done.stderr.count("\n")
