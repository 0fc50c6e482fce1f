"""Visual Studio Code's own test client (`@vscode/debugadapter-testsupport`) tells its stories."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.adapter import LLMSPELL, listening_adapter

STORIES = Path(__file__).parent / "debug_client"
NEEDED_NODE = 18

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="session")
def mocha() -> Path:
    """The test runner in the stories' own node_modules, installed from the lock file."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node and npm are not installed: the DebugClient stories are not told")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.lstrip("v").split(".")[0]) < NEEDED_NODE:
        pytest.skip(f"node {version.strip()} is too old: the stories need {NEEDED_NODE}")
    runner = STORIES / "node_modules" / ".bin" / "mocha"
    lock, installed = STORIES / "package-lock.json", STORIES / "node_modules/.package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        outcome = subprocess.run(
            [npm, "ci", "--no-audit", "--no-fund"],
            cwd=STORIES,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    return runner


@pytest.fixture(params=["stdio", "tcp"])
def adapter(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """Where the client finds the adapter, as environment variables of the stories."""
    if request.param == "stdio":
        yield {"ADAPTER": json.dumps([str(LLMSPELL), "dap"])}
    else:
        with listening_adapter() as port:
            yield {"PORT": str(port)}


@pytest.mark.parametrize("story", sorted(path.name for path in STORIES.glob("stories/*.js")))
def test_story(mocha: Path, adapter: dict[str, str], story: str) -> None:
    """Every story in the file ends well over this transport."""
    outcome = subprocess.run(
        [mocha, "--no-config", "--timeout", "60000", f"stories/{story}"],
        cwd=STORIES,
        env={**os.environ, **adapter},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
