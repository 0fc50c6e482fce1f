"""``llmspell debug``: one script, clients that come and go."""

import signal
from pathlib import Path

import pytest

from dap_server.client import RequestFailed
from tests.support.commands import Running, llmspell, write

PROGRAM = """\
local name = ...
print("hello", name)
local sum = 0
for i = 1, 3 do
  sum = sum + i
end
print("sum", sum)
os.exit(sum)
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A script that ends with status 6."""
    return write(tmp_path, "a.lua", PROGRAM)


def test_it_waits_serves_and_ends_with_the_scripts_status(program: Path) -> None:
    """A client attaches, stops, looks and lets the script end; stdout is the script's."""
    with Running(["debug", "a.lua", "--dap-port", "0", "--", "you"], program.parent) as running:
        with running.client() as client:
            client.break_at(program, 5)
            client.attach()
            stop = client.wait_for_stop()
            assert stop is not None
            assert (5, "breakpoint") == (stop.line, stop.reason)
            assert "0" == client.evaluate("sum")
            client.set_breakpoints(program)
            assert 6 == client.run_to_end()
            assert "hello\tyou\nsum\t6\n" == client.output("stdout")
            client.disconnect()
        assert (6, "hello\tyou\nsum\t6\n", "") == running.end()


def test_clients_come_one_after_another(program: Path) -> None:
    """Who leaves lets the script run on; the next one finds it."""
    write(program.parent, "a.lua", "local n = 0\nwhile n >= 0 do\n  n = n + 1\nend\nprint(n)")
    with Running(["debug", "a.lua", "--dap-port", "0"], program.parent) as running:
        with running.client() as first:
            first.break_at(program, 3)
            first.attach()
            assert first.wait_for_stop() is not None
            first.disconnect()
        with running.client() as second:
            second.attach()
            stop = second.pause()
            assert "pause" == stop.reason
            second.set_variable("n", "-10")
            assert 0 == second.run_to_end()
            second.disconnect()
        assert 0 == running.end()[0]


def test_a_client_may_launch_as_well(program: Path) -> None:
    """Editors that only know ``launch`` start the waiting script with it."""
    with Running(["debug", "a.lua", "--dap-port", "0"], program.parent) as running:
        with running.client() as client:
            client.break_at(program, 7)
            stop = client.launch(program, args=["me"])
            assert stop is not None
            assert 7 == stop.line
            assert 6 == client.run_to_end()
            client.disconnect()
        assert (6, "hello\tme\nsum\t6\n", "") == running.end()


def test_another_program_cannot_be_launched(program: Path) -> None:
    """The refusal names the one there is."""
    other = write(program.parent, "b.lua", "print(1)")
    with (
        Running(["debug", "a.lua", "--dap-port", "0"], program.parent) as running,
        running.client() as client,
        pytest.raises(RequestFailed, match=r"Only .*a\.lua can be debugged here"),
    ):
        client.launch(other)


def test_a_second_client_is_refused_while_one_is_there(program: Path) -> None:
    """It is told why, and the first one is not disturbed."""
    with (
        Running(["debug", "a.lua", "--dap-port", "0"], program.parent) as running,
        running.client() as first,
    ):
        first.break_at(program, 5)
        first.attach()
        assert first.wait_for_stop() is not None
        with running.client() as second, pytest.raises(RequestFailed, match="Another client"):
            second.attach()
        assert "0" == first.evaluate("sum")


def test_without_waiting_the_script_runs_at_once(program: Path) -> None:
    """``--no-wait`` needs no client."""
    with Running(
        ["debug", "a.lua", "--dap-port", "0", "--no-wait", "--", "x"], program.parent
    ) as running:
        assert (6, "hello\tx\nsum\t6\n", "") == running.end()


def test_a_missing_script_is_named(tmp_path: Path) -> None:
    """Before anything listens."""
    done = llmspell("debug", "none.lua", "--dap-port", "0", cwd=tmp_path)
    assert (1, "llmspell: Script file not found: none.lua\n") == (done.returncode, done.stderr)


def test_a_lua_there_is_not_is_named(program: Path) -> None:
    """Before anything listens, in the words of ``llmspell run``."""
    done = llmspell("debug", "a.lua", "--dap-port", "0", "--lua", "7", cwd=program.parent)
    run = llmspell("run", "--lua", "7", "a.lua", cwd=program.parent)
    assert done.stderr.startswith("llmspell: There is no Lua '7'; there are 5.1, ")
    assert (run.returncode, run.stderr) == (done.returncode, done.stderr)


def test_a_taken_port_is_told(program: Path) -> None:
    """The message names the address and the system's reason."""
    with Running(["debug", "a.lua", "--dap-port", "0"], program.parent) as running:
        done = llmspell("debug", "a.lua", "--dap-port", str(running.port), cwd=program.parent)
    assert 1 == done.returncode
    assert f"llmspell: cannot listen on 127.0.0.1:{running.port}: " in done.stderr


def test_an_interrupt_ends_a_script_that_nobody_came_for(program: Path) -> None:
    """Ctrl-C while it waits; the status is that of an interrupted command."""
    with Running(["debug", "a.lua", "--dap-port", "0"], program.parent) as running:
        running.process.send_signal(signal.SIGINT)
        assert (130, "", "") == running.end()


def test_stdin_is_the_scripts(tmp_path: Path) -> None:
    """What is typed in the terminal goes to the script."""
    write(tmp_path, "a.lua", "print(io.read())")
    done = llmspell("debug", "a.lua", "--dap-port", "0", "--no-wait", cwd=tmp_path, text="typed\n")
    assert "typed\n" == done.stdout
