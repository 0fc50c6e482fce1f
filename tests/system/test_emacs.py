"""Emacs with dap-mode and lsp-mode, configured as our how-to page says."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

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
    """What `docs/how-to/emacs.md` tells users to write into their init file, to debug."""
    return _configuration(tmp_path, "(require 'dap-mode)")


def _configuration(tmp_path: Path, beginning: str) -> Path:
    page = (ROOT / "docs" / "how-to" / "emacs.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```elisp\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)
    (block,) = [each for each in blocks if each.startswith(beginning)]
    init = tmp_path / "init.el"
    init.write_text(block, encoding="utf-8")
    return init


def test_breakpoint_step_evaluate(emacs: str, configuration: Path, tmp_path: Path) -> None:
    """A breakpoint stops the script, locals are seen, a step and an evaluation work, it ends."""
    lines = PROGRAM.read_text(encoding="utf-8").splitlines()
    loop = next(number for number, text in enumerate(lines, 1) if text.endswith("-- @loop"))
    story = [emacs, "--batch", "-l", configuration, "-l", HERE / "emacs" / "session.el"]
    said = _told([*story, PROGRAM, str(loop)], tmp_path)
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


SHOP = """\
local cart = { items = {}, total = 0 }
local spare = 1
cart.total = cart.total + 1
"""


def test_problems_completion_rename(emacs: str, tmp_path: Path) -> None:
    """lsp-mode shows what is wrong, completes fields, and renames a local everywhere."""
    program = tmp_path / "shop.lua"
    program.write_text(SHOP, encoding="utf-8")
    init = _configuration(tmp_path, "(require 'lsp-mode)")
    story = [emacs, "--batch", "-l", init, "-l", HERE / "emacs" / "language.el"]
    said = _told([*story, program], tmp_path)
    assert SHOP.replace("cart", "basket") == said.pop("renamed")
    assert ["items", "total"] == sorted(said.pop("offered"))
    assert "spare" in said.pop("unused")[0]
    assert "near" in said.pop("refused")[0]


def _told(command: list[object], home: Path) -> dict[str, Any]:
    """The JSON that Emacs prints."""
    outcome = subprocess.run(
        [str(each) for each in command],
        env={
            **os.environ,
            "HOME": str(home),
            "PATH": f"{LLMSPELL.parent}:{os.environ['PATH']}",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    said: dict[str, Any] = {}
    for line in outcome.stdout.splitlines():
        if line.startswith("{"):
            said |= json.loads(line)
    return said
