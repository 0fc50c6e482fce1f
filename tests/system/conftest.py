"""What drives browsers: one for all stories, as there can be only one in a process.

A story asks for its server first, which skips where something is missing.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

PICTURES = Path(__file__).parents[2] / "var" / "pictures"

SIZE = {"width": 1200, "height": 760}

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
def playwright() -> Iterator[object]:
    """The driver."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def chromium(playwright) -> Iterator[object]:
    """Chromium without a screen."""
    browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM)
    yield browser
    browser.close()


@pytest.fixture
def window(chromium, request: pytest.FixtureRequest) -> Iterator[object]:
    """Where a story opens its pages; one that fails leaves a picture of the last."""
    context = chromium.new_context(viewport=SIZE, reduced_motion="reduce")
    yield context
    if context.pages and getattr(request.node, "failed", False):
        PICTURES.mkdir(parents=True, exist_ok=True)
        context.pages[-1].screenshot(path=PICTURES / f"failed-{request.node.name}.png")
    context.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """Let the window know that its story failed."""
    report = yield
    item.failed = getattr(item, "failed", False) or report.failed
    return report
