"""The extension for Visual Studio Code, as it would be published."""

import json
import re
import zipfile

import pytest

from tests.support.vsix import EXTENSION, packaged, packaged_for_marketplace, unit_tests

pytestmark = pytest.mark.timeout(300)


def test_it_has_what_it_names_and_no_more() -> None:
    """Code, pictures, documents; no sources, no packages of others beside the bundle."""
    with zipfile.ZipFile(packaged()) as archive:
        names = {each.removeprefix("extension/") for each in archive.namelist()}
        manifest = json.loads(archive.read("extension/package.json"))
    steps = manifest["contributes"]["walkthroughs"][0]["steps"]
    needed = {manifest["main"].removeprefix("./"), manifest["icon"]}
    needed |= {step["media"]["image"] for step in steps}
    assert needed <= names
    assert {"readme.md", "changelog.md", "LICENSE.txt"} <= names
    assert [] == [each for each in names if "node_modules" in each or each.endswith(".ts")]


def test_the_marketplace_can_show_its_pictures() -> None:
    """Each has the address that the publisher gave."""
    address = "https://lua.example/vscode-extension"
    with zipfile.ZipFile(packaged_for_marketplace(address)) as archive:
        page = archive.read("extension/readme.md").decode()
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", page)
    assert pictures
    assert [] == [each for each in pictures if not each.startswith(f"{address}/media/")]


def test_its_own_tests_pass() -> None:
    """Types, and what it does where no editor is needed."""
    unit_tests()


def test_it_sends_nothing_to_anybody() -> None:
    """No telemetry: neither the editor's reporter nor a connection of its own."""
    sources = [each.read_text(encoding="utf-8") for each in (EXTENSION / "src").glob("*.ts")]
    assert len(sources) > 5
    for word in ("telemetry", "createTelemetryLogger", "node:http", "node:net", "fetch("):
        assert [] == [each for each in sources if word in each], word
