"""Bars of what takes long, as people see them, where what is asked cannot go on for a while."""

import contextlib
import json
import os
import signal
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.cli.conftest import CommandLine
from tests.cli.stories import VALUES
from tests.cli.test_terminal import Terminal


@pytest.fixture
def kept(cli: CommandLine) -> CommandLine:
    """With some state, and a backup of it."""
    cli.write("values.json", VALUES)
    assert 0 == cli.say("--kernel", "none", "state", "import", "values.json").returncode
    done = cli.say("--kernel", "none", "backup", "create", "-o", "a.llmspell-backup")
    assert (0, "") == (done.returncode, done.stderr)
    return cli


@pytest.mark.parametrize("kernel", ["none", "lab"])
@pytest.mark.parametrize(
    ("words", "label", "said"),
    [
        (["backup", "create"], "Backing up", "Backup "),
        (["backup", "restore", "a.llmspell-backup", "--yes"], "Restoring", "Restored"),
        (["state", "export", "out.json"], "Exporting", "Exported"),
    ],
    ids=["create", "restore", "export"],
)
def test_a_bar_is_seen_while_it_goes_on(
    kept: CommandLine, words: Sequence[str], label: str, said: str, kernel: str
) -> None:
    """It comes when somebody has waited for a second, and is gone when the result is said."""
    if kernel == "lab":
        kept.start_kernel("lab")
    wait = busy(kept.data / "state.sqlite") if kernel == "none" else halted(kept, kernel)
    with wait:
        terminal = Terminal(kept, "--kernel", kernel, *words)
        terminal.wait_for(f"\r{label} [")
    status, text = terminal.end()
    before, _, after = text.rpartition("\r\033[K")
    assert (0, True, True) == (status, after.startswith(said), f"\r{label} [" in before), text


@contextlib.contextmanager
def busy(store: Path) -> Iterator[None]:
    """Somebody else has the store for himself, until the block ends."""
    connection = sqlite3.connect(store, isolation_level=None)
    try:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")
    finally:
        connection.close()


@contextlib.contextmanager
def halted(cli: CommandLine, kernel: str) -> Iterator[None]:
    """The kernel's process does nothing, until the block ends."""
    pid = json.loads(cli.say("kernel", "status", kernel, "--output", "json").stdout)["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
