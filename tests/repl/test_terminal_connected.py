"""The REPL at a real terminal, at a kernel that runs: Ctrl-C, other clients, and the debugger."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.repls import script
from tests.support.terminals import CTRL_C, DEADLINE, IDLE, RUNNING, STOPPED, TypedProgram

PROGRAM = "local a = tonumber(arg[1])\nlocal b = a * 2\nprint('b is', b)\n"


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in which a kernel called lab runs."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "run" / "jupyter"))
    (tmp_path / "run").mkdir(mode=0o700)
    say(tmp_path, "kernel", "start", "--daemon", "--id", "lab")
    yield tmp_path
    say(tmp_path, "kernel", "stop", "--all", "--force")


def say(folder: Path, *words: str) -> str:
    """A command that has to succeed; what it wrote."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "llmspell", *words],
        cwd=folder, capture_output=True, text=True, timeout=DEADLINE, check=True,
    )  # fmt: skip
    return done.stdout


def connected(folder: Path, *words: str) -> TypedProgram:
    return TypedProgram(*(words or ("repl",)), "--connect", "lab", cwd=folder)


@pytest.fixture
def repl(lab: Path) -> Iterator[TypedProgram]:
    with connected(lab) as made:
        made.until("Type .help")
        made.until_prompt(IDLE)
        made.until_status("lab")
        yield made


@pytest.mark.parametrize("way", [CTRL_C, ".interrupt\r"])
def test_a_loop_is_interrupted(repl: TypedProgram, way: str) -> None:
    """By Ctrl-C and by its command; what was there stays there."""
    repl.type("x = 5 print('begun') while true do end")
    repl.until("\nbegun")
    repl.until_prompt(RUNNING)
    repl.press(way)
    repl.until("interrupted!")
    repl.type("print('x is', x)")
    repl.until("\nx is    5")
    assert 0 == repl.leave()


@pytest.mark.parametrize("way", [CTRL_C, ".interrupt force\r"])
def test_what_hears_nothing_is_killed(repl: TypedProgram, way: str) -> None:
    """By the second press, and by its command; the program begins anew, and the prompt goes on."""
    repl.type("x = 1")
    repl.until_prompt(IDLE)
    repl.type("print('begun') string.rep('a', 60):find(('a-'):rep(12) .. 'b')")
    repl.until("\nbegun")
    repl.until_prompt(RUNNING)
    if way == CTRL_C:
        repl.press(CTRL_C)
        repl.until("Ctrl-C again kills")
    repl.press(way)
    repl.until("its variables are gone")
    repl.until_status("idle")
    repl.type("print('x is', x)")
    repl.until("\nx is    nil")
    assert 0 == repl.leave()


@pytest.mark.parametrize("line", ["print('begun')", "print('begun') while true do end"])
def test_a_kernel_that_is_killed(repl: TypedProgram, lab: Path, line: str) -> None:
    """Is noticed at the idle prompt and amid a cell, said once, and the prompt ends."""
    repl.type(line)
    repl.until("\nbegun")
    said = json.loads(say(lab, "kernel", "status", "lab", "--output", "json"))
    os.kill(said["pid"], signal.SIGKILL)
    repl.press("half")
    repl.until("The kernel does not answer any more;")
    assert 1 == repl.end()
    assert 1 == repl.screen.count("does not answer")
    assert "Traceback" not in repl.screen


def test_what_others_print_goes_above_the_line(repl: TypedProgram, lab: Path) -> None:
    """With their mark, and a line that is half typed stays; `.others off` hides it."""
    repl.press("half")
    repl.until_typed("half")
    say(lab, "exec", "--connect", "lab", "print('from elsewhere')")
    repl.until("] from elsewhere")
    repl.until_typed("half")
    repl.press(" = 1\r")
    repl.type(".others off")
    repl.until("\nWhat other clients cause is not shown.")
    say(lab, "exec", "--connect", "lab", "print('not for us') seen = 1")
    repl.type("print('half is', half, seen)")
    repl.until("\nhalf is 1       1")
    assert "not for us" not in repl.screen
    repl.type(".others on")
    repl.until("\nWhat other clients cause is shown.")
    say(lab, "exec", "--connect", "lab", "print('for us again')")
    repl.until("] for us again")
    assert 0 == repl.leave()


def test_a_script_is_debugged_there(lab: Path) -> None:
    """`debug --connect`: it stops at its first line, finds its words, and leaves what it made."""
    script(lab, PROGRAM, "there.lua")
    words = ("debug", "there.lua", "--break-at", "3")
    with TypedProgram(*words, "--connect", "lab", "--", "21", cwd=lab) as repl:
        repl.until("Start, main chunk at there.lua:1")
        repl.until_prompt(STOPPED)
        repl.until_status("lab")
        repl.type("c")
        repl.until("Breakpoint 1, main chunk at there.lua:3")
        repl.until_prompt(STOPPED)
        repl.type("p b + 1000")
        repl.until("\n1042")
        repl.type("left = b")
        repl.type("c")
        repl.until("\nb is    42")
        repl.until_prompt(IDLE)
        assert 0 == repl.leave()
    assert "42\n" == say(lab, "exec", "--connect", "lab", "print(left)")


def test_leaving_at_a_stop_ends_the_script_and_not_the_kernel(lab: Path) -> None:
    """Ctrl-D at a stop breaks the script off; others can go on at the kernel."""
    script(lab, PROGRAM, "there.lua")
    with TypedProgram("debug", "there.lua", "--connect", "lab", "--", "1", cwd=lab) as repl:
        repl.until("Start, main chunk at there.lua:1")
        repl.until_prompt(STOPPED)
        assert 0 == repl.leave()
    assert "on\n" == say(lab, "exec", "--connect", "lab", "print('on')")
