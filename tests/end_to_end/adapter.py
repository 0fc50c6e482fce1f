"""The installed adapter as real clients start it."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LLMSPELL = Path(sys.executable).with_name("llmspell")


@contextmanager
def listening_adapter() -> Iterator[int]:
    """Run ``llmspell dap --listen`` on a free port of this machine and give that port."""
    command = [LLMSPELL, "dap", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            yield announced_port(server)
        finally:
            server.terminate()


def announced_port(server: "subprocess.Popen[str]") -> int:
    """The port a server says, on stderr, that it listens on; fails if it ends without a word."""
    assert server.stderr is not None
    said = []
    for line in server.stderr:
        said.append(line)
        if found := re.search(r"127\.0\.0\.1:(\d+)", line):
            return int(found[1])
    raise AssertionError(f"ended without saying where it listens:\n{''.join(said)}")
