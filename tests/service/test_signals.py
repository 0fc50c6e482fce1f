"""What signals do to a kernel, and what it does by itself: draining, limits, the idle timeout."""

import json
import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from kernel.service.drain import ENDING
from tests.service.conftest import Kernels, health, reply_to
from tests.support.commands import LLMSPELL, become
from tests.support.ports import free_port

UNTIL = "io.open('{0}.began', 'w'):close() while not io.open('{0}') do end print('done')"


def test_sigterm_lets_the_running_cell_end_and_takes_no_new_one(kernels: Kernels) -> None:
    """The cell that runs ends as it would have; what waits is aborted, what comes is refused."""
    record, gate = kernels.start("one"), kernels.folder / "gate"
    with kernels.client(record) as client, kernels.client(record) as other:
        running = client.execute(UNTIL.format(gate))
        become(Path(f"{gate}.began").exists)
        waiting = other.execute("print('never')")
        other.kernel_info(reply=True, timeout=30)  # so that the cell has arrived, too
        os.kill(record["pid"], signal.SIGTERM)
        become(lambda: health(record)["state"] == "draining")
        assert "draining" == kernels.registry.find("one").record.state
        refused = other.execute("print('neither')")
        reply = reply_to(other, refused)
        assert ("KernelEnding", ENDING) == (reply["ename"], reply["evalue"])
        gate.touch()
        assert "ok" == reply_to(client, running)["status"]
        assert "aborted" == reply_to(other, waiting)["status"]
    kernels.until_ended(record)
    assert [] == list(kernels.registry.folder.glob("one*"))
    assert not Path(record["connection_file"]).exists()


def test_sigterm_interrupts_a_cell_that_does_not_end(kernels: Kernels) -> None:
    """After the patience of ``--drain``; the client hears of it, and the history was saved."""
    record = kernels.start("one", "--drain", "0.2")
    with kernels.client(record) as client:
        running = client.execute("x = 1 while true do end")
        become(lambda: health(record)["state"] == "busy")
        os.kill(record["pid"], signal.SIGTERM)
        assert "Interrupted" == reply_to(client, running)["ename"]
    kernels.until_ended(record)
    assert "the cell did not end within 0.2 s: it is interrupted" in kernels.log(record)
    assert "ended with status 0" in kernels.log(record)


