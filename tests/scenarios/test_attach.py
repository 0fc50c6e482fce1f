"""Attaching: a program that runs by itself, clients that come, leave it running or standing."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dap_server.client import DapClient, RequestFailed
from dap_server.protocol import generated as dap
from tests.support.commands import DEADLINE, Running, become, write
from tests.support.schema import check_frame

PROGRAM = """\
n = 0
io.open("started", "w"):close()
while not done do
  n = n + 1
end
print("done", n > 0)
"""

WORK = 4
"""The line in the loop."""

Start = Callable[..., Running]


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program that runs until somebody sets ``done``."""
    return write(tmp_path, "a.lua", PROGRAM)


@pytest.fixture
def running(program: Path, lua: str) -> Iterator[Running]:
    """The program, begun before any client comes."""
    words = ["debug", program.name, "--dap-port", "0", "--no-wait", "--lua", lua]
    with Running(words, program.parent) as running:
        become((program.parent / "started").exists)
        yield running


def finish(client: DapClient) -> None:
    """Let the program end."""
    client.evaluate("done = true", context="repl")
    assert 0 == client.run_to_end()
    client.disconnect()


def test_leaving_at_a_stop_lets_it_run(running: Running, program: Path) -> None:
    """Who disconnects at a breakpoint leaves the program running, its breakpoints gone."""
    with running.client() as first:
        first.break_at(program, WORK)
        first.attach()
        assert first.wait_for_stop() is not None
        first.disconnect()
    with running.client() as second:
        second.attach()
        assert [1] == [each.id for each in second.requests.threads().threads]
        once = second.evaluate("n")
        become(lambda: second.evaluate("n") != once)
        assert [] == second.frames.received("stopped")
        finish(second)
    assert (0, "done\ttrue\n", "") == running.end()


def test_it_can_be_left_standing(running: Running, program: Path) -> None:
    """With ``suspendDebuggee`` it stays where it stands, and the next client finds it there."""
    with running.client() as first:
        first.break_at(program, WORK)
        first.attach()
        assert first.wait_for_stop() is not None
        told = first.wait_for("capabilities")["capabilities"]
        assert {"supportsRestartRequest": False, "supportSuspendDebuggee": True} == told
        n = first.evaluate("n")
        first.requests.disconnect(suspend_debuggee=True)
    with running.client() as second:
        second.attach()
        stop = second.wait_for_stop()
        assert stop is not None
        assert (WORK, n) == (stop.line, second.evaluate("n"))
        assert "breakpoint" == stop.reason
        finish(second)
    assert (0, "done\ttrue\n", "") == running.end()


def test_ending_what_was_attached_to(running: Running) -> None:
    """With ``terminateDebuggee`` leaving ends the program."""
    with running.client() as client:
        client.attach()
        client.disconnect(terminate=True)
        client.wait_for("terminated")
    code, out, _ = running.end()
    assert "" == out
    assert code is not None


def test_terminating_what_was_attached_to(running: Running) -> None:
    """Terminate ends the program, whoever started it."""
    with running.client() as client:
        client.attach()
        client.requests.terminate()
        client.wait_for("terminated")
        client.disconnect()
    running.end()


def test_a_client_that_vanishes_at_a_stop(running: Running, program: Path) -> None:
    """A connection that breaks is a disconnect: nothing stands still for ever."""
    with running.client() as first:
        first.break_at(program, WORK)
        first.attach()
        assert first.wait_for_stop() is not None
    with running.client() as second:
        second.attach()
        second.set_breakpoints(program)
        finish(second)
    assert (0, "done\ttrue\n", "") == running.end()


def test_each_client_has_breakpoints_of_its_own(running: Running, program: Path) -> None:
    """What one client set is not there for the next, whose own are hit."""
    with running.client() as first:
        first.break_at(program, WORK, condition="n < 0")
        first.attach()
        first.disconnect()
    with running.client() as second:
        second.break_at(program, WORK, condition="n > 10")
        second.attach()
        stop = second.wait_for_stop()
        assert stop is not None
        assert "true" == second.evaluate("n > 10")
        second.set_breakpoints(program)
        finish(second)
    running.end()


def test_many_come_and_go(running: Running, program: Path) -> None:
    """Ten clients in a row stop it, look, and leave it running."""
    for _ in range(10):
        with running.client() as client:
            client.break_at(program, WORK)
            client.attach()
            assert client.wait_for_stop() is not None
            assert "nil" != client.evaluate("n")
            client.disconnect()
    with running.client() as last:
        last.attach()
        assert "pause" == last.pause().reason
        finish(last)
    assert (0, "done\ttrue\n", "") == running.end()


