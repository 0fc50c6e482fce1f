"""Kernels in the background, in folders of their own, all ended at the end of a test."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dap_server.client import DapClient
from kernel.events.log import EventLog
from kernel.events.published import Published
from kernel.jupyter.blocking import BlockingKernel
from kernel.service.health import ask_health
from kernel.service.registry import Registry
from kernel.state.stores import open_store
from tests.support.commands import LLMSPELL, become
from tests.support.schema import check_frame


class Kernels:
    """The command line, and what it leaves in the folders of one test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.runtime = folder / "run"
        self.runtime.mkdir(mode=0o700)
        self.env = {
            **os.environ,
            "XDG_RUNTIME_DIR": str(self.runtime),
            "XDG_DATA_HOME": str(folder / "data"),
            "XDG_STATE_HOME": str(folder / "state"),
            "JUPYTER_RUNTIME_DIR": str(folder / "jupyter"),
            "JUPYTER_DATA_DIR": str(folder / "share"),
        }
        self.env.pop("JPY_PARENT_PID", None)
        self.registry = Registry(self.runtime / "llmspell" / "kernels")

    def say(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run ``llmspell kernel …`` to its end."""
        return subprocess.run(
            [*LLMSPELL, "kernel", *words],
            env={**self.env, **more},
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )

    def start(self, name: str, *words: str) -> dict[str, Any]:
        """A kernel in the background; its record."""
        done = self.say("start", "--daemon", "--json", "--id", name, *words)
        assert (0, "") == (done.returncode, done.stderr)
        return json.loads(done.stdout)

    def status(self, name: str) -> dict[str, Any]:
        """What ``kernel status`` says."""
        done = self.say("status", name, "--json")
        assert done.stdout, done.stderr
        return json.loads(done.stdout)

    def client(self, record: dict[str, Any]) -> BlockingKernel:
        """A client of a kernel."""
        from kernel.api import connect_blocking

        return connect_blocking(Path(record["connection_file"]))

    def log(self, record: dict[str, Any]) -> str:
        """What a kernel's log says by now."""
        return Path(record["log_file"]).read_text()

    def until_logged(self, record: dict[str, Any], text: str) -> None:
        """Wait until the log says something."""
        become(lambda: text in self.log(record))

    def until_ended(self, record: dict[str, Any]) -> None:
        """Wait until a process is gone."""
        become(lambda: has_ended(record["pid"]))

    def end(self) -> None:
        """Kill what is left, by the ids in the records, while their locks say they are ours."""
        for folder in ("hub", "kernels"):
            for state in Registry(self.runtime / "llmspell" / folder).all():
                if state.is_running:
                    os.kill(state.record.pid, signal.SIGKILL)


def reply_to(client: BlockingKernel, message: str) -> dict[str, Any]:
    """The content of the reply to a request, whatever else comes before."""
    while True:
        reply = client.get_shell_msg(timeout=60)
        if reply["parent_header"]["msg_id"] == message:
            content: dict[str, Any] = reply["content"]
            return content


def has_ended(pid: int) -> bool:
    """Whether a process is gone, or waits only for somebody to ask how it ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True
    return stat.rpartition(")")[2].split()[0] == "Z"


@pytest.fixture
def kernels(tmp_path: Path) -> Iterator[Kernels]:
    made = Kernels(tmp_path)
    yield made
    made.end()


def health(record: dict[str, Any]) -> dict[str, Any]:
    """What a kernel says of itself."""
    import asyncio

    from kernel.jupyter.connection import read_connection

    return dict(asyncio.run(ask_health(read_connection(Path(record["connection_file"])))))


def debugger(record: dict[str, Any]) -> DapClient:
    """A debugger that has attached."""
    return DapClient.connect(int(record["dap"].rpartition(":")[2]), check=check_frame, deadline=60)


def audited(kernels: Kernels, pattern: str) -> list[Published]:
    """What the log of events has kept."""
    store = open_store(f"sqlite:{kernels.folder / 'data' / 'llmspell' / 'state.sqlite'}")
    try:
        return [each.published for each in EventLog(store).replay(pattern=pattern)]
    finally:
        store.close()
