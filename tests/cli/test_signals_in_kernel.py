"""Signals at run and exec whose cell runs in a kernel: they end the cell there."""

import os
import signal
import subprocess

import pytest

from tests.cli.conftest import DEADLINE, CommandLine
from tests.support.commands import LLMSPELL

pytestmark = pytest.mark.long

CODES = {"loop": "while true do end", "read": "print(io.read())"}


@pytest.fixture
def lab(cli: CommandLine) -> CommandLine:
    """With a kernel called lab."""
    cli.start_kernel("lab")
    return cli


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_cell_and_the_command(
    lab: CommandLine, code: str, number: signal.Signals
) -> None:
    """Also where it waits for a line that nobody types; the kernel goes on living."""
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [*LLMSPELL, "exec", "--kernel", "lab", f"print('begun') {CODES[code]}"],
        cwd=lab.work,
        env=lab.environment,
        stdin=reading,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(reading)
    assert process.stdout is not None
    assert "begun\n" == process.stdout.readline()
    process.send_signal(number)
    out, err = process.communicate(timeout=DEADLINE)
    os.close(writing)
    assert (128 + number, "", "llmspell: interrupted!\n") == (process.returncode, out, err)
    assert "1\n" == lab.say("exec", "--kernel", "lab", "print(1)").stdout
