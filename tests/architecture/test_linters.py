"""What the linters, the type checker and the import contracts say is part of the tests."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.project import ROOT

TOOLS = Path(sys.executable).parent


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "command",
    ["ruff check .", "ruff format --check .", "mypy", "lint-imports --no-cache"],
)
def test_says_nothing(command: str) -> None:
    """Each tool finds nothing to say about the project as it stands."""
    tool, *arguments = command.split()
    outcome = subprocess.run(
        [TOOLS / tool, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
