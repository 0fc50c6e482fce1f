"""JupyterLab, served on this machine with our kernel in it."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tests.support.commands import become
from tests.support.ports import is_open

ROOT = Path(__file__).resolve().parents[3]
INSTALLED = ROOT / "var" / "jupyterlab"
STARTED = re.compile(r"http://127\.0\.0\.1:(\d+)/lab")

SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
    },
}


@dataclass(frozen=True)
class LabServer:
    """Where JupyterLab is served, and the folder it shows."""

    port: int
    folder: Path

    def write(self, name: str, *cells: str) -> str:
        """Write a notebook of code cells; the address that opens it."""
        notebook = {
            "cells": [
                {
                    "cell_type": "code",
                    "execution_count": None,
                    "id": f"cell-{number}",
                    "metadata": {},
                    "outputs": [],
                    "source": code,
                }
                for number, code in enumerate(cells)
            ],
            "metadata": {
                "kernelspec": {"display_name": "Lua", "language": "lua", "name": "llmspell"},
                "language_info": {"name": "lua"},
            },
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        (self.folder / name).write_text(json.dumps(notebook), encoding="utf-8")
        return f"http://127.0.0.1:{self.port}/lab/workspaces/{name[:-6]}/tree/{name}"


def missing() -> str | None:
    """What keeps JupyterLab from running here; None if nothing does."""
    if shutil.which("chromium") is None:
        return "Chromium is not installed"
    if not (INSTALLED / "installed").exists() or find_spec("playwright") is None:
        return "JupyterLab is not installed (tools/install_jupyterlab.sh)"
    return None


@contextlib.contextmanager
def serve(home: Path) -> Iterator[LabServer]:
    """Serve JupyterLab while this lasts; ``home`` keeps all that it writes."""
    folder = home / "notebooks"
    folder.mkdir()
    _write_settings(home)
    prefix = ["kernel", "install", "--prefix", str(home / "prefix")]
    subprocess.run(
        [sys.executable, "-m", "llmspell", *prefix], check=True, capture_output=True, timeout=60
    )
    words = ["lab", "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0"]
    options = ["IdentityProvider.token=", "ServerApp.root_dir=" + str(folder)]
    process = subprocess.Popen(
        [INSTALLED / "bin" / "jupyter", *words, *(f"--{each}" for each in options)],
        env=_environment(home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stderr is not None
    try:
        port = next(int(found[1]) for line in process.stderr if (found := STARTED.search(line)))
        with _drained(process):
            become(lambda: is_open(port))
            yield LabServer(port, folder)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextlib.contextmanager
def _drained(process: "subprocess.Popen[str]") -> Iterator[None]:
    """Read what the server goes on to say, so that it never waits for us."""
    reader = subprocess.Popen(["cat"], stdin=process.stderr, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        reader.kill()
        reader.wait()


def _environment(home: Path) -> dict[str, str]:
    places = {
        "HOME": home,
        "JUPYTER_PATH": home / "prefix" / "share" / "jupyter",
        "JUPYTER_CONFIG_DIR": home / "config",
        "JUPYTER_DATA_DIR": home / "data",
        "JUPYTER_RUNTIME_DIR": home / "runtime",
        "JUPYTERLAB_SETTINGS_DIR": home / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces",
    }
    return {**os.environ, **{name: str(place) for name, place in places.items()}}


def _write_settings(home: Path) -> None:
    for name, settings in SETTINGS.items():
        package, _, plugin = name.partition(":")
        place = home / "settings" / package
        place.mkdir(parents=True, exist_ok=True)
        text = json.dumps(settings)
        (place / f"{plugin}.jupyterlab-settings").write_text(text, encoding="utf-8")
