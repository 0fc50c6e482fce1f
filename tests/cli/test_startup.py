"""Commands load what they need: how many modules, not how many milliseconds, is held here."""

import subprocess
import sys
from collections.abc import Sequence

import pytest

_COUNT = """
import sys
before = set(sys.modules)
from llmspell.cli.app import main
status = main(sys.argv[1:])
sys.stderr.write("\\n".join(sorted(set(sys.modules) - before)))
sys.exit(status)
"""

HEAVY = ("pydantic", "anyio", "asyncio", "httpx", "platformdirs", "tomlkit", "zmq", "tree_sitter")
"""None of these is for commands that everybody waits for."""


def loaded(*words: str) -> Sequence[str]:
    """The modules that a command brings in."""
    command = [sys.executable, "-P", "-c", _COUNT, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return done.stderr.splitlines()


@pytest.mark.parametrize(
    ("words", "most"),
    [
        (["--version"], 45),
        (["--help"], 45),
        (["version", "--short"], 70),
        (["completion", "bash"], 70),
        (["exec", "print(1)"], 200),
        (["run", "--help"], 80),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else None,
)
def test_little_is_loaded(words: list[str], most: int) -> None:
    """A command that says one line brings in a few dozen modules, and no framework."""
    modules = loaded(*words)
    assert [] == [each for each in modules if each.partition(".")[0] in HEAVY]
    assert most >= len(modules), modules


def test_the_version_is_that_of_the_package() -> None:
    """The number that is told without looking at the metadata is the one in them."""
    from importlib.metadata import version

    from llmspell import __version__

    assert version("llmspell") == __version__