def test_a_second_sigterm_ends_at_once(kernels: Kernels) -> None:
    """Whatever the program does; and even then nothing is left behind."""
    words = [*LLMSPELL, "kernel", "start", "--id", "one", "--drain", "600"]
    with subprocess.Popen(words, env=kernels.env, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        file = Path(process.stderr.readline().rpartition(" ")[2].strip())
        record = {"connection_file": str(file), "pid": process.pid}
        with kernels.client(record) as client:
            client.execute("while true do end")
            become(lambda: health(record)["state"] == "busy")
            process.send_signal(signal.SIGTERM)
            become(lambda: health(record)["state"] == "draining")
            process.send_signal(signal.SIGTERM)
            assert 128 + signal.SIGTERM == process.wait(30)
        assert [] == list(kernels.registry.folder.glob("one*"))
        assert not file.exists()


def test_signals_print_statistics_switch_the_log_and_begin_a_new_one(kernels: Kernels) -> None:
    """SIGUSR1, SIGUSR2 and SIGHUP."""
    record = kernels.start("one")
    with kernels.client(record) as client:
        client.execute_interactive("print('out')")
        client.execute_interactive("error('no')")
        os.kill(record["pid"], signal.SIGUSR1)
        kernels.until_logged(record, "statistics: state=idle clients=1 ")
        assert "executes=2 errors=1 " in kernels.log(record)
        os.kill(record["pid"], signal.SIGUSR2)
        kernels.until_logged(record, "the log level is debug now")
        assert "debug" == health(record)["log_level"]
        os.kill(record["pid"], signal.SIGUSR2)
        kernels.until_logged(record, "the log level is info now")
        log = Path(record["log_file"])
        log.rename(log.with_suffix(".old"))
        os.kill(record["pid"], signal.SIGHUP)
        become(log.exists)
        os.kill(record["pid"], signal.SIGUSR1)
        kernels.until_logged(record, "statistics:")
        child = client.execute_interactive("os.execute('echo from a child')")
        assert "from a child\n" == child.stdout


def test_an_idle_kernel_ends_by_itself(kernels: Kernels) -> None:
    """When its time is over, and not while a cell runs or a debugger has stopped it."""
    record, gate = kernels.start("one", "--idle-timeout", "5"), kernels.folder / "gate"
    with kernels.client(record) as client:
        running = client.execute(UNTIL.format(gate))
        become(Path(f"{gate}.began").exists)
        become(lambda: health(record)["figures"]["uptime"] > 7)
        gate.touch()
        assert "ok" == reply_to(client, running)["status"]
    kernels.until_ended(record)
    assert "nothing happened for 5 s: the kernel ends" in kernels.log(record)
    assert [] == list(kernels.registry.folder.glob("one*"))


def test_one_client_too_many_is_refused_until_another_leaves(kernels: Kernels) -> None:
    """In words that say what to do; whoever is there notices nothing."""
    record = kernels.start("one", "--max-clients", "2")
    with kernels.client(record) as first:
        first.execute_interactive("x = 1")
        with kernels.client(record) as second, kernels.client(record) as third:
            second.execute_interactive("x = x + 1")
            error = third.execute_interactive("x = 100").error
            assert error is not None
            assert "TooManyClients" == error.name
            assert "at most 2 clients at a time" in error.message
            assert "2\n" == first.execute_interactive("print(x)").stdout
            said = health(record)
            assert (2, 2, True) == (said["clients"], said["max_clients"], said["refused"] > 0)
        become(lambda: health(record)["clients"] == 1)
        with kernels.client(record) as fourth:
            assert "2\n" == fourth.execute_interactive("print(x)").stdout


def test_line_clients_are_counted_by_their_connections(kernels: Kernels) -> None:
    """Also where there are no sockets of ZeroMQ; the status is asked over the same door."""
    from kernel.api import connect_blocking
    from kernel.jupyter.connection import read_connection

    words = ("--no-zmq", "--tcp", "127.0.0.1:0", "--max-clients", "1")
    record = kernels.start("one", *words)
    info = read_connection(Path(record["connection_file"]))
    address = f"tcp://{info.llmspell_tcp}"
    with connect_blocking(address, key=info.key) as first:
        first.execute_interactive("x = 1")
        with connect_blocking(address, key=info.key) as second:
            error = second.execute_interactive("x = 2").error
            assert error is not None
            assert "TooManyClients" == error.name
        assert 1 == kernels.status("one")["health"]["clients"]
    become(lambda: health(record)["clients"] == 0)


@pytest.mark.parametrize("sockets", ["tcp", "ipc"])
def test_ports_and_sockets_are_where_they_were_asked_for(kernels: Kernels, sockets: str) -> None:
    """Five in a row, or files that go with the kernel, also with one that was killed."""
    port = free_port(in_a_row=5)
    words = ("--port", str(port)) if sockets == "tcp" else ()
    record = kernels.start("one", "--transport", sockets, *words)
    said = json.loads(Path(record["connection_file"]).read_text())
    assert (sockets, port if words else 1) == (said["transport"], said["shell_port"])
    with kernels.client(record) as client:
        assert "1\n" == client.execute_interactive("print(1)").stdout
    os.kill(record["pid"], signal.SIGKILL)
    kernels.until_ended(record)
    kernels.status("one")
    assert [] == list((kernels.folder / "jupyter").iterdir())


def test_a_service_manager_is_told(kernels: Kernels) -> None:
    """READY when clients may come, WATCHDOG while the loop turns, STOPPING before the end."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(kernels.folder / "notify"))
        manager.settimeout(60)
        env = {
            **kernels.env,
            "NOTIFY_SOCKET": str(kernels.folder / "notify"),
            "WATCHDOG_USEC": "200000",
        }
        words = [*LLMSPELL, "kernel", "start", "--id", "one"]
        with subprocess.Popen(words, env=env, stderr=subprocess.DEVNULL) as process:
            heard = manager.recv(1000).decode().splitlines()
            assert ["READY=1", "STATUS=ready", f"MAINPID={process.pid}"] == heard
            assert ["WATCHDOG=1"] * 2 == [manager.recv(1000).decode() for _ in range(2)]
            process.terminate()
            said = manager.recv(1000).decode()
            while said == "WATCHDOG=1":
                said = manager.recv(1000).decode()
            assert "STOPPING=1\nSTATUS=SIGTERM" == said
            assert 0 == process.wait(30)
