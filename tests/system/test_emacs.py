"""Emacs with dap-mode, configured as our how-to page says, debugs a script."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.adapter import LLMSPELL

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PROGRAM = ROOT / "tests" / "end_to_end" / "programs" / "shop.lua"

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="session")
def emacs() -> str:
    """An Emacs that has dap-mode."""
    command = shutil.which("emacs")
    if command is None:
        pytest.skip("Emacs is not installed: no story is told by it")
    probe = [command, "--batch", "--eval", '(unless (locate-library "dap-mode") (kill-emacs 1))']
    if subprocess.run(probe, capture_output=True, check=False).returncode != 0:
        pytest.skip("Emacs has no dap-mode (Debian: elpa-dap-mode): no story is told by it")
    return command


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    """What `docs/how-to/emacs.md` tells users to write into their init file."""
    page = (ROOT / "docs" / "how-to" / "emacs.md").read_text(encoding="utf-8")
    block = re.search(r"^```elisp\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)
    assert block is not None
    init = tmp_path / "init.el"
    init.write_text(block[1], encoding="utf-8")
    return init


def test_breakpoint_step_evaluate(emacs: str, configuration: Path, tmp_path: Path) -> None:
    """A breakpoint stops the script, locals are seen, a step and an evaluation work, it ends."""
    lines = PROGRAM.read_text(encoding="utf-8").splitlines()
    loop = next(number for number, text in enumerate(lines, 1) if text.endswith("-- @loop"))
    story = [emacs, "--batch", "-l", configuration, "-l", HERE / "emacs" / "session.el"]
    outcome = subprocess.run(
        [*story, PROGRAM, str(loop)],
        env={
            **os.environ,
            "HOME": str(tmp_path),
            "PATH": f"{LLMSPELL.parent}:{os.environ['PATH']}",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    said: dict[str, object] = {}
    for line in outcome.stdout.splitlines():
        if line.startswith("{"):
            said |= json.loads(line)
    seen = said.pop("locals")
    assert isinstance(seen, dict)
    assert {"place": "1", "sum": "0"} == {name: seen[name] for name in ("place", "sum")}
    assert {
        "stopped": loop,
        "file": str(PROGRAM),
        "stepped": loop + 1,
        "evaluated": "7",
        "output": "1\t6\n2\t26\n3\t29\nsum\t29\n",
    } == said
