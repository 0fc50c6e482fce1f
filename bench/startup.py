"""How long commands take to start, against the bare interpreter in the same run."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence

COMMANDS: Mapping[str, Sequence[str]] = {
    "python -c pass": ("-c", "pass"),
    "llmspell --version": ("-P", "-m", "llmspell", "--version"),
    "llmspell --help": ("-P", "-m", "llmspell", "--help"),
    "llmspell exec 'print(1)'": ("-P", "-m", "llmspell", "exec", "print(1)"),
    "llmspell exec --lua luajit": ("-P", "-m", "llmspell", "exec", "--lua", "luajit", "print(1)"),
    "llmspell config show": ("-P", "-m", "llmspell", "config", "show"),
    "llmspell completion words": ("-P", "-m", "llmspell", "completion", "words", "bash", "--", ""),
}
"""What is started, the reference first."""


def measure(rounds: int) -> Mapping[str, float]:
    """Seconds of each, the least of as many rounds, in each of which every one has its turn.

    The least, as whatever else the machine does can only add to it.
    """
    took: dict[str, list[float]] = {name: [] for name in COMMANDS}
    with tempfile.TemporaryDirectory() as folder:
        places = dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"), folder)
        environment = {**os.environ, **places}
        for turn in range(rounds + 1):
            for name, words in COMMANDS.items():
                begun = time.perf_counter()
                subprocess.run(
                    [sys.executable, *words],
                    check=True,
                    capture_output=True,
                    env=environment,
                    cwd=folder,
                )
                if turn:  # the first warms the disk
                    took[name].append(time.perf_counter() - begun)
    return {name: min(each) for name, each in took.items()}


def rows(rounds: int) -> Iterator[tuple[str, str]]:
    """Each command, with what it takes beyond the reference and how many times that."""
    found = measure(rounds)
    reference = next(iter(found.values()))
    for name, seconds in found.items():
        more = f"+{(seconds - reference) * 1000:.0f} ms"
        yield name, f"{seconds * 1000:6.0f} ms  {more:>8}  {seconds / reference:5.1f}x"
