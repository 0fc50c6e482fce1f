"""The same script without the debugger: what it prints is what it has to print under it."""

import subprocess
import sys

from tests.support.scenario import Scenario


def plain_output(scenario: Scenario) -> str:
    """What the program of a scenario writes to stdout when it is only run."""
    command = [sys.executable, "-m", "llmspell", "run", "--lua", scenario.lua, str(scenario.path)]
    done = subprocess.run(
        command, cwd=scenario.folder, capture_output=True, timeout=30, check=False
    )
    return done.stdout.decode("utf-8", "backslashreplace")
