"""Ctrl-C at a script that runs without a kernel: one press ends it, whatever it is at."""

import json
import os
import signal
import subprocess
from collections.abc import Sequence

import pytest

from lua_debug.versions import VERSIONS
from tests.cli.conftest import DEADLINE, CommandLine
from tests.support.commands import LLMSPELL

FOREVER = "while true do end"
BEGUN = "io.write('begun\\n') io.flush() "
CAUGHT = f"while true do pcall(function() {FOREVER} end) end"


def begin(cli: CommandLine, *words: str) -> subprocess.Popen[str]:
    """A command whose script has said that it begins."""
    process = subprocess.Popen(
        [*LLMSPELL, *words],
        cwd=cli.work,
        env=cli.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    assert process.stdout is not None
    assert "begun\n" == process.stdout.readline()
    return process


def press(process: subprocess.Popen[str]) -> tuple[int, str, Sequence[str]]:
    """Ctrl-C, once: the status, what it printed from there on, and what it complained of."""
    process.send_signal(signal.SIGINT)
    assert process.stdout is not None
    assert process.stderr is not None
    out, err = process.stdout.read(), process.stderr.read()
    return process.wait(DEADLINE), out, err.splitlines()


@pytest.mark.parametrize("version", [each for each in VERSIONS if "jit" not in each])
def test_a_script_does_not_catch_it(cli: CommandLine, version: str) -> None:
    """It is raised again where pcall has caught it, and where the script goes on then."""
    for code in (CAUGHT, f"pcall(function() {FOREVER} end) print('more')"):
        status, out, (first, *traceback) = press(begin(cli, "exec", "--lua", version, BEGUN + code))
        assert (130, "", "llmspell: interrupted!") == (status, out, first)
        assert traceback[1].endswith("(command line):1: in main chunk")


@pytest.mark.parametrize("version", ["5.1", "5.4", "luajit"])
def test_a_script_that_waits_for_a_line_is_ended(cli: CommandLine, version: str) -> None:
    """It reads nothing any more, and does not go on as if its input were over."""
    code = f"{BEGUN} print(io.read())"
    status, out, said = press(begin(cli, "exec", "--lua", version, code))
    assert (130, "", "llmspell: interrupted!") == (status, out, said[0])


def test_what_hears_nothing_ends_with_the_process(cli: CommandLine) -> None:
    """A coroutine, for instance: what was printed is there, and one line is said."""
    code = f"coroutine.wrap(function() {BEGUN} io.write('printed') {CAUGHT} end)()"
    cli.write("deaf.lua", code)
    process = begin(cli, "run", "deaf.lua")
    assert (130, "printed", ["llmspell: interrupted!"]) == press(process)


@pytest.mark.parametrize("code", [FOREVER, CAUGHT])
def test_code_that_is_compiled_is_ended(cli: CommandLine, code: str) -> None:
    """With its place where it is not compiled yet."""
    status, out, said = press(begin(cli, "exec", "--lua", "luajit", BEGUN + code))
    assert (130, "", "llmspell: interrupted!") == (status, out, said[0])


@pytest.mark.parametrize("version", ["5.4", "5.5"])
def test_variables_are_closed(cli: CommandLine, version: str) -> None:
    """What a script has opened is given back, also inside a pcall; finalizers run at the end."""
    code = f"""
        local function closing(name)
          local function close() local words = "closed " .. name print(words) end
          return setmetatable({{}}, {{ __close = close, __gc = function() print("freed") end }})
        end
        local outer <close> = closing("outer")
        pcall(function() local inner <close> = closing("inner") {BEGUN} {FOREVER} end)
    """
    status, out, said = press(begin(cli, "exec", "--lua", version, code))
    assert (130, "llmspell: interrupted!") == (status, said[0])
    assert ["closed inner", "closed outer", "freed", "freed"] == out.splitlines()


def test_the_result_tells_of_it(cli: CommandLine) -> None:
    """It has the status, what was printed and what was said."""
    words = ("exec", "--output", "json", "--stream")
    process = subprocess.Popen(
        [*LLMSPELL, *words, f"{BEGUN} {CAUGHT}"],
        cwd=cli.work,
        env=cli.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    assert process.stdout is not None
    assert "begun\n" == json.loads(process.stdout.readline())["text"]
    os.killpg(process.pid, signal.SIGINT)
    told = json.loads(process.stdout.readline())
    assert (130, 130) == (process.wait(DEADLINE), told["exit_code"])
    assert ("error", "begun\n") == (told["status"], told["output"])
    assert told["error"].startswith("interrupted!\n")
