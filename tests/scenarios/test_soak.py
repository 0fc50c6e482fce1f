"""Many sessions against one server leave nothing behind."""

import os
import sys
from pathlib import Path

import pytest

from tests.support.commands import Running, become, write

pytestmark = pytest.mark.long

SESSIONS = int(os.environ.get("LLMSPELL_SOAK", "1000"))
"""Fewer for those in a hurry: LLMSPELL_SOAK=25."""

WARM = 10
"""Sessions before the first look."""


def look(pid: int) -> tuple[int, int, int]:
    """Children, descriptors, and kilobytes of memory that are the process's own."""
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        processes = len(file.read().split())
    with open(f"/proc/{pid}/smaps_rollup") as file:
        private = sum(int(line.split()[1]) for line in file if line.startswith("Private_"))
    return processes, len(os.listdir(f"/proc/{pid}/fd")), private


@pytest.mark.timeout(900)
def test_a_server_does_not_grow(tmp_path: Path) -> None:
    """After any number of sessions there are no more processes and descriptors than before.

    Memory may grow by what a thousand sessions cannot be told from noise by: one megabyte.
    """
    program = write(tmp_path, "a.lua", "local x = 1\nprint(x)\nos.exit(x)\n")
    with Running(["--listen", "127.0.0.1:0"], tmp_path, (sys.executable, "-m", "dap_server")) as up:
        pid = up.process.pid
        for number in range(WARM + SESSIONS):
            if number == WARM:
                become(lambda: look(pid)[0] == 0)
                before = look(pid)
            with up.client() as client:
                client.break_at(program, 2)
                stop = client.launch(program)
                assert stop is not None
                assert 2 == stop.line
                if number % 3 == 0:
                    continue  # a client that hangs up without a word
                assert 1 == client.run_to_end()
                client.disconnect()
        become(lambda: look(pid)[:2] <= before[:2])  # a connection may outlast its process a little
        after = look(pid)
        assert 1024 > after[2] - before[2]
