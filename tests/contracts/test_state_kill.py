"""What was acknowledged is there after kill -9, in every store that keeps anything."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from kernel.core.clock import SystemClock
from tests.support.store_writer import check, last
from tests.support.stores import DURABLE

KILLS = 6

QUICK = [name for name in DURABLE if not name.endswith("-power")]
"""Those that do not wait for the disk: what is killed here is a process, not a machine."""

ROOT = Path(__file__).parents[2]


def killed(durable: str, folder: Path, names: list[str], after: int) -> dict[str, int]:
    """Let a process per name write; kill all after so many acknowledgements of the first.

    The last number that each has acknowledged.
    """
    writers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.support.store_writer", durable, folder, name],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in names
    ]
    said: dict[str, int] = {}
    try:
        for _ in range(after):
            said[names[0]] = int(writers[0].stdout.readline())
    finally:
        for writer in writers:
            writer.kill()
    for name, writer in zip(names, writers, strict=True):
        # A line that was cut off by the end was not said.
        lines = [line for line in writer.communicate()[0].splitlines(True) if line.endswith("\n")]
        said[name] = int(lines[-1]) if lines else said.get(name, 0)
    return said


@pytest.mark.parametrize("durable", DURABLE)
def test_no_acknowledged_write_is_lost(durable: str, tmp_path: Path) -> None:
    """Killed at any moment, the store opens, holds all that it acknowledged, and goes on."""
    chance = random.Random(durable)
    for _ in range(KILLS):
        said = killed(
            durable, tmp_path, ["one"], chance.randrange(1, 400 if durable in QUICK else 50)
        )
        store = DURABLE[durable](tmp_path, SystemClock())
        check(store, "one", said["one"])
        assert said["one"] <= last(store, "one") <= said["one"] + 1
        store.put("other", "a", b"")
        store.close()


@pytest.mark.parametrize("durable", QUICK)
def test_no_acknowledged_write_of_two_processes_is_lost(durable: str, tmp_path: Path) -> None:
    """Two processes that write at the same time are killed together; both find all of theirs."""
    chance = random.Random(durable)
    for _ in range(KILLS // 2):
        said = killed(durable, tmp_path, ["one", "two"], chance.randrange(1, 200))
        store = DURABLE[durable](tmp_path, SystemClock())
        for name in ("one", "two"):
            check(store, name, said[name])
        store.close()


@pytest.mark.parametrize("durable", DURABLE)
def test_a_killed_transaction_did_nothing(durable: str, tmp_path: Path) -> None:
    """A process that dies in the middle of a transaction leaves no half of it, and no lock."""
    program = f"""
import os, signal
from pathlib import Path
from kernel.core.clock import SystemClock
from tests.support.stores import DURABLE
store = DURABLE[{durable!r}](Path({str(tmp_path)!r}), SystemClock())
store.put("global", "a", b"1")
with store.transaction() as inside:
    inside.put("global", "a", b"2")
    inside.put("global", "b", b"2" * 10_000_000)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False, timeout=60)
    assert -9 == done.returncode
    store = DURABLE[durable](tmp_path, SystemClock())
    assert ["a"] == [key for key, _ in store.scan("global")]
    assert 2 == store.put("global", "a", b"3")
    store.close()