@pytest.mark.parametrize("way", ["directly", "through an adapter"])
def test_an_unknown_argument_is_told_once(running: Running, way: str) -> None:
    """Whether the client connects to the program or to an adapter that does, it hears it once."""
    adapter = [sys.executable, "-P", "-m", "dap_server"]
    directly = way == "directly"
    with (
        running.client()
        if directly
        else DapClient.spawn(adapter, check=check_frame, deadline=DEADLINE)
    ) as client:
        client.attach(port=running.port, prot=1)
        finish(client)
        told = "The attach configuration has an unknown key 'prot', which is ignored."
        assert f"{told} Did you mean 'port'?\n" == client.output("important")


def test_an_unknown_argument_is_told_when_attaching_fails() -> None:
    """The misspelt argument may be the reason."""
    adapter = [sys.executable, "-P", "-m", "dap_server"]
    with DapClient.spawn(adapter, check=check_frame, deadline=DEADLINE) as client:
        with pytest.raises(RequestFailed, match="needs 'port'"):
            client.attach(prot=4711)
        assert "Did you mean 'port'?" in client.output("important")


def test_a_client_that_never_says_configuration_done(running: Running, program: Path) -> None:
    """Some never do: their attach is answered all the same, and they can pause and look."""
    with running.client() as client:
        client.initialize()
        client.ask("attach", {})
        client.requests.set_exception_breakpoints(filters=[])
        client.requests.pause(thread_id=1)
        stop = client.wait_for_stop()
        assert stop is not None
        assert "pause" == stop.reason
        finish(client)
    running.end()


def test_an_endless_expression_and_a_client_that_leaves(running: Running) -> None:
    """An expression that never returns ends with its client; the next one can work."""
    with running.client() as first:
        first.attach()
        first.send("evaluate", {"expression": "(function() while true do end end)()"})
        first.disconnect()
    with running.client() as second:
        second.attach()
        finish(second)
    assert (0, "done\ttrue\n", "") == running.end()


def test_launched_and_left_running(program: Path, lua: str) -> None:
    """A program that was launched runs on by itself if its client leaves and wants that."""
    import sys

    trace = program.parent / "trace"
    write(
        program.parent,
        "b.lua",
        "local n = 1\n"
        "print(n)\n"
        "for i = 1, 1000 do print(i, string.rep('x', 1000)) end\n"
        f"local f = io.open({str(trace)!r}, 'w') f:write('end') f:close()\n",
    )
    with DapClient.spawn([sys.executable, "-P", "-m", "dap_server"]) as client:
        client.break_at(program.parent / "b.lua", 2)
        assert client.launch(program.parent / "b.lua", lua=lua) is not None
        assert not trace.exists()
        client.disconnect(terminate=False)
        become(lambda: trace.exists() and "end" == trace.read_text())


def test_leaving_before_the_program_begins(program: Path, lua: str) -> None:
    """What was set for a program that waits goes with who set it."""
    with Running(["debug", program.name, "--dap-port", "0", "--lua", lua], program.parent) as waits:
        with waits.client() as first:
            first.start("attach", {})
            wanted = [dap.DataBreakpoint(data_id="global:n")]
            (answer,) = first.requests.set_data_breakpoints(breakpoints=wanted).breakpoints
            assert answer.verified
            first.disconnect()
        with waits.client() as second:
            second.attach()
            become((program.parent / "started").exists)
            once = second.evaluate("n")
            become(lambda: second.evaluate("n") != once)
            assert [] == second.frames.received("stopped")
            finish(second)


def test_each_client_sees_things_in_its_own_way(running: Running, program: Path) -> None:
    """Path mappings, limits and files to pass over are those of the client that is there."""
    for name, longest, skipped, hint in (("one", 5, ["**/a.lua"], "subtle"), ("two", 7, [], None)):
        folder = f"/{name}/of/them"
        mapping = {"local": folder, "remote": str(program.parent)}
        with running.client() as client:
            client.break_at(f"{folder}/{program.name}", WORK)
            client.attach(pathMappings=[mapping], display={"maxString": longest}, skipFiles=skipped)
            stop = client.wait_for_stop()
            assert stop is not None
            assert f"{folder}/{program.name}" == stop.path
            assert stop.frame is not None
            assert hint == stop.frame.presentation_hint
            shown = client.evaluate("('x'):rep(20)")
            assert longest == shown.count("x")
            client.disconnect()
    with running.client() as last:
        last.attach()
        finish(last)
