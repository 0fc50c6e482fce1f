"""The kernel as Jupyter finds it: installed into the environment the tests run in."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session", autouse=True)
def installed_kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A kernelspec that only these tests see, and runtime files that nobody else does."""
    folder = tmp_path_factory.mktemp("jupyter")
    command = [sys.executable, "-m", "llmspell", "kernel", "install", "--prefix", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    before = dict(os.environ)
    os.environ.update(
        JUPYTER_PATH=str(folder / "share" / "jupyter"),
        JUPYTER_RUNTIME_DIR=str(folder / "runtime"),
        JUPYTER_CONFIG_DIR=str(folder / "config"),
        XDG_DATA_HOME=str(folder / "data"),
    )
    yield folder
    os.environ.clear()
    os.environ.update(before)
