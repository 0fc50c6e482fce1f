"""The command line in folders of its own, with and without a kernel."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.support.warm_commands import WarmCommands

DEADLINE = 60.0

CARRIED = ("PATH", "LANG", "LLMSPELL_HOOKS", "PYTHONPATH", "VIRTUAL_ENV")


class CommandLine:
    """``llmspell`` as somebody uses it whose home is a folder of the test."""

    def __init__(self, folder: Path, commands: WarmCommands) -> None:
        self.folder = folder
        self._commands = commands
        self.home = folder / "home"
        for name in ("home", "work", "run"):
            (folder / name).mkdir(mode=0o700)
        self.work = folder / "work"
        self.environment: dict[str, str] = {
            **{name: os.environ[name] for name in CARRIED if name in os.environ},
            "HOME": str(self.home),
            "XDG_RUNTIME_DIR": str(folder / "run"),
            "JUPYTER_RUNTIME_DIR": str(folder / "jupyter"),
            "COLUMNS": "100",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            "PYTHONUTF8": "1",
        }

    def say(
        self, *words: str, text: str = "", more: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, ``text`` at its stdin."""
        environment = {**self.environment, **(more or {})}
        return self._commands.run(words, self.work, environment, text, DEADLINE)

    def start_kernel(self, name: str) -> None:
        """A kernel in the background."""
        done = self.say("kernel", "start", "--daemon", "--id", name)
        assert (0, "") == (done.returncode, done.stderr)

    def write(self, name: str, text: str) -> Path:
        """A file where commands run."""
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    @property
    def data(self) -> Path:
        """Where kernels keep things."""
        return self.home / ".local" / "share" / "llmspell"


@pytest.fixture(scope="session")
def warm_commands() -> Iterator[WarmCommands]:
    """What runs commands without their imports, which would be most of the time of these tests."""
    commands = WarmCommands()
    yield commands
    commands.close()


@pytest.fixture
def cli(tmp_path: Path, warm_commands: WarmCommands) -> Iterator[CommandLine]:
    """The command line; kernels it has started end with the test."""
    line = CommandLine(tmp_path, warm_commands)
    yield line
    if (tmp_path / "run" / "llmspell" / "hub").exists():
        line.say("kernel", "serve", "--stop")
    if (tmp_path / "run" / "llmspell").exists():
        line.say("kernel", "stop", "--all", "--force")


@pytest.fixture
def recorded(cli: CommandLine) -> CommandLine:
    """A session of three cells, the last of which failed; the kernel has ended."""
    cli.start_kernel("lab")
    assert 0 == cli.say("session", "use", "tuesday", "--create").returncode
    for code in ("x = 1 print(x)", "x = x + math.random(1000) print(x)", "error('oh')"):
        cli.say("exec", "--kernel", "lab", code)
    assert 0 == cli.say("kernel", "stop", "lab").returncode
    return cli
