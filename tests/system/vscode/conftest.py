"""One workbench server for all stories; each has a folder and a page of its own."""

import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.vsix import packaged
from tests.system.conftest import PICTURES
from tests.system.vscode.server import CodeServer, missing, serve


@pytest.fixture(scope="session")
def code_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CodeServer]:
    """The server, or a skip that says what it lacks."""
    if lacking := missing():
        pytest.skip(f"{lacking}: no story is told in Visual Studio Code")
    with serve(tmp_path_factory.mktemp("code-server"), packaged()) as server:
        yield server


@pytest.fixture
def folder() -> Iterator[Path]:
    """A workspace whose virtual environment has llmspell, with a name fit for pictures."""
    with tempfile.TemporaryDirectory(prefix="lua-") as home:
        environment = Path(home) / "shop" / ".venv" / "bin"
        environment.mkdir(parents=True)
        command = Path(sys.executable).with_name("llmspell")
        script = environment / "llmspell"
        script.write_text(f'#!/bin/sh\nexec "{command}" "$@"\n', encoding="utf-8")
        script.chmod(0o755)
        yield Path(home) / "shop"


@pytest.fixture
def workbench(code_server: CodeServer, folder: Path, window) -> Callable:
    """Opens the folder, and a file of it that is written there first."""
    from tests.system.vscode.workbench import Workbench

    def begin(name: str | None = None, text: str = "") -> Workbench:
        if name is not None:
            (folder / name).write_text(text, encoding="utf-8")
        page = window.new_page()
        page.goto(code_server.address(folder, folder / name if name else None))
        bench = Workbench(page, PICTURES)
        if name is not None:
            bench.wait_for_file(name)
            bench.wait_for_extension()
        return bench

    return begin
