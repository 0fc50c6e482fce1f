"""One workbench server and one browser for all stories; each has a folder and a page of its own."""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.vsix import packaged
from tests.system.vscode.server import ROOT, CodeServer, missing, serve

CHROMIUM = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def code_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CodeServer]:
    """The server, or a skip that says what it lacks."""
    if lacking := missing():
        pytest.skip(f"{lacking}: no story is told in Visual Studio Code")
    with serve(tmp_path_factory.mktemp("code-server"), packaged()) as server:
        yield server


@pytest.fixture(scope="session")
def browser(code_server: CodeServer) -> Iterator[object]:
    """Chromium without a screen."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=CHROMIUM
        )
        yield chromium
        chromium.close()


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
def workbench(
    code_server: CodeServer, browser, folder: Path, request: pytest.FixtureRequest
) -> Iterator[Callable]:
    """Opens the folder, and a file of it that is written there first."""
    from tests.system.vscode.workbench import Workbench

    context = browser.new_context(viewport={"width": 1200, "height": 760}, reduced_motion="reduce")
    pages = []

    def begin(name: str | None = None, text: str = "") -> Workbench:
        if name is not None:
            (folder / name).write_text(text, encoding="utf-8")
        page = context.new_page()
        pages.append(page)
        page.goto(code_server.address(folder, folder / name if name else None))
        bench = Workbench(page, ROOT / "var" / "pictures")
        if name is not None:
            bench.wait_for_file(name)
            bench.wait_for_extension()
        return bench

    yield begin
    if pages and getattr(request.node, "failed", False):
        where = ROOT / "var" / "pictures" / f"failed-{request.node.name}.png"
        where.parent.mkdir(parents=True, exist_ok=True)
        pages[-1].screenshot(path=where)
    context.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """Let the workbench know that its story failed, so that it keeps a picture."""
    report = yield
    item.failed = getattr(item, "failed", False) or report.failed
    return report
