"""A Visual Studio Code workbench, served on this machine with our packaged extension in it."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from tests.system.vscode.programs import write_python

ROOT = Path(__file__).resolve().parents[3]
INSTALLED = ROOT / "var" / "vscode"
ENTRY = INSTALLED / "node_modules" / "code-server" / "out" / "node" / "entry.js"
NODE = INSTALLED / "node" / "bin" / "node"

SETTINGS = {
    "remote.autoForwardPorts": False,
    "chat.disableAIFeatures": True,
    "workbench.startupEditor": "none",
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "editor.minimap.enabled": False,
    "editor.occurrencesHighlight": "off",
    "git.enabled": False,
    "debug.toolBarLocation": "docked",
    "terminal.integrated.gpuAcceleration": "off",
    "telemetry.telemetryLevel": "off",
    "window.commandCenter": False,
    "workbench.reduceMotion": "on",
}


@dataclass(frozen=True)
class CodeServer:
    """Where the workbench is served."""

    port: int
    data: Path
    """The user data of the editor."""

    def address(self, folder: Path, file: Path | None = None) -> str:
        """The page that shows a folder, and a file of it."""
        page = f"http://127.0.0.1:{self.port}/?folder={quote(str(folder))}"
        if file is None:
            return page
        payload = json.dumps([["openFile", f"vscode-remote://127.0.0.1:{self.port}{file}"]])
        return f"{page}&payload={quote(payload)}"


def missing() -> str | None:
    """What keeps the workbench from running here; None if nothing does."""
    if shutil.which("chromium") is None:
        return "Chromium is not installed"
    if not (INSTALLED / "installed").exists() or find_spec("playwright") is None:
        return "code-server is not installed (tools/install_vscode.sh)"
    return None


@contextlib.contextmanager
def serve(home: Path, vsix: Path) -> Iterator[CodeServer]:
    """Serve the workbench while this lasts; ``home`` keeps all that it writes."""
    (home / "data" / "User").mkdir(parents=True)
    (home / "data" / "User" / "settings.json").write_text(json.dumps(SETTINGS), encoding="utf-8")
    _make_home(home)
    places = ["--user-data-dir", home / "data", "--extensions-dir", home / "extensions"]
    command = [NODE, ENTRY, *places]
    environment = {
        **os.environ,
        "HOME": str(home),  # a login shell says which path programs have; it is nobody's here
        "PATH": f"{NODE.parent}:{os.environ['PATH']}",
        "EXTENSIONS_GALLERY": "{}",
    }
    subprocess.run(
        [*command, "--install-extension", vsix], env=environment, check=True, capture_output=True
    )
    words = ["--auth", "none", "--bind-addr", "127.0.0.1:0", "--disable-telemetry"]
    words += ["--disable-update-check", "--disable-workspace-trust"]
    with (home / "server.log").open("w+", encoding="utf-8") as log:
        server = subprocess.Popen(
            [*command, *words],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield CodeServer(_port(server, home / "server.log"), home / "data")
        finally:
            os.killpg(server.pid, signal.SIGTERM)  # node is a child of what was started
            server.wait()


def _make_home(home: Path) -> None:
    """Its Python would take packages, and installs nothing, whatever is typed in terminals."""
    (home / "bin").mkdir()
    write_python(home / "bin" / "python3")
    for startup in (".bashrc", ".profile"):  # of terminals, and of the editor itself
        (home / startup).write_text('PATH="$HOME/bin:$PATH"\nPS1="$ "\n', encoding="utf-8")


def _port(server: "subprocess.Popen[bytes]", log: Path) -> int:
    """The port that the log tells of; fails if the server ends before it does."""
    while server.poll() is None:
        if found := re.search(r"server listening on http://127\.0\.0\.1:(\d+)", log.read_text()):
            return int(found[1])
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(0.1)
    raise AssertionError(f"code-server ended:\n{log.read_text()}")
