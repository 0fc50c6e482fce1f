"""A kernel in the background, from its start to its end, as the command line has it."""

import json
import os
import signal
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.service.conftest import Kernels, debugger, has_ended, health, reply_to
from tests.support.commands import LLMSPELL, become

FOREVER = "while true do end"


def left(kernels: Kernels) -> list[str]:
    """The files of kernels there are now."""
    folders = (kernels.registry.folder, kernels.folder / "jupyter")
    return sorted(each.name for folder in folders for each in folder.glob("*"))


def test_a_daemon_answers_when_start_returns_and_leaves_nothing(kernels: Kernels) -> None:
    """Between start and stop it runs cells, says how it is, and is found; then nothing is left."""
    record = kernels.start("one", "--lua", "5.3")
    with kernels.client(record) as client:
        assert "42\n" == client.execute_interactive("print(6 * 7)").stdout
    said = kernels.status("one")
    assert (True, "", "idle") == (said["running"], said["why"], said["health"]["state"])
    assert ("5.3", record["pid"]) == (said["runtime"], said["health"]["kernel"]["pid"])
    assert 1 == said["health"]["figures"]["executes"]
    assert ["kernel-one.json", "one.json", "one.pid"] == left(kernels)
    assert f"{record['pid']}\n" == (kernels.registry.folder / "one.pid").read_text()
    assert 0o600 == (kernels.folder / "jupyter" / "kernel-one.json").stat().st_mode & 0o777
    done = kernels.say("stop", "one")
    assert (0, "Kernel one was stopped.\n", "") == (done.returncode, done.stdout, done.stderr)
    assert [] == left(kernels)
    assert has_ended(record["pid"])


def test_a_kernel_is_stopped_by_its_pid_file(kernels: Kernels) -> None:
    """As init scripts do; a file that no kernel has written ends nobody."""
    kernels.start("one", "--pid-file", "one.pid")
    assert (kernels.folder / "one.pid").exists()
    refused = kernels.say("stop", "--pid-file", "other.pid")
    assert (1, True) == (refused.returncode, "No kernel has written" in refused.stderr)
    assert "Kernel one was stopped.\n" == kernels.say("stop", "--pid-file", "one.pid").stdout
    assert not (kernels.folder / "one.pid").exists()


def test_a_daemon_belongs_to_no_terminal_and_no_session_of_ours(kernels: Kernels) -> None:
    """It leads no session, so that no terminal can become its own, and init is its parent."""
    record = kernels.start("one")
    session, group = os.getsid(record["pid"]), os.getpgid(record["pid"])
    assert record["pid"] not in (session, group)
    assert os.getsid(0) != session
    stat = Path(f"/proc/{record['pid']}/stat").read_text().rpartition(")")[2].split()
    assert "0" == stat[4]  # tty_nr
    inside = {os.readlink(each) for each in Path(f"/proc/{record['pid']}/fd").iterdir()}
    assert "/dev/null" == os.readlink(f"/proc/{record['pid']}/fd/0")
    assert [] == [each for each in inside if each.startswith(("/dev/pts", "/dev/tty"))]


def test_the_same_id_is_not_started_twice(kernels: Kernels) -> None:
    """The second start says who is there, and the first kernel goes on."""
    record = kernels.start("one")
    again = kernels.say("start", "--daemon", "--id", "one")
    here = kernels.say("start", "--id", "one")
    expected = (
        f"llmspell: Kernel 'one' runs already, as process {record['pid']}; "
        "`llmspell kernel stop one` ends it.\n"
    )
    assert [(1, expected)] * 2 == [(each.returncode, each.stderr) for each in (again, here)]
    assert "idle" == health(record)["state"]


def test_a_start_that_fails_says_why(kernels: Kernels) -> None:
    """What the kernel would say in its log, the command says; nothing is left behind."""
    record = kernels.start("one")
    port = json.loads(Path(record["connection_file"]).read_text())["shell_port"]
    done = kernels.say("start", "--daemon", "--id", "two", "--port", str(port))
    assert 1 == done.returncode
    assert f"cannot listen on tcp://127.0.0.1:{port}: Address already in use" in done.stderr
    wrong = kernels.say("start", "--daemon", "--id", "three", "--lua", "6.0")
    assert (1, True) == (wrong.returncode, "6.0" in wrong.stderr)
    assert ["kernel-one.json", "one.json", "one.pid"] == left(kernels)


