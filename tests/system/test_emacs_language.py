"""Emacs with lsp-mode, configured as our how-to page says, knows a Lua file."""

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

pytestmark = pytest.mark.timeout(300)

TEXT = """\
local total = 0
local unused = 1
for index, each in ipairs({ 1, 2 }) do
  total = total + index * each
end
print(total)
"""


@pytest.fixture(scope="session")
def emacs() -> str:
    """An Emacs that has lsp-mode."""
    command = shutil.which("emacs")
    if command is None:
        pytest.skip("Emacs is not installed: no story is told by it")
    probe = [command, "--batch", "--eval", '(unless (locate-library "lsp-mode") (kill-emacs 1))']
    if subprocess.run(probe, capture_output=True, check=False).returncode != 0:
        pytest.skip("Emacs has no lsp-mode (Debian: elpa-lsp-mode): no story is told by it")
    return command


def test_problems_definition_symbols_rename(emacs: str, tmp_path: Path) -> None:
    """Problems are shown and go when mended; definition, symbols and renaming are as elsewhere."""
    page = (ROOT / "docs" / "how-to" / "emacs.md").read_text(encoding="utf-8")
    block = re.search(
        r"^## Language server\n.*?^```elisp\n(.*?)^```", page, re.MULTILINE | re.DOTALL
    )
    assert block is not None
    init, file = tmp_path / "init.el", tmp_path / "sum.lua"
    init.write_text(block[1], encoding="utf-8")
    file.write_text(TEXT, encoding="utf-8")
    outcome = subprocess.run(
        [emacs, "--batch", "-l", init, "-l", HERE / "emacs" / "language.el", file],
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
    assert {
        "problems": ["2:unused-local"],
        "definition": 1,
        "symbols": ["total", "unused"],
        "renamed": TEXT.replace("total", "sum"),
        "mended": True,
    } == said
