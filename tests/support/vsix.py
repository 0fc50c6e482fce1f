"""The Visual Studio Code extension, packaged by its own script."""

import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXTENSION = ROOT / "vscode-extension"
NEEDED_NODE = 20


@cache
def packaged() -> Path:
    """The file, made from what is checked in; a skip that says what is missing to make it."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node and npm are not installed: the extension is not packaged")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.lstrip("v").split(".")[0]) < NEEDED_NODE:
        pytest.skip(f"node {version.strip()} is too old: the extension needs {NEEDED_NODE}")
    if not _is_installed():
        _run(npm, "ci", "--ignore-scripts")
    _run(npm, "run", "package")
    return EXTENSION / "dist" / "llmspell.vsix"


def packaged_for_marketplace(pictures: str) -> Path:
    """The file whose pictures are read from an address."""
    packaged()
    _run("npm", "run", "package-for-marketplace", "--", "--baseImagesUrl", pictures)
    return EXTENSION / "dist" / "llmspell-marketplace.vsix"


def unit_tests() -> None:
    """The extension's own tests; fails with what they say."""
    packaged()
    _run("npm", "test")


def _is_installed() -> bool:
    lock = EXTENSION / "package-lock.json"
    installed = EXTENSION / "node_modules" / ".package-lock.json"
    return installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime


def _run(*words: str) -> None:
    done = subprocess.run(
        words,
        cwd=EXTENSION,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