def test_several_kernels_are_told_apart(kernels: Kernels) -> None:
    """By id or its beginning; without one, only where there is but one; and all can be stopped."""
    first, second = kernels.start("alpha"), kernels.start("beta")
    with kernels.client(first) as one, kernels.client(second) as two:
        one.execute_interactive("who = 'alpha'")
        assert "nil\n" == two.execute_interactive("print(who)").stdout
    assert "beta" == kernels.status("be")["id"]
    assert "Which kernel? There are alpha, beta." in kernels.say("stop").stderr
    listed = json.loads(kernels.say("list", "--json").stdout)
    assert [("alpha", True), ("beta", True)] == [(each["id"], each["running"]) for each in listed]
    done = kernels.say("stop", "--all")
    assert "Kernel alpha was stopped.\nKernel beta was stopped.\n" == done.stdout
    assert [] == json.loads(kernels.say("list", "--json").stdout)


def test_unknown_ids_are_said_to_be_unknown(kernels: Kernels) -> None:
    """With the exit status that scripts for services expect."""
    asked, stopped = kernels.say("status", "nobody"), kernels.say("stop", "nobody")
    expected = (
        "llmspell: There is no kernel 'nobody'; `llmspell kernel list` says which there are.\n"
    )
    assert [(3, expected), (1, expected)] == [
        (each.returncode, each.stderr) for each in (asked, stopped)
    ]
    assert 3 == kernels.say("status", "--quiet").returncode
    assert "cannot be called" in kernels.say("status", "../etc").stderr


def test_a_killed_kernel_is_said_to_be_dead_and_can_be_started_again(kernels: Kernels) -> None:
    """`kill -9` leaves no connection file to wait at, and the id is free."""
    record = kernels.start("one")
    os.kill(record["pid"], signal.SIGKILL)
    kernels.until_ended(record)
    done = kernels.say("status", "one", "--json")
    said = json.loads(done.stdout)
    assert (3, False, None) == (done.returncode, said["running"], said["health"])
    assert said["why"].startswith("its process ended without a word: it was killed")
    assert ["one.json"] == left(kernels)
    anew = kernels.start("one")
    assert record["pid"] != anew["pid"]
    assert kernels.status("one")["running"]


def test_a_stale_record_is_cleaned_up_by_stop(kernels: Kernels) -> None:
    """Stopping what is dead is no mistake, and takes away what it left."""
    record = kernels.start("one")
    os.kill(record["pid"], signal.SIGKILL)
    kernels.until_ended(record)
    kept = kernels.say("stop", "one", "--no-cleanup")
    assert (0, ["one.json"]) == (kept.returncode, left(kernels))
    done = kernels.say("stop", "one")
    assert (0, True) == (done.returncode, done.stdout.startswith("Kernel one did not run"))
    assert [] == left(kernels)


def test_a_recycled_process_id_fools_nobody(kernels: Kernels) -> None:
    """A record that names a living process which does not hold it is dead, and nobody is killed."""
    record = kernels.start("one")
    os.kill(record["pid"], signal.SIGKILL)
    kernels.until_ended(record)
    path = kernels.registry.folder / "one.json"
    with subprocess.Popen(["sleep", "60"]) as other:
        path.write_text(json.dumps({**record, "pid": other.pid}))
        assert 3 == kernels.say("status", "one").returncode
        assert 0 == kernels.say("stop", "one", "--force").returncode
        assert other.poll() is None
        other.kill()


def test_the_history_is_whole_after_a_kill_amid_cells(kernels: Kernels) -> None:
    """What a client was shown is there, and what came after in order; no page is torn."""
    record = kernels.start("one")
    with kernels.client(record) as client:
        for number in range(200):
            client.execute_interactive(f"return {number}")
        shown = client._wait(client.handle.history(count=200))
        assert 200 == len(shown)
        for number in range(200, 400):
            client.execute(f"return {number}")
        os.kill(record["pid"], signal.SIGKILL)
    kernels.until_ended(record)
    db = sqlite3.connect(kernels.folder / "data" / "llmspell" / "history.sqlite")
    assert [("ok",)] == db.execute("PRAGMA integrity_check").fetchall()
    codes = [code for (code,) in db.execute("SELECT code FROM entries ORDER BY line")]
    assert [f"return {number}" for number in range(len(codes))] == codes
    assert len(codes) >= len(shown)
    db.close()
    anew = kernels.start("one")
    with kernels.client(anew) as client:
        last = client.handle.history(count=1)
        assert codes[-1:] == [each.code for each in client._wait(last)]


