"""The command line in processes of its own, with deadlines."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from dap_server.client import DapClient
from tests.support.schema import check_frame

DEADLINE = 30.0
"""Seconds for a command to end. Only failing takes that long."""

LLMSPELL = (sys.executable, "-P", "-m", "llmspell")


def llmspell(
    *words: str, cwd: Path, text: str | None = None, deadline: float = DEADLINE
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, ``text`` at its stdin."""
    return subprocess.run(
        [*LLMSPELL, *words],
        cwd=cwd,
        input=text,
        stdin=subprocess.DEVNULL if text is None else None,
        capture_output=True,
        text=True,
        timeout=deadline,
        check=False,
    )


class Running:
    """A command that serves clients and says on stderr where; killed at the end of the block."""

    def __init__(self, words: Sequence[str], cwd: Path, command: Sequence[str] = LLMSPELL) -> None:
        self.process = subprocess.Popen(
            [*command, *words],
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr is not None
        self.said = self.process.stderr.readline()
        self.port = int(self.said.rpartition(":")[2]) if "listening on" in self.said else 0

    def client(self) -> DapClient:
        """A new client, every frame of which is checked."""
        return DapClient.connect(self.port, check=check_frame, deadline=DEADLINE)

    def end(self) -> tuple[int, str, str]:
        """Wait for its end: status, and the rest of stdout and stderr."""
        out, err = self.process.communicate(timeout=DEADLINE)
        return self.process.returncode, out, err

    def __enter__(self) -> "Running":
        return self

    def __exit__(self, *error: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate(timeout=DEADLINE)


def write(folder: Path, name: str, text: str) -> Path:
    """A file of a program."""
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def become(is_so: Callable[[], bool], deadline: float = DEADLINE) -> None:
    """Wait until the system has done something that nothing tells of (an entry in /proc)."""
    import time

    end = time.monotonic() + deadline
    while not is_so():
        assert time.monotonic() < end, "it did not come to be"
        subprocess.run(["sleep", "0.01"], check=True)


def children(pid: int) -> list[int]:
    """The processes that the threads of a process have started and not reaped."""
    return [
        int(each)
        for path in Path(f"/proc/{pid}/task").glob("*/children")
        for each in path.read_text().split()
    ]
