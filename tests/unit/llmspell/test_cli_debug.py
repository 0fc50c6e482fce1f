"""``llmspell debug``: one script, clients that come and go."""

import json
import os
import signal
from pathlib import Path

import pytest

from dap_server.client import DapClient, RequestFailed
from lua_debug.versions import VERSIONS
from tests.support.commands import Running, become, children, llmspell, write

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


def test_programs_that_can_be_attached_to_are_listed(
    program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it runs, and no longer, however it ends."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(program.parent))
    with Running(["debug", "a.lua", "--port", "0", "--lua", "5.1"], program.parent) as running:
        pid = running.process.pid
        place = {"pid": pid, "host": "127.0.0.1", "port": running.port}
        expected = [{**place, "program": str(program), "lua": "5.1", "kind": "script"}]
        for words in (["--json"], ["--output", "json"], ["--engine", "lua", "--output=pretty"]):
            assert expected == json.loads(_listed(*words, cwd=program.parent))
        assert f"{pid}  127.0.0.1:{running.port}" in _listed(cwd=program.parent)
        running.process.kill()
        running.end()
        assert "No program waits for a debugger" in _listed(cwd=program.parent)
        assert [] == json.loads(_listed("--json", cwd=program.parent))
    assert [] == list((program.parent / "llmspell").iterdir())


def test_what_is_listed_ends_with_the_script(
    program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script that has ended leaves no file behind."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(program.parent))
    with Running(["debug", "a.lua", "--dap-port", "0"], program.parent) as running:
        with running.client() as client:
            client.attach()
            assert 6 == client.run_to_end()
            client.disconnect()
        running.end()
    assert [] == list((program.parent / "llmspell").iterdir())


def _listed(*words: str, cwd: Path) -> str:
    done = llmspell("debug", "--list", *words, cwd=cwd)
    assert (0, "") == (done.returncode, done.stderr)
    return done.stdout


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


def test_the_end_says_nothing_of_clients_that_stay(program: Path) -> None:
    """Who is still connected, the one that debugs and one that was refused, is left in silence."""
    with Running(["debug", "a.lua", "--dap-port", "0"], program.parent) as running:
        first, second = running.client(), running.client()
        first.break_at(program, 7)
        first.attach()
        assert first.wait_for_stop() is not None
        with pytest.raises(RequestFailed, match="Another client debugs"):
            second.attach()
        first.requests.terminate()
        status, _, told = running.end()
        assert (0, "") == (status, told)
        for client in (first, second):
            client.close()


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


def important(client: DapClient) -> list[str]:
    """What the client was told with emphasis."""
    told = [body for body in client.frames.received("output") if body["category"] == "important"]
    return "".join(body["output"] for body in told).splitlines()


def test_the_command_lines_arguments_hold(program: Path) -> None:
    """A client that launches without arguments leaves them as they are."""
    words = ["debug", "a.lua", "--dap-port", "0", "--", "one", "two"]
    with Running(words, program.parent) as running:
        with running.client() as client:
            assert None is client.launch(program, args=[])
            assert 6 == client.exit_code
            client.disconnect()
        assert (6, "hello\tone\nsum\t6\n", "") == running.end()


def test_what_a_launch_cannot_change_is_told(program: Path) -> None:
    """How the process was started holds; each argument that differs is named with a way out."""
    with (
        Running(["debug", "a.lua", "--dap-port", "0", "--", "x"], program.parent) as running,
        running.client() as client,
    ):
        wanted = {
            "lua": "5.1",
            "cwd": "/",
            "env": {"LLMSPELL_ADDED": "1"},
            "luaPath": "./?.lua",
            "luaCPath": ["./?.so"],
            "maxMemoryMB": 64,
        }
        client.launch(program, **wanted)
        assert [
            'lua is "5.1", but 5.4 runs; start `llmspell debug` with --lua 5.1.',
            f'cwd is "/", but the program runs in {program.parent.resolve()}; '
            "start `llmspell debug` in the other.",
            'env.LLMSPELL_ADDED is "1", but it is null; set it where `llmspell debug` is started.',
            'luaPath is ["./?.lua"], but it is not used; '
            "set LUA_PATH where `llmspell debug` is started.",
            'luaCPath is ["./?.so"], but it is not used; '
            "set LUA_CPATH where `llmspell debug` is started.",
            "maxMemoryMB is 64, but `llmspell debug` sets no limit; "
            "a launch by `llmspell dap` does.",
        ] == important(client)


def test_a_terminal_that_cannot_be_had_is_told(program: Path) -> None:
    """The program reads and writes where the command was started, and no terminal is opened."""
    with (
        Running(["debug", "a.lua", "--dap-port", "0"], program.parent) as running,
        running.client() as client,
    ):
        client.initialize(supports_run_in_terminal_request=True)
        client.launch(program, console="integratedTerminal")
        (told,) = important(client)
        assert told.startswith('console is "integratedTerminal", but the program reads and writes')


def test_what_a_launch_need_not_change_passes(program: Path) -> None:
    """Editors send what they would start the program with themselves."""
    with (
        Running(
            ["debug", "a.lua", "--dap-port", "0", "--lua", "luajit2.1"], program.parent
        ) as running,
        running.client() as client,
    ):
        env = {"PATH": os.environ["PATH"], "LLMSPELL_NEVER": None}
        client.launch(program, lua="luajit", cwd=str(program.parent), env=env)
        assert [] == important(client)


def test_a_launch_does_not_promise_to_restart(program: Path) -> None:
    """The process ends with its program, so a restart is not announced, and refused unharmed."""
    with Running(["debug", "a.lua", "--dap-port", "0"], program.parent) as running:
        with running.client() as client:
            client.break_at(program, 5)
            assert client.launch(program) is not None
            assert client.capabilities is not None
            assert client.capabilities.supports_restart_request is None
            with pytest.raises(RequestFailed, match=r"a\.lua cannot be restarted"):
                client.requests.restart()
            assert "0" == client.evaluate("sum")
            client.set_breakpoints(program)
            assert 6 == client.run_to_end()
            client.disconnect()
        assert 6 == running.end()[0]


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


@pytest.mark.parametrize("version", [*VERSIONS])
def test_the_script_sees_what_it_sees_when_it_is_run(tmp_path: Path, version: str) -> None:
    """Its name as it was typed, in ``arg`` and messages; before it, how it is run."""
    text = "print(table.concat(arg, ' ', -4), debug.getinfo(1, 'S').source)\nerror('x')"
    write(tmp_path, "a.lua", text)
    expected = llmspell("run", "--lua", version, "a.lua", "b", cwd=tmp_path)
    words = ["debug", "a.lua", "--lua", version, "--dap-port", "0", "--no-wait", "--", "b"]
    with Running(words, tmp_path) as running:
        assert (1, expected.stdout, expected.stderr) == running.end()
    assert f"llmspell run --lua {version} a.lua b\t@a.lua\n" == expected.stdout


def test_a_missing_script_is_named(tmp_path: Path) -> None:
    """Before anything listens."""
    done = llmspell("debug", "none.lua", "--dap-port", "0", cwd=tmp_path)
    assert (1, "llmspell: Script file not found: none.lua\n") == (done.returncode, done.stderr)


@pytest.mark.parametrize("more", [[], ["--dap-port", "0"]])
def test_a_folder_is_no_program(tmp_path: Path, more: list[str]) -> None:
    """It is there, so nobody says that it is not."""
    done = llmspell("debug", str(tmp_path), *more, cwd=tmp_path)
    assert (1, f"llmspell: cannot open {tmp_path}: Is a directory\n") == (
        done.returncode,
        done.stderr,
    )


def test_standard_input_is_no_program(tmp_path: Path) -> None:
    """It belongs to the prompt, or to the script."""
    done = llmspell("debug", "-", cwd=tmp_path, text="print(1)")
    assert 2 == done.returncode
    assert "a file is needed: standard input is the prompt's" in done.stderr


@pytest.mark.parametrize("words", [["--no-wait"], ["--host", "127.0.0.1"]])
def test_options_of_a_port_need_one(program: Path, words: list[str]) -> None:
    """Rather than that they do nothing, and a prompt opens."""
    done = llmspell("debug", "a.lua", *words, cwd=program.parent)
    assert 2 == done.returncode
    assert f"{words[0]} needs --dap-port PORT" in done.stderr


def test_an_address_of_ipv6_is_written_in_brackets(program: Path) -> None:
    """As it is to be typed elsewhere."""
    with Running(["debug", "a.lua", "--dap-port", "0", "--host", "::1"], program.parent) as running:
        assert running.said.startswith("listening on [::1]:")


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


def test_an_interrupt_ends_a_script_that_runs(tmp_path: Path) -> None:
    """The status is the same, so that nobody takes it for a success; the client is told the end."""
    program = write(tmp_path, "a.lua", "while true do\n  local x = 1\nend")
    with Running(["debug", "a.lua", "--dap-port", "0"], tmp_path) as running:
        with running.client() as client:
            client.break_at(program, 2)
            client.attach()
            assert client.wait_for_stop() is not None
            running.process.send_signal(signal.SIGINT)
            assert 130 == client.wait_for("exited")["exitCode"]
            client.wait_for("terminated")
            client.disconnect()
        assert (130, "", "llmspell: interrupted!\n") == running.end()


ENDLESS = "while true do\n  local x = 1\nend"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("text", [ENDLESS, "local x = 1\nos.execute('exec sleep 60')\n"])
def test_who_debugs_is_told_that_the_process_ends(
    tmp_path: Path, number: signal.Signals, text: str
) -> None:
    """``exited`` with the status that the process has then, also where it waits for a command."""
    program, started = write(tmp_path, "a.lua", text), list[int]()
    with Running(["debug", "a.lua", "--dap-port", "0"], tmp_path) as running:
        with running.client() as client:
            client.break_at(program, 2)
            client.attach()
            assert client.wait_for_stop() is not None
            if text != ENDLESS:
                client.requests.continue_(thread_id=1)
                become(lambda: children(running.process.pid))
                started = children(running.process.pid)
            running.process.send_signal(number)
            assert 128 + number == client.wait_for("exited")["exitCode"]
            client.wait_for("terminated")
            client.disconnect()
        for each in started:
            os.kill(each, signal.SIGKILL)
        assert (128 + number, "", "") == running.end()


def test_a_hangup_that_is_ignored_ends_nothing(tmp_path: Path) -> None:
    """As under ``nohup``."""
    program = write(tmp_path, "a.lua", "local x = 1\nprint(x)")
    ignoring = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        running = Running(["debug", "a.lua", "--dap-port", "0"], tmp_path)
    finally:
        signal.signal(signal.SIGHUP, ignoring)
    with running, running.client() as client:
        client.break_at(program, 2)
        client.attach()
        running.process.send_signal(signal.SIGHUP)
        assert client.wait_for_stop() is not None
        assert 0 == client.run_to_end()


def test_stdin_is_the_scripts(tmp_path: Path) -> None:
    """What is typed in the terminal goes to the script."""
    write(tmp_path, "a.lua", "print(io.read())")
    done = llmspell("debug", "a.lua", "--dap-port", "0", "--no-wait", cwd=tmp_path, text="typed\n")
    assert "typed\n" == done.stdout