def test_state_is_whole_after_a_kill_amid_writes(kernels: Kernels) -> None:
    """What a script was told is saved, is there in the next kernel of the name."""
    record = kernels.start("one")
    saving = "for n = 1, 1e9 do State.save('global', 'n', n) print(n) end"
    told: list[str] = []
    with kernels.client(record) as client:
        message = client.execute(saving)
        while len(told) < 3:
            news = client.get_iopub_msg(timeout=60)
            is_output = news["msg_type"] == "stream"
            if is_output and news["parent_header"]["msg_id"] == message:
                told.append(news["content"]["text"])
        os.kill(record["pid"], signal.SIGKILL)
    kernels.until_ended(record)
    db = sqlite3.connect(kernels.folder / "data" / "llmspell" / "state.sqlite")
    assert [("ok",)] == db.execute("PRAGMA integrity_check").fetchall()
    db.close()
    with kernels.client(kernels.start("one")) as client:
        kept = client.execute_interactive("print(State.load('global', 'n'))").stdout
    assert int(told[-1].split()[-1]) <= int(float(kept))


def test_health_is_told_while_a_cell_runs_forever(kernels: Kernels) -> None:
    """The program's thread is not needed; an interrupt from the command line ends the cell."""
    record = kernels.start("one")
    with kernels.client(record) as client:
        message = client.execute(FOREVER)
        become(lambda: health(record)["state"] == "busy")
        assert "and is busy." in kernels.say("status", "one").stdout
        assert 0 == kernels.say("interrupt", "one").returncode
        assert "Interrupted" == reply_to(client, message)["ename"]


def test_an_interrupt_reaches_a_program_that_waits_for_a_child(kernels: Kernels) -> None:
    """C's `system` ignores SIGINT meanwhile; the process is replaced, as it is for Jupyter."""
    record = kernels.start("one")
    with kernels.client(record) as client:
        message = client.execute("os.execute('sleep 60')")
        become(lambda: health(record)["state"] == "busy")
        assert 0 == kernels.say("interrupt", "one").returncode
        assert "KernelRestarted" == reply_to(client, message)["ename"]


REPLACED = "before   ended by replacing its program, whose code did not stop, after 1 cell"


def test_a_program_that_hears_nothing_costs_neither_the_kernel_nor_the_record(
    kernels: Kernels,
) -> None:
    """The process starts itself anew when C code hears no interrupt, and never looks dead.

    Editors find it at the same address, and status says why its variables are gone.
    """
    record = kernels.start("one", "--dap-port", "0")
    inside_c = "io.write('in ') io.flush() return string.find(string.rep('a', 40000), '.-.-.-.-b')"
    with kernels.client(record) as client, debugger(record) as dap:
        dap.attach()
        message = client.execute(inside_c)
        become(lambda: health(record)["state"] == "busy")
        kernels.say("interrupt", "one")
        assert "KernelRestarted" == reply_to(client, message)["ename"]
    while kernels.log(record).count("ready, as process") != 2:
        assert kernels.registry.find("one").is_running
    assert record["pid"] == kernels.registry.find("one").record.pid
    assert record["dap"] == kernels.registry.find("one").record.dap
    with debugger(record) as dap:
        dap.attach()
    with kernels.client(record) as client:
        assert "nil\n" == client.execute_interactive("print(anything)").stdout
    assert REPLACED in kernels.say("status", "one").stdout
    kernels.say("stop", "one")
    assert [] == left(kernels)


def test_leaving_a_console_leaves_the_kernel(kernels: Kernels) -> None:
    """Whoever types `exit` in `jupyter console --existing` ends the console alone."""
    pytest.importorskip("jupyter_console", reason="needs the extra jupyter-tests")
    record = kernels.start("one")
    file = Path(record["connection_file"]).name
    command = [
        Path(LLMSPELL[0]).parent / "jupyter-console",
        "--existing",
        file,
        "--simple-prompt",
    ]
    done: subprocess.CompletedProcess[str] = subprocess.run(
        command,
        input="x = 6 * 7\nprint(x)\nexit\n",
        env={**kernels.env, "JUPYTER_CONSOLE_TEST": "1"},
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    )
    assert "42\n" in done.stdout
    assert "keeping kernel alive" in done.stdout
    with kernels.client(record) as client:
        assert "42\n" == client.execute_interactive("print(x)").stdout


def test_jupyters_commands_find_it(kernels: Kernels) -> None:
    """`jupyter run --existing` runs a script in it, and its globals stay."""
    record = kernels.start("one")
    script = kernels.folder / "a.lua"
    script.write_text("shared = (shared or 0) + 1 print('run', shared)\n")
    file = Path(record["connection_file"]).name

    def run() -> str:
        command = [Path(LLMSPELL[0]).parent / "jupyter-run", "--existing", file, str(script)]
        done: subprocess.CompletedProcess[Any] = subprocess.run(
            command, env=kernels.env, capture_output=True, text=True, timeout=90, check=True
        )
        return str(done.stdout)

    assert ["run\t1\n", "run\t2\n"] == [run(), run()]
