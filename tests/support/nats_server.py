"""A real NATS server, started for a test and ended with it."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_READY = re.compile(r"Listening for client connections on 127\.0\.0\.1:(\d+)")


def find_server() -> str | None:
    """The program, from the environment of this interpreter or from the path."""
    beside = Path(sys.executable).with_name("nats-server")
    return str(beside) if beside.exists() else shutil.which("nats-server")


@contextmanager
def nats_server(port: int = -1) -> Iterator[str]:
    """Where it listens, as a URL; ``port`` -1 is a free one."""
    program = find_server()
    assert program is not None
    command = [program, "--addr", "127.0.0.1", "--port", str(port)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            for line in process.stderr:
                if found := _READY.search(line):
                    yield f"nats://127.0.0.1:{found[1]}"
                    break
            else:
                raise AssertionError("the NATS server ended before it listened")
        finally:
            process.terminate()
